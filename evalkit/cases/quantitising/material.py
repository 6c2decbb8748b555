"""Codings and sources in, the material of each case out: what was coded where, how much there is to code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.quantitising.codes import CodeEntry, entries_of
from evalkit.contract import AnalysisError, Drop, Label, Problem, require_columns
from evalkit.contract.rounds import CONSENSUS


@dataclass(frozen=True, eq=False)
class Material:
    """The material of some cases.

    `marks` has one row a coded stretch: case, source, code, start, end. By case: `n_sources`; `n_chars`, nan where
    the length of a source is not known; `n_segments` stretches with any code. `coders` are those whose codings were
    put together; `round_note` says which round counts, None where there are no rounds.
    """

    cases: tuple[str, ...]
    entries: dict[str, CodeEntry]
    marks: pd.DataFrame
    lengths: pd.Series
    n_sources: np.ndarray
    n_chars: np.ndarray
    n_segments: np.ndarray
    round_note: Label | None
    coders: tuple[str, ...]
    placed: bool
    dropped: tuple[Drop, ...]
    notices: tuple[Problem, ...]


def id_text(value: Any) -> str:
    """An id as text: 3, 3.0 and "3" are the same."""
    return f"{value:.15g}" if isinstance(value, (int, float, np.number)) else str(value).strip()


def material_of(
    codings: pd.DataFrame,
    sources: pd.DataFrame | None,
    codebook: pd.DataFrame | None,
    *,
    cases: Sequence[str] | None = None,
    code: str = "code_id",
    source: str = "source_id",
    case: str = "case_id",
    round_: str | None = None,
) -> Material:
    """Bring codings, sources and cases together.

    Parameters
    ----------
    cases : sequence of str, optional
        The cases asked about, in their order; default those of the sources.
    round_ : str, optional
        Round of the codings. By default each source counts with its consensus where it has one, else with its last
        round (2 before 1); rounds that are neither stand before all others.

    Raises
    ------
    AnalysisError
        E600 for a column, E2141 and E2142 for the codebook, E2143 for a round without codings, E2144 for a source of
        the codings that is not listed.
    """
    require_columns(codings, [code, source, *([case] if sources is None else [])])
    kept = codings.dropna(subset=[code, source])
    whose = _whose(kept, sources, source, case)
    used, round_note, left = _of_round(kept, source, round_)
    coded = used[code].map(str)
    entries = entries_of(codebook, list(dict.fromkeys(coded)))
    names = tuple(dict.fromkeys(whose)) if cases is None else tuple(cases)
    marks = pd.DataFrame(
        {
            "source": used[source].map(id_text), "code": coded,
            "start": _numbers(used, "start"), "end": _numbers(used, "end"),
        }
    ).drop_duplicates()  # fmt: skip
    marks.insert(0, "case", marks["source"].map(whose))
    marks = marks[marks["case"].isin(names)]
    lengths = _lengths(marks, sources, whose)
    coders = tuple(dict.fromkeys(used["coder"].dropna().map(str))) if "coder" in used else ()
    lost = len(codings) - len(kept)
    return Material(
        cases=names,
        entries=entries,
        marks=marks,
        lengths=lengths,
        n_sources=by_case(whose, names, lambda each: each.size()),
        n_chars=by_case(whose, names, lambda each: each.agg(lambda s: lengths[list(s)].sum(skipna=False))),
        n_segments=segments(marks, names),
        round_note=round_note,
        coders=coders,
        placed=bool(marks[["start", "end"]].notna().all(axis=None)),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=_notices(names, whose, marks, left),
    )


def by_case(whose: pd.Series, names: Sequence[str], counted: Any) -> np.ndarray:
    """What is counted over the sources of each case; 0 for a case without any."""
    each = counted(pd.Series(whose.index, index=whose.index).groupby(whose.to_numpy()))
    return each.astype(float).reindex(list(names), fill_value=0.0).to_numpy(dtype=float)


def segments(marks: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Distinct stretches of each case."""
    found = marks.drop_duplicates(["source", "start", "end"]).groupby("case").size()
    return found.reindex(list(names), fill_value=0).to_numpy(dtype=float)


