"""Evidence in, a TracingResult out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from evalkit.cases.tracing.result import Evidence, Strand, TracingResult
from evalkit.cases.tracing.weighing import TESTS, decibels, kind_of, posterior, ratio
from evalkit.contract import AnalysisError, Drop, Problem, require_columns


def process_tracing(
    data: pd.DataFrame,
    *,
    case: str = "case_id",
    prior: float | Mapping[str, float] | None = None,
    independent: bool = False,
    high: float = 0.9,
    low: float = 0.1,
) -> TracingResult:
    """Lay out the evidence of each case for each hypothesis, with what kind of test it is.

    Parameters
    ----------
    data : DataFrame
        Evidence, one row each: columns hypothesis, evidence; perhaps `case`, step, source_id; `test`
        (straw_in_the_wind, hoop, smoking_gun, doubly_decisive); p_h and p_not_h, how likely the evidence is if the
        hypothesis is true and if it is not (0 to 1); `found`, 0 for what was looked for and not found;
        `independent`, 1 for evidence whose likelihood does not depend on the others'.
    case : str
        Column of the cases; without it all evidence is of one case.
    prior : float or mapping, optional
        Probability of every hypothesis, or by hypothesis, before the evidence. Only where it is given is a posterior
        computed, from the rows declared independent.
    independent : bool
        Declares all rows independent.
    high, low : float
        From what p_h on evidence is certain, up to what p_not_h it is unique; a declared test that the probabilities
        contradict is said.

    Returns
    -------
    TracingResult
        The typed table; likelihood ratios and 10 log10 of them where both probabilities are given. A ratio of 0 or
        infinity is said, and leaves its posterior nan.

    Raises
    ------
    AnalysisError
        E600 for a column; E614 for an option; E6707 for a test that is none of the four; E6709 for a probability
        outside 0 to 1.

    Notes
    -----
    Van Evera (1997); Collier (2011), PS 44, 823-830; Fairfield & Charman (2017), Political Analysis 25, 363-380.
    Zaks (2021), Political Analysis 29, 58-74, doubts that the arithmetic can be used with any rigour; hence the table
    of tests is what is given, and numbers only where the author gave hers.
    """
    require_columns(data, ["hypothesis", "evidence"])
    if not 0 <= low < high <= 1:
        raise AnalysisError(Problem("E614", params={"option": "high", "value": f"{low:g} – {high:g}"}))
    kept = _checked(data)
    rows = tuple(_rows(kept, case, independent, high, low))
    priors = _priors(prior, rows)
    strands = tuple(_strands(rows, priors))
    lost = len(data) - len(kept)
    return TracingResult(
        rows=rows,
        strands=strands,
        high=high,
        low=low,
        n_obs=len(rows),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=tuple(_notices(rows, strands, prior is not None)),
    )


def _checked(data: pd.DataFrame) -> pd.DataFrame:
    """The rows with hypothesis and evidence, with their place in the sheet; faults E6707 and E6709."""
    kept = data.assign(_place=range(1, len(data) + 1)).dropna(subset=["hypothesis", "evidence"])
    problems = []
    for row in kept.to_dict("records"):
        test = _said(row.get("test"))
        if test and test not in TESTS:
            problems.append(Problem("E6707", params={"row": row["_place"], "test": test, "known": list(TESTS)}))
        for name in ("p_h", "p_not_h"):
            p = _number(row.get(name))
            if p < 0 or p > 1:
                problems.append(Problem("E6709", params={"row": row["_place"], "column": name, "value": f"{p:g}"}))
    if problems:
        raise AnalysisError(problems)
    return kept


def _rows(kept: pd.DataFrame, case: str, independent: bool, high: float, low: float) -> Iterator[Evidence]:
    for row in kept.to_dict("records"):
        p_h, p_not_h = _number(row.get("p_h")), _number(row.get("p_not_h"))
        found = _number(row.get("found")) != 0
        lr = ratio(p_h, p_not_h, found)
        yield Evidence(
            row["_place"], _said(row.get(case)), _said(row["hypothesis"]), _said(row.get("step")),
            _said(row["evidence"]), _said(row.get("source_id")), _said(row.get("test")), found, p_h, p_not_h,
            kind_of(p_h, p_not_h, high, low), lr, decibels(lr), independent or _number(row.get("independent")) == 1,
        )  # fmt: skip


def _priors(prior: float | Mapping[str, float] | None, rows: Sequence[Evidence]) -> dict[str, float]:
    named = dict.fromkeys(e.hypothesis for e in rows)
    if prior is None:
        return {}
    given = dict(prior) if isinstance(prior, Mapping) else dict.fromkeys(named, float(prior))
    odd = [name for name in given if name not in named]
    bad = [p for p in given.values() if not 0 < p < 1]
    if odd or bad:
        raise AnalysisError(Problem("E614", params={"option": "prior", "value": (odd or bad)[0]}))
    return {name: float(p) for name, p in given.items()}


def _strands(rows: Sequence[Evidence], priors: Mapping[str, float]) -> Iterator[Strand]:
    for case, hypothesis in dict.fromkeys((e.case, e.hypothesis) for e in rows):
        mine = tuple(e for e in rows if (e.case, e.hypothesis) == (case, hypothesis))
        used = tuple(e for e in mine if e.independent and e.weighed)
        prior = priors.get(hypothesis, math.nan)
        after = posterior(prior, [e.ratio for e in used]) if used and not math.isnan(prior) else math.nan
        yield Strand(case, hypothesis, mine, used, prior, after)


def _notices(rows: Sequence[Evidence], strands: Sequence[Strand], asked: bool) -> Iterator[Problem]:
    against = [f"{e.name} ({e.p_h:g}, {e.p_not_h:g})" for e in rows if e.test and e.implied not in ("", e.test)]
    if against:
        yield Problem("W6704", params={"names": against})
    extreme = [e.name for e in rows if e.weighed and not 0 < e.ratio < math.inf]
    if extreme:
        yield Problem("W6705", params={"names": extreme})
    if not asked:
        return
    empty = [s.name for s in strands if not s.used and not math.isnan(s.prior)]
    if empty:
        yield Problem("W6706", params={"names": empty})
    aside = sum(len(s.rows) - len(s.used) for s in strands if s.used and not math.isnan(s.prior))
    if aside:
        yield Problem("N6708", params={"n": aside})


def _number(value: Any) -> float:
    return math.nan if value is None or pd.isna(value) or value == "" else float(value)


def _said(value: Any) -> str:
    return "" if value is None or value != value else f"{value:g}" if isinstance(value, float) else str(value).strip()
