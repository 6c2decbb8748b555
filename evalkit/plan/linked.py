"""Steps whose small cells are withheld in, those that print what another one withholds out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalkit.contract import Problem
from evalkit.descriptive.crosstab import CrosstabResult
from evalkit.descriptive.profile import ProfileResult
from evalkit.descriptive.withheld import Withheld
from evalkit.plan.outcome import Outcome

Key = frozenset[tuple[str, str]]
"""Whom a count counts: one category of each variable."""


def with_links(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with W547 on every step that shares a count with an earlier one which only one of the two prints.

    Each table by itself hides enough. A total that one of them withholds to cover a small cell, and another prints,
    gives the cell away by subtraction. Steps are held against each other that look at the same rows (`where`).
    """
    told: list[tuple[Outcome, Mapping[Key, bool]]] = []
    out = []
    for outcome in outcomes:
        mine = _counts(outcome.result) if isinstance(outcome.result, Withheld) else {}
        problems = []
        for earlier, theirs in told:
            if mine and str(earlier.step.where) == str(outcome.step.where):
                problems += _differing(earlier.step.id, theirs, outcome.step.id, mine)
        told.append((outcome, mine))
        out.append(replace(outcome, problems=(*outcome.problems, *problems)) if problems else outcome)
    return tuple(out)


def _differing(first: str, theirs: Mapping[Key, bool], second: str, mine: Mapping[Key, bool]) -> list[Problem]:
    """One problem for the variables of all counts that only one of two steps prints."""
    keys = [key for key in mine if key in theirs and mine[key] != theirs[key]]
    names = sorted({variable for key in keys for variable, _ in key})
    return [Problem("W547", params={"steps": [first, second], "variables": names, "n": len(keys)})] if keys else []


def _counts(found: Withheld) -> dict[Key, bool]:
    """Each count a table prints or withholds, and whether it is withheld; counts of 0 are always printed."""
    result, hidden = found.result, found.hidden
    counts: dict[Key, bool] = {}
    if isinstance(result, ProfileResult):
        for name, shares in [(f.name, f.shares) for f in result.frequencies]:
            counts |= {frozenset({(name, s.id)}): f"{name}/{s.id}#count" in hidden for s in shares if s.count}
        for question in result.multiple:
            name = question.question
            counts |= {frozenset({(name, o.id)}): f"{name}/{o.id}#count" in hidden for o in question.options if o.count}
    elif isinstance(result, CrosstabResult):
        counts |= _of_crosstab(result, hidden)
    return counts


def _of_crosstab(result: CrosstabResult, hidden: frozenset[str]) -> dict[Key, bool]:
    table, one, other = result.counts, result.rows, result.columns
    counts: dict[Key, bool] = {}
    for i, row in enumerate(table.index):
        if table.iloc[i].sum():
            counts[frozenset({(one, str(row))})] = f"{one}.{row}#count" in hidden
        for j, group in enumerate(table.columns):
            key = f"{other}.{group}/{one}.{row}"
            if table.iloc[i, j]:
                counts[frozenset({(one, str(row)), (other, str(group))})] = f"{key}#count" in hidden
    for j, group in enumerate(table.columns):
        if result.multiple:  # the total of a group are its cases, not the options ticked
            cases = [f"{other}.{group}/{one}.{row}#n_obs" in hidden for row in table.index]
            counts[frozenset({(other, str(group))})] = all(cases)
        elif table.iloc[:, j].sum():
            counts[frozenset({(other, str(group))})] = f"{other}.{group}#count" in hidden
    return counts
