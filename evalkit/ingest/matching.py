"""Header columns and targets in, a mapping out: by id, then in questionnaire order by wording, option sets as witness.

Question numbers and titles are no keys: a file may hold two matrices with the same row titles, of which only the first
column names its matrix. Order and neighbours decide, and what cannot be decided is said, not guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.ingest.align import Alignment, align
from evalkit.ingest.layout import HeaderColumn
from evalkit.ingest.similarity import similarity
from evalkit.ingest.targets import Target
from evalkit.ingest.wording import clean, normal

ACCEPT = 0.90 - 1e-6
"""Similarity from which a wording is taken; four of six characters contained are exactly 0.90."""
PROPOSE = 0.70
WITNESSED = 0.80
"""From this similarity on, an option set that fits no other question makes up for the wording."""
TIE = 1e-6
CLOSE_CALL = 0.03

LIKE_ENOUGH = 0.6
"""Similarity of the wording that confirms an id standing before it."""
_ID_FIRST = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)(?:\s*[.、:\-—]\s*|\s+)(\S.*)$", re.DOTALL)
MOST_PAIRS = 4_000_000
"""With more columns times targets, only headers that agree exactly are matched."""

Evidence = Callable[[HeaderColumn, Target], float]
"""Share of a column's answers that decode against a target's options; nan where a target has none."""


@dataclass(frozen=True)
class Match:
    """What became of one column.

    `how` is id, exact, similar, options, order, moved, beside, drafted (mapped), or proposed, ambiguous, duplicate,
    summary, none; `target` is None for the latter five, `rival` the proposal or the other candidate.
    """

    column: HeaderColumn
    target: Target | None
    how: str
    score: float
    rival: Target | None = None


def match(
    columns: Sequence[HeaderColumn], targets: Sequence[Target], evidence: Evidence, *, headed: bool = False
) -> list[Match]:
    """Map columns to targets.

    Parameters
    ----------
    columns : sequence of HeaderColumn
        Left to right.
    targets : sequence of Target
        In the order of the questionnaire.
    evidence : callable
        Asked only for pairs whose wordings are alike.
    headed : bool
        Every row or option stands under the heading of its question, so that both together are a key.

    Returns
    -------
    list of Match
        One a column, in the same order; no target twice.
    """
    beside = [c for c in columns if c.beside >= 0]
    found: dict[int, Match] = _by_id([c for c in columns if c.beside < 0], targets)
    taken = {m.target.name for m in found.values() if m.target}
    if headed:
        left = [c for c in columns if c.position not in found and c.header.splits and c.beside < 0]
        headed_so = _by_heading(left, [t for t in targets if t.stems and t.name not in taken])
        found |= {one.column.position: one for one in headed_so}
        taken |= {one.target.name for one in headed_so if one.target}
    open_columns = [c for c in columns if c.position not in found and c.beside < 0]
    open_targets = [t for t in targets if t.name not in taken and t.texts]
    if open_columns and open_targets:
        small = len(open_columns) * len(open_targets) <= MOST_PAIRS
        matched = _by_wording(open_columns, open_targets, evidence) if small else _by_name(open_columns, open_targets)
        for one in matched:
            found[one.column.position] = one
    found |= _beside(beside, found, targets)
    matches = [found.get(c.position, Match(c, None, "none", 0.0)) for c in columns]
    return _one_form_of_lists(matches)


def _beside(beside: Sequence[HeaderColumn], found: Mapping[int, Match], targets: Sequence[Target]) -> dict[int, Match]:
    """Map columns of texts written beside the answers of another column, where one option takes a text."""
    mapped = {}
    for column in beside:
        owner = found.get(column.beside)
        if owner and owner.target:
            item, code = owner.target.item, owner.target.code
            fills = [t for t in targets if t.kind == "fill" and t.item.id == item.id and code in (None, t.code)]
            if len(fills) == 1:
                mapped[column.position] = Match(column, fills[0], "beside", 1.0)
    return mapped


def _by_id(columns: Sequence[HeaderColumn], targets: Sequence[Target]) -> dict[int, Match]:
    names = {t.name.casefold(): t for t in targets}
    found: dict[int, Match] = {}
    for column in columns:
        text = clean(column.header.text)
        target = names.pop(text.casefold(), None) or _id_before_wording(text, names)
        if target:
            names.pop(target.name.casefold(), None)
            found[column.position] = Match(column, target, "id", 1.0)
    return found


def _id_before_wording(text: str, names: Mapping[str, Target]) -> Target | None:
    """The target of a header such as `SAT1 服务及时`: its id, followed by something like its wording."""
    parted = _ID_FIRST.match(text)
    target = names.get(parted[1].casefold()) if parted else None
    if parted is None or target is None or not target.texts:
        return None
    rest = similarity([normal(parted[2])], [normal(wording) for wording in target.texts])
    return target if rest.max() >= LIKE_ENOUGH else None


def _by_heading(columns: list[HeaderColumn], targets: list[Target]) -> list[Match]:
    """Match rows and options by all headings over them, or the nearest one, where that agrees with one target only."""
    names: dict[str, list[Target]] = {}
    for target in targets:
        own = {target.item.zh, target.item.en}
        over = [s for s in target.stems if s not in own] if target.kind == "tick" else []
        stems = {*target.stems, *(block + row for block in over for row in own if row)}
        for text in {normal(stem + text) for stem in stems for text in target.texts}:
            names.setdefault(text, []).append(target)
    keys = []
    for column in columns:
        stems = [stem for stem, _ in column.header.splits]
        part = column.header.part
        keys.append([normal("".join(reversed(stems)) + part), normal(stems[0] + part)])
    times = Counter(key for pair in keys for key in set(pair))
    found: list[Match] = []
    taken: set[str] = set()
    for column, pair in zip(columns, keys, strict=True):
        for key in pair:
            fitting = names.get(key, [])
            if len(fitting) == 1 and times[key] == 1 and fitting[0].name not in taken:
                taken.add(fitting[0].name)
                found.append(Match(column, fitting[0], "exact", 1.0))
                break
    return found


def _by_name(columns: list[HeaderColumn], targets: list[Target]) -> list[Match]:
    """Match what agrees exactly, here and nowhere else: a sheet of thousands of columns is no questionnaire."""
    names: dict[str, list[Target]] = {}
    for target in targets:
        for text in {normal(stem + text) for stem in target.stems or ("",) for text in target.texts}:
            names.setdefault(text, []).append(target)
    bodies = [normal(column.header.body) for column in columns]
    times = Counter(bodies)
    found, taken = [], set()
    for column, body in zip(columns, bodies, strict=True):
        fitting = names.get(body, [])
        if len(fitting) == 1 and times[body] == 1 and fitting[0].name not in taken:
            taken.add(fitting[0].name)
            found.append(Match(column, fitting[0], "exact", 1.0))
        else:
            found.append(Match(column, None, "none", 0.0))
    return found


def _by_wording(columns: list[HeaderColumn], targets: list[Target], evidence: Evidence) -> list[Match]:
    alike = wording_scores(columns, targets)
    weights = _weights(columns, targets, alike, evidence)
    alignment = align(weights)
    for _ in range(3):
        if not _gather_groups(columns, targets, weights, alignment):
            break
        alignment = align(weights)
    matches = [_judge(j, columns, targets, alike, alignment, evidence) for j in range(len(columns))]
    return _rescue(matches, columns, targets, alike)


def wording_scores(columns: Sequence[HeaderColumn], targets: Sequence[Target]) -> np.ndarray:
    """How alike each column's header and each target's own wording are, shape (n_columns, n_targets).

    A whole question is compared with the header's body, a row or option with what follows the dash or stands in
    the bracket. A header without a split can be a bare row title, an unnumbered one a bare option too.
    """
    bodies = [(j, normal(c.header.body)) for j, c in enumerate(columns)]
    bare = [(j, text) for j, text in bodies if columns[j].header.number is None]
    unticked = [
        (i, normal(t))
        for i, x in enumerate(targets)
        if x.kind != "tick" and x.stems and x.code is not None
        for t in x.texts
    ]
    parts = [(j, normal(part)) for j, c in enumerate(columns) for _, part in c.header.splits]
    whole = [(i, normal(t)) for i, target in enumerate(targets) if not target.stems for t in target.texts]
    rows = [(i, normal(t)) for i, x in enumerate(targets) if x.stems and x.code is None for t in x.texts]
    options = [(i, normal(t)) for i, x in enumerate(targets) if x.stems and x.code is not None for t in x.texts]
    joint = [(i, normal(s + t)) for i, target in enumerate(targets) for s in target.stems for t in target.texts]
    out = np.zeros((len(columns), len(targets)), dtype=np.float32)
    for left, right in ((bodies, whole + rows + joint), (bare, unticked), (parts, rows + options)):
        if left and right:
            table = similarity([text for _, text in left], [text for _, text in right])
            np.maximum.at(
                out, (np.array([j for j, _ in left])[:, None], np.array([i for i, _ in right])[None, :]), table
            )
    return _options_first(out, targets)


def _options_first(alike: np.ndarray, targets: Sequence[Target]) -> np.ndarray:
    """A header that names an option of a list is not the whole list, however much of its wording it holds."""
    for i, target in enumerate(targets):
        if target.kind in ("joined", "places"):
            options = [k for k, t in enumerate(targets) if t.item.id == target.item.id and t.code is not None]
            if options:
                nearest = alike[:, options].max(axis=1)
                alike[(nearest >= ACCEPT) & (nearest > alike[:, i]), i] = 0.0
    return alike


def _weights(columns: list[HeaderColumn], targets: list[Target], alike: np.ndarray, evidence: Evidence) -> np.ndarray:
    """Gain of each pair whose wordings are alike; the question around it, its options and its number tip the scales."""
    pairs = alike >= PROPOSE
    weights = np.where(pairs, alike.astype(float) - 0.6, 0.0)
    weights += np.where(pairs, 0.15 * _question_scores(columns, targets, alike), 0.0)
    ordinals = {block: k for k, block in enumerate(sorted({t.block for t in targets}), 1)}
    numbers = np.array([c.header.number or -1 for c in columns])
    weights += np.where(pairs & (numbers[:, None] == np.array([ordinals[t.block] for t in targets])[None, :]), 0.01, 0)
    contested = pairs & ((pairs.sum(axis=1) > 1)[:, None] | (pairs.sum(axis=0) > 1)[None, :])
    if contested.sum() <= 20 * (len(columns) + len(targets)):
        for j, i in zip(*np.nonzero(contested), strict=True):
            share = evidence(columns[j], targets[i])
            weights[j, i] += 0.0 if np.isnan(share) else 0.1 * share
    return weights


def _question_scores(columns: list[HeaderColumn], targets: list[Target], alike: np.ndarray) -> np.ndarray:
    """For each column and target: how well the column's whole group fits the target's whole question."""
    groups = np.array([c.group for c in columns])
    blocks = np.array([t.block for t in targets])
    stems = sorted({(t.block, stem) for t in targets for stem in t.stems})
    out = np.zeros(alike.shape)
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        if len(mine) < 2:
            continue
        worded = [normal(s) for j in mine for s, _ in columns[j].header.splits if s][:3]
        named = (
            similarity(worded, [normal(stem) for _, stem in stems]).max(axis=0)
            if worded and stems
            else [0.0] * len(stems)
        )
        for block in np.unique(blocks):
            theirs = np.flatnonzero(blocks == block)
            fit = float(alike[np.ix_(mine, theirs)].max(axis=1).mean())
            stem = max((float(n) for n, (b, _) in zip(named, stems, strict=True) if b == block), default=0.0)
            out[np.ix_(mine, theirs)] = 0.5 * fit + 0.5 * stem
    return out


def _gather_groups(
    columns: list[HeaderColumn], targets: list[Target], weights: np.ndarray, alignment: Alignment
) -> bool:
    """Forbid, in place, that columns under one question number go to several questions; whether anything changed."""
    changed = False
    blocks = np.array([t.block for t in targets])
    numbered = {c.group for c in columns if c.header.number is not None}
    for group in numbered:
        mine = [j for j, c in enumerate(columns) if c.group == group and c.header.number is not None]
        gains: dict[int, float] = {}
        for j in mine:
            i = alignment.target[j]
            if i >= 0:
                gains[targets[i].block] = gains.get(targets[i].block, 0.0) + float(weights[j, i])
        if len(gains) > 1:
            weights[np.ix_(mine, np.flatnonzero(blocks != max(gains, key=lambda b: gains[b])))] = 0.0
            changed = True
    return changed


def _judge(
    j: int,
    columns: list[HeaderColumn],
    targets: list[Target],
    alike: np.ndarray,
    alignment: Alignment,
    evidence: Evidence,
) -> Match:
    """Accept, propose or refuse what the alignment gave one column."""
    column, i = columns[j], int(alignment.target[j])
    if i < 0:
        best = int(np.argmax(alike[j]))
        double = alike[j, best] >= ACCEPT and best in alignment.target
        return Match(
            column, None, "duplicate" if double else "none", float(alike[j, best]), targets[best] if double else None
        )
    target, score, second = targets[i], float(alike[j, i]), int(alignment.rival[j])
    if score < ACCEPT:
        witnessed = score >= WITNESSED and _only_fit(column, target, targets, evidence)
        return Match(column, target, "options", score) if witnessed else Match(column, None, "proposed", score, target)
    if second >= 0 and alignment.lead[j] <= TIE:
        return Match(column, None, "ambiguous", score, targets[second])
    if second >= 0 and alignment.lead[j] < CLOSE_CALL:
        return Match(column, target, "order", score, targets[second])
    return Match(column, target, "exact" if score > 0.9999 else "similar", score)


def _only_fit(column: HeaderColumn, target: Target, targets: list[Target], evidence: Evidence) -> bool:
    """Whether the answers are options of this question and of no question with other options."""
    if not evidence(column, target) >= 0.99:
        return False
    others = {t.item.options: t for t in targets if t.item.options and t.item.options != target.item.options}
    twins = [t for t in targets if t.name != target.name and t.item.options == target.item.options]
    return not twins and not any(evidence(column, other) >= 0.99 for other in others.values())


def _rescue(matches: list[Match], columns: list[HeaderColumn], targets: list[Target], alike: np.ndarray) -> list[Match]:
    """Map moved columns: the wording agrees exactly, or well and with nothing else; only the order does not."""
    taken = {m.target.name for m in matches if m.target}
    out = []
    for j, one in enumerate(matches):
        if one.target is None and one.how in ("none", "proposed"):
            for least, others in ((0.9999, 0.9999), (ACCEPT, PROPOSE)):
                choices = np.flatnonzero(alike[j] >= others)
                alone = (
                    len(choices) == 1 and alike[j, choices[0]] >= least and (alike[:, choices[0]] >= others).sum() == 1
                )
                if alone and targets[int(choices[0])].name not in taken:
                    target = targets[int(choices[0])]
                    taken.add(target.name)
                    one = Match(columns[j], target, "moved", float(alike[j, choices[0]]))
                    break
        out.append(one)
    return out


def _one_form_of_lists(matches: list[Match]) -> list[Match]:
    """A list that stands both in one cell and in a column an option is read from the columns."""
    whole, parts = {"joined", "places", "names", "single"}, {"option", "place", "ranked", "name", "tick", "choice"}
    by_option = {m.target.item.id for m in matches if m.target and m.target.kind == "option"}
    split = [m.target.item.id for m in matches if m.target and m.target.kind in parts]
    joined = {m.target.item.id for m in matches if m.target and m.target.kind in whole}
    out = []
    for one in matches:
        target = one.target
        if target and target.kind == "choice" and target.item.id in by_option:
            one = Match(one.column, None, "summary", one.score, target)
        elif target and target.item.id in joined and target.item.id in split:
            by_columns = split.count(target.item.id) > 1
            if target.kind in whole and by_columns:
                one = Match(one.column, None, "summary", one.score, target)
            elif target.kind in parts and not by_columns:
                one = Match(one.column, None, "none", one.score)
        out.append(one)
    return out
