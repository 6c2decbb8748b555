"""The result of diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.models.examination.cases import MEASURES, Cases
from evalkit.models.examination.residual_tests import NAMES, Test
from evalkit.models.examination.variables import Squares


@dataclass(frozen=True, eq=False)
class Influential:
    """The rows listed: their ids, their places among the rows used, and the measures of all rows."""

    ids: tuple[str, ...]
    places: np.ndarray
    measures: Cases
    terms: tuple[str, ...]
    labels: Mapping[str, Label]


@dataclass(frozen=True, eq=False)
class DiagnosticsResult:
    """Diagnostics of one linear model. Arrays have one entry a variable (a term of the formula)."""

    outcome: str
    variables: tuple[str, ...]
    tests: Mapping[str, Test]
    gvif: np.ndarray
    gvif_root: np.ndarray
    squares: Squares
    squares_type: int
    condition: np.ndarray
    beyond: Mapping[str, int]
    cases: Influential | None
    press: float
    total_ss: float
    sigma: float
    points: pd.DataFrame
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("assumptions", "variables", "cases")

    @classmethod
    def undefined(cls, *, variables: tuple[str, ...], **known: Any) -> DiagnosticsResult:
        """A model that cannot be estimated: every number is nan."""
        nan = np.full(len(variables), np.nan)
        return cls(
            variables=variables,
            tests=dict.fromkeys(NAMES, (np.nan,) * 4),
            gvif=nan,
            gvif_root=nan,
            squares=Squares(nan, nan, nan, nan, np.nan, 0),
            condition=np.empty(0),
            beyond={},
            cases=None,
            press=np.nan,
            total_ss=np.nan,
            sigma=np.nan,
            points=pd.DataFrame({"part": ["fitted"], "x": [np.nan], "y": [np.nan]}),
            **known,
        )

    @property
    def r_squared_predicted(self) -> float:
        """``1 - PRESS / total``: the share of variance that rows predict which did not help to fit."""
        return 1 - self.press / self.total_ss

    @cached_property
    def shares(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Partial eta squared of each variable and the ends of its 90 % interval."""
        from evalkit.models.examination.shares import partial_shares

        return partial_shares(self.squares)

    def tidy(self) -> pd.DataFrame:
        """Rows by `group`: `test`, `variable` (`estimate` = partial eta squared with its 90 % interval), `condition`,
        `beyond`, `case`, `dfbetas`, `fit`."""
        keys = {"outcome": self.outcome, "n_obs": self.n_obs}
        found = np.array([self.tests[name] for name in NAMES])
        adjusted = np.full(len(NAMES), np.nan)
        adjusted[NAMES.index("outlier")] = min(1.0, self.n_obs * found[-1, 3])
        frames = [
            tidy_frame(
                group="test",
                term=list(NAMES),
                estimate=found[:, 0],
                statistic=found[:, 0],
                df=found[:, 1],
                df2=found[:, 2],
                p_value=found[:, 3],
                p_adjusted=adjusted,
                **keys,
            ),
            self._variables(keys),
        ]
        if len(self.condition):
            names = [str(i) for i in range(1, len(self.condition) + 1)]
            frames.append(tidy_frame(group="condition", term=names, estimate=self.condition, **keys))
        if self.beyond:
            counts = np.array(list(self.beyond.values()), dtype=float)
            frames.append(tidy_frame(group="beyond", term=list(self.beyond), estimate=counts, **keys))
        if self.cases is not None and self.cases.ids:
            frames += self._cases(self.cases, keys)
        fit = {"press": self.press, "r_squared_predicted": self.r_squared_predicted}
        frames.append(tidy_frame(group="fit", term=list(fit), estimate=list(fit.values()), **keys))
        whole = pd.concat(frames, ignore_index=True)
        return tidy_frame(**{name: whole[name].to_list() for name in whole} | _lacking(whole))

    def _variables(self, keys: Mapping[str, Any]) -> pd.DataFrame:
        found = self.squares
        share, low, high = self.shares
        return tidy_frame(
            group="variable",
            term=[*self.variables, "residual"],
            estimate=[*share, np.nan],
            conf_low=[*low, np.nan],
            conf_high=[*high, np.nan],
            gvif=[*self.gvif, np.nan],
            gvif_root=[*self.gvif_root, np.nan],
            sum_of_squares=[*found.sums, found.rest],
            df=[*found.df, float(found.rest_df) if found.rest_df else np.nan],
            statistic=[*found.f, np.nan],
            p_value=[*found.p, np.nan],
            **keys,
        )

    def _cases(self, shown: Influential, keys: Mapping[str, Any]) -> list[pd.DataFrame]:
        measures = {name: getattr(shown.measures, name)[shown.places] for name in MEASURES}
        cases = tidy_frame(group="case", term=list(shown.ids), estimate=measures["residual"], **measures, **keys)
        moved = shown.measures.dfbetas[shown.places]
        k = len(shown.terms)
        dfbetas = tidy_frame(
            group="dfbetas",
            term=list(shown.terms) * len(shown.ids),
            level=[row for row in shown.ids for _ in range(k)],
            estimate=moved.ravel(),
            **keys,
        )
        return [cases, dfbetas]

    def glance(self) -> pd.DataFrame:
        """One row: the model's sigma and PRESS, the largest GVIF root, condition index and Cook's distance."""
        cooks = np.full(1, np.nan) if self.cases is None else self.cases.measures.cooks
        row = {
            "n_obs": self.n_obs,
            "sigma": self.sigma,
            "press": self.press,
            "gvif_root": _largest(self.gvif_root),
            "condition_index": _largest(self.condition),
            "cooks": _largest(cooks),
        }
        return pd.DataFrame([row])

    def table(self, template: str = "assumptions") -> Table:
        """Tests of the assumptions, the variables (GVIF, sums of squares), or the cases; E652 for another template."""
        from evalkit.models.examination.tables import diagnostics_table

        return diagnostics_table(self, template)

    def figure(self) -> Figure | None:
        """Standardised residuals against fitted values and against normal quantiles; None without a model."""
        if self.cases is None or self.points["y"].isna().all():
            return None
        return Figure(
            id="residuals",
            kind="residuals",
            title=Label("examination.figure", outcome=self.labels[self.outcome]),
            frame=self.points,
            labels={"outcome": self.labels[self.outcome]},
            notes=(Label("examination.figure_note", n=self.n_obs),),
        )


def _largest(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else float("nan")


def _lacking(frame: pd.DataFrame) -> dict[str, float]:
    """Columns never depend on the data: those of cases stand there without cases too."""
    return {name: np.nan for name in MEASURES if name not in frame}
