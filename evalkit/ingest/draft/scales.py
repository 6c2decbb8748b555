"""Drafted items and their answers in; proposed scales and likely reverse items out, with the correlations."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from evalkit.contract import Label
from evalkit.instrument import Instrument, Item, Scale

FEWEST_ITEMS = 3
FEWEST_ROWS = 20
"""With fewer complete answers, correlations are no evidence."""
WEAK = 0.10
"""Item-rest correlations below this in size are called weak, not reverse."""
MERGED = 0.8
"""Two neighbouring groups are one scale if pairs across reach this share of the mean |r| inside; see `cut_run`."""

_ID = re.compile(r"^[A-Za-z](?:_?[A-Za-z0-9])*$")
_NUMBERED = re.compile(r"^(\D{1,20}?)[\s_.-]*\d{1,2}$")


@dataclass(frozen=True)
class Proposal:
    """One proposed scale: its items, those likely reverse, and each item's correlation with the rest (keyed)."""

    scale: Scale
    reverse: tuple[str, ...]
    item_rest: Mapping[str, float]
    mean_r: float
    n: int


def propose_scales(instrument: Instrument, answers: Mapping[str, np.ndarray]) -> list[Proposal]:
    """Scales from matrices and from runs of neighbouring items on one answer scale.

    Parameters
    ----------
    answers : mapping
        Item id -> codes, shape (n,), nan where missing.

    Returns
    -------
    list of Proposal
        In the order of the questionnaire. A run of six and more items is cut where the correlations say so; without
        enough answers a matrix is proposed as it stands and a run of single items not at all.
    """
    found: list[Proposal] = []
    for run in _runs(instrument):
        table = np.column_stack([answers[item.id] for item in run])
        complete = table[~np.isnan(table).any(axis=1)]
        usable = len(complete) >= FEWEST_ROWS and bool((complete.std(axis=0) > 0).all())
        if not usable and run[0].matrix is None:
            continue
        r = np.corrcoef(complete, rowvar=False) if usable else np.full((len(run), len(run)), np.nan)
        for start, end in cut_run(np.abs(r)) if usable else [(0, len(run))]:
            items = run[start:end]
            title = _title(items, instrument)
            proposal = _proposal(items, complete[:, start:end] if usable else None, len(found) + 1, title)
            if proposal is not None:
                found.append(proposal)
    return found


def cut_run(r: np.ndarray) -> list[tuple[int, int]]:
    """Cut a run of items into neighbouring groups that belong together.

    Parameters
    ----------
    r : ndarray, shape (k, k)
        Absolute correlations.

    Returns
    -------
    list of (start, end)
        First the cut into groups of three and more with the largest sum, over the pairs inside groups, of |r| less
        1.1 times the mean |r|; then neighbours are joined again whose pairs across the cut are nearly as close as
        those inside: a run of items that are all alike stays whole.
    """
    k = len(r)
    excess = r - 1.1 * r[np.triu_indices(k, 1)].mean()
    np.fill_diagonal(excess, 0.0)
    sums = np.zeros((k + 1, k + 1))
    sums[1:, 1:] = excess.cumsum(axis=0).cumsum(axis=1)
    best, cut = np.full(k + 1, -np.inf), np.zeros(k + 1, dtype=int)
    best[0] = 0.0
    for end in range(1, k + 1):
        for start in range(end - FEWEST_ITEMS + 1):
            inside = (sums[end, end] - 2 * sums[start, end] + sums[start, start]) / 2
            if best[start] + inside > best[end]:
                best[end], cut[end] = best[start] + inside, start
    pieces: list[tuple[int, int]] = []
    end = k
    while end:
        pieces.insert(0, (int(cut[end]), end))
        end = int(cut[end])
    return _joined(r, pieces)


