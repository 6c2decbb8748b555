"""Models of the same rows in; their fit, and how each differs from another, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Label, Problem
from evalkit.contract.words import LANGUAGES, say
from evalkit.measurement.reported_fit import MEASURES, reported
from evalkit.sampling import Design
from evalkit.structure import Fit, compare, fit

_NAN = float("nan")


@dataclass(frozen=True)
class Difference:
    """A chi-square difference test; nan where there is none."""

    chisq: float = _NAN
    df: float = _NAN
    p_value: float = _NAN


@dataclass(frozen=True)
class Candidate:
    """One model as it is printed.

    Parameters
    ----------
    id, label, makeup
        `makeup` says which scales stand under which factor.
    measures : mapping
        `MEASURES`; corrected values where the estimator has them, all nan where the model could not be fitted.
    against : Difference
        From the model it is held against.
    """

    id: str
    label: Label
    makeup: Label
    measures: Mapping[str, float]
    against: Difference = field(default_factory=Difference)

    @property
    def fitted(self) -> bool:
        return bool(np.isfinite(self.measures["chisq"]))

    def rows(self, n_obs: int) -> list[dict[str, object]]:
        """Rows of `tidy()`: every measure, then the difference from the model it is held against."""
        found: list[dict[str, object]] = [
            {"model": self.id, "term": name, "estimate": value, "n_obs": n_obs} for name, value in self.measures.items()
        ]
        d = self.against
        found.append({"model": self.id, "term": "difference", "estimate": d.chisq, "statistic": d.chisq, "df": d.df,
                      "p_value": d.p_value, "n_obs": n_obs})  # fmt: skip
        return found


@dataclass(frozen=True, eq=False)
class Tried:
    """A model fitted, or why it could not be; never part of a result, for it holds the rows."""

    id: str
    label: Label
    makeup: Label
    fit: Fit | None
    notices: tuple[Problem, ...]

    def candidate(self, against: Difference | None = None) -> Candidate:
        """What is printed of it."""
        found = self.fit
        measures = (
            reported(found.measures()) if found is not None and found.converged else dict.fromkeys(MEASURES, _NAN)
        )
        return Candidate(self.id, self.label, self.makeup, measures, against or Difference())

    def difference(self, other: Tried) -> tuple[Difference, tuple[Problem, ...]]:
        """Test of this model against another one of the same rows; none where the degrees of freedom are the same.

        Satorra and Bentler's statistic of 2001 with a corrected estimator, W719 where it does not exist (that of 2010
        takes the same parameters in both models, which joined factors do not have).
        """
        if self.fit is None or other.fit is None or not (self.fit.converged and other.fit.converged):
            return Difference(), ()
        if self.fit.df == other.fit.df:
            return Difference(self.fit.test.statistic - other.fit.test.statistic, 0), ()
        found = compare(self.fit, other.fit)
        notices = _said(self.label, tuple(p for p in found.notices if p.code != "W939"))
        if np.isnan(found.chisq_diff):
            name = {lang: self.label.text(lang) for lang in LANGUAGES}
            notices = (*notices, Problem("W719", params={"model": name, "value": f"{found.scaling:.3f}"}))
        sign = 1 if self.fit.df > other.fit.df else -1
        return Difference(found.chisq_diff, sign * found.df_diff, found.p_value), notices


@dataclass(frozen=True)
class Setting:
    """The rows and the estimator of a series of models."""

    data: pd.DataFrame
    estimator: str | None
    design: Design | None
    ordinal: bool | Sequence[str] = False

    def tried(self, id: str, label: Label, text: str, makeup: Label | None = None, std_lv: bool = True) -> Tried:
        """Fit a model; what goes wrong becomes a notice that names it."""
        try:
            found = fit(
                text, self.data, estimator=self.estimator, design=self.design, ordinal=self.ordinal, std_lv=std_lv
            )
        except AnalysisError as fault:
            why = {lang: " ".join(say(p, lang) for p in fault.problems) for lang in LANGUAGES}
            name = {lang: label.text(lang) for lang in LANGUAGES}
            return Tried(id, label, makeup or label, None, (Problem("W715", params={"model": name, "why": why}),))
        return Tried(id, label, makeup or label, found, _said(label, found.notices))


def _said(label: Label, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Notices of one model among several, with its name; those of the design stand as they are."""
    name = {lang: label.text(lang) for lang in LANGUAGES}
    out = []
    for p in problems:
        if p.code == "N936":
            out.append(p)
        else:
            out.append(Problem("W716", params={"model": name, "why": {lang: say(p, lang) for lang in LANGUAGES}}))
    return tuple(out)


def cells(model: Candidate, *names: str) -> list[Cell]:
    """Measures of a model as cells."""
    return [Cell(float(model.measures[n]), n, reason="method.reason_fit") for n in names]


def difference_cells(found: Difference) -> list[Cell]:
    """Chi-square difference with stars, and its degrees of freedom; dashes where there is no test."""
    if np.isnan(found.df):
        return [Cell(None, "chisq"), Cell(None, "df")]
    p = None if np.isnan(found.p_value) else found.p_value
    return [Cell(found.chisq, "chisq", p=p, reason="method.reason_difference"), Cell(found.df, "df")]


def measurement(factors: Mapping[str, Iterable[str]]) -> str:
    """Text of a measurement model."""
    return "\n".join(f"{name} =~ {' + '.join(items)}" for name, items in factors.items())


def free_name(start: str, taken: Iterable[str]) -> str:
    """A name that nothing else has."""
    names = set(taken)
    return next(n for n in (start, *(f"{start}{i}" for i in range(2, 1000))) if n not in names)
