"""A frame and the parts of its variables in; a moderation, looked at from every side, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Label, Problem, attach, codebook_of, tidy_frame
from evalkit.models.generalised.outcomes import FAMILIES, outcome_of
from evalkit.models.linear import RegressionResult
from evalkit.models.matrix import Columns
from evalkit.models.moderation import slopes
from evalkit.models.moderation.engine import (
    LINEAR,
    Change,
    Engine,
    columns_of,
    last_equations,
    outcome_values,
    require_told_apart,
    used_rows,
    weights_of,
)
from evalkit.models.moderation.equations import TESTED, Equation
from evalkit.models.moderation.forecast import Forecast, rug_of
from evalkit.models.moderation.options import (
    FORMS,
    Terms,
    Values,
    change_id,
    model_terms,
    one_of,
    require_roles,
    wanted_values,
)
from evalkit.models.moderation.predictions import Outlook
from evalkit.models.moderation.regions import Region
from evalkit.models.moderation.result import ModerationResult, Role
from evalkit.models.moderation.roles import (
    CENTRES,
    QUANTILES,
    Predictor,
    Probe,
    centred,
    ends,
    predictor,
    probes,
    remarks,
)
from evalkit.models.sample import Sample, relevant
from evalkit.sampling import Design


def moderate(
    data: pd.DataFrame,
    *,
    y: str,
    x: str,
    w: str,
    z: str | None = None,
    interaction: str = "three_way",
    covariates: Sequence[str] = (),
    family: str = "linear",
    centre: str = "mean",
    values: str | Sequence[str | float] | Mapping[str, Any] = "sd",
    quantile_type: int = 7,
    fdr: bool = False,
    cov: str | None = None,
    cluster: str | Sequence[str] | None = None,
    conf_level: float = 0.95,
    design: Design | None = None,
) -> ModerationResult:
    """Whether, and where, the effect of x on y changes with one moderator or two.

    Parameters
    ----------
    data : DataFrame
        Nominal variables (by the codebook's kind) enter as dummies against their first category.
    y, x, w : str
        Outcome, focal predictor, moderator.
    z : str, optional
        Second moderator.
    interaction : str
        With z: `three_way` (x * w * z) or `two_way` (x * w + x * z).
    covariates : sequence of str
        Enter first, as they stand.
    family : str
        `linear`, or a family of `outcome_model`.
    centre : str
        `mean`: x, w and z are measured from their (weighted) mean; `z`: in standard deviations too; `none`. Variables
        of two values and nominal ones stay as they are.
    values : str, sequence or mapping
        Where a numeric moderator is looked at: `sd` (mean, one standard deviation below and above), `percentile` (16,
        50, 84), numbers in its own unit, or one of these by moderator. Others are looked at in every category.
    quantile_type : int
        7, or 6 as SPSS and PROCESS. With unequal weights: of the weighted distribution.
    fdr : bool
        Johnson-Neyman bounds that hold the false discovery rate as well.
    cov, cluster, design
        As in `regress` and `outcome_model`.
    conf_level : float
        ``1 - conf_level`` is the level of the Johnson-Neyman bounds.

    Returns
    -------
    ModerationResult
        Slopes and bounds are on the scale of the linear predictor; `predicted` and `contrast` on that of the outcome,
        averaged over the covariates of the rows used.

    Raises
    ------
    AnalysisError
        As `regress` and `outcome_model`; one variable in two parts (E6110), x or a moderator that does not vary
        (E6111), no complete rows (E6113), a variable that others determine (E6114), unknown options (E6115, E6116).

    Notes
    -----
    Aiken & West (1991), Multiple Regression; Hayes (2018), Introduction to Mediation, Moderation, and Conditional
    Process Analysis, chapters 7-9.
    """
    moderators = [w] if z is None else [w, z]
    require_roles(y, {"x": x, "w": w} | ({"z": z} if z else {}), covariates)
    one_of("interaction", interaction, FORMS)
    one_of("centre", centre, CENTRES)
    one_of("quantile_type", quantile_type, list(QUANTILES))
    wanted = wanted_values(values, moderators)
    terms = model_terms(x, w, z, interaction, covariates)
    names = [y, x, *moderators, *(part for c in covariates for part in c.split(":"))]
    data = relevant(data, names, cluster, design)
    sample = used_rows(data, y, family, terms.blocks, cluster=cluster, design=design)
    weights = weights_of(sample)
    parts = {role: predictor(data, name, sample.rows, weights, centre)
             for role, name in zip("xwz", [x, *moderators], strict=False)}  # fmt: skip
    engine = Engine(centred(data, list(parts.values())), y, family, cov, cluster, conf_level, design)
    looked = {role: probes(one, wanted, quantile_type) for role, one in parts.items() if role != "x"}
    found = _Study(engine, terms, sample, parts, looked, ends(parts["x"], wanted, quantile_type), fdr)
    return found.result(interaction if z else "", centre, wanted, quantile_type)


class _Study:
    """Everything that is asked of one model."""

    def __init__(
        self,
        engine: Engine,
        terms: Terms,
        sample: Sample,
        parts: dict[str, Predictor],
        looked: dict[str, tuple[Probe, ...]],
        x_probes: tuple[Probe, ...],
        fdr: bool,
    ) -> None:
        self.engine, self.terms, self.sample, self.parts = engine, terms, sample, parts
        self.looked, self.x_probes, self.fdr = looked, x_probes, fdr
        self.columns: Columns = columns_of(engine.data, engine.y, terms.blocks)
        self.series = engine.series(terms.blocks)
        require_told_apart(self.series, {one.name: one.terms for one in parts.values()})
        self.equations: tuple[Equation, ...] = last_equations(self.series, engine, sample, self.columns)
        self.at = slopes.places(looked["w"], looked.get("z"))
        self.outer = slopes.outer(parts["w"], looked["w"], parts.get("z"), looked.get("z"))

    def result(self, interaction: str, centre: str, values: Values, quantile_type: int) -> ModerationResult:
        engine, x, n, level = self.engine, self.parts["x"], self.sample.n, self.engine.conf_level
        seen = (x, self.at, level, n)
        forecast = Forecast(self._outlook(), x, self.x_probes, self.at, n)
        effects = [
            self._changes(),
            slopes.simple_slopes(self.equations, *seen),
            slopes.joint_effects(self.equations, x, self.at, n),
            slopes.slope_differences(self.equations, x, self.outer, level, n),
        ]
        if interaction == "three_way":
            products = (self.equations, x, self.parts["w"], self.looked["z"], level, n)
            effects.append(slopes.conditional_products(*products))
        regions = self._regions(False)
        held = self._regions(True) if self.fdr else ()
        effects += [slopes.region_rows(regions, x, "jn", n), slopes.region_rows(held, x, "jn_fdr", n)]
        effects += [slopes.floodlight_rows(regions, x, n), forecast.expected()]
        if engine.family != LINEAR:
            effects.append(forecast.contrasts(self.outer))
        else:
            effects.append(self._standardised())
        labels = dict(self.series.labels) | self._labels()
        return ModerationResult(
            outcome=engine.y,
            roles={role: Role.of(one) for role, one in self.parts.items()},
            family=engine.family,
            interaction=interaction,
            centre=centre,
            points=values if isinstance(values, str) else "given",
            quantile_type=quantile_type,
            series=self.series,
            effects=pd.concat([f for f in effects if len(f)], ignore_index=True),
            regions=regions,
            regions_fdr=held,
            curves=forecast.curves(),
            rugs={role: rug_of(one) for role, one in self.parts.items()},
            conf_level=level,
            labels=labels,
            n_obs=n,
            dropped=self.series.dropped,
            notices=self._notices(),
        )

    def _notices(self) -> tuple[Problem, ...]:
        looked = {"x": self.x_probes} | self.looked
        own = [p for role, one in self.parts.items() for p in remarks(one, looked[role] if role != "x" else ())]
        return tuple(dict.fromkeys([*self.series.notices, *own]))

    def _changes(self) -> pd.DataFrame:
        """Rows `interaction.<product>`, and `interaction.all` where there are two."""
        highest = self.terms.highest
        asked: list[tuple[str, tuple[str, ...]]] = [(change_id(t), (t,)) for t in highest]
        if len(highest) > 1:
            asked.append(("interaction.all", highest))
        rows = []
        for term, added in asked:
            rest = [t for t in self.terms.all if t not in added]
            found: Change = self.engine.change(rest, added)
            rows.append(
                tidy_frame(
                    1,
                    term=term,
                    estimate=found.estimate,
                    statistic=found.statistic,
                    df=found.df,
                    df2=found.df2,
                    p_value=found.p_value,
                    f_squared=found.f_squared,
                    n_obs=self.sample.n,
                )
            )
        return pd.concat(rows, ignore_index=True)

    def _regions(self, fdr: bool) -> tuple[Region, ...]:
        """Along w if it is a number, else along z; at each value of the other moderator."""
        if np.isnan(self.equations[0].df) or np.isnan(self.equations[0].estimate).all():
            return ()
        along = next((r for r in ("w", "z") if r in self.parts and self.parts[r].kind == "number"), None)
        if along is None:
            return ()
        other = self.looked.get("z" if along == "w" else "w")
        level = self.engine.conf_level
        return slopes.regions(self.equations, self.parts["x"], self.parts[along], other, level, fdr)

    def _standardised(self) -> pd.DataFrame:
        """Rows `beta.<term>`: y, numeric predictors and covariates as z scores; products are of z scores, not scaled
        again; variables of two values and dummies stay 0 and 1 (Friedrich 1982; Aiken & West 1991, chapter 3)."""
        data, rows, weights = self.engine.data, self.sample.rows, weights_of(self.sample)
        named = dict.fromkeys(part for t in self.terms.all for part in t.split(":"))
        parts = [predictor(data, name, rows, weights, "z") for name in named if self._varies(name)]
        scored = centred(data, parts)
        y = outcome_values(data, self.engine.y, LINEAR)
        share = weights / weights.sum()
        middle = float(share @ y[rows])
        spread = self.series.models[-1].fit.sd_outcome
        scored[self.engine.y] = (y - middle) / spread
        number = replace(codebook_of(data).variables[self.engine.y], kind="number", categories=())
        scored = attach(scored, codebook_of(data).with_variables([number]))  # a nominal outcome is 0 and 1 before
        again = Engine(scored, self.engine.y, LINEAR, self.engine.cov, self.engine.cluster,
                       self.engine.conf_level, self.engine.design)  # fmt: skip
        fit = again.series([self.terms.all]).models[-1].fit
        columns = {name: getattr(fit, name) for name in TESTED if name != "df"}
        return tidy_frame(term=[f"beta.{t}" for t in fit.terms], df=fit.term_df, n_obs=fit.n_obs, **columns)

    def _varies(self, name: str) -> bool:
        values = self.engine.data[name].iloc[self.sample.rows]
        return bool(values.nunique() > 1)

    def _outlook(self) -> Outlook:
        engine, rows = self.engine, self.sample.rows
        focal = {t for one in self.parts.values() for t in one.terms}
        covariates = {
            t: self.columns.values[rows, j]
            for j, t in enumerate(self.columns.terms)
            if not focal.intersection(t.split(":"))
        }
        levels = self._levels()
        matrix = self.series.models[-1].fit.matrix
        weights = weights_of(self.sample)
        return Outlook(engine.family, self.equations, matrix, covariates, weights, levels, engine.conf_level)

    def _levels(self) -> tuple[str, ...]:
        """Codes of the categories whose probability is predicted."""
        engine = self.engine
        if engine.family == LINEAR or FAMILIES[engine.family][0] not in ("ordered", "nominal"):
            return ("",)
        outcome = outcome_of(engine.data, engine.y, engine.family)
        seen = np.unique(outcome.values[self.sample.rows]).astype(int)
        return tuple(outcome.codes[i] for i in seen)

    def _labels(self) -> dict[str, Label]:
        out = {one.name: one.label for one in self.parts.values()}
        for role, found in ({"x": self.x_probes} | self.looked).items():
            out |= {f"{role}.{probe.id}": probe.label for probe in found}
        if not isinstance(self.series, RegressionResult):
            out |= {f"category.{code}": words for code, words in self.series.categories.items()}
        return out
