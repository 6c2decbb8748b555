"""Agreement on where units begin and end and on what they are: unitising alpha of whole texts.

A text is a continuum that each coder cuts into units of her own and gaps between them. Coincidences are lengths on
which the units (or gaps) of two coders meet; a unit cannot meet itself by chance, which is what tells this alpha from
the one of single characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from evalkit.qualitative.agreeing.measures import Measure, Settings
from evalkit.qualitative.agreeing.result import Block
from evalkit.qualitative.agreeing.uncertainty import Spread, bootstrap, jackknife

METHOD, BOUNDARIES = "unitising", "boundaries"
_GAP = 0


@dataclass(frozen=True, eq=False)
class Continua:
    """What the formula needs of each text; all lengths are divided by the pairs a coder is in.

    Parameters
    ----------
    lengths : ndarray, shape (texts, values)
        Length that all coders together gave each value; the first value is the gap.
    alone : ndarray, shape (texts, values)
        Of that, what cannot meet by chance: the square of each unit's length, the length of gaps.
    apart : ndarray, shape (texts,)
        Length on which pairs of coders differ.
    units : ndarray, shape (texts,)
        How many units were drawn.
    """

    lengths: np.ndarray
    alone: np.ndarray
    apart: np.ndarray
    units: np.ndarray

    def ratio(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Observed and expected disagreement for texts taken `counts` (draws, texts) times."""
        lengths, alone = counts @ self.lengths, counts @ self.alone
        total = lengths.sum(axis=1)
        room = total**2 - alone.sum(axis=1)
        met = (lengths**2).sum(axis=1) - alone.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return counts @ self.apart, np.where(room > 0, total * (1 - met / room), np.nan)


def unitising_blocks(
    codings: pd.DataFrame, coders: Sequence[str], lengths: dict[str, float], single: bool, settings: Settings
) -> list[Block]:
    """All codes and each code by itself, for all coders and each pair.

    Parameters
    ----------
    codings : DataFrame
        Columns source_id, code_id, coder (texts), start, end.
    lengths : dict
        Source -> characters.
    single : bool
        No coder gave a character two codes: codes are compared on one continuum. Else each code has its own, and
        all codes pool their disagreements.

    Notes
    -----
    Krippendorff, Mathet, Bouvry & Widlöcher (2016), On the reliability of unitizing textual continua, Quality &
    Quantity 50, 2347-2364: nominal uα of units with their codes, and binary uα of units against gaps. Intervals draw
    or leave out texts.
    """
    codes = sorted(set(codings["code_id"]))
    groups: list[tuple[str, ...]] = [()]
    if len(coders) > 2:
        groups += list(combinations(coders, 2))
    blocks = []
    for group in groups:
        part = codings[codings["coder"].isin(group)] if group else codings
        who = group or tuple(coders)
        plain = settings if not group else replace(settings, intervals=())
        blocks += list(_blocks(part, who, codes, lengths, single, plain, group))
    return sorted(blocks, key=lambda b: (b.category is not None, bool(b.coders)))


def _blocks(
    codings: pd.DataFrame,
    coders: Sequence[str],
    codes: list[str],
    lengths: dict[str, float],
    single: bool,
    settings: Settings,
    group: tuple[str, ...],
) -> Iterator[Block]:
    each = {code: continua(codings[codings["code_id"] == code], codings, coders, [code], lengths) for code in codes}
    whole = [continua(codings, codings, coders, codes, lengths)] if single else list(each.values())
    drawn = continua(codings.assign(code_id=""), codings, coders, [""], lengths)
    yield Block(None, group, (_measure(METHOD, whole, settings), _measure(BOUNDARIES, [drawn], settings)))
    for code, found in each.items():
        yield Block(code, group, (_measure(METHOD, [found], settings),))


