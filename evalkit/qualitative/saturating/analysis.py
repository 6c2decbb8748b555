"""Codings in, a SaturationResult out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, require_columns
from evalkit.qualitative.saturating.curves import accumulation, stopping, unseen
from evalkit.qualitative.saturating.hierarchy import ancestors, labels_of, levels_of
from evalkit.qualitative.saturating.result import HeldOut, Level, SaturationResult

CODES = "codes"
"""Name of the level of the codes as they were given, where no codebook says more."""


def saturation(
    data: pd.DataFrame,
    *,
    code: str = "code_id",
    source: str = "source_id",
    sources: pd.DataFrame | None = None,
    codebook: pd.DataFrame | None = None,
    order: Sequence[str] | None = None,
    base: int = 4,
    run: int = 2,
    threshold: float = 0.05,
    held_out: Sequence[str] = (),
    permutations: int = 1000,
    conf_level: float = 0.95,
    seed: int = 0,
) -> SaturationResult:
    """How many codes each further source brings, and how many may be left unseen.

    Parameters
    ----------
    data : DataFrame
        Codings, one row each: at least a column of codes and one of sources.
    sources : DataFrame, optional
        Columns source_id and perhaps held_out (1: declared before coding as held out). Its order is the order of
        work, and a source without codings counts. Default: the order in which sources occur in the codings.
    codebook : DataFrame, optional
        Columns code_id, parent_id, level: each level is judged by itself, but the core, of which there is one.
    order : sequence of str, optional
        Sources in order of work; must name every coded source.
    base, run, threshold : int, int, float
        Rule of Guest, Namey & Chen: stop when `run` sources bring at most `threshold` of the codes of the first
        `base`.
    held_out : sequence of str
        Sources declared as held out, where `sources` does not say.
    permutations : int
        Random orders for the band; 0 for none.

    Returns
    -------
    SaturationResult
        With fewer sources than base + run no ratio exists and a notice says so.

    Raises
    ------
    AnalysisError
        E600 for a column; E614 for an option; E6430 for a source of the codings that the order or the list of
        sources does not have; E6431 for a code that the codebook does not have.

    Notes
    -----
    Guest, Namey & Chen (2020), PLoS ONE 15(5) e0232076. Saturation is a claim about codes, not about meaning
    (Hennink, Kaiser & Marconi 2017), and not a criterion of reflexive thematic analysis (Braun & Clarke 2019).
    """
    _check(base, run, threshold, permutations, conf_level)
    require_columns(data, [code, source])
    kept = data[[code, source]].dropna()
    pairs = pd.DataFrame({"code": kept[code].map(str), "source": kept[source].map(str)}).drop_duplicates()
    names = _order(pairs, sources, order)
    out = _held_out(names, sources, held_out)
    levels = tuple(
        _level(name, part, names, (base, run, threshold), (permutations, seed, conf_level))
        for name, part in _by_level(pairs, codebook).items()
    )
    notices = [Problem("W6432", params={"n": len(names), "base": base, "run": run})] if len(names) < base + run else []
    lost = len(data) - len(kept)
    return SaturationResult(
        sources=tuple(names),
        levels=levels,
        held_out=tuple(_outside(level, part, names, out) for level, part in _by_level(pairs, codebook).items())
        if out
        else (),
        n_held_out=len(out),
        permutations=permutations,
        conf_level=conf_level,
        labels=_labels(names, levels, codebook),
        n_obs=len(names),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=tuple(notices),
    )


def _check(base: int, run: int, threshold: float, permutations: int, conf_level: float) -> None:
    bad = {
        "base": None if base >= 1 else base,
        "run": None if run >= 1 else run,
        "threshold": None if 0 <= threshold < 1 else threshold,
        "permutations": None if permutations >= 0 else permutations,
        "conf_level": None if 0 < conf_level < 1 else conf_level,
    }
    problems = [Problem("E614", params={"option": k, "value": v}) for k, v in bad.items() if v is not None]
    if problems:
        raise AnalysisError(problems)


def _order(pairs: pd.DataFrame, sources: pd.DataFrame | None, order: Sequence[str] | None) -> list[str]:
    """Sources in order of work; every coded source must have a place."""
    coded = list(dict.fromkeys(pairs["source"]))
    if order is not None:
        names = [str(s) for s in order]
    elif sources is not None:
        require_columns(sources, ["source_id"])
        names = [str(s) for s in sources["source_id"]]
    else:
        names = coded
    unknown = [s for s in coded if s not in set(names)]
    if unknown:
        raise AnalysisError(Problem("E6430", params={"names": unknown}))
    return list(dict.fromkeys(names))


def _held_out(names: list[str], sources: pd.DataFrame | None, held_out: Sequence[str]) -> set[str]:
    wanted = {str(s) for s in ((held_out,) if isinstance(held_out, str) else held_out)}
    unknown = sorted(wanted - set(names))
    if unknown:
        raise AnalysisError(Problem("E6430", params={"names": unknown}))
    if sources is not None and "held_out" in sources.columns and not wanted:
        marked = pd.to_numeric(sources["held_out"], errors="coerce") == 1
        wanted = {str(s) for s in sources.loc[marked, "source_id"]} & set(names)
    return wanted


def _by_level(pairs: pd.DataFrame, codebook: pd.DataFrame | None) -> Mapping[str, pd.DataFrame]:
    """Codings of each level: a coding counts for its code's forebear there."""
    if codebook is None:
        return {CODES: pairs}
    require_columns(codebook, ["code_id", "parent_id", "level"])
    unknown = sorted(set(pairs["code"]) - set(codebook["code_id"].map(str)))
    if unknown:
        raise AnalysisError(Problem("E6431", params={"names": unknown}))
    levels = levels_of(codebook)
    found = {}
    for level in [name for name in levels if name != _CORE] or levels:
        above = ancestors(codebook, level)
        part = pairs[pairs["code"].isin(above)]
        found[level] = part.assign(code=part["code"].map(above)).drop_duplicates()
    return found


