"""An instrument in, an XLSForm workbook out that field servers take and that reads back as the same instrument."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.formula import Expression
from evalkit.formula.tree import code_text
from evalkit.instrument.definition import LANGUAGES, Block, Instrument, Item, Option, Scale
from evalkit.instrument.dump import own_condition, shared_condition
from evalkit.instrument.sheet_lines import LineWriter
from evalkit.instrument.xpath import to_xpath

LANGUAGE_NAMES = {"zh": "中文 (zh)", "en": "English (en)"}
OUR_KEYS = (
    "type", "ask_if", "end_if", "label_zh", "label_en", "role", "measure", "form", "private", "reverse", "check",
    "min", "max", "unit", "step", "max_choices", "missing", "fill_of",
)  # fmt: skip
"""Columns of the survey sheet, after `evalkit::`, for what an XLSForm has no word for."""

OUR_SHEETS = ("evalkit", "evalkit_choices", "evalkit_scales")
SCALE_COLUMNS = (
    "id", "zh", "en", "items", "parts", "reverse_parts", "score", "min_valid", "kind", "role", "level", "form",
)  # fmt: skip
_TYPES = {"single": "select_one", "multi": "select_multiple", "rank": "rank", "region": "text", "meta": "hidden"}
_WIDTHS = {"type": 24, "name": 18, "relevant": 30, "constraint": 30, "list_name": 16} | {
    f"{part}::{name}": 40 for part in ("label", "hint") for name in LANGUAGE_NAMES.values()
}


@dataclass(frozen=True)
class Asked:
    """When a question is shown: its condition, the ends before it, and the items they speak of."""

    condition: Expression | None
    ends: tuple[Expression, ...]
    items: Mapping[str, Item]

    def xpath(self) -> str:
        """Both as one XPath; empty where the question is always shown."""
        parts = [f"not({to_xpath(end.tree, self.items)})" for end in self.ends]
        if self.condition is not None:
            own = to_xpath(self.condition.tree, self.items)
            parts.insert(0, f"({own})" if parts and (" or " in own or " and " in own) else own)
        return " and ".join(parts)


def to_xlsform(instrument: Instrument, path: str | os.PathLike[str]) -> None:
    """Write an instrument as an XLSForm.

    Parameters
    ----------
    instrument : Instrument
    path : path
        An xlsx file.

    Raises
    ------
    InstrumentError
        E480 for a text that is longer than a spreadsheet cell can hold.
    OutputError
        E131 if the file cannot be written.

    Notes
    -----
    `survey`, `choices` and `settings` are what ODK, KoboToolbox and pyxform read. What an XLSForm has no word for
    stands in columns `evalkit::...` of `survey` and on the sheets `evalkit`, `evalkit_choices` (extra columns on
    `choices` would leak into the form) and `evalkit_scales`. A question that ends the interview hides all that follow.
    """
    from evalkit.sheets import save_workbook

    path = Path(path)
    languages = _written_languages(instrument)
    names = [LANGUAGE_NAMES[lang] for lang in languages]
    writer = LineWriter(path.name)
    survey = [
        "type", "name", *(f"label::{name}" for name in names), *(f"hint::{name}" for name in names), "required",
        "relevant", "constraint", "appearance", *(f"evalkit::{key}" for key in OUR_KEYS),
    ]  # fmt: skip
    writer.sheet("survey", survey, _survey(instrument, languages), _WIDTHS)
    choices = ["list_name", "name", *(f"label::{name}" for name in names)]
    writer.sheet("choices", choices, _choices(instrument, languages), _WIDTHS)
    first = instrument.languages[0]
    settings = {
        "form_title": instrument.title.get(first) or next(iter(instrument.title.values()), instrument.id),
        "form_id": instrument.id,
        "version": instrument.version,
        "default_language": LANGUAGE_NAMES[first],
    }
    writer.sheet("settings", list(settings), [settings], {"form_title": 40})
    ours = {"languages": list(instrument.languages), "title": dict(instrument.title)}
    head = [{"key": key, "value": json.dumps(value, ensure_ascii=False)} for key, value in ours.items()]
    writer.sheet("evalkit", ("key", "value"), head, {"value": 60})
    writer.sheet("evalkit_choices", _OPTION_COLUMNS, _options(instrument), {"list_name": 16, "alias": 40})
    writer.sheet("evalkit_scales", SCALE_COLUMNS, map(_scale, instrument.scales), {"id": 24, "zh": 24, "items": 50})
    save_workbook(writer.workbook(), path)


_OPTION_COLUMNS = ("list_name", "name", "text_code", "alias", "fill", "exclusive", "missing")


def _written_languages(instrument: Instrument) -> list[str]:
    """The declared languages, and another one that has texts nevertheless."""
    spoken: list[Block | Item | Option] = [*instrument.blocks, *instrument.items]
    spoken += [option for options in instrument.choices.values() for option in options]
    more = [lang for lang in LANGUAGES if any(getattr(one, lang) or _hint(one).get(lang) for one in spoken)]
    return list(dict.fromkeys([*instrument.languages, *more]))


def _hint(one: Block | Item | Option) -> Mapping[str, str]:
    return {} if isinstance(one, Option) else one.hint


def _survey(instrument: Instrument, languages: list[str]) -> Iterator[dict[str, Any]]:
    taken = {block.id for block in instrument.blocks} | {item.id for item in instrument.items}
    items = {item.id: item for item in instrument.items}
    ends: tuple[Expression, ...] = ()
    for block in instrument.blocks:
        if block.type == "matrix":
            shared = shared_condition(block.items)
            yield {
                "type": "begin_group",
                "name": block.id,
                "appearance": "table-list",
                "relevant": Asked(shared, ends, items).xpath(),
                "evalkit::type": "matrix",
                "evalkit::ask_if": str(shared or ""),
                **texts_of(block, languages),
            }
            for item in block.items:
                own = own_condition(item.ask_if, shared)
                yield _question(item, own, Asked(own, (), items).xpath(), languages)
            yield {"type": "end_group"}
        else:
            (item,) = block.items
            yield _question(item, item.ask_if, Asked(item.ask_if, ends, items).xpath(), languages)
        for item in block.items:
            yield from _fill_ins(item, taken, languages)
        ends += tuple(item.end_if for item in block.items if item.end_if is not None)


def _check(item: Item) -> str:
    """The right answer alone; a mapping where the item is compared with another one."""
    if not item.check:
        return ""
    return json.dumps(item.told if tuple(item.check) == ("equals",) else dict(item.check), ensure_ascii=False)


def _question(item: Item, own: Expression | None, relevant: str, languages: list[str]) -> dict[str, Any]:
    kind = _TYPES.get(item.type, item.type)
    ours = {
        "type": item.type,
        "ask_if": str(own or ""),
        "end_if": str(item.end_if or ""),
        "label_zh": item.label.get("zh", ""),
        "label_en": item.label.get("en", ""),
        "role": item.role,
        "measure": item.measure,
        "form": ", ".join(item.form),
        "private": "yes" if item.private else "",
        "reverse": "yes" if item.reverse else "",
        "check": _check(item),
        "min": _number(item.min),
        "max": _number(item.max),
        "unit": item.unit,
        "step": _number(item.step),
        "max_choices": item.max_choices,
        "missing": json.dumps({_number(k): v for k, v in item.missing.items()}) if item.missing else "",
    }
    return {
        "type": f"{kind} {item.choices}" if item.choices else kind,
        "name": item.id,
        "required": "yes" if item.required else "",
        "relevant": relevant,
        "constraint": constraint_of(item),
        **texts_of(item, languages),
        **{f"evalkit::{key}": value for key, value in ours.items()},
    }


def constraint_of(item: Item) -> str:
    """The bounds of a number, the most choices and the options that stand alone, as an XPath over the answer."""
    parts = []
    if item.type in ("integer", "decimal"):
        parts += [f". >= {code_text(item.min)}"] if item.min is not None else []
        parts += [f". <= {code_text(item.max)}"] if item.max is not None else []
        if parts and item.missing:
            return " or ".join([f"({' and '.join(parts)})", *(f". = {code_text(code)}" for code in item.missing)])
    if item.type in ("multi", "rank") and item.max_choices is not None:
        parts.append(f"count-selected(.) <= {item.max_choices}")
    if item.type == "multi":
        alone = [code_text(option.code) for option in item.options if option.exclusive]
        parts += [f"not(selected(., '{code}') and count-selected(.) > 1)" for code in alone]
    return " and ".join(parts)


def _fill_ins(item: Item, taken: set[str], languages: list[str]) -> Iterator[dict[str, Any]]:
    """A text question for each option that wants words beside it, shown where the option is chosen."""
    for option in item.options:
        if not option.fill:
            continue
        code = code_text(option.code)
        name = f"{item.id}_fill_{code.replace('.', '_').replace('-', 'm')}"
        while name in taken:
            name += "x"
        taken.add(name)
        yield {
            "type": "text",
            "name": name,
            "relevant": f"selected(${{{item.id}}}, '{code}')",
            **texts_of(option, languages),
            "evalkit::fill_of": item.id,
        }


def texts_of(one: Block | Item | Option, languages: list[str]) -> dict[str, str]:
    """Wording and hint of a question or option, by column."""
    found = {f"label::{LANGUAGE_NAMES[lang]}": getattr(one, lang) for lang in languages}
    return found | {f"hint::{LANGUAGE_NAMES[lang]}": _hint(one).get(lang, "") for lang in languages}


def _choices(instrument: Instrument, languages: list[str]) -> Iterator[dict[str, Any]]:
    for name, options in instrument.choices.items():
        for option in options:
            yield {"list_name": name, "name": code_text(option.code), **texts_of(option, languages)}


def _options(instrument: Instrument) -> Iterator[dict[str, Any]]:
    for name, options in instrument.choices.items():
        for option in options:
            yield {
                "list_name": name,
                "name": code_text(option.code),
                "text_code": "yes" if isinstance(option.code, str) else "",
                "alias": json.dumps(option.alias, ensure_ascii=False) if option.alias else "",
                "fill": "yes" if option.fill else "",
                "exclusive": "yes" if option.exclusive else "",
                "missing": option.missing,
            }


def _scale(scale: Scale) -> dict[str, Any]:
    plain = {column: getattr(scale, column) for column in SCALE_COLUMNS}
    return {
        k: ", ".join(v) if isinstance(v, tuple) else _number(v) if k == "min_valid" else v for k, v in plain.items()
    }


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and value == int(value) else value
