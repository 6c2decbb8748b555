"""The collection desk: what came, what did not, whose it is, and one data set with every discrepancy listed."""

from __future__ import annotations

import pandas as pd
import pytest
from messy import HEADER, INSTRUMENT, ROWS, id_of, messy, name_of, write

from evalkit.contract import InputError, UsageError
from evalkit.contract.words import say
from evalkit.ingest.desk import Collection, Member, Roster, collect, read_roster
from evalkit.ingest.desk.names import named_in, version_marks
from evalkit.instrument import parse_instrument


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return messy(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def desk(made) -> Collection:
    return collect(made.folder, made.instrument, roster=made.roster)


class TestThirtyCommunities:
    def test_the_list_is_what_was_planted_no_more_no_less(self, made, desk):
        listed = {(p.code, p.at.file, p.at.cell) for p in desk.problems}
        assert listed == made.planted

    def test_every_finding_can_be_said(self, desk):
        for problem in desk.problems:
            for lang in ("zh", "en"):
                assert "{" not in say(problem, lang)

    def test_states_counts_and_quotas(self, made, desk):
        states = {r.member.id: r.state for r in desk.receipts}
        assert {id for id, state in states.items() if state == "missing"} == {id_of(5)}
        assert {id for id, state in states.items() if state == "unreadable"} == {id_of(k) for k in (6, 7, 8)}
        assert {r.member.id: r.n for r in desk.receipts} == made.n
        assert [r.member.id for r in desk.receipts if r.resubmitted] == [id_of(9)]
        against = {r.member.id: r.against for r in desk.receipts}
        assert against[id_of(1)] == "met"
        assert against[id_of(9)] == "over"
        assert against[id_of(19)] == "below"
        assert {r.member.id: r.cells for r in desk.receipts if r.cells}[id_of(15)] == 3

    def test_every_answer_arrives_once_under_its_community(self, made, desk):
        frame = desk.responses.frame
        found = {}
        for row in frame.index:
            key = (frame.loc[row, "community_id"], frame.loc[row, "respondent_id"])
            found.setdefault(key, []).append(row)
        expected = dict(made.answers)
        twice = (id_of(9), f"{id_of(9)}-003")
        assert len(found.pop(twice)) == 2  # the two versions differ: none is preferred
        expected.pop(twice)
        lost = {key: rows for key, rows in found.items() if key[0] != key[0]}
        assert len(lost) == 2  # the misspelt rows: loaded, without a community
        named = {key: rows for key, rows in found.items() if key not in lost}
        assert all(len(rows) == 1 for rows in found.values())
        assert set(named) == {key for key in expected if key[1] not in {k[1] for k in lost}}
        for key, (row,) in named.items():
            for name in ("used", "v1", "v2", "v3", "age", "remark"):
                value, given = frame.loc[row, name], expected[key][name]
                assert (value != value and given is None) or value == given, (key, name)

    def test_spellings_are_unified(self, desk):
        frame = desk.responses.frame
        for k in (12, 20):
            assert set(frame.loc[frame["community_id"] == id_of(k), "village"]) == {name_of(k)}
        unknown = frame.loc[frame["community_id"].isna(), "village"]
        assert set(unknown) == {"幸复社区"}

    def test_rows_in_are_rows_loaded_and_rejected(self, desk):
        counts = desk.responses.counts()
        assert counts["rows_in"] == counts["loaded"] + counts["rejected"]
        assert (desk.responses.rejected["reason"] == "repeated").sum() == ROWS - 1

    def test_the_table_has_a_row_a_community_and_a_total(self, desk):
        table = desk.table()
        assert len(table.rows) == 31
        assert {len(row.cells) for row in table.rows} == {table.n_columns}
        assert table.rows[-1].cells[4].value == sum(r.n for r in desk.receipts)
        for lang in ("zh", "en"):
            assert all(note.text(lang) for note in table.notes)

    def test_addresses_lead_back_to_the_files(self, desk):
        frame = desk.responses.frame
        row = frame.index[(frame["respondent_id"] == f"{id_of(17)}-004").to_numpy()][0]
        at = desk.responses.where(row, "age")
        assert (at.file, at.sheet, at.cell) == (f"南片/{name_of(17)}.xlsx", "居民", "G7")


class TestNames:
    ROSTER = Roster(
        "r.xlsx",
        (
            Member("1", "幸福社区", ("幸福居委会",)),
            Member("2", "新幸福社区"),
            Member("C3", "West Side"),
            Member("09", "和平社区"),
        ),
    )

    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("幸福社区", ["1"]),
            ("幸福社区居民问卷汇总表", ["1"]),
            ("2026-09 幸福居委会（终稿）", ["1"]),
            ("新幸福社区_v2", ["2"]),
            ("最幸福社区", []),
            ("幸福社区和和平社区", []),
            ("幸福社区、和平社区", ["1", "09"]),
            ("west side final", ["C3"]),
            ("c3-数据", ["C3"]),
            ("09_问卷", ["09"]),
            ("问卷 2026-09", []),
            ("１ 份", ["1"]),
        ],
    )
    def test_a_name_counts_only_whole(self, text, ids):
        assert sorted(m.id for m in named_in(text, self.ROSTER).members) == sorted(ids)

    @pytest.mark.parametrize(
        ("text", "unknown"),
        [
            ("幸富社区", ("幸富社区",)),
            ("光明社区问卷", ("光明社区",)),
            ("Sheet1", ()),
            ("居民", ()),
            ("2026", ()),
            ("West Sied", ("West",)),
        ],
    )
    def test_words_like_a_name_are_told(self, text, unknown):
        assert named_in(text, self.ROSTER).unknown == unknown

    def test_marks_of_a_version(self):
        assert version_marks("幸福社区_v2") == "v2"
        assert version_marks("幸福社区(2)修改 2026-09-03") == "(2) 修改 2026-09-03"
        assert version_marks("幸福社区") == ""


