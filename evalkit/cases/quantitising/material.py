"""Codings and sources in, the material of each case out: what was coded where, how much there is to code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.quantitising.codes import CodeEntry, entries_of
from evalkit.contract import AnalysisError, Drop, Label, Problem, require_columns

CONSENSUS = "consensus"


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
        Round of the codings. By default the consensus where there is one, else the last round (2 before 1).

    Raises
    ------
    AnalysisError
        E600 for a column, E2141 and E2142 for the codebook, E2143 for a round without codings, E2144 for a source of
        the codings that is not listed.
    """
    require_columns(codings, [code, source, *([case] if sources is None else [])])
    kept = codings.dropna(subset=[code, source])
    whose = _whose(kept, sources, source, case)
    used, told, elsewhere = _of_round(kept, round_)
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
    told_notices = _notices(names, whose, marks, elsewhere[source].map(id_text))
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
        round_note=_round_note(told, round_ is None),
        coders=coders,
        placed=bool(marks[["start", "end"]].notna().all(axis=None)),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=told_notices,
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


def _of_round(codings: pd.DataFrame, round_: str | None) -> tuple[pd.DataFrame, str, pd.DataFrame]:
    """The codings of the round that counts, which it is, and those of sources that only other rounds have."""
    none = codings.iloc[:0]
    if "round" not in codings or codings["round"].isna().all():
        return codings, "", none
    given = codings["round"].map(id_text)
    known = given[codings["round"].notna()]
    wanted = str(round_) if round_ is not None else CONSENSUS if (known == CONSENSUS).any() else _last(known)
    if not wanted:
        return codings, "", none
    found = codings[given == wanted]
    if found.empty:
        raise AnalysisError(Problem("E2143", params={"round": wanted, "rounds": sorted(set(known))}))
    return found, wanted, codings


def _round_note(told: str, by_default: bool) -> Label | None:
    if not told:
        return None
    text = Label("quantify.consensus") if told == CONSENSUS else Label(zh=told, en=told)
    return Label("quantify.note_round_default" if by_default else "quantify.note_round", round=text)


def _last(rounds: pd.Series) -> str:
    """The highest of rounds that are numbers; empty where they are not."""
    numbers = pd.to_numeric(rounds, errors="coerce")
    return "" if numbers.isna().any() else str(rounds[numbers.idxmax()])


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


def _notices(names: Sequence[str], whose: pd.Series, marks: pd.DataFrame, others: pd.Series) -> tuple[Problem, ...]:
    mine = whose[whose.isin(names)]
    coded = set(marks["source"])
    found = []
    empty = [name for name in names if name not in set(whose)]
    if empty:
        found.append(Problem("W6688", params={"cases": empty}))
    earlier = sorted((set(others) - coded) & set(mine.index))
    if earlier:
        found.append(Problem("W6687", params={"sources": earlier}))
    silent = [s for s in mine.index if s not in coded and s not in earlier]
    if silent:
        found.append(Problem("W6689", params={"n": len(silent), "sources": silent}))
    apart = sorted(set(whose) - set(names))
    if apart:
        found.append(Problem("N6691", params={"cases": apart}))
    return tuple(found)
