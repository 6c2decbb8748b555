"""Codings (who put which code on which stretch of which source) as decisions of coders about units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, require_columns
from evalkit.qualitative.agreeing.ratings import Patterns, patterns_of

UNITS = ("units", "characters", "segments", "sources")
NOTHING = "-"
"""The value of a unit that a coder read and left without a code."""

_FIRST = "1"
"""The round of codings that say none."""


@dataclass(frozen=True, eq=False)
class Decisions:
    """What coders decided.

    `values` holds one value a unit where no coder gave a unit two codes (`single`), else every yes or no about a
    code and a unit; `by_code` the yes or no of each code. `units` name the rows of `values`. `codings` are those
    compared, ids as texts, and `lengths` how long each source is, where it was asked for.
    """

    coders: tuple[str, ...]
    values: Patterns
    single: bool
    by_code: dict[str, Patterns]
    units: tuple[str, ...]
    codings: pd.DataFrame
    lengths: dict[str, float]


def decisions(
    codings: pd.DataFrame, by: str, units: pd.DataFrame | None, sources: pd.DataFrame | None, round_: str
) -> Decisions:
    """Presence of each code by coder and unit.

    A coder took part in a source if she coded anything in it; elsewhere her decision is missing.

    Parameters
    ----------
    codings : DataFrame
        Columns source_id, code_id, coder; start and end (characters, end exclusive) unless `by` is sources; round
        where there are several.
    by : str
        `units`: fixed units of the frame `units` (unit_id, source_id, start, end), coded if a coding overlaps;
        `characters` and `segments`: every character up to n_chars of `sources` (else the last end); `sources`.

    Raises
    ------
    AnalysisError
        E600 for a column; E6426 where `by="units"` has no units; E6427 for a round without codings; E6428 for fewer
        than two coders in it.
    """
    needed = ["source_id", "code_id", "coder", *(["start", "end"] if by != "sources" else [])]
    require_columns(codings, needed)
    codings = of_round(codings, round_).dropna(subset=needed)
    codings = codings.assign(**{name: codings[name].map(str) for name in ("source_id", "code_id", "coder")})
    coders = tuple(dict.fromkeys(codings["coder"]))
    if len(coders) < 2:
        raise AnalysisError(Problem("E6428", params={"names": list(coders)}))
    if by == "units":
        if units is None:
            raise AnalysisError(Problem("E6426"))
        require_columns(units, ["unit_id", "source_id", "start", "end"])
    codes = sorted(set(codings["code_id"]))
    blocks, lengths, names = [], [], []
    for source, part in codings.groupby("source_id", sort=False):
        found, length, unit = _source(str(source), part, by, units, sources)
        blocks.append(_presence(part, found, coders, codes))
        lengths.append(length)
        names += unit
    whole = (
        {} if by in ("units", "sources") else {s: _length(s, part, sources) for s, part in codings.groupby("source_id")}
    )
    values, single, by_code, rows = _gathered(np.concatenate(blocks), np.concatenate(lengths), codes, tuple(names))
    return Decisions(coders, values, single, by_code, rows, codings, whole)


def of_round(codings: pd.DataFrame, round_: str) -> pd.DataFrame:
    if "round" not in codings.columns:
        return codings
    numbered = codings["round"].astype(object).where(codings["round"].notna(), _FIRST)
    given = numbered.map(lambda r: f"{r:g}" if isinstance(r, float) else str(r))
    kept = codings[given == round_]
    if kept.empty and len(codings):
        raise AnalysisError(Problem("E6427", params={"round": round_, "rounds": sorted(set(given))}))
    return kept


def _source(
    source: str, part: pd.DataFrame, by: str, units: pd.DataFrame | None, sources: pd.DataFrame | None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Overlap of each coding with each unit (codings, units), the units' lengths in what is counted, their names."""
    if by == "sources":
        return np.ones((len(part), 1), dtype=bool), np.ones(1), [source]
    start, end = part["start"].to_numpy(dtype=float), part["end"].to_numpy(dtype=float)
    if units is not None and by == "units":
        mine = units[units["source_id"].map(str) == source]
        low, high = mine["start"].to_numpy(dtype=float), mine["end"].to_numpy(dtype=float)
        names = [str(u) for u in mine["unit_id"]]
        return _overlap(start, end, low, high), np.ones(len(mine)), names
    edges = np.unique(np.concatenate([[0.0, _length(source, part, sources)], start, end]))
    low, high = edges[:-1], edges[1:]
    names = [f"{source}[{a:g}:{b:g}]" for a, b in zip(low, high, strict=True)]
    return _overlap(start, end, low, high), high - low, names


def _overlap(start: np.ndarray, end: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.asarray((start[:, None] < high) & (end[:, None] > low))


def _length(source: str, part: pd.DataFrame, sources: pd.DataFrame | None) -> float:
    """Characters of a source, at least to its last coding."""
    last = float(part["end"].max())
    if sources is None or "n_chars" not in sources.columns:
        return last
    found = sources.loc[sources["source_id"].map(str) == source, "n_chars"].dropna()
    return max(last, float(found.iloc[0])) if len(found) else last


def _presence(part: pd.DataFrame, overlap: np.ndarray, coders: tuple[str, ...], codes: list[str]) -> np.ndarray:
    """1 coded, 0 not, -1 the coder took no part in the source; shape (units, coders, codes)."""
    place = {c: i for i, c in enumerate(coders)}, {c: j for j, c in enumerate(codes)}
    who = np.array([place[0][str(c)] for c in part["coder"]])
    what = np.array([place[1][str(c)] for c in part["code_id"]])
    found = np.full((overlap.shape[1], len(coders), len(codes)), -1)
    found[:, np.unique(who)] = 0
    coding, unit = np.nonzero(overlap)
    found[unit, who[coding], what[coding]] = 1
    return found


def _gathered(
    presence: np.ndarray, lengths: np.ndarray, codes: list[str], names: tuple[str, ...]
) -> tuple[Patterns, bool, dict[str, Patterns], tuple[str, ...]]:
    """Values, whether each unit has one at most, the yes or no of each code, names of the rows of values."""
    by_code = {code: patterns_of(presence[:, :, j], (0.0, 1.0), lengths) for j, code in enumerate(codes)}
    single = bool(((presence == 1).sum(axis=2) <= 1).all())
    if single:
        given = np.where((presence == 1).any(axis=2), presence.argmax(axis=2) + 1, 0)
        value = np.where(presence[:, :, 0] < 0, -1, given)
        return patterns_of(value, (NOTHING, *codes), lengths), True, by_code, names
    pooled = presence.transpose(0, 2, 1).reshape(-1, presence.shape[1])
    pairs = tuple(f"{name} {code}" for name in names for code in codes)
    return patterns_of(pooled, (0.0, 1.0), np.repeat(lengths, len(codes))), False, by_code, pairs