class TestRoster:
    def test_english_headings_below_a_title(self, tmp_path):
        rows = [
            ["Roster"],
            [],
            ["Community ID", "Name", "Aliases", "Quota", "File"],
            [7, "West", "W;Western/Far West", 30, "west*"],
        ]
        write(tmp_path / "r.xlsx", rows)
        (member,) = read_roster(tmp_path / "r.xlsx").members
        assert (member.id, member.name, member.aliases) == ("7", "West", ("W", "Western", "Far West"))
        assert (member.quota, member.pattern, member.place.cell) == (30, "west*", "A4")

    def test_a_csv_with_names_only(self, tmp_path):
        (tmp_path / "r.csv").write_text("社区,应收\n幸福社区,5份\n和平社区,\n", encoding="gb18030")
        found = read_roster(tmp_path / "r.csv").members
        assert [(m.id, m.quota) for m in found] == [("幸福社区", 5), ("和平社区", None)]

    def test_all_faults_with_their_cells(self, tmp_path):
        rows = [["编号", "名称", "应收"], ["1", "幸福", "六份"], ["", "和平", 3], ["2", "光明", 2.5], ["3", "幸 福", 4]]
        write(tmp_path / "r.xlsx", rows)
        with pytest.raises(InputError) as fault:
            read_roster(tmp_path / "r.xlsx")
        assert [(p.code, p.at.cell) for p in fault.value.problems] == [
            ("E381", "C2"),
            ("E383", "A3"),
            ("E381", "C4"),
            ("E382", "A5"),
        ]

    @pytest.mark.parametrize("rows", [[["电话", "地址"], ["1", "2"]], [["编号", "名称"]]])
    def test_no_headings_or_no_communities(self, tmp_path, rows):
        write(tmp_path / "r.xlsx", rows)
        with pytest.raises(InputError) as fault:
            read_roster(tmp_path / "r.xlsx")
        assert [p.code for p in fault.value.problems] == ["E380"]


HEADS = [HEADER[name] for name in ("rid", "used", "v1", "v2", "v3", "age")]


def line(k: int, *more: object) -> list[object]:
    return [f"x{k}", "是", "一般", "一般", "比较同意", 20 + k, *more]


