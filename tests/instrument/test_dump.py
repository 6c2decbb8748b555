"""Writing an instrument down and reading it back gives the same instrument, whatever it holds."""

from __future__ import annotations

import tomllib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_instruments import instruments

from evalkit.contract.problems import InstrumentError
from evalkit.instrument import dump_toml, load_instrument, parse_instrument, shipped


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(instruments())
def test_a_dump_reads_back_equal(instrument):
    found = parse_instrument(dump_toml(instrument))
    assert found == instrument
    assert dump_toml(found) == dump_toml(instrument)


def test_comments_stand_above_what_they_speak_of():
    inst = load_instrument("j-community-renovation")
    notes = {
        "": "head\nsecond",
        "A5": "list",
        "j_age": "age",
        "J_PG": "matrix",
        "J_PG2": "row",
        "political_guidance": "scale",
    }
    text = dump_toml(inst, comments=notes)
    lines = text.splitlines()
    assert lines[:3] == ["# head", "# second", 'format = "evalkit-instrument/1"']
    for note, following in (("list", "A5 = ["), ("age", "[[items]]"), ("matrix", "[[items]]"), ("scale", "[[scales]]")):
        assert lines[lines.index(f"# {note}") + 1] == following
    assert lines[lines.index("  # row") + 1].startswith('  {id = "J_PG2"')
    assert parse_instrument(text) == inst


def test_a_condition_all_rows_share_stands_at_the_matrix_once():
    text = dump_toml(load_instrument("elevator-coproduction"))
    matrices = {raw["id"]: raw for raw in tomllib.loads(text)["items"] if raw["type"] == "matrix"}
    assert matrices["E_CB"]["ask_if"] == "e_screen == 1"
    assert [row.get("ask_if") for row in matrices["E_CB"]["rows"]] == [None] * 3 + [
        "e_stage in (4, 5) or not answered(e_stage)"
    ]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(st.sampled_from(shipped()), st.data())
def test_a_damaged_file_is_read_or_refused_with_its_faults(id, data):
    lines = dump_toml(load_instrument(id)).splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["drop", "swap", "cut", "twice", "quote", "number"]))
        line = lines[at]
        lines[at] = {
            "drop": "",
            "swap": lines[at - 1],
            "cut": line[: len(line) // 2],
            "twice": f"{line}\n{line}",
            "quote": line.replace('"', "", 1),
            "number": line.split("=")[0] + "= 3",
        }[kind]
    try:
        assert parse_instrument("\n".join(lines)).id
    except InstrumentError as error:
        assert all(problem.at is not None and problem.at.line >= 1 for problem in error.problems)
        assert str(error)
