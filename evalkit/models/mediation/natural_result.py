"""The result of a path model with links or products of x and mediators: natural effects and the equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import GLOSSARY, AnalysisError, Figure, Label, Problem, Table, tidy_frame
from evalkit.models.blocks import Model
from evalkit.models.mediation.equation_fit import EquationFit
from evalkit.models.mediation.result import MediationResult
from evalkit.models.mediation.system import LINEAR, ORDERED

DRAWN = ("total", "nde.pure", "nde.total", "nie.pure", "nie.total")


@dataclass(frozen=True, eq=False, kw_only=True)
class NaturalResult(MediationResult):
    """Natural effects of x on y, as differences of mean outcomes and as ratios, by exact g-computation.

    Attributes
    ----------
    x, y, mediators : tuple of str
        Columns: of a nominal x one a category but the first.
    contrasts : dict
        Column of x -> the two values compared.
    held : dict
        Mediator -> its value in the controlled direct effect.
    fits : tuple of EquationFit
        In causal order.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    mediators: tuple[str, ...]
    contrasts: dict[str, tuple[float, float]]
    held: dict[str, float]
    fits: tuple[EquationFit, ...]
    n_clusters: int | None = None

    @property
    def templates(self) -> tuple[str, ...]:
        """`natural`: effects; `levels`: effects on the chances of an ordered outcome; `equations`: coefficients."""
        return ("natural", *(("levels",) if self.ordered else ()), "equations")

    @property
    def models(self) -> tuple[tuple[str, Model], ...]:
        """None: the equations may have any link, see `fits`."""
        return ()

    @property
    def ordered(self) -> bool:
        """Whether an outcome has ordered categories."""
        return any(fit.equation.family in ORDERED for fit in self.fits if fit.equation.outcome in self.y)

    @property
    def figures(self) -> tuple[str, ...]:
        """`effects`: the natural effects with their intervals."""
        return ("effects",)

    def family(self, outcome: str) -> str:
        """The family of an outcome's equation."""
        return {fit.equation.outcome: fit.equation.family for fit in self.fits}[outcome]

    def tidy(self) -> pd.DataFrame:
        """Rows an effect, then rows a coefficient.

        Effects (`outcome` and `group` = x are given where there are several): `total`; `nde.pure`, `nde.total`,
        `nie.pure`, `nie.total` and their averages; `nie.<m>` the part that leaves x by one of several mediators; `cde`;
        `proportion` (average indirect over total effect); `mean.low`, `mean.high`: mean outcome with x at the two
        values; for chances and counts ratios `rr.total`, `rr.nde` (pure), `rr.nie` (total), for chances odds ratios
        `or.*` too; `product.<m>`, `product.direct`: products of coefficients on the scale of the linear predictors.
        `level`: effects on the chance that an ordered outcome lies in that category or above. The standard error of a
        ratio is that of its logarithm. Coefficients: `outcome` = outcome of the equation.
        """
        rows = [row for part in (self.effects, *map(self._coefficients, self.fits)) for row in part.to_dict("records")]
        columns = list(self.effects.columns)
        empty = {c: None if GLOSSARY[c] == "text" else np.nan for c in columns}
        return tidy_frame(len(rows), **{c: [row.get(c, empty[c]) for row in rows] for c in columns})

    def _coefficients(self, fit: EquationFit) -> pd.DataFrame:
        numbers = coefficient_numbers(fit, self.conf_level)
        extra = {"model.r_squared": fit.r_squared} if fit.equation.family == LINEAR else {}
        if fit.equation.family == LINEAR:
            extra["model.sigma"] = fit.scale
        elif fit.equation.family == "negative_binomial":
            extra["model.theta"] = fit.scale if np.isfinite(fit.scale) else np.nan
        frame = tidy_frame(
            len(fit.terms) + len(extra),
            outcome=fit.equation.outcome,
            term=[*fit.terms, *extra],
            **{name: [*values, *[np.nan] * len(extra)] for name, values in numbers.items()},
            n_obs=fit.n_obs,
        )
        frame.loc[len(fit.terms) :, "estimate"] = list(extra.values())
        return frame

    def glance(self) -> pd.DataFrame:
        """Rows, clusters, resamples and failures; effects are in `tidy()`."""
        clusters = self.n_clusters
        row = {
            "n_obs": self.n_obs,
            "n_clusters": np.nan if clusters is None else clusters,
            "resamples": self.resamples,
            "n_failed": self.n_failed,
        }
        return pd.DataFrame([row])

    def table(self, template: str | None = None) -> Table:
        """One of `templates`; the first by default.

        Raises
        ------
        AnalysisError
            E652 for another name.
        """
        from evalkit.models.mediation import natural_tables

        name = template or self.templates[0]
        if name not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": name, "known": list(self.templates)}))
        makers = {
            "natural": natural_tables.effects_table,
            "levels": natural_tables.levels_table,
            "equations": natural_tables.equations_table,
        }
        return makers[name](self)

    def figure(self, name: str = "effects") -> Figure:
        """Total, direct and indirect effects with their intervals.

        Raises
        ------
        AnalysisError
            E6169 for another name.
        """
        if name not in self.figures:
            raise AnalysisError(Problem("E6169", params={"name": name, "known": list(self.figures)}))
        rows = self.effects[self.effects["term"].isin(DRAWN) & self.effects["level"].isna()]
        several = len(self.x) * len(self.y) > 1
        models = [
            f"{row.group or self.x[0]}>{row.outcome or self.y[0]}" if several else "1" for row in rows.itertuples()
        ]
        labels = {term: Label(f"natural.term.{term}") for term in DRAWN}
        for x in self.x:
            for y in self.y:
                labels[f"{x}>{y}"] = Label("natural.pair", x=self.labels[x], y=self.labels[y])
        columns = {name: list(rows[name]) for name in ("term", "estimate", "conf_low", "conf_high", "p_value")}
        return Figure(
            id="natural_effects",
            kind="coefficients",
            title=Label("natural.figure", x=self.labels[self.x[0]], y=self.labels[self.y[0]]),
            frame=pd.DataFrame({"model": models, **columns}),
            labels=labels,
            notes=(Label("natural.figure_note", level=f"{100 * self.conf_level:g}", n=self.n_obs),),
        )


def coefficient_numbers(fit: EquationFit, conf_level: float) -> dict[str, np.ndarray]:
    """Estimate, standard error, test and interval of every coefficient of an equation."""
    from scipy.stats import norm, t

    law = norm if np.isinf(fit.df) or np.isnan(fit.df) else t(fit.df)
    error = np.sqrt(np.diag(fit.covariance))
    reach = law.ppf((1 + conf_level) / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = fit.estimate / error
    return {
        "estimate": fit.estimate,
        "std_error": error,
        "statistic": statistic,
        "df": np.full(len(error), fit.df if np.isfinite(fit.df) else np.nan),
        "p_value": 2 * law.sf(np.abs(statistic)),
        "conf_low": fit.estimate - reach,
        "conf_high": fit.estimate + reach,
    }