class TestWhoseItIs:
    @pytest.fixture
    def two(self) -> Roster:
        return Roster("r.xlsx", (Member("A", "幸福社区", quota=2), Member("B", "和平社区", pattern="*终稿*")))

    @pytest.fixture
    def asked(self):
        return parse_instrument(INSTRUMENT, "desk.toml")

    def test_the_roster_names_the_file_that_counts(self, tmp_path, two, asked):
        write(tmp_path / "和平社区.xlsx", [HEADS, line(1)])
        write(tmp_path / "终稿.xlsx", [HEADS, line(2), line(3)])
        found = collect(tmp_path, asked, roster=two)
        assert {one.name: (one.state, one.community) for one in found.files} == {
            "和平社区.xlsx": ("set_aside", "B"),
            "终稿.xlsx": ("read", "B"),
        }
        assert [p.code for p in found.files[0].problems] == ["W396"]
        assert found.receipts[1].n == 2

    def test_the_sheet_or_the_folder_names_it(self, tmp_path, two, asked):
        write(tmp_path / "1.xlsx", [HEADS, line(1)], "幸福社区")
        write(tmp_path / "幸福社区" / "第二批" / "2.xlsx", [HEADS, line(2)])
        found = collect(tmp_path, asked, roster=two)
        assert {one.community for one in found.files} == {"A"}
        assert found.receipts[0].against == "met"

    def test_a_file_nobody_owns_is_loaded_and_listed(self, tmp_path, two, asked):
        write(tmp_path / "汇总.xlsx", [HEADS, line(1)])
        found = collect(tmp_path, asked, roster=two)
        assert [p.code for p in found.files[0].problems if p.code[0] == "W"] == ["W309", "W395"]
        assert found.responses.frame["community_id"].isna().all()
        assert [r.state for r in found.receipts] == ["missing", "missing"]

    def test_a_column_no_question_claims_may_name_it(self, tmp_path, two, asked):
        write(
            tmp_path / "汇总.xlsx",
            [[*HEADS, "社区名称"], line(1, "幸福社区"), line(2, "和平社区"), line(3, "不知道社区")],
        )
        found = collect(tmp_path, asked, roster=two)
        assert found.responses.frame["community_id"].tolist()[:2] == ["A", "B"]
        assert [(p.code, p.at.cell) for p in found.files[0].problems if p.code == "W387"] == [("W387", "G4")]
        assert not found.responses.unmapped

    def test_a_column_headed_community_id_names_it(self, tmp_path, two, asked):
        write(tmp_path / "all.xlsx", [[*HEADS, "community_id"], line(1, "a"), line(2, "B"), line(3, "Z")])
        found = collect(tmp_path, asked, roster=two)
        ids = found.responses.frame["community_id"]
        assert ids.tolist()[:2] == ["A", "B"]
        assert ids.isna().tolist() == [False, False, True]
        assert [p.at.cell for p in found.files[0].problems if p.code == "W387"] == ["G4"]

    def test_two_names_in_one_file_name_are_not_guessed(self, tmp_path, two, asked):
        write(tmp_path / "幸福社区、和平社区.xlsx", [HEADS, line(1)])
        found = collect(tmp_path, asked, roster=two)
        assert "W394" in [p.code for p in found.files[0].problems]
        assert found.files[0].community == ""

    def test_one_file_under_two_communities_is_loaded_twice_and_told(self, tmp_path, two, asked):
        write(tmp_path / "幸福社区.xlsx", [HEADS, line(1)])
        (tmp_path / "和平社区终稿.xlsx").write_bytes((tmp_path / "幸福社区.xlsx").read_bytes())
        found = collect(tmp_path, asked, roster=two)
        assert [p.code for one in found.files for p in one.problems if p.code == "W386"] == ["W386"]
        assert [r.n for r in found.receipts] == [1, 1]

    def test_ids_are_the_communitys_and_stay_when_more_files_come(self, tmp_path, two, asked):
        heads = ["序号", *HEADS[1:]]
        write(tmp_path / "幸福社区.xlsx", [heads, [1, *line(1)[1:]], [2, *line(2)[1:]]])
        assert collect(tmp_path, asked, roster=two).responses.frame["respondent_id"].tolist() == ["A-1", "A-2"]
        write(tmp_path / "0" / "和平社区终稿.xlsx", [heads, [1, *line(1)[1:]]])
        assert set(collect(tmp_path, asked, roster=two).responses.frame["respondent_id"]) == {"A-1", "A-2", "B-1"}

    def test_nothing_readable_gives_no_data(self, tmp_path, two, asked):
        found = collect(tmp_path, asked, roster=two)
        assert found.responses is None
        assert {p.code for p in found.problems} == {"W399"}

    def test_no_folder_and_no_such_item(self, tmp_path, two, asked):
        with pytest.raises(InputError) as fault:
            collect(tmp_path / "no", asked, roster=two)
        assert [p.code for p in fault.value.problems] == ["E101"]
        with pytest.raises(UsageError) as wrong:
            collect(tmp_path, asked, roster=two, community="v1_x")
        assert [p.code for p in wrong.value.problems] == ["E398"]

    def test_roster_and_what_is_left_out_are_not_answers(self, tmp_path, asked):
        write(tmp_path / "名册.xlsx", [["编号", "名称"], ["A", "幸福社区"]])
        write(tmp_path / "out" / "幸福社区.xlsx", [HEADS, line(1)])
        found = collect(tmp_path, asked, roster=tmp_path / "名册.xlsx", without=[tmp_path / "out"])
        assert found.files == ()


def test_frames_keep_their_dtypes(desk):
    frame = desk.responses.frame
    assert pd.api.types.is_float_dtype(frame["v1"])
    assert desk.responses.missing.index.equals(frame.index)
