"""People in groups: linear mixed models and logits with a random intercept."""

from evalkit.models.multilevel.analysis import mixed
from evalkit.models.multilevel.result import MixedResult

__all__ = ["MixedResult", "mixed"]