def continua(
    units: pd.DataFrame, taken: pd.DataFrame, coders: Sequence[str], codes: Sequence[str], lengths: dict[str, float]
) -> Continua:
    """Lengths and meetings of `units`, text by text; a coder took part in the texts where `taken` names her."""
    present = taken.groupby("source_id", sort=False)["coder"].agg(lambda c: [x for x in coders if x in set(c)])
    rows = [
        _text(units[units["source_id"] == source], who, codes, lengths[str(source)])
        for source, who in present.items()
        if len(who) > 1
    ]
    if not rows:
        return Continua(np.zeros((0, len(codes) + 1)), np.zeros((0, len(codes) + 1)), np.zeros(0), np.zeros(0))
    columns = [np.array(x, dtype=float) for x in zip(*rows, strict=True)]
    return Continua(columns[0], columns[1], columns[2], columns[3])


def _text(
    units: pd.DataFrame, coders: list[str], codes: Sequence[str], length: float
) -> tuple[np.ndarray, np.ndarray, float, int]:
    """One text: lengths and self-meetings by value, length apart, number of units."""
    place = {code: k for k, code in enumerate(codes, start=1)}
    mine = [_merged(units[units["coder"] == coder], place) for coder in coders]
    edges = np.unique(np.concatenate([[0.0, length], *(m[:, :2].ravel() for m in mine)]))
    values = np.full((len(coders), len(edges) - 1), _GAP)
    for who, spans in enumerate(mine):
        for start, end, code in spans:
            values[who, (edges[:-1] >= start) & (edges[1:] <= end)] = int(code)
    width = np.diff(edges)
    total = np.array([(width * (values == k)).sum() for k in range(len(codes) + 1)])
    alone = np.zeros(len(codes) + 1)
    alone[_GAP] = total[_GAP]
    for spans in mine:
        np.add.at(alone, spans[:, 2].astype(int), (spans[:, 1] - spans[:, 0]) ** 2)
    differ = sum(float(width @ (values[a] != values[b])) for a, b in combinations(range(len(coders)), 2))
    return total, alone, 2 * differ / (len(coders) - 1), sum(map(len, mine))


def _merged(units: pd.DataFrame, place: dict[str, int]) -> np.ndarray:
    """Start, end and value of one coder's units; those of one code that overlap are one, those that touch are two."""
    found: list[list[float]] = []
    for code, part in units.groupby("code_id", sort=True):
        spans = part[["start", "end"]].to_numpy(dtype=float)
        last: list[float] | None = None
        for start, end in spans[np.lexsort((spans[:, 1], spans[:, 0]))]:
            if last is not None and start < last[1]:
                last[1] = max(last[1], end)
                continue
            last = [float(start), float(end), float(place[str(code)])]
            found.append(last)
    return np.array(found).reshape(-1, 3)


def _alpha(parts: Sequence[Continua], counts: np.ndarray) -> np.ndarray:
    ratios = [part.ratio(counts) for part in parts]
    observed, expected = sum(r[0] for r in ratios), sum(r[1] for r in ratios)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.asarray(expected) > 0, 1 - observed / expected, np.nan)


def _measure(method: str, parts: Sequence[Continua], settings: Settings) -> Measure:
    once = np.ones(len(parts[0].apart))
    n_units = int(sum(part.units.sum() for part in parts))
    if not len(once):
        return Measure(method, float("nan"), reason="agreement.reason_no_pairs")
    value = float(_alpha(parts, once[None])[0])
    if not np.isfinite(value):
        return Measure(method, value, n_units=n_units, reason="agreement.reason_no_variation")
    statistic = partial(_alpha, parts)
    makers = {
        "jackknife": lambda: jackknife(statistic, once, value, settings.conf_level),
        "bootstrap": lambda: bootstrap(statistic, once, settings.resamples, settings.seed, settings.conf_level),
    }
    spreads: list[Spread] = [makers[kind]() for kind in settings.intervals if kind in makers] if len(once) > 2 else []
    return Measure(method, value, spreads=tuple(spreads), n_units=n_units)
