"""An instrument in, its codebook out as tables for print: items, option codes, scoring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from evalkit.contract import Cell, Head, Label, Row, Table
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.instrument import Instrument, Item, Scale
from evalkit.instrument.condition_words import ConditionWords
from evalkit.report.docx_xml import has_chinese


def codebook_tables(instrument: Instrument) -> tuple[Table, ...]:
    """The codebook.

    Returns
    -------
    tuple of Table
        Items (wording, codes, routing, scale, reverse), then, where there are any, the option lists with their
        codes and missing kinds, and the scales with their scoring. Texts are in both languages; the writer chooses.
    """
    title = Label(zh=_title(instrument, "zh"), en=_title(instrument, "en"))
    heads = ("id", "wording", "codes", "routing", "scale", "reverse")
    tables = [_table("items", Label("codebook.items", title=title), heads, _items(instrument))]
    if instrument.choices:
        heads = ("list", "code", "wording", "missing")
        tables.append(_table("lists", Label("codebook.lists"), heads, _lists(instrument)))
    if instrument.scales:
        heads = ("id", "name", "parts", "score", "valid")
        tables.append(_table("scales", Label("codebook.scales"), heads, _scales(instrument)))
    return tuple(tables)


def _title(instrument: Instrument, lang: str) -> str:
    return instrument.title.get(lang) or next(iter(instrument.title.values()), instrument.id)


def _table(id: str, title: Label, heads: tuple[str, ...], rows: Iterator[tuple[Label | str, ...]]) -> Table:
    header = tuple(Head(Label(f"codebook.{head}")) for head in heads)
    body = tuple(Row(tuple(Cell(value, "text") for value in row)) for row in rows)
    return Table(f"codebook_{id}", f"codebook_{id}", title, (header,), body)


def _both(said: Callable[[str], str]) -> Label:
    zh, en = (said(lang) for lang in LANGUAGES)
    return Label(zh=zh, en=en)


def _items(instrument: Instrument) -> Iterator[tuple[Label | str, ...]]:
    words = {lang: ConditionWords(instrument, lang, lambda item: item.id) for lang in LANGUAGES}
    of_scale = {item.id: [scale for scale in instrument.scales if item.id in scale.items] for item in instrument.items}
    for item in instrument.items:
        yield (
            item.id,
            _both(item.text),
            _both(partial(_codes, item)),
            _both(partial(_routing, item, words)),
            _both(partial(_named, of_scale[item.id])),
            Label("codebook.yes") if item.reverse else "",
        )


def _routing(item: Item, words: Mapping[str, ConditionWords], lang: str) -> str:
    return words[lang].say(item.ask_if.tree) if item.ask_if else ""


def _named(scales: Sequence[Scale], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(scale.text(lang) for scale in scales)


def _codes(item: Item, lang: str) -> str:
    """The name of the option list; of a number its bounds, unit and the values that mean a missing answer."""
    if item.choices:
        return item.choices
    low, high = ("" if end is None else f"{end:g}" for end in (item.min, item.max))
    unit = unit_of(item, lang)
    said = [f"{low}–{high} {unit}".strip()] if low or high else [unit] if unit else []
    said += [f"{code:g} = {text_of(f'kind.{kind}', lang)}" for code, kind in item.missing.items()]
    return ("；" if lang == "zh" else "; ").join(said)


def unit_of(item: Item, lang: str) -> str:
    """The unit of a number, where the reader's language has its signs: an instrument names one unit only."""
    return item.unit if lang == "zh" or not has_chinese(item.unit) else ""


def _lists(instrument: Instrument) -> Iterator[tuple[Label | str, ...]]:
    for name, options in instrument.choices.items():
        for i, option in enumerate(options):
            kind = option.missing
            yield name if i == 0 else "", str(option.code), _both(option.text), Label(f"kind.{kind}") if kind else ""


def _scales(instrument: Instrument) -> Iterator[tuple[Label | str, ...]]:
    for scale in instrument.scales:
        parts = [f"{id} (R)" if instrument.item(id).reverse else id for id in scale.items]
        parts += [f"−{id}" if id in scale.reverse_parts else id for id in scale.parts]
        valid = "" if scale.min_valid is None else f"{scale.min_valid:g}"
        yield scale.id, _both(scale.text), ", ".join(parts), Label(f"instrument.score.{scale.score}"), valid
