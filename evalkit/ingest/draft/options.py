"""Distinct answers of one question in, its option list out: which options, in which order, and on what evidence."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evalkit.contract import Label
from evalkit.ingest.draft.likert import MISSING, known_set, ladder, numbered
from evalkit.ingest.wording import loose, take_off, tidy
from evalkit.instrument import Option

_NOTHING = re.compile(r"^(?:以上)?(?:都|均)?(?:没有?|无|不)|^none|^nothing|^no ")
OTHER = ("其他", "其它", "other")


@dataclass(frozen=True)
class OptionList:
    """A drafted list. `ordered`: the order is a scale (low to high), not just a list; `evidence` says why."""

    options: tuple[Option, ...]
    ordered: bool
    evidence: Label
    named: str = ""
    guessed: bool = field(default=False)


def options_from(counts: Mapping[str, int], sequences: Iterable[Sequence[str]] = ()) -> OptionList:
    """Order the answers of a choice question.

    Parameters
    ----------
    counts : mapping
        Answer text (with what was written beside it) -> how often.
    sequences : iterable of sequences of str
        Answers of a multiple response, each in the order of its cell: platforms write them in list order.

    Returns
    -------
    OptionList
        By a known set, by amounts inside the texts, by the order within answers, else by frequency.
    """
    totals, fills = _bare(counts)
    real = [text for text in totals if loose(text) not in _LOOSE_MISSING]
    sequences = list(sequences)
    if sequences:
        order, nothing = _by_precedence(sequences, totals), _exclusive(sequences)
        options = _options([*(t for t in order if t not in nothing), *(t for t in order if t in nothing)], fills)
        marked = tuple(dataclasses.replace(o, exclusive=True) if o.zh in nothing else o for o in options)
        return OptionList(marked, False, Label("draft.by_precedence"))
    known = known_set(real)
    if known:
        named = {loose(text): text for text in real}
        texts = [named.get(loose(text), text) for text in known.texts]
        unused = [text for text in texts if text not in totals]
        evidence = Label("draft.by_set_unused", unused=unused) if unused else Label("draft.by_set")
        rest = [text for text in totals if text not in texts]
        return OptionList(_options([*texts, *rest], fills, known.scale), known.scale, evidence)
    rungs = ladder(real) if len(real) == len(totals) else None
    if rungs:
        return OptionList(_options(rungs, fills), True, Label("draft.by_words"))
    amounts = {text: numbered(text) for text in totals}
    with_amount = [text for text in totals if amounts[text] is not None]
    if len(with_amount) >= max(2, 0.6 * len(totals)):
        ordered = sorted(with_amount, key=lambda text: amounts[text] or (0.0, 0))
        rest = [text for text in totals if amounts[text] is None]
        label = Label("draft.by_amount_rest", rest=rest) if rest else Label("draft.by_amount")
        return OptionList(_options([*ordered, *rest], fills), not rest, label)
    by_count = sorted(totals, key=lambda text: (loose(text).startswith(OTHER), -totals[text]))
    return OptionList(_options(by_count, fills), False, Label("draft.by_count"), guessed=True)


def numbered_options(highest: int, filled: frozenset[str] = frozenset()) -> OptionList:
    """Options known by number only: `选项1`, `选项2`; `filled` holds the numbers with a text beside them."""
    options = tuple(Option(k, zh=f"选项{k}", fill=str(k) in filled) for k in range(1, highest + 1))
    return OptionList(options, False, Label("draft.by_index", n=highest), guessed=True)


def points(lowest: int, highest: int) -> OptionList:
    """Scale points without words: 1 to 5, 0 to 10."""
    options = tuple(Option(k, zh=str(k)) for k in range(lowest, highest + 1))
    return OptionList(options, True, Label("draft.by_points", low=lowest, high=highest))


_LOOSE_MISSING = {loose(text): kind for text, kind in MISSING.items()}


def _bare(counts: Mapping[str, int]) -> tuple[dict[str, int], set[str]]:
    """Counts without what was written beside options, and the options something was written beside."""
    totals: Counter[str] = Counter()
    fills = set()
    spelt: dict[str, str] = {}
    for text, n in counts.items():
        base, fill = take_off(text)
        name = spelt.setdefault(loose(base), tidy(base))
        totals[name] += n
        if fill is not None:
            fills.add(name)
    return dict(totals), fills


def _options(texts: Sequence[str], fills: set[str], missing: bool = False) -> tuple[Option, ...]:
    """Codes count from 1 in list order, as an export by index does."""
    found = []
    for code, text in enumerate(texts, 1):
        kind = _LOOSE_MISSING.get(loose(text)) if missing else None
        found.append(Option(code, fill=text in fills, missing=kind, zh=text))
    return tuple(found)


def _exclusive(sequences: list[Sequence[str]]) -> frozenset[str]:
    """Options such as `以上都没有` that were never chosen with another."""
    alone = {tidy(take_off(one[0])[0]) for one in sequences if len(one) == 1}
    beside = {tidy(take_off(text)[0]) for one in sequences if len(one) > 1 for text in one}
    return frozenset(text for text in alone - beside if _NOTHING.match(loose(text)))


def _by_precedence(sequences: list[Sequence[str]], totals: Mapping[str, int]) -> list[str]:
    """An order in which as many answers as possible name their options; ties by frequency, `other` last.

    Each step takes the option that the fewest of the remaining ones precede.
    """
    before: dict[str, Counter[str]] = defaultdict(Counter)
    for sequence in sequences:
        names = [tidy(take_off(text)[0]) for text in sequence]
        for k, later in enumerate(names):
            for earlier in names[:k]:
                before[later][earlier] += 1
    left, order = list(totals), []
    while left:
        first = min(left, key=lambda text: (_ahead(text, left, before), loose(text).startswith(OTHER), -totals[text]))
        left.remove(first)
        order.append(first)
    return order


def _ahead(text: str, others: Sequence[str], before: Mapping[str, Counter[str]]) -> int:
    """How many of the others usually stand before a text."""
    return sum(before[text][one] > before[one][text] for one in others if one != text)
