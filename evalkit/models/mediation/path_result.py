"""The result of a path model: any number of x, mediators, outcomes and moderators."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.contract import AnalysisError, Figure, Label, Problem, Table
from evalkit.models.blocks import Model, compared
from evalkit.models.mediation.path_fit import PathFits
from evalkit.models.mediation.result import MediationResult
from evalkit.models.mediation.routes import Effect, Moderator

FIGURES = ("paths", "conditional")


@dataclass(frozen=True, eq=False, kw_only=True)
class PathModelResult(MediationResult):
    """A path model with its effects, conditional on the moderators where there are any.

    Attributes
    ----------
    x, y, mediators : tuple of str
        Columns: of a nominal x one a category but the first.
    listing : tuple of Effect
        What each row of `effects` is.
    moderators : tuple of Moderator
        With the points at which effects are given.
    means : dict
        Column -> what was subtracted from it.
    fits : PathFits
    curves : DataFrame
        Conditional indirect effects along a numeric moderator: `item` (place in `curve_labels`), x, estimate, ends.
    process_model : int or None
        Number of the PROCESS template.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    mediators: tuple[str, ...]
    listing: tuple[Effect, ...]
    moderators: tuple[Moderator, ...]
    means: dict[str, float]
    fits: PathFits
    curves: pd.DataFrame
    process_model: int | None = None

    @property
    def templates(self) -> tuple[str, ...]:
        """`T18` with moderators, else `T15`; the regressions; for a template number also `process`."""
        first = "T18" if self.moderators else "T15"
        return (first, "T13", *(("process",) if self.process_model is not None else ()), *self._sensitivity)

    @property
    def models(self) -> tuple[tuple[str, Model], ...]:
        """Outcome and model of every equation, in causal order, each y last."""
        ordered = sorted(self.fits.fits, key=lambda pair: pair[0] in self.y)
        return tuple((outcome, compared("", fit, None, self.cov)) for outcome, fit in ordered)

    @property
    def figures(self) -> tuple[str, ...]:
        """`paths`, and `conditional` where an indirect effect changes with a numeric moderator."""
        return (*(FIGURES if len(self.curves) else FIGURES[:1]), *self._sensitivity)

    @property
    def effect_labels(self) -> tuple[dict[str, Label | None], ...]:
        """What each row of `effects` is about, in words: `x`, `y`, `m` (the chain), `at` (condition or index)."""
        from evalkit.models.mediation.path_words import effect_words

        return tuple(effect_words(self, effect) for effect in self.listing)

    def table(self, template: str | None = None) -> Table:
        """`T15` or `T18`: effects; `T13`: the regressions; `process`: the layout of PROCESS; `sensitivity`."""
        from evalkit.models.mediation.path_tables import path_table
        from evalkit.models.mediation.sensitivity_views import sensitivity_table

        if template == "sensitivity" and self.sensitivity is not None:
            return sensitivity_table(self, self.sensitivity)
        return path_table(self, template or self.templates[0])

    def figure(self, name: str = "paths") -> Figure:
        """`paths`: the diagram with standardised coefficients; `conditional`, `sensitivity`: effects along w or rho.

        Raises
        ------
        AnalysisError
            E6169 for another name.
        """
        from evalkit.models.mediation.path_figures import conditional_figure, system_figure
        from evalkit.models.mediation.sensitivity_views import sensitivity_figure

        if name not in self.figures:
            raise AnalysisError(Problem("E6169", params={"name": name, "known": list(self.figures)}))
        if name == "sensitivity" and self.sensitivity is not None:
            return sensitivity_figure(self, self.sensitivity)
        return system_figure(self) if name == "paths" else conditional_figure(self)
