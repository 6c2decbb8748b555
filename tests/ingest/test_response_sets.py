"""Multiple-response sets of SPSS files: of dichotomies and of named choices, drafted and held against an instrument."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from evalkit.ingest import read_responses
from evalkit.ingest.draft import draft
from evalkit.instrument import parse_instrument


def with_sets(path: Path, text: str) -> None:
    """Add definitions of multiple-response sets to a file, as SPSS stores them."""
    content, body = path.read_bytes(), text.encode()
    record = b"".join(n.to_bytes(4, "little") for n in (7, 7, 1, len(body))) + body
    end = content.index((999).to_bytes(4, "little") + bytes(4))
    path.write_bytes(content[:end] + record + content[end:])


@pytest.mark.parametrize("counted", [1, 2])
def test_a_set_of_dichotomies_is_one_multiple_response(tmp_path, counted):
    path = tmp_path / "a.sav"
    other = {1: 0.0, 2: 1.0}[counted]
    yes = float(counted)
    data = pd.DataFrame(
        {"need__1": [yes, other, np.nan], "need__3": [other, yes, np.nan], "k": [1.0, 2, 3], "b": [yes, np.nan, 99.0]}
    )
    pyreadstat.write_sav(
        data, str(path), column_labels={"need__1": "需要什么：停车", "need__3": "电梯"}, missing_ranges={"b": [99]},
        variable_value_labels={"b": {99.0: "拒答"}},
    )  # fmt: skip
    label = "需要什么"
    size = len(label.encode())
    with_sets(path, f"$need=D1 {counted} {size} {label} NEED__1 need__3\n$one=D1 {counted} 0  b\n")
    found = read_responses(path)
    need = found.instrument.item("need")
    assert need.type == "multi" and need.zh == label
    assert [(o.code, o.zh) for o in need.options] == [(1, "停车"), (3, "电梯")]
    assert found.frame["need__1"].tolist()[:2] == [1, 0] and found.frame["need__3"].tolist()[:2] == [0, 1]
    assert found.frame["need__1"].isna().tolist() == [False, False, True]
    assert found.frame["one__1"].tolist()[0] == 1 and found.missing["one__1"].tolist() == [0, 2, 5]
    assert found.frame["k"].tolist() == [1, 2, 3] and "need" in draft(path).instrument_text


CHOICES = """format = "evalkit-instrument/1"
id = "needs"
version = "1"
languages = ["zh"]
title = {zh = "需要"}

[choices]
need = [{code = 1, zh = "停车"}, {code = 2, zh = "电梯"}, {code = 3, zh = "绿化"}, {code = 9, zh = "都不要"}]

[[items]]
id = "need"
type = "multi"
choices = "need"
zh = "您需要什么"

