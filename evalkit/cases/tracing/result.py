"""Evidence laid out: tidy rows, the typed table, weights, a line a hypothesis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import Drop, Problem, Table, tidy_frame

_NAN = float("nan")


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence. `place` is its row; `test` as declared, `implied` by its probabilities ("" without them).

    `found` is false for what was looked for and not found; `ratio` p(E|H) / p(E|not H), `weight` 10 log10 of it.
    """

    place: int
    case: str
    hypothesis: str
    step: str
    text: str
    source: str
    test: str
    found: bool
    p_h: float
    p_not_h: float
    implied: str
    ratio: float
    weight: float
    independent: bool

    @property
    def name(self) -> str:
        return f"{self.case} {self.hypothesis} e{self.place}".strip()

    @property
    def weighed(self) -> bool:
        """Whether both probabilities are given."""
        return not math.isnan(self.p_h) and not math.isnan(self.p_not_h)


@dataclass(frozen=True)
class Strand:
    """The evidence of a case for a hypothesis; `used` are the rows behind the posterior, nan where there is none."""

    case: str
    hypothesis: str
    rows: tuple[Evidence, ...]
    used: tuple[Evidence, ...]
    prior: float
    posterior: float

    @property
    def name(self) -> str:
        return f"{self.case} {self.hypothesis}".strip()

    def counts(self, test: str) -> tuple[int, int]:
        """Evidence of a kind that was found, and that was not."""
        mine = [e for e in self.rows if e.test == test]
        return sum(e.found for e in mine), sum(not e.found for e in mine)


@dataclass(frozen=True, eq=False)
class TracingResult:
    """All evidence, and what there is for each hypothesis in each case; `n_obs` counts pieces of evidence."""

    rows: tuple[Evidence, ...]
    strands: tuple[Strand, ...]
    high: float
    low: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`evidence`, `tests`; `weights` where there are probabilities."""
        weights = ("weights",) if any(e.weighed for e in self.rows) else ()
        return ("evidence", "tests", *weights)

    def tidy(self) -> pd.DataFrame:
        """Outcome = hypothesis, group = case; terms `e1`, `e2` ... (rows of the sheet), level = test as declared.

        estimate = likelihood ratio, statistic = 10 log10 of it (nan where 0 or infinite); then `prior`, `posterior`.
        """
        rows = list(self._tidy())
        names = (
            "outcome",
            "group",
            "term",
            "level",
            "label",
            "estimate",
            "statistic",
            "n_obs",
            "p_if_true",
            "p_if_false",
        )
        empty = dict.fromkeys(names[:5], None) | dict.fromkeys(names[5:], _NAN)
        return tidy_frame(n_rows=len(rows), **{name: [row.get(name, empty[name]) for row in rows] for name in names})

    def _tidy(self) -> Iterator[dict[str, Any]]:
        for e in self.rows:
            yield {
                "outcome": e.hypothesis, "group": e.case or None, "term": f"e{e.place}", "level": e.test or None,
                "label": e.implied or None, "estimate": finite(e.ratio), "statistic": finite(e.weight), "n_obs": 1.0,
                "p_if_true": e.p_h, "p_if_false": e.p_not_h,
            }  # fmt: skip
        for s in self.strands:
            if not math.isnan(s.prior):
                for term, value in (("prior", s.prior), ("posterior", s.posterior)):
                    yield {"outcome": s.hypothesis, "group": s.case or None, "term": term, "estimate": value,
                           "n_obs": float(len(s.used))}  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: hypotheses in cases, and pieces of evidence."""
        return pd.DataFrame([{"count": float(len(self.strands)), "n_obs": float(self.n_obs)}])

    def table(self, template: str = "evidence") -> Table:
        """`evidence`: each piece with its test and what that says; `tests` counts; `weights` with probabilities."""
        from evalkit.cases.tracing.tables import TABLES

        return TABLES[template](self)


def finite(value: float) -> float:
    return value if math.isfinite(value) else _NAN
