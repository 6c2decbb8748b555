"""Moderation: where the effect of one variable on another depends on a third."""

from evalkit.models.moderation.analysis import moderate
from evalkit.models.moderation.result import ModerationResult
from evalkit.models.moderation.surface import response_surface
from evalkit.models.moderation.surface_result import SurfaceResult

__all__ = ["ModerationResult", "SurfaceResult", "moderate", "response_surface"]
