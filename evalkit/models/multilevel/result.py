"""The result of a multilevel analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.models.multilevel.cross_level import CrossLevel
from evalkit.models.multilevel.model import (
    CATEGORY_MEASURES,
    LINEAR_MEASURES,
    NO_TEST,
    PER_COEFFICIENT,
    LevelModel,
    Line,
)
from evalkit.models.multilevel.options import Options

TESTS = ("lr_fixed", "lr_random", "lr_random_mixture")
FIGURES = ("slopes", "groups")


@dataclass(frozen=True, eq=False)
class MixedResult:
    """Multilevel models of one outcome, from the null model on.

    Attributes
    ----------
    levels : mapping
        Term -> `1`, `2` or `cross`.
    cross : tuple of CrossLevel
        The slopes that depend on a level-2 variable, in the last model.
    group_names : tuple of str
        In the order of `models[i].effects`; `sizes` are their rows.
    labels, names : mapping
        Term -> Label, which says how it is centred; variable -> Label.
    """

    outcome: str
    family: str
    group: str
    models: tuple[LevelModel, ...]
    levels: Mapping[str, str]
    centre: Mapping[str, str]
    options: Options
    cross: tuple[CrossLevel, ...]
    group_names: tuple[str, ...]
    sizes: np.ndarray
    labels: Mapping[str, Label]
    names: Mapping[str, Label]
    references: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def conf_level(self) -> float:
        return self.options.conf_level

    @property
    def templates(self) -> tuple[str, ...]:
        """`T19`; `T19.ratio` for logits; with what the last model has, `T19.slopes` and `T19.anova`."""
        ratio = () if self.family == "linear" else ("T19.ratio",)
        last = self.models[-1]
        slopes = ("T19.slopes",) if last.slopes else ()
        return ("T19", *ratio, *slopes, *(("T19.anova",) if last.anova else ()))

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures: slopes of a cross-level product, effects of the groups."""
        if self.models[-1].why:
            return ()
        return FIGURES if self.models[-1].slopes else FIGURES[1:]

    def tidy(self) -> pd.DataFrame:
        """Rows of every model, then of the last one only.

        A coefficient each; `variance.<effect>`, `covariance.<one>.<other>`, `sd.<effect>` (with profile interval) of
        the random effects and the residual; `model.<measure>`; `model.lr_*` likelihood ratio tests. Of the last model
        `slope.<x>:<w>` (`level`: value of w), `anova.<term>`, and `effect.<effect>` with the group in `group`.
        """
        frames = [frame for model in self.models for frame in self._tidy(model)]
        return pd.concat([*frames, *self._last(self.models[-1])], ignore_index=True)

    def _tidy(self, model: LevelModel) -> list[pd.DataFrame]:
        keys = {"model": model.name, "outcome": self.outcome, "n_obs": self.n_obs}
        columns = {name: getattr(model, name) for name in PER_COEFFICIENT}
        columns["df"] = np.where(np.isinf(model.df), np.nan, model.df)
        if self.family != "linear":
            with np.errstate(over="ignore"):
                ratios = {
                    new: np.where([_is_cut(t) for t in model.terms], np.nan, np.exp(columns[old]))
                    for new, old in (("ratio", "estimate"), ("ratio_low", "conf_low"), ("ratio_high", "conf_high"))
                }
        else:
            ratios = {}
        parts = random_part(model, self.family == "linear")
        measures = LINEAR_MEASURES if self.family == "linear" else CATEGORY_MEASURES
        tests = [model.tests.get(name, NO_TEST) for name in TESTS]
        return [
            tidy_frame(term=list(model.terms), **columns, **ratios, **keys),
            tidy_frame(
                term=[p[0] for p in parts],
                estimate=[p[1] for p in parts],
                conf_low=[p[2] for p in parts],
                conf_high=[p[3] for p in parts],
                **keys,
            ),
            tidy_frame(
                term=[f"model.{name}" for name in measures],
                estimate=[model.measures.get(name, np.nan) for name in measures],
                **keys,
            ),
            tidy_frame(
                term=[f"model.{name}" for name in TESTS],
                estimate=[t[0] for t in tests],
                statistic=[t[0] for t in tests],
                df=[t[1] for t in tests],
                p_value=[t[2] for t in tests],
                **keys,
            ),
        ]

    def _last(self, model: LevelModel) -> list[pd.DataFrame]:
        keys = {"model": model.name, "outcome": self.outcome}
        out = []
        if model.slopes:
            out.append(_lines(model.slopes, "", n_obs=self.n_obs, **keys))
        if model.anova:
            out.append(_lines(model.anova, "anova.", n_obs=self.n_obs, **keys))
        for j, name in enumerate(model.random if len(model.effects) else ()):
            out.append(
                tidy_frame(
                    group=list(self.group_names),
                    term=f"effect.{name}",
                    estimate=model.effects[:, j],
                    std_error=model.effect_sd[:, j],
                    n_obs=self.sizes,
                    **keys,
                )
            )
        return out

    def glance(self) -> pd.DataFrame:
        """The last model in one row; `icc` is that of the null model."""
        last = self.models[-1]
        names = ("log_likelihood", "deviance", "aic", "bic", "r2_marginal", "r2_conditional")
        row = {"n_obs": self.n_obs, "n_clusters": len(self.group_names)}
        row |= {"icc": self.models[0].measures.get("icc", np.nan), "sigma": last.sigma}
        return pd.DataFrame([row | {name: last.measures.get(name, np.nan) for name in names}])

    def table(self, template: str = "T19") -> Table:
        """Models side by side (`T19`; odds ratios `T19.ratio`), simple slopes (`T19.slopes`), type III tests."""
        from evalkit.models.multilevel.tables import mixed_table

        return mixed_table(self, template)

    def figure(self, name: str | None = None) -> Figure:
        """Slopes of the first cross-level product where there is one (`slopes`), effects of the groups (`groups`)."""
        from evalkit.models.multilevel.diagrams import group_figure, slope_figure

        name = name or (self.figures or FIGURES[1:])[0]
        return slope_figure(self) if name == "slopes" else group_figure(self)


def random_part(model: LevelModel, linear: bool) -> list[tuple[str, float, float, float]]:
    """Term, value and interval of every variance, covariance and standard deviation."""
    out = []
    for i, name in enumerate(model.random):
        out.append((f"variance.{name}", float(model.covariance[i, i]), np.nan, np.nan))
        for j in range(i):
            out.append((f"covariance.{model.random[j]}.{name}", float(model.covariance[i, j]), np.nan, np.nan))
    sds = [*np.sqrt(np.diag(model.covariance)), *([model.sigma] if linear else [])]
    if linear:
        out.append(("variance.residual", model.sigma**2, np.nan, np.nan))
    names = (*model.random, "residual")
    return out + [(f"sd.{names[i]}", float(sd), *map(float, model.deviations[i])) for i, sd in enumerate(sds)]


def _is_cut(term: str) -> bool:
    return term.startswith("threshold.")


def _lines(lines: tuple[Line, ...], prefix: str, **keys) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    names = ("estimate", "std_error", "statistic", "df", "df2", "p_value", "conf_low", "conf_high", "sum_of_squares")
    columns = {name: [_finite(getattr(line, name)) for line in lines] for name in names}
    return tidy_frame(
        term=[prefix + line.term for line in lines], level=[line.level or None for line in lines], **columns, **keys
    )


def _finite(value: float) -> float:
    return value if np.isfinite(value) else np.nan
