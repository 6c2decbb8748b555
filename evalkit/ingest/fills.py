"""Texts written beside an option (`其他〖分居〗`): taken off the answer, kept in a column of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import Answers
from evalkit.ingest.findings import Decoded, Rules
from evalkit.ingest.targets import fill_column
from evalkit.ingest.wording import clean, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Item


def put_fills(
    item: Item,
    answers: Answers,
    fills: Mapping[int, Mapping[int, str]],
    out: Decoded,
    positions: Iterable[int] | None = None,
) -> None:
    """Keep the texts beside options.

    Parameters
    ----------
    fills : mapping
        Position of the option -> position of the distinct text -> what was written.
    positions : iterable of int, optional
        Options this spreadsheet column can tell about; all by default. Every one of them that takes a text gets
        a column, and so does any other that got one (with a note).
    """
    for k in range(len(item.options)) if positions is None else positions:
        option, written = item.options[k], {t: fill for t, fill in fills.get(k, {}).items() if fill}
        if not option.fill and not written:
            continue
        texts = np.full(len(answers.texts), np.nan, dtype=object)
        for t, fill in written.items():
            texts[t] = fill
        name = fill_column(item.id, option.code)
        out.fills[name], out.sources[name] = texts[answers.index], answers
        if not option.fill:
            first = answers.rows_of(written)
            words = {"zh": option.text("zh"), "en": option.text("en")}
            out.note("N242", answers, int(first[0]) if len(first) else 0, item, option=words)


def filled_in(answers: Answers, rules: Rules) -> np.ndarray:
    """A spreadsheet column that holds nothing but texts beside an option; nan where there is none."""
    lines = [tidy(text) for text in answers.texts]
    texts = np.array([line if line and not rules.mark(clean(line)) else np.nan for line in lines], dtype=object)
    return texts[answers.index]