[[items]]
id = "age"
type = "integer"
zh = "年龄"
"""
FIRST, SECOND = [1.0, 2.0, np.nan, 8.0, 7.0, 9.0], [2.0, np.nan, np.nan, np.nan, 1.0, np.nan]
EXPECTED = {
    "need__1": [1, 0, np.nan, np.nan, 1, 0],
    "need__2": [1, 1, np.nan, np.nan, np.nan, 0],
    "need__3": [0, 0, np.nan, np.nan, np.nan, 0],
    "need__9": [0, 0, np.nan, np.nan, np.nan, 1],
}


def named_choices(path: Path, set_name: str, label: str, numbers: dict[float, str], names: tuple[str, str]) -> Path:
    """Two variables that each name a choice: 8 is declared missing (refused), 7 has no label."""
    data = pd.DataFrame({names[0]: FIRST, names[1]: SECOND, "age": [30.0, 31, 32, 33, 34, 35]})
    declared = {name: numbers | {8.0: "拒答"} for name in names}
    pyreadstat.write_sav(
        data, str(path), variable_value_labels=declared, missing_ranges={name: [8] for name in names},
        column_labels={names[0]: "第一项", names[1]: "第二项"},
    )  # fmt: skip
    with_sets(path, f"${set_name}=C {len(label.encode())} {label} {names[0].upper()} {names[1]}\n")
    return path


NUMBERS = {1.0: "停车", 2.0: "电梯", 3.0: "绿化", 9.0: "都不要"}


@pytest.mark.parametrize(
    ("set_name", "label", "numbers"),
    [("need", "别的说法", NUMBERS), ("x", "您需要什么", NUMBERS)],
    ids=["by-id", "by-wording"],
)
def test_a_set_of_named_choices_is_the_instruments_multiple_response(tmp_path, set_name, label, numbers):
    path = named_choices(tmp_path / "a.sav", set_name, label, numbers, ("v1", "v2"))
    found = read_responses(path, parse_instrument(CHOICES, "needs.toml"))
    assert list(found.frame) == [*EXPECTED, "age"]
    for name, values in EXPECTED.items():
        assert np.array_equal(found.frame[name], values, equal_nan=True), name
    assert found.missing["need__2"].tolist() == [0, 0, 2, 5, 6, 0] and found.missing["need__1"].tolist()[4] == 0
    assert [(p.code, p.at.cell) for p in found.problems if p.severity != "note"] == [("E220", "A6")]
    assert found.columns["fate"].tolist() == ["mapped"] * 3 and found.columns["target"].tolist()[:2] == ["need"] * 2
    assert found.where(1, "need__2").cell == "A2"


def test_labels_of_named_choices_win_over_numbers_of_their_own(tmp_path):
    own = {1.0: "电梯", 2.0: "停车", 3.0: "绿化", 9.0: "都不要"}
    path = named_choices(tmp_path / "a.sav", "need", "", own, ("v1", "v2"))
    found = read_responses(path, parse_instrument(CHOICES, "needs.toml"))
    assert found.frame["need__1"].tolist()[:2] == [1, 1] and found.frame["need__2"].tolist()[:2] == [1, 0]
    assert "N321" in {p.code for p in found.problems}


def test_a_set_of_named_choices_is_drafted_as_one_multiple_response(tmp_path):
    path = named_choices(tmp_path / "a.sav", "need", "您需要什么", NUMBERS, ("v1", "v2"))
    found = read_responses(path)
    need = found.instrument.item("need")
    assert need.type == "multi" and need.zh == "您需要什么"
    assert [(o.code, o.zh) for o in need.options] == [
        (1, "停车"), (2, "电梯"), (3, "绿化"), (7, "7"), (9, "都不要"),
    ]  # fmt: skip
    expected = EXPECTED | {"need__2": [1, 1, np.nan, np.nan, 0, 0], "need__7": [0, 0, np.nan, np.nan, 1, 0]}
    for name in ("need__1", "need__2", "need__7"):
        assert np.array_equal(found.frame[name], expected[name], equal_nan=True), name
    drafted = draft(path)
    again = read_responses(path, parse_instrument(drafted.instrument_text, "a.toml"))
    pd.testing.assert_frame_equal(again.frame, found.frame)


@pytest.mark.parametrize(
    ("set_name", "label", "names", "labels"),
    [
        ("need", "", ("need_1", "need_3"), ("", "")),
        ("x", "您需要什么", ("a", "b"), ("停车", "绿化")),
        ("x", "您需要什么", ("a", "b"), ("您需要什么：停车", "您需要什么：绿化")),
        ("need", "", ("NEED__1", "need__3"), ("", "")),
    ],
    ids=["by-number", "by-option", "by-question-and-option", "by-id"],
)
def test_a_set_of_dichotomies_is_the_instruments_multiple_response(tmp_path, set_name, label, names, labels):
    path = tmp_path / "a.sav"
    data = pd.DataFrame({names[0]: [2.0, 1, np.nan], names[1]: [1.0, 2, np.nan], "age": [30.0, 31, 32]})
    pyreadstat.write_sav(data, str(path), column_labels=dict(zip(names, labels, strict=True)))
    with_sets(path, f"${set_name}=D1 2 {len(label.encode())} {label} {names[0]} {names[1]}\n")
    found = read_responses(path, parse_instrument(CHOICES, "needs.toml"))
    assert found.frame["need__1"].tolist()[:2] == [1, 0] and found.frame["need__3"].tolist()[:2] == [0, 1]
    assert found.missing["need__1"].tolist() == [0, 0, 2] and set(found.missing["need__2"]) == {7}
    assert found.columns["fate"].tolist() == ["mapped"] * 3


def test_variables_the_instrument_has_by_name_are_no_set(tmp_path):
    path = named_choices(tmp_path / "a.sav", "need", "您需要什么", NUMBERS, ("need1", "need2"))
    single = CHOICES.replace('id = "need"\ntype = "multi"', 'id = "need1"\ntype = "single"')
    found = read_responses(path, parse_instrument(single, "needs.toml"))
    assert found.frame["need1"].tolist()[:2] == [1, 2]
    assert found.columns.set_index("header")["fate"].to_dict() == {
        "need1": "mapped",
        "need2": "unmapped",
        "age": "mapped",
    }
