"""Values of several coders in, an AgreementResult out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, attach, codebook_of, label_of, require_columns
from evalkit.qualitative.agreeing.codebook import at_level, in_words
from evalkit.qualitative.agreeing.codings import NOTHING, UNITS, Decisions, decisions
from evalkit.qualitative.agreeing.measures import (
    METHODS,
    Measure,
    Settings,
    confusion,
    largest_kappa,
    measures_of,
    numeric_measures,
)
from evalkit.qualitative.agreeing.ratings import Patterns, patterns_of
from evalkit.qualitative.agreeing.result import AgreementResult, Block, Dispute
from evalkit.qualitative.agreeing.segments import BOUNDARIES, METHOD, unitising_blocks
from evalkit.qualitative.agreeing.uncertainty import INTERVALS
from evalkit.qualitative.agreeing.weights import METRICS, WEIGHTS

_PRINTED = ("percent", "cohen", "fleiss", "krippendorff", "gwet")


def agreement(
    data: pd.DataFrame,
    coders: Sequence[str] | None = None,
    *,
    unit: str | None = None,
    by: str = "units",
    round: str = "1",
    units: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    codebook: pd.DataFrame | None = None,
    level: str | None = None,
    methods: Sequence[str] = _PRINTED,
    metric: str = "nominal",
    weights: str | None = None,
    rows: str = "available",
    intervals: Sequence[str] = INTERVALS,
    conf_level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> AgreementResult:
    """Agreement of coders beyond chance, over all values, for each value and for each pair of coders.

    Parameters
    ----------
    data : DataFrame
        With `coders`: one row a unit (segment, interview, case). Without: codings, one row each, with columns
        source_id, code_id, coder, start, end (characters, end exclusive) and perhaps round.
    coders : sequence of str, optional
        Two or more columns, one a coder, that hold codes (texts) or ratings (numbers); missing = not coded.
    unit : str, optional
        With `coders`, the column that names the unit, for the list of disputes; default the row index.
    by : str
        What codings are compared on: `units` (the frame of that name: unit_id, source_id, start, end), `characters`
        (without intervals, since neighbours are no independent units), `segments` (where units begin and end and
        what they are: unitising alpha, instead of `methods`) or `sources` (used there or not). A coder took part in
        the sources where she coded something.
    round : str
        Of codings with a column `round`; agreement is a matter of the first, before coders talk. Codings that say no
        round (comments in Word) are of the first.
    sources : DataFrame, optional
        Columns source_id and n_chars: how long sources are, for `by="characters"` and `by="segments"`.
    codebook : DataFrame, optional
        Columns code_id, name, parent_id, level: codes of codings are called by their names, in its order.
    level : str, optional
        Level of the codebook on which codings are compared: each code counts as the one above it of that level.
        Codings of codes that stand higher are set aside.
    methods : sequence of str
        `percent`, `holsti`, `cohen`, `scott` (two coders), `fleiss`, `conger`, `light` (more), `krippendorff`,
        `gwet` (AC1; with weights AC2), `brennan_prediger`.
    metric : str
        Of Krippendorff's alpha: `nominal`, `ordinal`, `interval`, `ratio`, `circular`, `bipolar`.
    weights : str, optional
        Of the other coefficients: `unweighted`, `linear`, `quadratic`, `ordinal`; default unweighted for a nominal
        metric, else quadratic.
    rows : str
        `available`: units with two values or more; `complete`: units that every coder coded. Cohen, Scott and
        Light always take complete units.
    intervals : sequence of str
        `bootstrap` (units, percentile), `jackknife` (units, t), `analytic`; the first is printed.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    AgreementResult
        What is not defined (one value only, no unit in common) is nan with a reason, never 0 or 1.

    Raises
    ------
    AnalysisError
        E600 for a column; E6420 for fewer than two coders or one named twice; E614 for an option; E6421 for numbers
        and texts in one call, E6422 for a metric or weights that need numbers, E6426 to E6428 for codings without
        units, of no such round, of one coder; E6713 for a level that the codebook does not have or without a codebook.

    Notes
    -----
    Krippendorff (2011), Computing Krippendorff's alpha-reliability; Gwet (2014), Handbook of inter-rater reliability,
    4th edition; Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72, 323-327.
    """
    settings = _settings(methods, metric, weights, rows, intervals, conf_level, resamples, seed)
    if coders is None:
        raised, apart = at_level(data, round, codebook, level)
        result = _of_codings(raised, by, round, units, sources, settings)
        drops = (Drop("drop.higher_codes", apart),) if apart else ()
        return in_words(replace(result, dropped=(*result.dropped, *drops)), codebook)
    names = [coders] if isinstance(coders, str) else list(coders)
    if len(names) < 2 or len(set(names)) < len(names):
        raise AnalysisError(Problem("E6420", params={"names": names}))
    data = attach(data, codebook_of(data))
    require_columns(data, [*names, *([unit] if unit else [])])
    patterns, lost = _patterns(data, names, settings)
    ids = data[unit] if unit else pd.Series(data.index, index=data.index)
    blocks = [*_whole(patterns, settings, names), *_by_category(patterns, settings, names)]
    result = _result(patterns, names, settings, blocks)
    return replace(
        result,
        disputes=_disputes(patterns, [str(i) for i in ids[lost.index[~lost]]]),
        labels={name: label_of(data, name) for name in names} | result.labels,
        dropped=(Drop("drop.uncoded", int(lost.sum())),) if lost.any() else (),
    )


def _of_codings(
    data: pd.DataFrame,
    by: str,
    round_: str,
    units: pd.DataFrame | None,
    sources: pd.DataFrame | None,
    settings: Settings,
) -> AgreementResult:
    """Values of units where each holds one code at most, else every decision; then each code by itself."""
    if by not in UNITS:
        raise AnalysisError(Problem("E614", params={"option": "by", "value": by}))
    if settings.metric != "nominal" or settings.weights != "unweighted":
        raise AnalysisError(Problem("E6422", params={"metric": settings.metric, "weights": settings.weights}))
    found = decisions(data, by, units, sources, round_)
    names = list(found.coders)
    settings = replace(settings, by=by, intervals=() if by == "characters" else settings.intervals)
    if by == "segments":
        settings = replace(settings, methods=(METHOD, BOUNDARIES))
        result = _result(found.values, names, settings, _segments(found, settings))
    else:
        by_code = [block for code, p in found.by_code.items() for block in _of_code(code, p, settings, names)]
        result = _result(found.values, names, settings, [*_whole(found.values, settings, names), *by_code])
    more = () if found.single else (Problem("N6429", params={"n": len(found.by_code)}),)
    return replace(result, disputes=_disputes(found.values, list(found.units)), notices=(*result.notices, *more))


def _segments(found: Decisions, settings: Settings) -> list[Block]:
    return unitising_blocks(found.codings, found.coders, found.lengths, found.single, settings)


def _result(p: Patterns, names: list[str], settings: Settings, blocks: Sequence[Block]) -> AgreementResult:
    return AgreementResult(
        coders=tuple(names),
        blocks=tuple(blocks),
        confusions=_confusions(p, names),
        numeric=numeric_measures(p, tuple(combinations(range(len(names)), 2))) if settings.by is None else {},
        disputes=(),
        categories=tuple(map(_said, p.categories)),
        settings=settings,
        labels=_labels(names, [*map(_said, p.categories), *(b.category for b in blocks if b.category)]),
        n_obs=p.n_units,
        notices=_notices(p, blocks, names),
    )


def _settings(
    methods: str | Sequence[str],
    metric: str,
    weights: str | None,
    rows: str,
    intervals: str | Sequence[str],
    conf_level: float,
    resamples: int,
    seed: int,
) -> Settings:
    methods = (methods,) if isinstance(methods, str) else tuple(methods)
    intervals = (intervals,) if isinstance(intervals, str) else tuple(intervals)
    weights = weights or ("unweighted" if metric == "nominal" else "quadratic")
    bad = [
        ("methods", [m for m in methods if m not in METHODS] or (None if methods else [])),
        ("metric", None if metric in METRICS else metric),
        ("weights", None if weights in WEIGHTS else weights),
        ("rows", None if rows in ("available", "complete") else rows),
        ("intervals", [i for i in intervals if i not in INTERVALS] or None),
        ("conf_level", None if 0 < conf_level < 1 else conf_level),
        ("resamples", None if resamples >= 100 else resamples),
    ]
    problems = [Problem("E614", params={"option": name, "value": value}) for name, value in bad if value is not None]
    if problems:
        raise AnalysisError(problems)
    return Settings(methods, weights, metric, rows == "complete", intervals, conf_level, resamples, seed)


def _patterns(data: pd.DataFrame, names: list[str], settings: Settings) -> tuple[Patterns, pd.Series]:
    """Units that someone coded, and which rows were left out for want of any code."""
    frame = data[names]
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in names]
    if any(numeric) and not all(numeric):
        texts = [name for name, is_number in zip(names, numeric, strict=True) if not is_number]
        raise AnalysisError(Problem("E6421", params={"names": texts}))
    if not all(numeric) and (settings.metric != "nominal" or settings.weights != "unweighted"):
        raise AnalysisError(Problem("E6422", params={"metric": settings.metric, "weights": settings.weights}))
    values = frame.to_numpy(dtype=float if all(numeric) else object)
    given = ~pd.isna(values)
    lost = pd.Series(~given.any(axis=1), index=data.index)
    found = values[given] if all(numeric) else np.array([str(v) for v in values[given]], dtype=object)
    categories, places = np.unique(found, return_inverse=True)
    codes = np.full(values.shape, -1)
    codes[given] = places
    return patterns_of(codes[~lost.to_numpy()], tuple(categories.tolist())), lost


def _whole(p: Patterns, settings: Settings, names: list[str]) -> list[Block]:
    """All values: all coders, then each pair where there are more than two."""
    blocks = [Block(None, (), measures_of(p, settings), largest_kappa(p) if len(names) == 2 else float("nan"))]
    if len(names) > 2:
        for pair in combinations(range(len(names)), 2):
            part = p.of_coders(pair)
            coders = tuple(names[i] for i in pair)
            blocks.append(Block(None, coders, measures_of(part, settings), largest_kappa(part)))
    return blocks


def _by_category(p: Patterns, settings: Settings, names: list[str]) -> list[Block]:
    """Each value against the rest."""
    if p.scores is not None or p.n_categories < 2:
        return []
    each = enumerate(p.categories)
    return [b for k, value in each for b in _of_code(_said(value), p.against_the_rest(k), settings, names)]


def _of_code(code: str, p: Patterns, settings: Settings, names: list[str]) -> list[Block]:
    """Yes or no of one code: all coders with intervals, each pair without."""
    blocks = [Block(code, (), measures_of(p, settings))]
    if len(names) > 2:
        plain = replace(settings, intervals=())
        for pair in combinations(range(len(names)), 2):
            coders = tuple(names[i] for i in pair)
            blocks.append(Block(code, coders, measures_of(p.of_coders(pair), plain)))
    return blocks


def _confusions(p: Patterns, names: list[str]) -> dict[tuple[str, str], np.ndarray]:
    pairs = combinations(range(len(names)), 2)
    return {(names[a], names[b]): confusion(p.of_coders((a, b)).complete()) for a, b in pairs}


def _disputes(p: Patterns, units: list[str]) -> tuple[Dispute, ...]:
    """Units on which not all who coded agree, with each coder's value."""
    apart = ((p.tallies > 0).sum(axis=1) > 1)[p.row]
    return tuple(
        Dispute(units[i], tuple(_said(p.categories[c]) if c >= 0 else None for c in p.codes[p.row[i]]))
        for i in np.flatnonzero(apart)
    )


def _said(category: str | float) -> str:
    return category if isinstance(category, str) else f"{category:g}"


def _labels(names: list[str], codes: list[str]) -> dict[str, Label]:
    found = {text: Label(zh=text, en=text) for text in (*names, *codes)}
    return found | {NOTHING: Label("agreement.no_code")} if NOTHING in codes else found


def _notices(p: Patterns, blocks: Sequence[Block], names: list[str]) -> tuple[Problem, ...]:
    found = []
    if p.n_categories == 1:
        found.append(Problem("W6423", params={"value": _said(p.categories[0])}))
    whole: tuple[Measure, ...] = blocks[0].measures
    if whole and all(m.reason == "agreement.reason_no_pairs" for m in whole if m.method != "holsti"):
        found.append(Problem("W6424", params={"names": names}))
    failed = max((s.n_failed for block in blocks for m in block.measures for s in m.spreads), default=0)
    if failed:
        found.append(Problem("N6425", params={"n": failed}))
    return tuple(found)
