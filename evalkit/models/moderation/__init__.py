"""Moderation: where the effect of one variable on another depends on a third."""

from evalkit.models.moderation.analysis import moderate
from evalkit.models.moderation.result import ModerationResult

__all__ = ["ModerationResult", "moderate"]
