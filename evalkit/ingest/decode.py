"""One item's spreadsheet columns in, its frame columns out: codes, missing kinds and every cell that cannot be read.

Works on the distinct texts of a column, so its cost does not grow with the respondents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import DATE, Answers
from evalkit.ingest.choices import Choices, choices_of, date_forms
from evalkit.ingest.fills import filled_in, put_fills
from evalkit.ingest.findings import KIND, Decoded, Rules, note_untidy
from evalkit.ingest.lists import (
    decode_choices,
    decode_joined,
    decode_options,
    decode_places,
    decode_ranked,
    decode_ranking,
    decode_summed,
)
from evalkit.ingest.quantities import decode_date, decode_number, decode_time
from evalkit.ingest.spread import decode_spread
from evalkit.ingest.targets import Target
from evalkit.ingest.texts import decode_meta, decode_name_columns, decode_names, decode_text
from evalkit.ingest.wording import clean, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Item

Part = tuple[Target, Answers]
MOST_COMPARED = 50
"""Wrong answers of one column for which the nearest option is looked up: comparing texts is slow."""


def decode_item(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Decode all columns mapped to one item into `out`."""
    asked = [part for part in parts if part[0].kind != "fill"]
    if asked:
        DECODERS[asked[0][0].kind](item, asked, rules, out)
        if item.type not in ("text", "file", "region"):
            for _, answers in asked:
                note_untidy(item, answers, out)
    for target, answers in parts:
        if target.kind == "fill":
            out.fills[target.name] = filled_in(answers, rules)
            out.sources[target.name] = answers


def decode_single(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Single choice: option codes; a choice that means "don't know" and its like becomes a missing kind."""
    answers = parts[0][1]
    choices = choices_of(item.options)
    by = _code_or_text(answers, choices, rules)
    textual = any(isinstance(option.code, str) for option in item.options)
    codes = np.full(len(answers.texts), np.nan, dtype=object if textual else float)
    kinds = np.zeros(len(answers.texts), dtype=np.int8)
    fills: dict[int, dict[int, str]] = {}
    unknown: list[int] = []
    for k, text in enumerate(answers.texts):
        line = clean(text)
        choice = choices.find(text, by) if line else None
        if choice is None:
            kinds[k] = rules.mark(line) if line else KIND["no_answer"]
            if not kinds[k]:
                kinds[k] = KIND["invalid"]
                unknown.append(k)
            continue
        option = choices.options[choice.position]
        if option.missing:
            kinds[k] = KIND[option.missing]
        else:
            codes[k] = str(option.code) if textual else option.code
        if choice.fill:
            fills.setdefault(choice.position, {})[k] = choice.fill
    values, missing = codes[answers.index], kinds[answers.index]
    values[answers.faulty], missing[answers.faulty] = np.nan, KIND["invalid"]
    out.put(item.id, values, missing, answers)
    _note_unknown(item, choices, answers, unknown, out)
    put_fills(item, answers, fills, out)


def _code_or_text(answers: Answers, choices: Choices, rules: Rules) -> str:
    """In plain tables codes come first only where they explain every answer: an option may be worded `2`."""
    if rules.by != "code":
        return rules.by
    lines = [clean(text) for text in answers.texts]
    known = all(line.removesuffix(".0") in choices.codes for line in lines if line and not rules.mark(line))
    return "code" if known else "text"


def _note_unknown(item: Item, choices: Choices, answers: Answers, unknown: list[int], out: Decoded) -> None:
    """Say why answers are none of the options; a date may have been an option like `1-2` once."""
    proposals = {k: form for k in unknown for form in date_forms(answers.texts[k])[::-1] if choices.knows(form)}
    dates = answers.of_kind(DATE) - proposals.keys()
    others = [k for k in unknown if k not in proposals and k not in dates]

    def value(k: int) -> dict[str, str]:
        return {"value": tidy(answers.texts[k])}

    out.note_texts("E226", answers, proposals, item, lambda k: {**value(k), "proposal": proposals[k]})
    out.note_texts("E222", answers, [k for k in unknown if k in dates], item, value)
    near = {k: choices.nearest(answers.texts[k]) for k in others[:MOST_COMPARED]}
    out.note_texts("E220", answers, others, item, lambda k: {**value(k), "near": near.get(k) or "—"})


DECODERS: dict[str, Callable[[Item, Sequence[Part], Rules, Decoded], None]] = {
    "single": decode_single,
    "tick": decode_spread,
    "joined": decode_joined,
    "option": decode_options,
    "choice": decode_choices,
    "places": decode_ranking,
    "place": decode_places,
    "ranked": decode_ranked,
    "summed": decode_summed,
    "integer": decode_number,
    "decimal": decode_number,
    "date": decode_date,
    "time": decode_time,
    "text": decode_text,
    "region": decode_text,
    "file": decode_text,
    "names": decode_names,
    "name": decode_name_columns,
    "meta": decode_meta,
}
