"""Several waves in one data set: a wave column, versions of the instrument, people who answer again."""

from __future__ import annotations

import pytest
from messy import AGREE, HEADER, INSTRUMENT, write

from evalkit.contract import InstrumentError, UsageError, codebook_of
from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.instrument import parse_instrument
from evalkit.quality import flag, respondent_checks
from evalkit.scoring import score

NAMES = ("rid", "used", "v1", "v2", "v3", "age")
HEADS = [HEADER[name] for name in NAMES]
OLD = parse_instrument(INSTRUMENT, "desk.toml")


def row(rid, v1=3, age=40):
    return [rid, "是", AGREE[v1 - 1], AGREE[2], AGREE[3], age]


@pytest.fixture
def files(tmp_path):
    write(tmp_path / "2025.xlsx", [HEADS, row("a"), row("b", 2)])
    write(tmp_path / "2026.xlsx", [HEADS, row("a", 5, 41), row("c")])
    return {"2025": tmp_path / "2025.xlsx", "2026": tmp_path / "2026.xlsx"}


def version(text, old, new):
    assert text.count(old) == 1
    return parse_instrument(text.replace(old, new).replace('version = "1"', 'version = "2"'), "new.toml")


def test_a_labelled_wave_beside_the_file(files):
    found = read_responses(files, OLD)
    frame = found.frame
    assert frame["wave"].tolist() == ["2025", "2025", "2026", "2026"]
    assert frame["source_file"].tolist() == ["2025.xlsx"] * 2 + ["2026.xlsx"] * 2
    variable = codebook_of(frame).variables["wave"]
    assert (variable.kind, variable.zh, variable.en) == ("nominal", "调查轮次", "Wave")
    assert [c.code for c in variable.categories] == ["2025", "2026"]
    assert found.where(3, "age").file == "2026.xlsx"


def test_who_answers_again_is_no_double(files):
    found = read_responses(files, OLD)
    assert "W232" not in [p.code for p in found.problems]
    assert flag(score(found))["duplicate_id"].tolist() == [0, 0, 0, 0]
    told = respondent_checks(score(found)).tidy()
    assert told.loc[told["term"] == "duplicate_id", "count"].tolist() == [0]


def test_twice_in_one_wave_is_a_double(files, tmp_path):
    write(tmp_path / "more.xlsx", [HEADS, row("c", 1)])
    found = read_responses({"2025": files["2025"], "2026": [files["2026"], tmp_path / "more.xlsx"]}, OLD)
    assert [p.params["id"] for p in found.problems if p.code == "W232"] == ["c"]
    assert flag(score(found))["duplicate_id"].tolist() == [0, 0, 0, 0, 1]


def test_running_numbers_name_their_wave(tmp_path):
    heads = ["序号", *HEADS[1:]]
    for name in ("one", "two", "three"):
        write(tmp_path / f"{name}.xlsx", [heads, row(1), row(2)])
    waves = {2025: tmp_path / "one.xlsx", 2026: [tmp_path / "two.xlsx", tmp_path / "three.xlsx"]}
    ids = read_responses(waves, OLD).frame["respondent_id"].tolist()
    assert ids == ["2025-1", "2025-2", "2026-1-1", "2026-1-2", "2026-2-1", "2026-2-2"]


class TestVersions:
    def test_questions_of_one_version_only_are_not_in_the_others_files(self, files, tmp_path):
        new = version(
            INSTRUMENT,
            '{id = "v3", zh = "地点方便", en = "The place is convenient"},',
            '{id = "v4", zh = "环境整洁", en = "It is tidy"},',
        )
        write(tmp_path / "2026.xlsx", [[*HEADS[:4], "环境整洁", HEADS[5]], row("a")])
        found = read_responses(files, {"2025": OLD, "2026": new})
        assert found.missing["v3"].tolist() == [0, 0, 7]
        assert found.missing["v4"].tolist() == [7, 7, 0]
        assert found.source["instrument"].tolist() == ["desk-test@1"] * 2 + ["desk-test@2"]
        assert found.codebook.decoded_by == "desk-test@1 + desk-test@2"
        assert found.instrument.block_of("v3").id == "view"

    def test_another_wording_is_told_and_joined_by_code(self, files):
        new = version(
            INSTRUMENT,
            '{code = 3, zh = "一般", en = "Neither", alias = ["不确定"]}',
            '{code = 3, zh = "说不准", en = "Hard to say"}',
        )
        write(files["2026"], [HEADS, ["a", "是", *["说不准"] * 3, 30]])
        found = read_responses(files, {"2025": OLD, "2026": new})
        assert {p.params["item"] for p in found.problems if p.code == "W361"} == {"v1", "v2", "v3"}
        assert found.frame["v1"].tolist() == [3, 2, 3]
        assert all("{" not in say(p, lang) for p in found.problems for lang in ("zh", "en"))

    def test_new_options_are_added(self, files):
        last = '{code = 5, zh = "非常同意", en = "Strongly agree"},'
        new = version(INSTRUMENT, last, last + '{code = 6, zh = "不清楚", en = "Do not know", missing = "dont_know"},')
        found = read_responses(files, {"2025": new, "2026": OLD})
        assert [c.code for c in codebook_of(found.frame).variables["v1"].categories] == [1, 2, 3, 4, 5, 6]
        assert not [p for p in found.problems if p.code in ("E360", "W361")]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('[{code = 1, zh = "是", en = "Yes", alias = ["√"]}, {code = 0, zh = "否", en = "No"}]',
             '[{code = 0, zh = "是", en = "Yes"}, {code = 1, zh = "否", en = "No"}]'),
            ('id = "age"\ntype = "integer"\nmin = 16\nmax = 100', 'id = "age"\ntype = "text"'),
        ],
    )  # fmt: skip
    def test_one_id_for_two_questions_is_an_error(self, files, old, new):
        with pytest.raises(InstrumentError) as fault:
            read_responses(files, {"2025": OLD, "2026": version(INSTRUMENT, old, new)})
        assert {p.code for p in fault.value.problems} == {"E360"}


def test_without_an_instrument_the_first_wave_drafts_it(files):
    found = read_responses(files)
    assert len(found.frame) == 4
    assert found.frame["wave"].nunique() == 2


@pytest.mark.parametrize(
    ("waves", "instrument", "code"),
    [({}, OLD, "E301"), ({"2025": []}, OLD, "E301"), (None, {"2025": OLD}, "E362"), ("2025", {"2025": OLD}, "E363")],
)
def test_wrong_calls(waves, instrument, code, files):
    path = files if waves is None else files[waves] if isinstance(waves, str) else waves
    with pytest.raises(UsageError) as fault:
        read_responses(path, instrument)
    assert [p.code for p in fault.value.problems] == [code]
