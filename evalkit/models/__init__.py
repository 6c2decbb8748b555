"""A scored data frame in, fitted models as results out. Each family is a module; mediation is a package."""

from evalkit.models.generalised import outcome_model
from evalkit.models.importance import relative_importance
from evalkit.models.linear import regress, side_by_side
from evalkit.models.mediation import mediate

__all__ = ["mediate", "outcome_model", "regress", "relative_importance", "side_by_side"]
