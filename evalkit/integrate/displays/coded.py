"""Codings, sources and codebook in; which cases bear which codes, and their stretches, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, require_columns
from evalkit.contract.consent import may_quote
from evalkit.contract.rounds import in_round
from evalkit.integrate.displays.judgements import said
from evalkit.integrate.displays.quoting import Stretch


@dataclass(frozen=True)
class Count:
    """Stretches of a code, sources that bear it, and the sources there are."""

    stretches: int
    bearing: int
    sources: int


@dataclass(frozen=True, eq=False)
class Coded:
    """The codings of the cases.

    Parameters
    ----------
    marks : DataFrame
        case, source, order (of the source), start, end, code, quote, may; one row a stretch under a code.
    sources : mapping
        Case -> its sources.
    below : mapping
        Code -> itself and every code below it.
    top : tuple of str
        The codes that stand highest with others beside them.
    round : str
        The round that counts; empty for all.
    """

    marks: pd.DataFrame
    sources: Mapping[str, tuple[str, ...]]
    below: Mapping[str, frozenset[str]]
    names: Mapping[str, Label]
    top: tuple[str, ...]
    round: str

    def name(self, code: str) -> Label:
        return self.names.get(code, Label(zh=code, en=code))

    @cached_property
    def _records(self) -> Mapping[str, list[Stretch]]:
        found: dict[str, list[Stretch]] = {}
        for row in self.marks.to_dict("records"):
            found.setdefault(row["case"], []).append({str(k): v for k, v in row.items()})
        return found

    def stretches(self, cases: Iterable[str], codes: Sequence[str]) -> list[Stretch]:
        """What in these cases stands under one of the codes; a stretch under two of them stands there twice."""
        held = frozenset().union(*(self.below[code] for code in codes))
        return [row for case in cases for row in self._records.get(case, ()) if row["code"] in held]

    def count(self, case: str, code: str) -> Count:
        mine = self.stretches([case], [code])
        return Count(len(mine), len({row["source"] for row in mine}), len(self.sources.get(case, ())))

    def require(self, codes: Iterable[str]) -> None:
        """Raise E6632 for codes that the codebook does not have."""
        unknown = [code for code in dict.fromkeys(codes) if code not in self.below]
        if unknown:
            raise AnalysisError(Problem("E6632", params={"names": unknown, "known": list(self.below)[:12]}))


def coded_of(
    codings: pd.DataFrame, sources: pd.DataFrame | None, codebook: pd.DataFrame | None, case: str, round_: str | None
) -> Coded | None:
    """The codings by case; None where nothing says which case a source belongs to.

    Raises
    ------
    AnalysisError
        E600 for a column; E2143 for a round without codings.
    """
    require_columns(codings, ["source_id", "code_id"])
    given = codings.dropna(subset=["source_id", "code_id"])
    frame = pd.DataFrame({
        "source": given["source_id"].map(str), "code": given["code_id"].map(str),
        "start": _numbers(given, "start"), "end": _numbers(given, "end"),
        "quote": given["quote"].map(said) if "quote" in given else "",
    }, index=given.index)  # fmt: skip
    if "quotable" in given:
        frame["quotable"] = given["quotable"]
    of = _case_of(given, sources, case)
    if of is None:
        return None
    frame["case"] = frame["source"].map(of)
    frame["may"] = may_quote(frame, sources, "source")
    frame["order"] = frame["source"].map({name: i for i, name in enumerate(of)})
    wanted, told = in_round(given, round_)
    marks = frame[wanted & frame["case"].notna()].drop(columns=["quotable"], errors="ignore")
    # Of one stretch marked by several coders the row without consent stays: no consent to one is none to the stretch.
    marks = marks.assign(blank=marks["quote"] == "", mark=_marks(marks)).sort_values(["may", "blank"], kind="stable")
    marks = marks.drop_duplicates(["source", "code", "mark"]).sort_index().drop(columns=["blank", "mark"])
    tree = _Tree(codebook, marks["code"])
    belonging: dict[str, list[str]] = {}
    for source, name in of.items():
        belonging.setdefault(name, []).append(source)
    held = {name: tuple(each) for name, each in belonging.items()}
    return Coded(marks, held, tree.below, tree.names, tree.top(set(marks["code"])), told)


def _numbers(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame[name], errors="coerce").astype(float)


def _marks(frame: pd.DataFrame) -> pd.Series:
    """What tells one stretch from another: its place, else its words."""
    at = frame["start"].map("{:g}".format) + "-" + frame["end"].map("{:g}".format)
    return at.where(frame["start"].notna() & frame["end"].notna(), frame["quote"])


def _case_of(codings: pd.DataFrame, sources: pd.DataFrame | None, case: str) -> dict[str, str] | None:
    """Source -> case, in the order of the sources."""
    frame = sources if sources is not None and case in sources else codings if case in codings else None
    if frame is None:
        return None
    rows = frame[["source_id", case]].dropna().astype(str).drop_duplicates("source_id")
    return dict(zip(rows["source_id"], rows[case], strict=True))


def _called(code: str, row: Mapping[str, Any]) -> Label:
    """The name of a code in both languages; without an English one that of the codebook, without any its id."""
    name = said(row.get("name")) or code
    return Label(zh=name, en=said(row.get("name_en")) or name)


class _Tree:
    """Names of the codes, and what stands below each."""

    def __init__(self, codebook: pd.DataFrame | None, used: pd.Series) -> None:
        known = pd.DataFrame({"code_id": list(dict.fromkeys(used))}) if codebook is None else codebook
        require_columns(known, ["code_id"])
        if "status" in known:
            known = known[~known["status"].isin(["merged", "dropped"])]
        rows = {str(row["code_id"]): row for row in known.to_dict("records")}
        self.names = {code: _called(code, row) for code, row in rows.items()}
        above = {code: said(row.get("parent_id")) for code, row in rows.items()}
        self.parents = {code: parent if parent in rows else "" for code, parent in above.items()}
        self.children: dict[str, list[str]] = {}
        for code, parent in self.parents.items():
            self.children.setdefault(parent, []).append(code)
        self.below = {code: frozenset(self._under(code, set())) for code in rows}

    def _under(self, code: str, seen: set[str]) -> set[str]:
        if code in seen:
            return seen
        seen.add(code)
        for child in self.children.get(code, ()):
            self._under(child, seen)
        return seen

    def top(self, used: set[str]) -> tuple[str, ...]:
        """The highest codes that occur, below a single one at the top."""
        level = self.children.get("", [])
        while len(level) == 1 and self.children.get(level[0]):
            level = self.children[level[0]]
        return tuple(code for code in level if self.below[code] & used)
