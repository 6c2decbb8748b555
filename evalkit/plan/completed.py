"""Steps on imputed data: which may be, the analysis of every completed data set, and the estimates pooled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Problem, Result
from evalkit.plan import catalogue
from evalkit.plan.casework import FRAMES, MAKES_CASES
from evalkit.plan.conditions import rows_where
from evalkit.plan.derive import KINDS
from evalkit.plan.flow import Sample
from evalkit.plan.model import Plan, Step
from evalkit.plan.poolable import POOLABLE, why_not

RESPONSES = "responses"
IMPUTES = "impute"


def data_faults(raw: Mapping[str, Any], index: int, do: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Code and parameters of what is wrong with the data that step `index` names.

    They are a sheet of the casebook, or a step before it that imputes, or makes columns of the cases.
    """
    steps: Sequence[Any] = raw["step"]
    named = steps[index].get("data", RESPONSES)
    if named == RESPONSES:
        return
    if named in FRAMES:
        if "casebook" not in raw:
            yield "E5100", {"data": named}
        return
    before = [s for s in steps[:index] if isinstance(s, Mapping) and isinstance(s.get("do"), str)]
    made = {s.get("id", ""): catalogue.called(s["do"]) for s in before}
    known = [name for name, does in made.items() if does in (IMPUTES, *MAKES_CASES)]
    if named not in known:
        sheets = FRAMES if "casebook" in raw else ()
        yield "E510", {"data": named, "near": [RESPONSES, *known, *sheets]}
    elif made[named] in MAKES_CASES:
        return
    elif do not in POOLABLE:
        yield "E6248", {"do": do, "why": why_not(do), "known": list(POOLABLE)}


def pooled_step(
    step: Step, given: Mapping[str, Any], done: Mapping[str, Result | None], plan: Plan, sample: Sample
) -> Result:
    """The step on every completed data set, pooled.

    Parameters
    ----------
    given : mapping
        Arguments of the step's function.
    done : mapping
        Step id -> result, of the steps before; None for one that gave none.

    Raises
    ------
    AnalysisError
        E6249 where the imputation gave no result, and as the step itself or `pool`.
    """
    from evalkit.studies.imputation import Imputed, pool

    source: Any = done.get(step.data)
    source = getattr(source, "result", source)  # a result with small counts withheld wraps the result itself
    if not isinstance(source, Imputed):
        raise AnalysisError(Problem("E6249", params={"step": step.data}))
    function = catalogue.function(step.do)

    def analysed(frame: pd.DataFrame) -> Any:
        rows = frame if step.where is None else frame.loc[rows_where(frame, step.where)]
        return function(rows, **given)

    return pool(source.derive(_rederiving(plan, sample, source)) if plan.derives else source, analysed)


def _rederiving(plan: Plan, sample: Sample, source: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A function that computes the plan's derived columns anew, over all loaded rows, as they were made at first."""
    changed = [*source.filled, *source.keyed, *source.rescored]

    def rederived(frame: pd.DataFrame) -> pd.DataFrame:
        work = sample.complete.copy(deep=False)
        for name in changed:
            column = work[name].copy()
            column.loc[frame.index] = frame[name]
            work[name] = column
        made: dict[str, Any] = {}
        for entry in plan.derives:
            kind = next(k for k in KINDS if k in entry.arguments)
            columns = {n: c for n, c in KINDS[kind](work, entry)[0].items() if n not in source.filled}
            made |= columns
            work = work.assign(**columns)
        return frame.assign(**{name: column.loc[frame.index] for name, column in made.items()})

    return rederived
