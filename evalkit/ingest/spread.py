"""A single choice spread over a column an option, one of them ticked, in; its code out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import Answers
from evalkit.ingest.fills import put_fills
from evalkit.ingest.findings import KIND, Decoded, Rules
from evalkit.ingest.lists import ticks, words
from evalkit.ingest.targets import Target

if TYPE_CHECKING:
    from evalkit.instrument import Item


def decode_spread(item: Item, parts: Sequence[tuple[Target, Answers]], rules: Rules, out: Decoded) -> None:
    """The option that is ticked; none is no answer, and two are none that could be told."""
    position = {option.code: k for k, option in enumerate(item.options)}
    n = parts[0][1].n
    chosen = np.zeros((n, len(item.options)), dtype=bool)
    kinds = np.full(n, KIND["no_answer"], dtype=np.int8)
    sources: dict[int, Answers] = {}
    for target, answers in parts:
        k = position[target.code] if target.code is not None else -1
        ticked, missing, fills, _ = ticks(item, k, answers, rules, out)
        chosen[:, k], sources[k] = ticked[answers.index] == 1, answers
        mine = missing[answers.index]
        mine[answers.faulty] = KIND["invalid"]
        # What one option's column says of the whole question: skipped, refused, or a cell that cannot be read.
        telling = ~np.isin(mine, (0, KIND["no_answer"]))
        kinds[telling] = mine[telling]
        chosen[answers.faulty, k] = False
        put_fills(item, answers, {k: fills}, out, [k])
    counts = chosen.sum(axis=1)
    textual = any(isinstance(option.code, str) for option in item.options)
    values = np.full(n, np.nan, dtype=object if textual else float)
    for k, option in enumerate(item.options):
        mine = chosen[:, k] & (counts == 1) & (kinds != KIND["invalid"])
        kinds[mine] = KIND[option.missing] if option.missing else 0
        if not option.missing:
            values[mine] = str(option.code) if textual else option.code
    kinds[counts > 1] = KIND["invalid"]
    first = parts[0][1]
    twice = np.flatnonzero(counts > 1)
    last = {int(row): max(k for k in sources if chosen[row, k]) for row in twice}
    for row in twice.tolist():
        both = [words(item, k) for k in sources if chosen[row, k]]
        said = {lang: "、".join(one[lang] for one in both) for lang in ("zh", "en")}
        out.note_rows("E248", sources[last[row]], np.array([row]), item, lambda _, said=said: {"options": said})
    out.put(item.id, values, kinds, first)
