"""An instrument in, the Codebook's variables of the frame's columns out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from evalkit.contract import Category, Variable
from evalkit.contract.words import text_of
from evalkit.ingest.targets import code_text, fill_column, item_columns, option_column

if TYPE_CHECKING:
    from evalkit.instrument import Block, Instrument, Item, Option

META_KINDS = {
    "respondent_id": "id",
    "sequence": "id",
    "submitted_at": "date",
    "started_at": "date",
    "duration_s": "number",
    "channel": "nominal",
    "total_score": "number",
    "language": "nominal",
    "user_type": "nominal",
    "device": "nominal",
    "country": "nominal",
    "province": "nominal",
    "city": "nominal",
    "uuid": "id",
    "form_version": "nominal",
    "release": "nominal",
    "release_name": "nominal",
    "system": "nominal",
    "browser": "nominal",
    "screen": "nominal",
    "finished": "nominal",
    "recorded_at": "date",
    "status": "nominal",
    "progress": "number",
    "invalid_probability": "number",
    "reward_amount": "number",
    "rewarded_at": "date",
    "community_id": "nominal",
    "wave": "nominal",
    "source_file": "nominal",
    "source_sheet": "nominal",
    "source_row": "number",
}
"""Columns of the frame that no item asked for, and their kinds."""


def variables_of(instrument: Instrument, names: Iterable[str]) -> list[Variable]:
    """Descriptions of frame columns.

    Parameters
    ----------
    names : iterable of str
        Columns of the frame; what the instrument does not know is left out.

    Returns
    -------
    list of Variable
        In the order of the questionnaire, meta columns first. A multiple response or ranking also has an entry of
        its own name, which is no column: it holds the question's wording.
    """
    wanted = set(names)
    scale_items = {item for scale in instrument.scales for item in instrument.scale_items(scale.id)}
    found = [_meta(name, kind) for name, kind in META_KINDS.items() if name in wanted]
    for block in instrument.blocks:
        for item in block.items:
            own = list(_variables(item, block, item.id in scale_items))
            if any(variable.name in wanted for variable in own):
                found += [variable for variable in own if variable.name in wanted or variable.name == item.id]
    return found


def kind_of(item: Item, in_scale: bool) -> str:
    """The Codebook kind of an item that has one column."""
    if item.type == "single":
        scaled = item.is_numeric and item.measure is None and (in_scale or item.matrix is not None)
        return "item" if scaled or (in_scale and item.is_numeric) else item.measure or "nominal"
    if item.type in ("integer", "decimal", "time"):
        return "item" if in_scale else "number"
    return {"date": "date", "meta": "id"}.get(item.type, "text")


def _variables(item: Item, block: Block, in_scale: bool) -> Iterator[Variable]:
    zh, en = item.name("zh"), item.name("en")
    categories = tuple(_category(option) for option in item.options)
    if item.type in ("multi", "rank"):
        yield Variable(item.id, "nominal", zh, en, categories, block=block.id, role=item.role)
        for option in item.options:
            if option.missing is None:
                yield _of_option(item, option, block)
    elif item_columns(item) != [item.id]:
        for k, name in enumerate(item_columns(item), 1):
            yield Variable(name, "text", f"{zh}—{k}", f"{en} ({k})", item=item.id, block=block.id, role=item.role)
    elif item.type != "note":
        check, pair = item.told, item.check or {}
        yield Variable(
            item.id,
            kind_of(item, in_scale),
            zh,
            en,
            categories,
            low=item.low,
            high=item.high,
            unit=item.unit or ("s" if item.type == "time" else ""),
            item=item.id,
            block=block.id,
            role=item.role,
            check=float(check) if isinstance(check, (int, float)) else None,
            same_as=pair.get("same_as"),
            opposite_of=pair.get("opposite_of"),
            ask_if=_condition(item),
        )
    for option in item.options:
        name = fill_column(item.id, option.code)
        yield Variable(name, "text", option.text("zh"), option.text("en"), item=item.id, block=block.id)


def _of_option(item: Item, option: Option, block: Block) -> Variable:
    kind, high = ("option", 1.0) if item.type == "multi" else ("number", float(len(item.codes)))
    return Variable(
        option_column(item.id, option.code),
        kind,
        option.text("zh") or code_text(option.code),
        option.text("en") or code_text(option.code),
        low=0.0 if kind == "option" else 1.0,
        high=high,
        item=item.id,
        block=block.id,
        role=item.role,
        exclusive=option.exclusive,
        ask_if=_condition(item),
    )


def _condition(item: Item) -> str:
    return "" if item.ask_if is None else str(item.ask_if)


def _category(option: Option) -> Category:
    code = option.code if isinstance(option.code, str) else float(option.code)
    return Category(code, option.text("zh"), option.text("en"), option.missing)


def _meta(name: str, kind: str) -> Variable:
    role = "respondent_id" if name == "respondent_id" else "paradata"
    key = f"ingest.{name}"
    return Variable(
        name, kind, text_of(key, "zh"), text_of(key, "en"), unit="s" if name == "duration_s" else "", role=role
    )