def _whose(codings: pd.DataFrame, sources: pd.DataFrame | None, source: str, case: str) -> pd.Series:
    """Source -> case, for the sources that belong to one."""
    if sources is None:
        listed = codings[[source, case]].rename(columns={source: "source_id"})
    else:
        require_columns(sources, ["source_id", case])
        listed = sources[["source_id", case]]
        unknown = sorted(set(codings[source].map(id_text)) - set(listed["source_id"].map(id_text)))
        if unknown:
            raise AnalysisError(Problem("E2144", params={"names": unknown}))
    listed = listed.dropna(subset=[case])
    found = pd.Series(listed[case].map(id_text).to_numpy(), index=listed["source_id"].map(id_text), dtype=object)
    return found[~found.index.duplicated()]


def _of_round(
    codings: pd.DataFrame, source: str, round_: str | None
) -> tuple[pd.DataFrame, Label | None, tuple[str, ...]]:
    """The codings that count, which rounds they are, and the sources that a chosen round leaves without any."""
    if "round" not in codings or codings["round"].isna().all():
        return codings, None, ()
    given = codings["round"].map(id_text).where(codings["round"].notna(), "")
    if round_ is not None:
        found = codings[given == str(round_)]
        if found.empty:
            raise AnalysisError(Problem("E2143", params={"round": round_, "rounds": sorted(set(given) - {""})}))
        left = set(codings[source].map(id_text)) - set(found[source].map(id_text))
        return found, Label("quantify.note_round", round=_round_label(str(round_))), tuple(sorted(left))
    rank = pd.to_numeric(given, errors="coerce").fillna(-1.0).where(given != CONSENSUS, np.inf)
    best = rank.groupby(codings[source].map(id_text)).transform("max")
    used = rank == best
    each = codings[used].groupby(given[used])[source].nunique()
    order = rank[used].groupby(given[used]).max().sort_values(ascending=False).index
    parts = [Label("quantify.round_of", round=_round_label(name), n=int(each[name])) for name in order]
    joined = Label(zh="、".join(p.text("zh") for p in parts), en=", ".join(p.text("en") for p in parts))
    return codings[used], Label("quantify.note_round_default", rounds=joined), ()


def _round_label(name: str) -> Label:
    if not name:
        return Label("quantify.no_round")
    return Label("quantify.consensus") if name == CONSENSUS else Label(zh=name, en=name)


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy(dtype=float) if name in frame else np.full(len(frame), np.nan)


def _lengths(marks: pd.DataFrame, sources: pd.DataFrame | None, whose: pd.Series) -> pd.Series:
    """Characters of each source, at least to its last coding; nan where nobody says."""
    found = pd.Series(np.nan, index=whose.index)
    if sources is None or "n_chars" not in sources:
        return found
    known = pd.Series(sources["n_chars"].to_numpy(dtype=float), index=sources["source_id"].map(id_text))
    found = known[~known.index.duplicated()].reindex(whose.index)
    last = marks.groupby("source")["end"].max().reindex(whose.index)
    return found.where(~(last > found), last)


def _notices(names: Sequence[str], whose: pd.Series, marks: pd.DataFrame, left: Sequence[str]) -> tuple[Problem, ...]:
    mine = whose[whose.isin(names)]
    coded = set(marks["source"])
    found = []
    empty = [name for name in names if name not in set(whose)]
    if empty:
        found.append(Problem("W6688", params={"cases": empty}))
    earlier = [source for source in left if source in mine.index]
    if earlier:
        found.append(Problem("W6687", params={"sources": earlier}))
    silent = [s for s in mine.index if s not in coded and s not in earlier]
    if silent:
        found.append(Problem("W6689", params={"n": len(silent), "sources": silent}))
    apart = sorted(set(whose) - set(names))
    if apart:
        found.append(Problem("N6691", params={"cases": apart}))
    return tuple(found)
