"""Open answers, names and identifiers: kept as written, without outer blanks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import Answers
from evalkit.ingest.findings import KIND, Decoded, Rules
from evalkit.ingest.targets import Target, names_of, option_column
from evalkit.ingest.wording import clean, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Item

# Text that a spreadsheet would take for a formula is exported with a quotation mark before it.
_GUARD = re.compile(r"^'(?=[=+\-@])")
_KEYS = frozenset({"respondent_id", "cluster"})
_NAME_MARKS = re.compile(r"[┋、,，;；\n|]+")
Part = tuple[Target, Answers]


def decode_text(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Open text, region or file name, as written; line breaks inside stay. A key is read as an identifier is."""
    if item.role in _KEYS:
        decode_meta(item, parts, rules, out)
        return
    values, missing = _written(parts[0][1], rules)
    out.put(item.id, values, missing, parts[0][1])


def decode_meta(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Identifiers, as text (`007` stays `007`); a number that a spreadsheet rounded is no identifier."""
    answers = parts[0][1]
    values, missing = _written(answers, rules)
    for row in rounded(answers):
        values[row], missing[row] = np.nan, KIND["invalid"]
        out.note("E231", answers, row, item)
    out.put(item.id, values, missing, answers)


def decode_name_columns(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Several names, a column each; names not given have no answer."""
    given = {target.name: answers for target, answers in parts}
    for k in range(1, names_of(item) + 1):
        name = option_column(item.id, k)
        if name in given:
            out.put(name, *_written(given[name], rules), given[name])


def decode_names(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Several names in one cell, cut at `、`, commas, semicolons and line breaks."""
    answers = parts[0][1]
    most = names_of(item)
    values = np.full((len(answers.texts), most), np.nan, dtype=object)
    missing = np.full((len(answers.texts), most), KIND["no_answer"], dtype=np.int8)
    too_many: dict[int, int] = {}
    for k, text in enumerate(answers.texts):
        mark = rules.mark(clean(text))
        names = [] if mark else [tidy(name) for name in _NAME_MARKS.split(text) if tidy(name)]
        if mark:
            missing[k] = mark
        if len(names) > most:
            too_many[k] = len(names)
        for column, name in enumerate(names[:most]):
            values[k, column], missing[k, column] = name, 0
    spread, kinds = values[answers.index], missing[answers.index]
    spread[answers.faulty], kinds[answers.faulty] = np.nan, KIND["invalid"]
    for column in range(most):
        out.put(option_column(item.id, column + 1), spread[:, column].copy(), kinds[:, column], answers)
    out.note_texts("E228", answers, too_many, item, lambda k: {"n": too_many[k], "max": most})


def rounded(answers: Answers) -> list[int]:
    """Respondents whose cell held a number of 16 and more digits: the last ones are lost."""
    imprecise = answers.sheet.imprecise
    if not imprecise:
        return []
    rows = answers.sheet.rows[answers.rows]
    return [k for k, row in enumerate(rows) if (int(row), answers.column.number) in imprecise]


def _written(answers: Answers, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    texts = np.full(len(answers.texts), np.nan, dtype=object)
    kinds = np.zeros(len(answers.texts), dtype=np.int8)
    for k, text in enumerate(answers.texts):
        line = clean(text)
        kinds[k] = rules.mark(line) if line else KIND["no_answer"]
        if not kinds[k]:
            texts[k] = _GUARD.sub("", text.strip())
    values, missing = texts[answers.index], kinds[answers.index]
    values[answers.faulty], missing[answers.faulty] = np.nan, KIND["invalid"]
    return values, missing
