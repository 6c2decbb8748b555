"""Variables of a statistics package in, questions out: options are the file's own value labels, not a guess."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from evalkit.contract import Label
from evalkit.ingest.answers import DATE, NUMBER, Answers
from evalkit.ingest.draft.collected import Questions
from evalkit.ingest.draft.columns import Look
from evalkit.ingest.draft.options import OptionList
from evalkit.ingest.labelled import mark_of, missing_kind
from evalkit.instrument import Block, Item, Option
from evalkit.sheets import Description

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from evalkit.ingest.layout import Layout
    from evalkit.sheets import Sheet

MOST_POINTS = 11
"""Up to so many whole numbers, some of them labelled, are scale points with labelled ends."""
_MEASURES = {"nominal": "nominal", "ordinal": "ordinal", "scale": "number"}


def draft_variables(
    looks: Iterable[Look], sheet: Sheet, rows: np.ndarray, layout: Layout, questions: Questions
) -> None:
    """Draft one question a variable, and one for each multiple response that the file defines."""
    looks = list(looks)
    groups = _sets(looks, sheet)
    told = {
        name: [sheet.columns[look.column.position].described or Description() for look in g]
        for name, g in groups.items()
    }
    choices = {
        name: _named_options(group, told[name], sheet, rows, layout)
        for name, group in groups.items()
        if not told[name][0].counted
    }
    for look in looks:
        column = sheet.columns[look.column.position]
        if column.described is None:
            continue
        name = column.described.group
        group = groups.get(name, []) if choices.get(name) != () else []
        if group:
            if look is group[0] and name in choices:
                _draft_choices(group, told[name], choices[name], questions)
            elif look is group[0]:
                _draft_set(group, sheet, questions)
            continue
        answers = Answers(sheet, look.column.position, rows)
        item, comments = _item(look, column.described, answers, layout, questions)
        questions.add(Block(item.id, item.type, item.zh, item.en, (item,)), [look], *comments)


def _sets(looks: Iterable[Look], sheet: Sheet) -> dict[str, list[Look]]:
    """Name of a set -> its variables."""
    groups: dict[str, list[Look]] = {}
    for look in looks:
        said = sheet.columns[look.column.position].described
        if said is not None and said.group:
            groups.setdefault(said.group, []).append(look)
    return groups


def _draft_set(group: list[Look], sheet: Sheet, questions: Questions) -> None:
    """One multiple response: its options are the set's variables, numbered as their names are (`need__3`)."""
    told = [(look.column.header.text, sheet.columns[look.column.position].described) for look in group]
    first = told[0][1]
    name = first.group if first else ""
    ends = [text.removeprefix(f"{name}__") for text, _ in told]
    own = all(text != end and end.isdigit() for (text, _), end in zip(told, ends, strict=True))
    codes = [int(end) for end in ends] if own and len(set(ends)) == len(ends) else list(range(1, len(ends) + 1))
    wordings = [(said.label if said else "") or text for text, said in told]
    label = first.group_label if first else ""
    if label:
        wordings = [text.removeprefix(label).lstrip("：: ") or text for text in wordings]
    options = tuple(Option(code, zh=text) for code, text in zip(codes, wordings, strict=True))
    id = questions.id_for(name, None)
    shared = questions.list_for(id, OptionList(options, False, Label("draft.by_columns")))
    item = Item(id, "multi", options=options, choices=shared, zh=label or name)
    questions.add(Block(id, "multi", item.zh, item.en, (item,)), group, Label("draft.ticks", n=len(group)))


def _draft_choices(
    group: list[Look], told: list[Description], options: tuple[Option, ...], questions: Questions
) -> None:
    """One multiple response of which every variable names an option."""
    id = questions.id_for(told[0].group, None)
    shared = questions.list_for(id, OptionList(options, False, Label("draft.labelled", n=len(options))))
    item = Item(id, "multi", options=options, choices=shared, zh=told[0].group_label or told[0].group)
    block = Block(id, "multi", item.zh, item.en, (item,))
    questions.add(block, group, Label("draft.choices", n=len(group)), chosen=True)


def _named_options(
    group: list[Look], told: list[Description], sheet: Sheet, rows: np.ndarray, layout: Layout
) -> tuple[Option, ...]:
    """Options of such a set: labelled values and others that occur; none where they are fewer than its variables."""
    labels: dict[str, str] = {}
    for said in told:
        labels |= {t: label for t, label in said.values.items() if t not in said.missing and t not in labels}
    answers = [Answers(sheet, look.column.position, rows) for look in group]
    used = sorted({text for one in answers for text in one.texts if text and text not in layout.marks} - labels.keys())
    codes = [*labels, *used]
    if not labels or len(codes) < len(group):
        return ()
    numbers = [text for text in codes if _is_number(text)]
    if len(numbers) == len(codes):
        return tuple(Option(_code(text), zh=labels.get(text, text)) for text in sorted(codes, key=float))
    if numbers:
        return ()
    return tuple(Option(k, zh=labels.get(text, text), alias=(text,)) for k, text in enumerate(codes, 1))


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _item(
    look: Look, said: Description, answers: Answers, layout: Layout, questions: Questions
) -> tuple[Item, list[Label]]:
    header = look.column.header
    id = questions.id_for(header.text, None)
    words = said.label or header.text
    used = [t for t in answers.texts if t and t not in layout.marks]
    if look.kind == "private":
        return Item(id, "text", private=True, zh=words), [Label("draft.private")]
    kinds = {int(kind) for kind in answers.kinds[[answers.texts[k] in set(used) for k in answers.index]]}
    missing = {text: mark_of(text, said)[1] for text in said.missing}
    options = _options(used, said, missing, numeric=kinds <= {NUMBER})
    if options:
        found = OptionList(options, False, Label("draft.labelled", n=len(said.values)))
        measure = _MEASURES.get(said.measure)
        return Item(id, "single", options=options, choices=questions.list_for(id, found), measure=measure, zh=words), []
    if used and kinds == {NUMBER}:
        whole = all(float(text).is_integer() for text in used)
        special = {float(text): kind for text, kind in missing.items() if not text.startswith(".")}
        return Item(id, "integer" if whole else "decimal", zh=words, missing=special), []
    if used and kinds == {DATE}:
        return Item(id, "date" if all("-" in text[1:] for text in used) else "time", zh=words), []
    return Item(id, "text", zh=words), []


def _options(used: list[str], said: Description, missing: dict[str, str], *, numeric: bool) -> tuple[Option, ...]:
    """The option list of a labelled variable; none where labels name only single values of an amount or text."""
    labelled = [text for text in said.values if text not in said.missing]
    if not labelled:
        return ()
    codes = list(dict.fromkeys([*labelled, *used]))
    if not numeric:
        return tuple(Option(t, zh=said.values[t]) for t in labelled) if set(used) <= set(labelled) else ()
    if not set(used) <= set(labelled):
        if len(codes) > MOST_POINTS or not all(float(text).is_integer() for text in codes):
            return ()
        codes.sort(key=float)
    known = tuple(Option(_code(t), zh=said.values.get(t, t)) for t in codes)
    declared = [t for t in sorted(missing) if t in said.values and not t.startswith(".")]
    return known + tuple(Option(_code(t), zh=said.values[t], missing=missing_kind(said.values[t])) for t in declared)


def _code(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value
