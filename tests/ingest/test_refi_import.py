"""REFI-QDA projects of every known writer as casebooks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest.qda_projects import (
    CODEBOOK,
    Made,
    code,
    coding,
    guid,
    selection,
    tag,
    text_source,
    value,
    write,
)

import evalkit as ek
from evalkit.contract import InputError
from evalkit.contract.words import say
from evalkit.ingest.casebook import Casebook
from evalkit.ingest.refi.container import inner_path
from evalkit.ingest.refi.offsets import WAYS, Marked, Stored, Way, place, says

TEXT = "问：😀怎么做的？\n答：楼长挨家挨户动员，\n大家同意了。"
CODES = (code("动员", code("上门"), code("同意"), folder=True),)


def coded(text: str, *quotes: str, of: str = "上门", user: str = "甲", counted: str | None = None) -> list[str]:
    """Selections of quotes, at the places that they have in the text as it is counted."""
    seen = counted or text
    return [
        selection(seen.index(q), seen.index(q) + len(q), coding(of, user, key), name=q) for key, q in enumerate(quotes)
    ]


def project(**changed: object) -> Made:
    parts = {
        "codes": CODES,
        "users": ("甲", "乙"),
        "sources": [text_source("访谈1", *coded(TEXT, "挨家挨户", "大家同意"))],
        "texts": {"访谈1": TEXT},
    }
    return Made(**(parts | changed))  # type: ignore[arg-type]


def read(path: Path, made: Made) -> Casebook:
    return ek.read_casebook(made.write(path / "project.qdpx"))


def told(book: Casebook) -> dict[str, object]:
    return {p.code: p for p in reversed(book.problems)}


def lost(book: Casebook) -> dict[str, int]:
    return {p.params["what"]["en"]: p.params["n"] for p in book.problems if p.code == "N2161"}


def faults(path: Path) -> dict[str, object]:
    with pytest.raises(InputError) as raised:
        ek.read_casebook(path)
    for problem in raised.value.problems:
        assert problem.at is not None and problem.at.file == path.name
        assert all(say(problem, lang) for lang in ("zh", "en"))
    return {p.code: p for p in reversed(raised.value.problems)}


def test_a_project_becomes_a_casebook(tmp_path):
    book = read(tmp_path, project())
    assert list(book.codings["quote"]) == ["挨家挨户", "大家同意"]
    assert list(book.codings["coder"]) == ["甲", "甲"]
    assert book.texts == {"访谈1": TEXT}
    assert list(book.codebook["code_id"]) == ["动员", "上门", "同意"]
    assert list(book.codebook["parent_id"][1:]) == ["动员", "动员"]
    assert book.sources.at[0, "n_chars"] == len(TEXT)
    assert list(book.files) == ["project.qdpx"]
    problem = told(book)["N2160"]
    assert (problem.params["equal"], problem.params["named"], problem.params["n"]) == (2, 2, 2)
    assert told(book)["N2166"].params["n"] == 1
    assert ek.code_profile(book.codings, codebook=book.codebook, sources=book.sources).n_codings == 2
    assert book.where("codings", 0).line == 2


WRITERS = {
    "byte order mark": ("\ufeff" + TEXT, TEXT, "stored"),
    "CR LF counted one": (TEXT.replace("\n", "\r\n"), TEXT, "one"),
    "CR LF counted two": (TEXT.replace("\n", "\r\n"), TEXT.replace("\n", "\r\n"), "stored"),
    "LF counted two": (TEXT, TEXT.replace("\n", "\r\n"), "two"),
    "mark counted": ("\ufeff" + TEXT, "\ufeff" + TEXT, "mark"),
    "UTF-16 units": (TEXT, TEXT.replace("😀", "xx"), "utf16"),
    "UTF-16 units and CR LF": (TEXT, TEXT.replace("😀", "xx").replace("\n", "\r\n"), "utf16"),
    "old line breaks": (TEXT.replace("\n", "\r"), TEXT, "stored"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_positions_are_counted_as_the_writer_did(name, tmp_path):
    stored, counted, way = WRITERS[name]
    sources = [text_source("访谈1", *coded(TEXT, "挨家挨户", "大家同意", counted=counted))]
    book = read(tmp_path, project(sources=sources, texts={"访谈1": stored}))
    assert book.texts["访谈1"] == TEXT
    assert list(book.codings["start"]) == [TEXT.index("挨家挨户"), TEXT.index("大家同意")]
    assert list(book.codings["quote"]) == ["挨家挨户", "大家同意"]
    said = told(book)["N2160"].params["how"]
    assert any(part["en"] == {"stored": "as the standard has it (characters from 0)", "one": "a line break counts one",
        "two": "a line break counts two", "mark": "the byte order mark counts",
        "utf16": "an emoji counts two (UTF-16)"}[way] for part in said)  # fmt: skip
    assert "E2156" not in told(book) and "W2162" not in told(book)


def test_utf16_files_and_old_encodings_are_read(tmp_path):
    for content in (TEXT.encode("utf-16"), TEXT.replace("😀", "笑").encode("gb18030")):
        plain = content.decode("gb18030" if content[:1] != b"\xff" else "utf-16")
        made = project(sources=[text_source("访谈1", *coded(plain, "挨家挨户"))], texts={"访谈1": content})
        book = read(tmp_path, made)
        assert book.texts["访谈1"] == plain and list(book.codings["quote"]) == ["挨家挨户"]
        assert ("N2129" in told(book)) == (content[:1] != b"\xff")


LAYOUTS = {
    "capital": ({"folder": "Sources"}, f"internal://{guid('访谈1')}.txt"),
    "no scheme": ({}, f"{guid('访谈1')}.txt"),
    "one slash": ({}, f"internal:/{guid('访谈1')}.txt"),
    "with the folder": ({}, f"internal://sources/{guid('访谈1')}.txt"),
    "other case": ({}, f"internal://{guid('访谈1').upper()}.TXT"),
    "relative": ({}, f"relative:///{guid('访谈1')}.txt"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_texts_are_found_where_writers_put_them(name, tmp_path):
    layout, path = LAYOUTS[name]
    made = project(sources=[text_source("访谈1", *coded(TEXT, "挨家挨户"), path=path)], **layout)
    assert read(tmp_path, made).texts == {"访谈1": TEXT}


def test_nvivo_root_folders_and_projects_packed_by_hand(tmp_path):
    files = project().files() | {"sources/.root": b""}
    assert ek.read_casebook(write(tmp_path / "a.qdpx", files)).texts == {"访谈1": TEXT}
    inside = {f"study/{name}": content for name, content in files.items()}
    assert ek.read_casebook(write(tmp_path / "b.qdpx", inside)).texts == {"访谈1": TEXT}


def test_a_qde_has_its_texts_beside_it(tmp_path):
    for name, content in project().files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    book = ek.read_casebook(tmp_path / "project.qde")
    assert book.texts == {"访谈1": TEXT} and len(book.codings) == 2


def test_codes_keep_their_tree_whatever_their_namespace(tmp_path):
    made = project(codebook_namespace="urn:QDA-XML:codebook:0:4")
    assert len(read(tmp_path, made).codebook) == 3


def test_codes_of_one_name_are_told_apart_by_those_above(tmp_path):
    codes = [
        code("A", code("其他", key="1"), code("其他", key="2")),
        code("B", code("其他", key="3")),
        code("", key="4"),
    ]
    book = read(tmp_path, project(codes=codes, sources=[], texts={}))
    assert list(book.codebook["code_id"]) == ["A", "A/其他", "A/其他 (2)", "B", "B/其他", "C6"]
    assert list(book.codebook["name"].fillna("")) == ["A", "其他", "其他", "B", "其他", ""]


def test_guids_compare_without_braces_and_case(tmp_path):
    text = project().qde().replace(f'targetGUID="{guid("上门")}"', f'targetGUID="{{{guid("上门").upper()}}}"')
    book = ek.read_casebook(write(tmp_path / "a.qdpx", project().files() | {"project.qde": text.encode()}))
    assert set(book.codings["code_id"]) == {"上门"}


def test_a_qdc_gives_the_codebook_alone(tmp_path):
    sets = tag("Sets", tag("Set", tag("MemberCode", guid=guid("上门")), guid=guid("set"), name="s"))
    text = f'\ufeff<CodeBook xmlns="{CODEBOOK}" origin="T"><Codes>{CODES[0]}</Codes>{sets}</CodeBook>'
    (tmp_path / "codes.qdc").write_text(text, encoding="utf-8")
    book = ek.read_casebook(tmp_path / "codes.qdc")
    assert list(book.codebook["code_id"]) == ["动员", "上门", "同意"]
    assert [name for name, table in book.tables.items() if table.given] == ["codebook"]
    assert lost(book) == {"sets": 1}
    assert book.files.keys() == {"codes.qdc"}


def test_codings_under_a_source_concern_the_whole_of_it(tmp_path):
    sources = [text_source("访谈1", coding("同意", "乙"))]
    book = read(tmp_path, project(sources=sources))
    assert book.codings[["code_id", "coder"]].to_numpy().tolist() == [["同意", "乙"]]
    assert book.codings[["start", "end"]].isna().all(axis=None)


def test_several_codings_of_one_selection_have_their_own_coders_and_memos(tmp_path):
    note = tag("Note", tag("PlainTextContent", "想一想"), guid=guid("note"), name="n")
    own = tag("Coding", tag("CodeRef", targetGUID=guid("同意")) + tag("NoteRef", targetGUID=guid("note")), guid=guid(9))
    at = TEXT.index("大家同意")
    made = selection(at, at + 4, coding("上门", "甲"), own, name="大家同意", more=tag("Description", "见下"))
    loose = tag("Note", tag("PlainTextContent", "散的"), guid=guid("loose"))
    book = read(
        tmp_path, project(sources=[text_source("访谈1", made)], after=tag("Notes", note + loose), users=("甲",))
    )
    assert list(book.codings["memo"]) == ["见下", "见下\n\n想一想"]
    assert list(book.codings["coder"].fillna("-")) == ["甲", "-"]
    assert lost(book)["notes that belong to no code, source or selection"] == 1


def test_users_are_coders_and_twins_are_told_apart(tmp_path):
    users = tag("Users", tag("User", guid=guid(1), name="甲") + tag("User", guid=guid(2), name="甲"))
    a, b = (
        tag("Coding", tag("CodeRef", targetGUID=guid("上门")), guid=guid(f"c{n}"), creatingUser=guid(n)) for n in (1, 2)
    )
    qde = (
        project(users=(), sources=[text_source("访谈1", selection(0, 1, a, b))])
        .qde()
        .replace("<CodeBook>", users + "<CodeBook>")
    )
    book = ek.read_casebook(write(tmp_path / "a.qdpx", project().files() | {"project.qde": qde.encode()}))
    assert list(book.codings["coder"]) == ["甲", "甲 (2)"]


def test_variables_are_columns_or_attributes_of_cases_and_sources(tmp_path):
    variables = {"结果": "Text", "户数": "Integer", "老旧": "Boolean", "日期": "Date", "类型": "Text"}
    one = [value("结果", "success"), value("户数", 120, "Integer"), value("老旧", "true", "Boolean")]
    ref = tag("SourceRef", targetGUID=guid("访谈1"))
    cases = [
        tag("Case", "".join(one) + ref, guid=guid("a"), name="甲小区"),
        tag("Case", value("结果", "failure") + ref, guid=guid("b")),
    ]
    inner = [value("日期", "2021-03-06", "Date"), value("类型", "楼长"), value("户数", "7", "Integer")]
    book = read(tmp_path, project(variables=variables, cases=cases, sources=[text_source("访谈1", *inner)]))
    assert list(book.cases["case_id"]) == ["甲小区", "case2"]
    assert list(book.cases["outcome"]) == ["success", "failure"]
    assert book.cases["户数"].dtype == float and book.cases.at[0, "户数"] == 120 and book.cases.at[0, "老旧"] == 1
    assert book.sources.at[0, "case_id"] == "甲小区"
    assert book.sources.at[0, "date"] == "2021-03-06"
    assert book.sources.at[0, "类型"] == "楼长" and book.sources["kind"].isna().all()
    assert book.sources.at[0, "户数"] == 7  # MAXQDA has its variables here
    assert told(book)["W2172"].params["other"] == "case2"


def test_pdf_and_recordings_have_the_texts_that_stand_for_them(tmp_path):
    pdf = text_source("pdf", *coded(TEXT, "挨家挨户"), kind="Representation")
    points = "".join(tag("SyncPoint", guid=guid(f"p{n}"), position=n) for n in (0, 2))
    spoken = tag(
        "TranscriptSelection", coding("同意"), guid=guid("t"), fromSyncPoint=guid("p0"), toSyncPoint=guid("p2")
    )
    video = tag("Transcript", tag("PlainTextContent", "是的") + points + spoken, guid=guid("w"))
    sources = [
        tag("PDFSource", tag("PDFSelection", coding("上门"), guid=guid("ps")) + pdf, guid=guid("P"), name="文件"),
        tag("VideoSource", video + coding("上门", key=1), guid=guid("V"), name="会议"),
        tag("AudioSource", tag("AudioSelection", coding("上门") * 2, guid=guid("as")), guid=guid("A"), name="录音"),
        tag("PictureSource", coding("上门"), guid=guid("B")),
    ]
    book = read(tmp_path, project(sources=sources, texts={"pdf": TEXT}))
    assert list(book.sources["source_id"]) == ["文件", "会议"]
    assert book.codings[["source_id", "quote"]].fillna("").to_numpy().tolist() == [
        ["文件", "挨家挨户"], ["会议", "是的"], ["会议", ""]]  # fmt: skip
    assert lost(book) == {"pictures": 1, "audio recordings": 1, "video recordings": 1,
                          "codings of picture areas and recorded spans": 4}  # fmt: skip


def test_what_a_casebook_cannot_hold_is_counted(tmp_path):
    after = (
        tag("Links", tag("Link") * 2) + tag("Sets", tag("Set")) + tag("Graphs", tag("Graph")) + tag("Description", "d")
    )
    case = tag("Case", tag("CodeRef", targetGUID=guid("上门")) + tag("SelectionRef") * 3, guid=guid("a"))
    sources = [text_source("访谈1", selection(0, 2), selection(3, 3, coding("上门")))]
    book = read(tmp_path, project(after=after, cases=[case], sources=sources))
    assert lost(book) == {"links": 2, "sets": 1, "graphs": 1, "descriptions of the project": 1, "codes of cases": 1,
        "selections of cases": 3, "selections without a code": 1, "selections of no length": 1}  # fmt: skip


def test_shortened_names_are_quotes_and_others_are_left_where_they_are(tmp_path):
    at = TEXT.index("楼长挨家")
    made = [selection(at, at + 8, coding("上门"), name="楼长挨家…"), selection(0, 2, coding("上门"), name="问…"),
            selection(0, 2, coding("同意"), name="1:1 问")]  # fmt: skip
    book = read(tmp_path, project(sources=[text_source("访谈1", *made)]))
    assert list(book.codings["quote"]) == [TEXT[at : at + 8], "问：", "问："]
    assert told(book)["N2163"].params["n"] == 2
    assert told(book)["N2160"].params["equal"] == 1


def test_a_selection_beside_its_name_is_moved_and_told(tmp_path):
    made = [
        *coded(TEXT, "大家同意", "怎么做"),
        selection(0, 4, coding("上门"), name="挨家挨户"),
        selection(900, 904, coding("同意"), name="楼长"),
    ]
    book = read(tmp_path, project(sources=[text_source("访谈1", *made)]))
    assert [TEXT[int(a) : int(b)] for a, b in zip(book.codings["start"], book.codings["end"], strict=True)] == [
        "大家同意", "怎么做", "挨家挨户", "楼长"]  # fmt: skip
    assert sum(p.code == "W2162" for p in book.problems) == 2


def test_texts_that_are_not_at_hand_leave_offsets_as_stated(tmp_path):
    for path in ("absolute:///C:/texts/a.txt", "internal://gone.txt", None):
        book = read(tmp_path, project(sources=[text_source("访谈1", *coded(TEXT, "挨家挨户"), path=path)]))
        assert book.texts == {} and list(book.codings["quote"]) == ["挨家挨户"]
        assert told(book)["W2159"].params["source"] == "访谈1"
    assert "W2159" in told(read(tmp_path, project(texts={"访谈1": b"PK\x03\x04\0\0"})))


def test_consent_comes_from_a_variable(tmp_path):
    made = project(variables={"可引用": "Boolean"}, sources=[
        text_source("访谈1", *coded(TEXT, "挨家挨户"), value("可引用", "true", "Boolean"))])  # fmt: skip
    assert list(read(tmp_path, made).codings["quotable"]) == [1]


def test_overlapping_codings_of_a_coder_are_told_with_their_lines(tmp_path):
    made = project(sources=["\n" + text_source("访谈1", *coded(TEXT, "挨家挨户", "家挨户动员"))])
    problem = told(read(tmp_path, made))["W2125"]
    assert problem.at.line == 3 and "line 3" in say(problem, "en")


BROKEN = {
    "code not in the codebook": ({"sources": [text_source("访谈1", selection(0, 2, coding("无")))]}, "E2157"),
    "coding without a code": ({"sources": [text_source("访谈1", selection(0, 2, tag("Coding", " ")))]}, "E2157"),
    "behind the text": ({"sources": [text_source("访谈1", selection(0, 99, coding("上门")))]}, "E2156"),
    "reversed": ({"sources": [text_source("访谈1", selection(9, 3, coding("上门")))]}, "E2156"),
    "endless number": ({"sources": [text_source("访谈1", selection(0, "9" * 400, coding("上门")))]}, "E2156"),
    "no number": ({"sources": [text_source("访谈1", selection("a", 3, coding("上门")))]}, "E2173"),
    "two codes of one GUID": ({"codes": [code("A", key="x"), code("B", key="x")], "sources": []}, "E2158"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_has_its_line(name, tmp_path):
    changed, known = BROKEN[name]
    problem = faults(project(**changed).write(tmp_path / "a.qdpx"))[known]
    assert (problem.at.sheet, problem.at.line) == ("project.qde", 2)


def test_plans_read_projects(tmp_path):
    from evalkit.plan.casework import read_cases
    from evalkit.plan.model import CasebookSource, Plan

    project().write(tmp_path / "project.qdpx")
    plan = Plan.__new__(Plan)
    for name, known in {
        "casebook": CasebookSource("project.qdpx", None, 1),
        "path": tmp_path / "plan.toml",
        "steps": (),
    }.items():
        object.__setattr__(plan, name, known)
    found = read_cases(plan, None)
    assert list(found.frame("codings")["quote"]) == ["挨家挨户", "大家同意"]
    assert set(found.files) == {"project.qdpx"}


@pytest.mark.parametrize(("path", "inside"), [
    ("internal://a.txt", "a.txt"), ("Internal:/a.txt", "a.txt"), ("a.txt", "a.txt"), ("sources/a.txt", "a.txt"),
    ("sources\\a.txt", "a.txt"), ("relative:///x/a.txt", "x/a.txt"), ("absolute:///x/a.txt", ""),
    ("http://x/a.txt", ""), ("file:///etc/passwd", ""), ("internal://../a.txt", None), ("../a.txt", None),
    ("/etc/passwd", None), ("relative:///../a.txt", ""), ("internal://a\x01.txt", None),
    ("C:\\a.txt", "")])  # fmt: skip
def test_paths_stay_inside(path, inside):
    assert inner_path(path) == inside


@settings(max_examples=60, deadline=None)
@given(
    text=st.text("ab \n😀你", min_size=1, max_size=40),
    crlf=st.booleans(),
    mark=st.booleans(),
    way=st.sampled_from(WAYS),
    data=st.data(),
)
def test_every_way_of_counting_is_undone(text, crlf, mark, way, data):
    """What the writer counts is found by counting through the text sign by sign."""
    stored = Stored.of(("\ufeff" if mark else "") + (text.replace("\n", "\r\n") if crlf else text))
    assert stored.text == text
    two = way.breaks == "two" or (way.breaks == "stored" and crlf)
    sizes = [2 if (c == "\n" and two) or (c == "😀" and way.utf16) else 1 for c in text]
    counted = np.concatenate([[0], np.cumsum(sizes)]) + (way.mark and mark)
    assert stored.offsets(counted, way).tolist() == list(range(len(text) + 1))
    between = sorted(set(range(int(counted[-1]) + 3)) - set(counted.tolist()))
    assert np.isnan(stored.offsets(np.array(between), way)).all()


def test_the_way_with_most_names_wins_and_the_standard_where_none_tells():
    one = Marked(Stored.of("a\nbc"), np.array([0, 3]), np.array([1, 4]), ["a", "b"])
    assert place([one]).way == Way("two")
    assert place([Marked(one.stored, one.starts, one.ends, ["", ""])]).way == Way()
    assert place([]).n_equal == 0


def test_a_few_selections_behind_an_emoji_tell_among_many(monkeypatch):
    monkeypatch.setattr("evalkit.ingest.refi.offsets._TRIED", 20)
    text = "楼长" * 200 + "😀大家同意"
    starts = np.array([*range(0, 400, 2), 402, 404])  # the last two as UTF-16 has them
    marked = Marked(Stored.of(text), starts, starts + 2, ["楼长"] * 200 + ["大家", "同意"])
    found = place([marked, marked])
    assert (found.way, found.n_equal, found.n_named) == (Way(utf16=True), 404, 404)


@pytest.mark.parametrize(("name", "stretch", "same"), [
    ("a b", "a\nb", True), ("abc…", "abcd", True), ("abc...", "abcd", True), ("ab…", "abcd", False),
    ("ab…", "ab…", True), ("abc", "abcd", False), ("a" * 20, "a" * 30, True), ("a\x0bb", "ab", True)])  # fmt: skip
def test_names_that_say_their_stretch(name, stretch, same):
    assert says(name, stretch, 0, len(stretch)) is same
