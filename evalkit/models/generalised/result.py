"""The result of a model for outcomes that are no measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.models.generalised.deviance import CLASSIFIED, DEVIANCES
from evalkit.models.generalised.effects import Effects
from evalkit.models.generalised.fit import PER_COEFFICIENT
from evalkit.models.generalised.outcomes import FAMILIES
from evalkit.models.generalised.series import NO_TEST, Model

COMMON = ("log_likelihood", "deviance", "mcfadden", "mcfadden_adj", "cox_snell", "nagelkerke", "aic", "bic")
MORE = {
    "binary": ("tjur", "auc", "brier", "correct", *CLASSIFIED, *DEVIANCES),
    "count": ("dispersion", *DEVIANCES),
    "share": ("dispersion",),
    "ordered": (),
    "nominal": (),
}


@dataclass(frozen=True, eq=False)
class OutcomeResult:
    """Models of one binary, count, ordered or nominal outcome, each with the terms of one block more."""

    outcome: str
    family: str
    models: tuple[Model, ...]
    categories: Mapping[str, Label]
    cov: str
    firth: bool
    cluster: str | None
    weighted: bool
    conf_level: float
    labels: Mapping[str, Label]
    references: Mapping[str, Label]
    n_obs: int
    crossed: str | None = None
    free: tuple[str, ...] = ()
    interval: str = "wald"
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`T13` in its forms, and of two values without weights `classification`."""
        known = "true_positive" in self.models[-1].fit.quality
        return ("T13", "T13.ratio", "T13.ame", *(("classification",) if known else ()))

    def measures(self) -> tuple[str, ...]:
        """Names of the measures of quality that the family has."""
        theta = ("theta", "theta_se") if self.family == "negative_binomial" else ()
        return (*COMMON, *MORE[FAMILIES[self.family][0]], *theta)

    def tidy(self) -> pd.DataFrame:
        """Rows a coefficient, a marginal effect (`term` = `ame.<term>`, `mem.<term>`), a measure and a test.

        `level` names the category of a multinomial coefficient or of an effect, or the cut of a free slope; `ratio` is
        exp of a coefficient, `per_sd` the coefficient times the standard deviation of its column. `model.deviance` is
        -2 log-likelihood, `model.residual_deviance` the distance from the saturated model.
        """
        return pd.concat([self._tidy(model) for model in self.models], ignore_index=True)

    def _tidy(self, model: Model) -> pd.DataFrame:
        fit = model.fit
        keys = {"model": model.name, "outcome": self.outcome, "n_obs": fit.n_obs}
        columns = {name: getattr(fit, name) for name in PER_COEFFICIENT}
        levels = [level or None for level in fit.levels]
        df = _finite(fit.df) if fit.term_df is None else fit.term_df
        columns["per_sd"] = fit.per_sd
        frames = [tidy_frame(term=list(fit.terms), level=levels, df=df, **columns, **keys)]
        for start, effects in (("ame", model.effects), ("mem", model.at_means)):
            if effects is not None and len(effects.terms):
                frames.append(self._effects(start, effects, keys))
        names = self.measures()
        values = [fit.quality.get(name, np.nan) for name in names]
        frames.append(tidy_frame(term=[f"model.{n}" for n in names], estimate=values, **keys))
        tests = {"chi2_model": NO_TEST} | fit.tests | {"chi2_change": model.change}
        parts = [list(column) for column in zip(*tests.values(), strict=True)]
        terms = [f"model.{n}" for n in tests]
        frames.append(
            tidy_frame(term=terms, estimate=parts[0], statistic=parts[0], df=parts[1], p_value=parts[2], **keys)
        )
        return pd.concat([f for f in frames if len(f)], ignore_index=True)

    def _effects(self, start: str, effects: Effects, keys: Mapping[str, object]) -> pd.DataFrame:
        from scipy.stats import norm

        reach = norm.ppf((1 + self.conf_level) / 2) * effects.std_error
        with np.errstate(divide="ignore", invalid="ignore"):
            z = effects.estimate / effects.std_error
        return tidy_frame(
            term=[f"{start}.{t}" for t in effects.terms],
            level=list(effects.levels) or None,
            estimate=effects.estimate,
            std_error=effects.std_error,
            statistic=z,
            p_value=2 * norm.sf(np.abs(z)),
            conf_low=effects.estimate - reach,
            conf_high=effects.estimate + reach,
            **keys,
        )

    def glance(self) -> pd.DataFrame:
        """The last model in one row."""
        last, fit = self.models[-1], self.models[-1].fit
        row = {n: fit.quality.get(n, np.nan) for n in ("log_likelihood", "deviance", "mcfadden", "nagelkerke", "aic")}
        chi2, df, p = fit.tests.get("chi2_model", NO_TEST)
        row |= {"bic": fit.quality.get("bic", np.nan), "chi2": chi2, "df": df, "p_value": p}
        clusters = np.nan if fit.n_clusters is None else fit.n_clusters
        return pd.DataFrame([{"n_obs": fit.n_obs, **row, "chi2_change": last.change[0], "n_clusters": clusters}])

    def table(self, template: str = "T13") -> Table:
        """Models side by side: b with SE below (`T13`), or odds or rate ratios with their interval (`T13.ratio`).

        `T13.ame` shows the average marginal effects of the last model, for categories on the probability of each;
        `classification` whom it classifies rightly at a probability of .5.
        """
        if template == "classification" and template in self.templates:
            from evalkit.models.generalised.classification import classification_table

            return classification_table(self)
        if template == "T13.ame":
            from evalkit.models.generalised.effect_table import effect_table

            return effect_table(self)
        from evalkit.models.generalised.tables import outcome_table

        return outcome_table(self, template)

    def figure(self) -> Figure:
        """Coefficients with their intervals, without constants and thresholds: of every model.

        Where a term has a coefficient a category or cut, these of the last model.
        """
        several = any(level for model in self.models for level in model.fit.levels)
        frames = []
        for model in self.models[-1:] if several else self.models:
            fit = model.fit
            use = [i for i, t in enumerate(fit.terms) if t != "intercept" and not t.startswith("threshold.")]
            columns = {name: getattr(fit, name)[use] for name in ("estimate", "conf_low", "conf_high", "p_value")}
            names = [fit.levels[i] or ("common" if several else model.name) for i in use]
            frames.append(pd.DataFrame({"model": names, "term": [fit.terms[i] for i in use], **columns}))
        frame = pd.concat(frames, ignore_index=True)
        words = {code: label for code, label in self.categories.items() if several}
        return Figure(
            id="coefficients",
            kind="coefficients",
            title=Label("regression.figure", outcome=self.labels[self.outcome]),
            frame=frame,
            labels={**self.labels, **words, "common": Label("outcomes.common")},
            notes=(Label("regression.figure_note", level=f"{100 * self.conf_level:g}", n=self.n_obs),),
        )


def _finite(value: float) -> float:
    return value if np.isfinite(value) else np.nan