def _joined(r: np.ndarray, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join the closest neighbours, again and again, while they are close enough."""
    while len(pieces) > 1:
        shares = [_closeness(r, one, other) for one, other in zip(pieces, pieces[1:], strict=False)]
        k = int(np.argmax(shares))
        if shares[k] < MERGED:
            break
        pieces = [*pieces[:k], (pieces[k][0], pieces[k + 1][1]), *pieces[k + 2 :]]
    return pieces


def _closeness(r: np.ndarray, one: tuple[int, int], other: tuple[int, int]) -> float:
    """Mean |r| across two groups as a share of the mean |r| inside them."""
    inside = [r[a:b, a:b][np.triu_indices(b - a, 1)].mean() for a, b in (one, other)]
    across = r[one[0] : one[1], other[0] : other[1]].mean()
    return float(across / np.mean(inside)) if np.mean(inside) > 0 else 1.0


def with_scales(instrument: Instrument, proposals: Sequence[Proposal]) -> Instrument:
    """The instrument with the proposed scales and reverse marks."""
    turned = {item for proposal in proposals for item in proposal.reverse}
    blocks = tuple(
        dataclasses.replace(
            block, items=tuple(dataclasses.replace(i, reverse=True) if i.id in turned else i for i in block.items)
        )
        for block in instrument.blocks
    )
    unspoken = {lang: "" for lang in ("zh", "en") if lang not in instrument.languages}
    scales = tuple(dataclasses.replace(p.scale, **unspoken) for p in proposals)
    return dataclasses.replace(instrument, blocks=blocks, scales=scales)


def evidence_of(proposal: Proposal) -> dict[str, Label]:
    """Comments by id: of the scale, and of its reverse and weak items."""
    rest = [f"{item} {value:.2f}" for item, value in proposal.item_rest.items()]
    known = np.isfinite(proposal.mean_r)
    own = (
        Label("draft.scale", n=proposal.n, r=f"{proposal.mean_r:.2f}", rest=rest)
        if known
        else Label("draft.scale_bare")
    )
    comments = {proposal.scale.id: own}
    for item, value in proposal.item_rest.items():
        if item in proposal.reverse:
            comments[item] = Label("draft.reverse", r=f"{-value:.2f}")
        elif known and abs(value) < WEAK:
            comments[item] = Label("draft.weak", r=f"{value:.2f}")
    return comments


def _runs(instrument: Instrument) -> list[list[Item]]:
    """Matrices, and runs of neighbouring single items on the same ordered options, of three items and more."""
    runs: list[list[Item]] = []
    previous: tuple[str | None, object] | None = None
    for item in instrument.items:
        scaled = item.type == "single" and item.is_numeric and len(item.codes) >= 3
        ordered = (
            scaled
            and item.check is None
            and (item.matrix is not None or item.measure == "ordinal")
            and item.role is None
        )
        key = (item.matrix, item.options) if ordered else None
        if key is not None and key == previous:
            runs[-1].append(item)
        elif key is not None:
            runs.append([item])
        previous = key
    return [part for run in runs for part in _by_name(run) if len(part) >= FEWEST_ITEMS]


def _by_name(run: list[Item]) -> list[list[Item]]:
    """A run cut where the common part of names like `满意度1`, `SAT2` changes; whole where names say nothing."""
    parts = [list(group) for _, group in groupby(run, key=_prefix)]
    return parts if all(_prefix(part[0]) and len(part) >= 2 for part in parts) else [run]


def _prefix(item: Item) -> str:
    """`满意度` of `满意度3` or `SAT` of `SAT3`; empty for other wordings."""
    found = _NUMBERED.match(item.text("zh"))
    return found[1].strip() if found else ""


def _title(items: Sequence[Item], instrument: Instrument) -> str:
    """The common part of the items' names, or the heading of the matrix they fill."""
    prefixes = {_prefix(item) for item in items}
    if len(prefixes) == 1 and prefixes != {""}:
        return prefixes.pop()
    block = instrument.block_of(items[0].id)
    rows = [row for row in block.items if row.check is None]
    return block.text("zh") if block.type == "matrix" and rows == list(items) else ""


def _proposal(items: Sequence[Item], complete: np.ndarray | None, number: int, name: str) -> Proposal | None:
    """A scale of these items; None where single items hang together too weakly to propose one."""
    own = name.lower() if _ID.match(name) else f"scale_{number}"
    scale = Scale(own, tuple(item.id for item in items), zh=name or f"量表{number}", en=name or f"Scale {number}")
    if complete is None:
        return Proposal(scale, (), {}, float("nan"), 0)
    r = np.corrcoef(complete, rowvar=False)
    signs = keying(r)
    keyed = complete * signs
    total = keyed.sum(axis=1)
    rest = [_correlation(keyed[:, k], total - keyed[:, k]) for k in range(len(items))]
    mean_r = float((r * np.outer(signs, signs))[np.triu_indices(len(items), 1)].mean())
    if items[0].matrix is None and not mean_r > WEAK:
        return None
    reverse = tuple(i.id for i, sign, value in zip(items, signs, rest, strict=True) if sign < 0 and value >= WEAK)
    by_item = {item.id: value for item, value in zip(items, rest, strict=True)}
    return Proposal(scale, reverse, by_item, mean_r, len(complete))


def keying(r: np.ndarray) -> np.ndarray:
    """1 or -1 for each item: the signs of the first eigenvector of the correlations, the majority counting as 1."""
    first = np.linalg.eigh(r)[1][:, -1]
    signs = np.where(first < 0, -1.0, 1.0)
    return signs if (signs > 0).sum() * 2 >= len(signs) else -signs


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else float("nan")
