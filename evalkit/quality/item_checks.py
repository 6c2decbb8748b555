"""Answers in, which questions tell nobody from anybody out: one answer only, all at one end, options nobody chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.quality.scope import Scope, numbers, scope_of

_CLOSED = ("item", "ordinal", "nominal")
_ENDS = ("item", "ordinal")


@dataclass(frozen=True)
class ItemCheck:
    """One question: answers, distinct ones, per cents of the commonest and of both ends, options nobody chose.

    `ends` is (floor, ceiling), nan where the answers have no ends; `unused` is None where no options are known.
    """

    name: str
    label: Label
    n: int
    n_values: int
    commonest: float
    ends: tuple[float, float]
    unused: tuple[Label, ...] | None
    found: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ItemChecks:
    """Every closed question. `n_obs` counts all rows; a finding is a report, never a verdict."""

    items: tuple[ItemCheck, ...]
    bound: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("item_checks",)

    def tidy(self) -> pd.DataFrame:
        """One row a question (`estimate` and `percent`: the commonest answer; `count`: distinct answers), then its
        levels `floor` and `ceiling` (per cent at that end) and `unused` (`count` of options nobody chose)."""
        rows: list[dict[str, object]] = []
        for item in self.items:
            base = {"term": item.name, "n_obs": item.n}
            rows.append({**base, "estimate": item.commonest, "percent": item.commonest, "count": item.n_values})
            for level, share in zip(("floor", "ceiling"), item.ends, strict=True):
                rows.append({**base, "level": level, "estimate": share, "percent": share})
            unused = np.nan if item.unused is None else len(item.unused)
            rows.append({**base, "level": "unused", "estimate": unused, "count": unused})
        text, values = ("term", "level"), ("estimate", "n_obs", "percent", "count")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in (*text, *values)}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: rows, questions, and how many of them have a finding (`count`)."""
        count = float(sum(bool(item.found) for item in self.items))
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "n_items": [float(len(self.items))], "count": [count]})

    def table(self, template: str = "item_checks") -> Table:
        """Each question: answers, distinct ones, the commonest and both ends in per cent, findings, unused options."""
        heads = ("variable", "n_obs", "quality.head.values", "quality.head.commonest", "quality.head.floor",
                 "quality.head.ceiling", "quality.head.unused", "quality.head.verdict")  # fmt: skip
        notes = (Label("quality.note.flat", bound=f"{100 * self.bound:g}"), Label("quality.note.unused"))
        return Table(
            "item_checks",
            template,
            Label("quality.flat.title"),
            (tuple(Head(head) for head in heads),),
            tuple(_row(item) for item in self.items),
            tuple(Note("general", note) for note in notes),
        )


def item_checks(data: pd.DataFrame, *, items: Sequence[str] | None = None, end_share: float = 0.80) -> ItemChecks:
    """Find questions with one answer only, with nearly all answers at one end, and options nobody chose.

    Parameters
    ----------
    data : DataFrame
        One row a respondent.
    items : sequence of str, optional
        Columns, or ids of multiple-response questions; by default all closed questions that the Codebook knows.
    end_share : float
        Share at the lowest or highest answer beyond which a question has a floor or a ceiling; between 0 and 1.

    Returns
    -------
    ItemChecks
        Missing answers do not count, nor does "don't know". Of a multiple response an answer is an option ticked.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E802 for a share that is none.
    """
    if not 0 < end_share <= 1:
        raise AnalysisError(Problem("E802", params={"name": "end_share", "value": end_share}))
    scope = scope_of(data, None, dict.fromkeys(("respondent_id", "duration", "submitted")))
    if items is None:
        found = [q for q, columns in scope.questions.items() if _is_closed(scope, columns[0])]
    else:
        scope.require(items)
        found = list(items)
    checks = (_options(scope, q) if _is_multiple(scope, q) else _values(scope, q, end_share) for q in found)
    return ItemChecks(tuple(checks), end_share, len(data))


def _is_closed(scope: Scope, column: str) -> bool:
    return scope.is_option(column) or scope.book.variables[column].kind in _CLOSED


def _is_multiple(scope: Scope, question: str) -> bool:
    columns = scope.questions.get(question, [])
    return question not in scope.data and bool(columns) and scope.is_option(columns[0])


def _values(scope: Scope, name: str, bound: float) -> ItemCheck:
    variable = scope.book.variables[name]
    place, distinct = pd.factorize(scope.data[name])
    count = np.bincount(place[place >= 0], minlength=len(distinct))
    n = int(count.sum())
    share = dict(zip(distinct, 100 * count / n, strict=True)) if n else {}
    known = n > 0 and variable.kind in _ENDS and variable.low is not None and variable.high is not None
    ends = (share.get(variable.low, 0.0), share.get(variable.high, 0.0)) if known else (np.nan, np.nan)
    real = [category for category in variable.categories if category.missing is None]
    unused = tuple(Label(zh=c.zh or c.en or str(c.code), en=c.en or c.zh or str(c.code))
                   for c in real if c.code not in share)  # fmt: skip
    found = ["flat"] if n > 1 and len(distinct) == 1 else []
    found += [end for end, per_cent in zip(("floor", "ceiling"), ends, strict=True) if per_cent > 100 * bound]
    found += ["unused"] if real and unused and n else []
    commonest = max(share.values(), default=np.nan)
    return ItemCheck(name, variable.label, n, len(distinct), commonest, ends, unused if real else None, tuple(found))


def _options(scope: Scope, question: str) -> ItemCheck:
    columns = scope.questions[question]
    answers = numbers(scope.data, columns)
    shown = ~np.isnan(answers).all(axis=1)
    n = int(shown.sum())
    ticks = (answers == 1).sum(axis=0)
    unused = tuple(scope.book.variables[c].label for c, k in zip(columns, ticks, strict=True) if not k)
    variable = scope.book.variables.get(question) or scope.book.variables[columns[0]]
    commonest = 100 * float(ticks.max()) / n if n else np.nan
    found = ["flat"] if n > 1 and len(np.unique(answers[shown], axis=0)) == 1 else []
    found += ["unused"] if unused and n else []
    values = int((ticks > 0).sum())
    return ItemCheck(question, variable.label, n, values, commonest, (np.nan, np.nan), unused, tuple(found))


def _row(item: ItemCheck) -> Row:
    none = "quality.reason.no_answers_given" if not item.n else None
    ends = none or ("quality.reason.no_ends" if np.isnan(item.ends[0]) else None)
    unused: str | Label = "" if not item.unused else Label(zh="、".join(u.text("zh") for u in item.unused),
                                                           en="; ".join(u.text("en") for u in item.unused))  # fmt: skip
    verdict = [Label(f"quality.flat.{key}") for key in item.found]
    said = Label(zh="、".join(v.text("zh") for v in verdict), en="; ".join(v.text("en") for v in verdict))
    return Row(
        (
            Cell(item.label, "label"),
            Cell(item.n, "count", id=f"{item.name}#n_obs"),
            Cell(item.n_values, "count", id=f"{item.name}#count"),
            Cell(item.commonest, "percent", id=f"{item.name}#percent", reason=none),
            Cell(item.ends[0], "percent", id=f"{item.name}/floor#percent", reason=ends),
            Cell(item.ends[1], "percent", id=f"{item.name}/ceiling#percent", reason=ends),
            Cell(unused if item.n else "", "label"),
            Cell(said if verdict else Label("quality.verdict.fine" if item.n else "quality.verdict.unknown"), "label"),
        )
    )