def _level(
    name: str, part: pd.DataFrame, names: list[str], rule: tuple[int, int, float], band: tuple[int, int, float]
) -> Level:
    incidence = _incidence(part, names)
    curve = accumulation(incidence, *band)
    return Level(name, incidence.shape[1], curve, stopping(curve.new, *rule), unseen(incidence))


def _incidence(part: pd.DataFrame, names: list[str]) -> np.ndarray:
    codes = {c: j for j, c in enumerate(dict.fromkeys(part["code"]))}
    place = {s: i for i, s in enumerate(names)}
    found = np.zeros((len(names), len(codes)), dtype=bool)
    found[[place[s] for s in part["source"]], [codes[c] for c in part["code"]]] = True
    return found


def _outside(level: str, part: pd.DataFrame, names: list[str], out: set[str]) -> HeldOut:
    """Codes that occur in the held-out sources only, and the share of those sources' codings they make."""
    inside = part["source"].isin(out)
    new = set(part.loc[inside, "code"]) - set(part.loc[~inside, "code"])
    theirs = part[inside]
    share = float(theirs["code"].isin(new).mean()) if len(theirs) else float("nan")
    bearers = theirs.loc[theirs["code"].isin(new), "source"].nunique()
    return HeldOut(level, tuple(sorted(new)), share, bearers, len(out))


def _labels(names: list[str], levels: Sequence[Level], codebook: pd.DataFrame | None) -> dict[str, Label]:
    found = {name: Label(zh=name, en=name) for name in names}
    for level in levels:
        found[level.name] = _LEVELS.get(level.name, Label(zh=level.name, en=level.name))
    if codebook is not None and "name" in codebook.columns:
        found |= labels_of(codebook)
    return found


_CORE = "core"
_LEVELS = {
    CODES: Label("saturation.codes"),
    "concept": Label("saturation.concept"),
    "subcategory": Label("saturation.subcategory"),
    "category": Label("saturation.category"),
    "core": Label("saturation.core"),
}
