"""What a plan says about personal data, carried out: pseudonyms for the columns it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evalkit.contract import PlanError, Problem, Result, UsageError, attach, codebook_of
from evalkit.descriptive.withheld import Withheld
from evalkit.ingest import Responses
from evalkit.ingest.findings import HIDDEN
from evalkit.ingest.pseudonyms import Key, pseudonyms, read_key
from evalkit.plan.lines import Lines
from evalkit.plan.model import Plan
from evalkit.plan.names import Names

WITHHOLDING = ("joint_display",)
"""Steps that withhold small numbers of respondents themselves; their other counts are of sources and cases."""


@dataclass(frozen=True)
class Disguise:
    """Columns of the answers that carry pseudonyms, and the key they are made with."""

    columns: tuple[str, ...]
    key: Key

    def of(self, data: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
        """The frame with pseudonyms in these columns."""
        book = codebook_of(data)
        found = data.assign(**{name: pseudonyms(data[name], self.key) for name in names})
        return attach(found, book.with_variables(replace(book.variables[name], categories=()) for name in names))


def study_key(plan: Plan, out: Path | None = None) -> Key | None:
    """The key of a plan that asks for pseudonyms.

    Raises
    ------
    PlanError
        E343 to E346 (see `read_key`), with the line.
    """
    if not plan.privacy.pseudonyms:
        return None
    try:
        return read_key(plan.folder / plan.privacy.key_file, new=plan.privacy.new_key, away_from=out)
    except UsageError as error:
        line = Lines(plan.text, plan.path.name).key("privacy", 0, "key_file")
        raise PlanError(Problem(p.code, plan.place(line), p.params) for p in error.problems) from None


def disguised(responses: Responses, plan: Plan) -> tuple[Responses, Disguise | None]:
    """The answers with pseudonyms where the plan asks for them; messages no longer quote the ids.

    Raises
    ------
    PlanError
        An unknown column, with its line; see also `study_key`.
    """
    key = study_key(plan)
    if key is None:
        return responses, None
    names, lines = Names(responses.frame), Lines(plan.text, plan.path.name)
    columns, faults = [], []
    for name in plan.privacy.pseudonyms:
        found = names.resolve(name)
        if found in responses.frame.columns:
            columns.append(str(found))
        else:
            problem, line = names.problem(name), lines.value("privacy", 0, "pseudonyms", name)
            faults.append(Problem(problem.code, plan.place(line), problem.params))
    if faults:
        raise PlanError(faults)
    disguise = Disguise(tuple(columns), key)
    return with_pseudonyms(responses, disguise), disguise


def with_pseudonyms(responses: Responses, disguise: Disguise) -> Responses:
    """The answers with pseudonyms in these columns; messages no longer quote the ids."""
    columns = [*disguise.columns]
    problems = responses.problems
    if "respondent_id" in columns:  # the question that gave the id stands in the frame under its own name too
        columns += [item.id for item in responses.instrument.items if item.role == "respondent_id"]
        problems = tuple(_unnamed(p) for p in problems)
    there = dict.fromkeys(name for name in columns if name in responses.frame)
    return replace(responses, frame=disguise.of(responses.frame, there), problems=problems)


def removed(responses: Responses, columns: Collection[str]) -> dict[str, object]:
    """What run.json says was removed: counts by kind, never a value."""
    return {
        "private_columns": dict(sorted(Counter(responses.personal.values()).items())),
        "masked_cells": dict(responses.flagged),
        "pseudonyms": list(columns),
    }


def still_small(result: Result, do: str, least: int) -> tuple[Problem, ...]:
    """W559 where a step whose cells are not withheld tells a count below `least`."""
    if isinstance(result, Withheld) or do in WITHHOLDING:
        return ()
    tidy = result.tidy()
    counts = tidy[[name for name in ("n_obs", "count") if name in tidy]].to_numpy(dtype=float)
    n = int(((counts > 0) & (counts < least)).sum())
    return (Problem("W559", params={"do": do, "n": n, "least": least}),) if n else ()


def _unnamed(problem: Problem) -> Problem:
    """A problem about an id without the id."""
    return problem if "id" not in problem.params else replace(problem, params={**problem.params, "id": HIDDEN})
