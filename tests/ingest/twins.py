"""Invented answers to the village questionnaire, and what a reader must make of them: one twin for every export."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from evalkit.ingest import Responses
from evalkit.instrument import Instrument, Item

FILLS = ("长椅", "旧衣回收", "A lift for bikes")


def invented(instrument: Instrument, seed: int, n: int = 12) -> list[dict[str, Any]]:
    """Answers by item id: code, set of codes, tuple of codes in order, number, ISO date or text; None = blank.

    `need_text` is what was written beside 其他.
    """
    luck = random.Random(seed)
    return [_one(instrument, luck) for _ in range(n)]


def _one(instrument: Instrument, luck: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in instrument.items:
        found[item.id] = None if luck.random() < 0.15 else _answer(item, luck)
    if found["used"] != 1:
        found["v1"] = found["v2"] = None
    chosen = found["need"] or set()
    found["need_text"] = luck.choice([*FILLS, None]) if 9 in chosen else None
    return found


def _answer(item: Item, luck: random.Random) -> Any:
    codes = [option.code for option in item.options]
    if item.type == "single":
        return luck.choice(codes)
    if item.type == "multi":
        return {0} if luck.random() < 0.2 else set(luck.sample([c for c in codes if c != 0], luck.randint(1, 3)))
    if item.type == "rank":
        return tuple(luck.sample(codes, len(codes)))
    if item.type == "integer":
        return luck.randint(16, 100)
    if item.type == "date":
        return f"20{luck.randint(10, 25)}-{luck.randint(1, 12):02}-{luck.randint(1, 28):02}"
    return {"phone": f"138{luck.randint(10**7, 10**8 - 1)}"}.get(item.id) or luck.choice(
        ["加油", "多办活动", "A.B. 很好"]
    )


def same(found: Responses, answers: Sequence[dict[str, Any]], *, without: Sequence[str] = ()) -> None:
    """Every answer stands where it belongs, and what is missing has its kind."""
    frame = found.frame
    assert len(frame) == len(answers)
    for item in found.instrument.items:
        if item.id in without:
            continue
        for row, one in zip(frame.index, answers, strict=True):
            _same_answer(found, item, row, one)


def _same_answer(found: Responses, item: Item, row: object, one: dict[str, Any]) -> None:
    value, where = one[item.id], (item.id, row, one[item.id])
    if item.type in ("multi", "rank"):
        columns = {option.code: f"{item.id}__{option.code}" for option in item.options}
        got = {code: found.frame.loc[row, column] for code, column in columns.items()}
        if value is None:
            assert np.isnan(list(got.values())).all(), where
        elif item.type == "multi":
            assert got == {code: float(code in value) for code in columns}, where
        else:
            assert got == {code: value.index(code) + 1 for code in columns}, where
        if item.id == "need" and "need__9__text" in found.frame:
            text = found.frame.loc[row, "need__9__text"]
            assert (text == one["need_text"]) if one["need_text"] else text != text, where
        return
    table = found.private if item.private else found.frame
    got = table.loc[row, item.id]
    options = {option.code: option for option in item.options}
    if value is None:
        assert got != got, where
        if item.id in found.missing:
            asked = not (item.id in ("v1", "v2") and one["used"] == 0)
            assert found.missing.loc[row, item.id] in ((2,) if asked else (1,)) or one["used"] is None, where
    elif options and options[value].missing:
        assert got != got and found.missing.loc[row, item.id] == 3, where
    elif item.type == "date":
        assert str(got)[:10] == value, where
    else:
        assert got == value, where


def wording(item: Item, code: object, lang: str = "zh") -> str:
    """An option's text."""
    return next(option.text(lang) for option in item.options if option.code == code)
