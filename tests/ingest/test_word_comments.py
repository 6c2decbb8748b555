"""Word files as sources: text to the letter, comments as codings, losses counted, hostile files refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from word_files import OFFICE, PACKAGE, STRICT, W, comment, marked, p, reference, t, write

import evalkit as ek
from evalkit.contract import InputError
from evalkit.contract.words import say
from evalkit.ingest.casebook.named_codes import Codes, named_codes
from evalkit.ingest.word_comments import read_document
from evalkit.sheets import package


def told(book: ek.Casebook) -> dict[str, tuple[int, int]]:
    return {q.code: (q.at.paragraph, q.at.comment) if q.at else (0, 0) for q in book.problems}


def faults(path: Path) -> dict[str, tuple[int, int]]:
    with pytest.raises(InputError) as raised:
        ek.read_casebook(path)
    for problem in raised.value.problems:
        assert all(say(problem, lang) for lang in ("zh", "en"))
    return {q.code: (q.at.paragraph, q.at.comment) if q.at else (0, 0) for q in raised.value.problems}


def text_of(tmp_path: Path, body: str) -> str:
    return read_document(write(tmp_path / "x.docx", body)).text


# -- text -------------------------------------------------------------------------------------------


def test_paragraphs_are_lines_and_tables_stand_in_reading_order(tmp_path):
    cell = "<w:tc>{}</w:tc>"
    row = "<w:tr>{}</w:tr>"
    table = "<w:tbl>" + "".join(
        row.format("".join(cell.format(p(text)) for text in line)) for line in (["甲", "乙"], ["丙", ""])
    ) + "</w:tbl>"  # fmt: skip
    assert text_of(tmp_path, p("一") + p() + table + p("二", " 三")) == "一\n\n甲\n乙\n丙\n\n二 三"


def test_breaks_tabs_hyphens_and_blanks(tmp_path):
    run = (
        "<w:r><w:t>a</w:t><w:tab/><w:t> b </w:t><w:br/><w:t>c\nd</w:t>"
        '<w:br w:type="page"/><w:noBreakHyphen/><w:softHyphen/></w:r>'
    )
    tabs = '<w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr>'
    assert text_of(tmp_path, f"<w:p>{tabs}{run}</w:p>") == "a\tb\nc d\u2011"


def test_of_tracked_changes_insertions_stay_and_deletions_go(tmp_path):
    gone = '<w:del w:id="9"><w:r><w:delText>旧</w:delText></w:r></w:del>'
    new = f'<w:ins w:id="8">{t("新")}</w:ins>'
    moved = f'<w:moveFrom w:id="7">{t("移")}</w:moveFrom>'
    assert text_of(tmp_path, p("前", gone, new, moved, "后")) == "前新后"
    found = read_document(tmp_path / "x.docx")
    assert found.lost == {"deletion": 2}
    mark = '<w:pPr><w:rPr><w:del w:id="6"/></w:rPr></w:pPr>'
    assert text_of(tmp_path, p("一") + p(mark, gone) + p("二")) == "一\n二"
    assert text_of(tmp_path, p(mark, "一") + p("二")) == "一二"
    row = f'<w:tbl><w:tr><w:trPr><w:del w:id="5"/></w:trPr><w:tc>{p("格")}</w:tc></w:tr></w:tbl>'
    assert text_of(tmp_path, p("一") + row + p("二")) == "一\n二"
    old = "<w:rPr><w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange></w:rPr>"
    assert text_of(tmp_path, f"<w:p><w:r>{old}<w:t>见</w:t></w:r></w:p>") == "见"


def test_what_is_no_text_is_counted(tmp_path):
    box = f"<w:pict><v:textbox><w:txbxContent>{p('框里')}</w:txbxContent></v:textbox></w:pict>"
    both = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>{p("框")}'
        f"<w:txbxContent/></w:drawing></mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>"
    )
    only = '<w:r><mc:AlternateContent><mc:Choice Requires="wpi"><w:drawing/></mc:Choice></mc:AlternateContent></w:r>'
    emoji = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="w16se"><x:symEx xmlns:x="u"/></mc:Choice>'
        "<mc:Fallback><w:t>🙂</w:t></mc:Fallback></mc:AlternateContent></w:r>"
    )
    runs = (
        '<w:r><w:footnoteReference w:id="1"/></w:r><w:r><w:endnoteReference w:id="1"/></w:r><w:r><w:object/></w:r>'
        '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>藏</w:t></w:r>'
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>见</w:t></w:r>'
        f"<w:r><w:ruby><w:rt>{t('pīn')}</w:rt><w:rubyBase>{t('拼')}</w:rubyBase></w:ruby></w:r>"
        '<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:r><m:t>x</m:t></m:r></m:oMath>'
    )
    path = write(tmp_path / "x.docx", p("一", both, only, emoji, runs, "二"))
    found = read_document(path)
    assert found.text == "一🙂见拼二"
    assert found.lost == {"box": 1, "picture": 1, "footnote": 1, "endnote": 1, "object": 1, "symbol": 1, "hidden": 1,
                          "ruby": 1, "formula": 1}  # fmt: skip
    problems = {q.code: q for q in ek.read_casebook(path).problems}
    assert "文本框 1 个" in say(problems["N2178"], "zh")
    assert "footnotes 1" in say(problems["N2178"], "en")


def test_strict_files_and_other_prefixes_read_alike(tmp_path):
    assert read_document(write(tmp_path / "x.docx", p("一", marked(0, "二")), main=STRICT)).text == "一二"
    body = f'<d:document xmlns:d="{W}"><d:body><d:p><d:r><d:t>一</d:t></d:r></d:p></d:body></d:document>'
    assert read_document(write(tmp_path / "y.docx", "", **{"word/document.xml": body})).text == "一"


# -- comments ---------------------------------------------------------------------------------------


def test_each_comment_is_a_coding(tmp_path):
    body = p("楼长", marked(4, "挨家挨户"), "动员，😀", marked(2, "大家同意"), "了。") + p("后来", marked(7, "出钱"))
    notes = comment(2, "乙", "同意：说得肯定") + comment(4, "甲 ", "动员；入户") + comment(7, "甲", "出资", date="")
    book = ek.read_casebook(write(tmp_path / "访谈一.docx", body, notes))
    assert book.texts == {"访谈一": "楼长挨家挨户动员，😀大家同意了。\n后来出钱"}
    rows = book.codings[["coding_id", "start", "end", "quote", "code_id", "coder"]].to_numpy().tolist()
    assert rows == [
        ["访谈一#1", 2, 6, "挨家挨户", "动员", "甲"],
        ["访谈一#1.2", 2, 6, "挨家挨户", "入户", "甲"],
        ["访谈一#2", 10, 14, "大家同意", "同意", "乙"],
        ["访谈一#3", 19, 21, "出钱", "出资", "甲"],
    ]
    assert book.codings["memo"].fillna("").tolist() == ["", "", "说得肯定", ""]
    assert book.codings["date"].fillna("").tolist() == ["2021-03-06T09:12:00"] * 3 + [""]
    assert list(book.codebook["code_id"]) == ["动员", "入户", "同意", "出资"]
    assert book.sources[["source_id", "path", "n_chars"]].to_numpy().tolist() == [["访谈一", "访谈一.docx", 21]]
    assert (book.where("codings", 3).paragraph, book.where("codings", 3).comment) == (2, 3)
    assert set(told(book)) == {"N2192", "N2195", "N2136"}
    assert set(book.files) == {"访谈一.docx"}


def test_marks_at_the_end_make_no_second_code(tmp_path):
    body = p(marked(1, "一"), marked(2, "二"), marked(3, "三"))
    notes = comment(1, "甲", "动员。") + comment(2, "甲", "动员") + comment(3, "甲", "动 员；入户，")
    book = ek.read_casebook(write(tmp_path / "S.docx", body, notes))
    assert list(book.codings["code_id"]) == ["动员", "动员", "动员", "入户"]
    assert list(book.codebook["code_id"]) == ["动员", "入户"]


def test_overlapping_ranges_and_ranges_across_paragraphs(tmp_path):
    start, end = (
        ('<w:commentRange{} w:id="{}"/>'.format)("Start", "{}"),
        ('<w:commentRange{} w:id="{}"/>'.format)("End", "{}"),
    )
    body = (
        start.format(1) + p("一二", start.format(2), "三四") + p(end.format(1), "五", end.format(2), "六")
        + p("七", start.format(3)) + end.format(3) + p("八", start.format(4)) + p("九") + end.format(4) + p("十")
    )  # fmt: skip
    notes = "".join(comment(k, "甲", "C") for k in (1, 2, 3, 4))
    body += p(*(reference(k) for k in (1, 2, 3, 4)))
    book = ek.read_casebook(write(tmp_path / "S.docx", body, notes))
    assert book.codings["quote"].tolist() == ["一二三四\n", "三四\n五", "七", "\n九"]
    assert told(book)["N2179"] == (3, 3)
    assert told(book)["W2125"][1] > 0


def test_a_comment_that_marks_no_text_codes_its_paragraph(tmp_path):
    body = p("一") + p("二", reference(1), "三") + p(reference(2))
    book = ek.read_casebook(write(tmp_path / "S.docx", body, comment(1, "甲", "C1") + comment(2, "", "C2")))
    assert book.codings["quote"].fillna("").tolist() == ["二三", ""]
    assert book.codings["start"].isna().tolist() == [False, True]
    assert book.codings["coder"].isna().tolist() == [False, True]
    assert {"N2179": (2, 1), "W2180": (3, 2)}.items() <= told(book).items()
    assert "N2185" in told(book)


def test_a_comment_on_what_is_gone_or_no_text_is_kept_without_offsets(tmp_path):
    gone = marked(1, '<w:del w:id="9"><w:r><w:delText>旧</w:delText></w:r></w:del>')
    box = f"<w:r><w:pict><w:txbxContent>{p(marked(2, '框里'))}</w:txbxContent></w:pict></w:r>"
    notes = "".join(comment(k, "甲", f"C{k}") for k in (3, 2, 1))
    book = ek.read_casebook(write(tmp_path / "S.docx", p("一", gone, box), notes))
    assert book.codings[["code_id", "start"]].fillna(-1).to_numpy().tolist() == [["C1", -1], ["C3", -1], ["C2", -1]]
    assert [q.code for q in book.problems].count("W2180") == 3


def test_answers_are_memos_and_resolved_comments_stay(tmp_path):
    notes = (
        comment(1, "甲", "C1: 看这里", key="AA") + comment(2, "乙", "不对吧", key="BB")
        + comment(3, "甲", "对", key="CC") + comment(4, "", "", key="DD")
    )  # fmt: skip
    more = (
        '<w15:commentEx w15:paraId="AA" w15:done="1"/><w15:commentEx w15:paraId="BB" w15:paraIdParent="AA"/>'
        '<w15:commentEx w15:paraId="CC" w15:paraIdParent="BB" w15:done="1"/><w15:commentEx w15:paraId="DD"/>'
    )
    body = p(*(f'<w:commentRangeStart w:id="{k}"/>' for k in (1, 2, 3)), "一", marked(4, "二"))
    body += p(*(f'<w:commentRangeEnd w:id="{k}"/>{reference(k)}' for k in (1, 2, 3)))
    book = ek.read_casebook(write(tmp_path / "S.docx", body, notes, more))
    assert book.codings[["code_id", "coder", "memo"]].to_numpy().tolist() == [
        ["C1", "甲", "看这里\n乙: 不对吧\n甲: 对"]
    ]
    assert told(book)["W2176"] == (1, 2)
    summary = next(q for q in book.problems if q.code == "N2195")
    assert summary.params == {"n": 2, "answers": 2, "resolved": 1}
    loop = (
        '<w15:commentEx w15:paraId="AA" w15:paraIdParent="BB"/><w15:commentEx w15:paraId="BB" w15:paraIdParent="AA"/>'
    )
    assert len(ek.read_casebook(write(tmp_path / "S.docx", body, notes, loop)).codings) == 3


CODES = Codes(
    [("E.4", "动员"), ("E.5", "入户 走访"), ("K;1", "甲：乙"), ("A", None), ("B", "动员号召"), ("C", "动员号召")]
)
SAID = {
    ("E.4",): [("E.4", "")],
    ("ｅ．４",): [("E.4", "")],
    ("动员：说得好：真的",): [("E.4", "说得好：真的")],
    ("E.4: a; b",): [("E.4", "a; b")],
    ("动员；E.5、A",): [("E.4", ""), ("E.5", ""), ("A", "")],
    ("动员\nA: 两行的\n备忘",): [("E.4", "两行的\n备忘"), ("A", "两行的\n备忘")],
    ("动员", "", "入户走访。"): [("E.4", ""), ("E.5", "")],
    ("K;1: 备忘",): [("K;1", "备忘")],
    ("甲：乙",): [("K;1", "")],
    ("甲：乙：丙",): [("K;1", "丙")],
    ("A：看这里", "还有那里", "B：别的"): [("A", "看这里\n还有那里"), ("B", "别的")],
    ("A：看", "A：看"): [("A", "看")],
    ("动员号召",): [("BC", "")],
    ("没有的码：备忘",): [("", "备忘")],
    ("A：备忘", "动员员：备忘"): [("A", "备忘"), ("", "备忘")],
    ("：",): [("", "")],
}  # fmt: skip


@pytest.mark.parametrize("lines", SAID)
def test_what_a_comment_may_say(lines):
    assert [("".join(n.codes), n.memo) for n in named_codes(lines, CODES)] == SAID[lines]


# -- in a casebook ----------------------------------------------------------------------------------


def casebook(folder: Path, **sheets: str) -> Path:
    (folder / "texts").mkdir(parents=True)
    for name, text in sheets.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


BODY = p("楼长", marked(1, "挨家挨户"), "动员")


def test_word_sources_of_a_sheet_add_to_its_codings(tmp_path):
    folder = casebook(
        tmp_path / "book",
        sources="source_id,case_id,path,quotable\nS1,A,S1.docx,1\nS2,A,,1\nS3,A,S3.txt,0\n",
        cases="case_id\nA\n",
        codebook="code_id,name,status,merged_into\nC1,入户,,\nC2,上门,已合并,C1\n",
        codings="coding_id,source_id,code_id,quote,date\nR1,S3,C1,同意,2021-03-06\nR2,S1,C1,动员,2021/3/6\n",
    )
    write(folder / "texts" / "S1.docx", BODY, comment(1, "甲", "上门"))
    write(folder / "texts" / "S2.docx", p("无批注"))
    (folder / "texts" / "S2.txt").write_text("先读我", encoding="utf-8")
    (folder / "texts" / "S3.txt").write_text("都同意", encoding="utf-8")
    book = ek.read_casebook(folder)
    assert book.codings[["coding_id", "code_id", "start", "quotable"]].to_numpy().tolist() == [
        ["R1", "C1", 1, 0], ["R2", "C1", 6, 1], ["S1#1", "C1", 2, 1],
    ]  # fmt: skip
    assert book.codings["date"].tolist() == ["2021-03-06", "2021-03-06", "2021-03-06T09:12:00"]
    assert book.texts["S2"] == "先读我"
    assert {"W2186", "N2121"} <= {q.code for q in book.problems}
    assert {"texts/S1.docx", "texts/S2.txt"} <= set(book.files)
    assert book.where("codings", 2).file == "S1.docx"
    assert ek.code_profile(book.codings, codebook=book.codebook, sources=book.sources).n_obs == 3


def test_a_folder_of_word_files_is_a_casebook(tmp_path):
    (tmp_path / "~$b.docx").write_bytes(b"lock")
    for name in "ab":
        write(tmp_path / f"{name}.docx", BODY, comment(1, "甲", "入户"))
    assert list(ek.read_casebook(tmp_path).sources["source_id"]) == ["a", "b"]
    (tmp_path / "codebook.csv").write_text("code_id,name\nC1,入户\n", encoding="utf-8")
    book = ek.read_casebook(tmp_path)
    assert list(book.codings["code_id"]) == ["C1", "C1"]
    assert list(book.codebook["name"]) == ["入户"]


def test_codes_that_the_codebook_does_not_have_are_refused_by_paragraph_and_comment(tmp_path):
    (tmp_path / "codebook.csv").write_text("code_id,name\nC1,入户走访\nC2,号召\nC3,号召\n", encoding="utf-8")
    write(tmp_path / "a.docx", p("一") + BODY, comment(1, "甲", "入户走房"))
    write(tmp_path / "b.docx", BODY, comment(1, "甲", "号召"))
    assert faults(tmp_path) == {"E2175": (2, 1), "E2196": (1, 1)}
    with pytest.raises(InputError) as raised:
        ek.read_casebook(tmp_path)
    first = next(q for q in raised.value.problems if q.code == "E2175")
    assert say(first, "zh").startswith("a.docx › 第 2 段 › 批注 1：")
    assert "入户走访" in say(first, "zh")
    assert say(first, "en").startswith("a.docx › paragraph 2 › comment 1: ")


def test_files_of_another_writer_are_read(tmp_path):
    made = Document()
    line = made.add_paragraph("楼长")
    runs = [line.add_run("挨家挨户"), line.add_run("动员")]
    line.add_run("，大家同意了。")
    made.add_table(1, 2).rows[0].cells[1].text = "表里"
    made.add_comment(runs, text="动员：说得好", author="甲", initials="J")
    made.save(tmp_path / "S1.docx")
    book = ek.read_casebook(tmp_path / "S1.docx")
    assert book.texts["S1"].startswith("楼长挨家挨户动员，大家同意了。\n\n表里")
    assert book.codings[["quote", "code_id", "coder", "memo"]].to_numpy().tolist() == [
        ["挨家挨户动员", "动员", "甲", "说得好"]
    ]


# -- hostile files ----------------------------------------------------------------------------------


def spoiled(path: Path, case: str) -> Path:
    entity = '<!DOCTYPE w [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
    part = {"main": "word/document.xml", "notes": "word/comments.xml", "answers": "word/commentsExtended.xml"}
    if case.startswith("doctype"):
        return write(path, BODY, **{part[case.split()[1]]: f'{entity}<w:document xmlns:w="{W}">&a;</w:document>'})
    if case == "no xml":
        return write(path, BODY, **{"word/document.xml": "<w:document"})
    if case == "another root":
        return write(path, BODY, **{"word/document.xml": f'<w:styles xmlns:w="{W}"/>'})
    if case == "no main part":
        return write(path, BODY, **{"_rels/.rels": f'<Relationships xmlns="{PACKAGE}"/>'})
    if case == "outside":
        rels = f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" Type="{OFFICE}/officeDocument" Target="/../x"/>'
        return write(path, BODY, **{"_rels/.rels": f"{rels}</Relationships>"})
    contents = {
        "no zip": b"PK\x03\x04 but no more",
        "old": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "empty": b"",
        "prose": b"hello",
    }
    path.write_bytes(contents[case])
    return path


HOSTILE = {
    "doctype main": "E2182", "doctype notes": "E2182", "doctype answers": "E2182", "no xml": "E2183",
    "another root": "E2183", "no main part": "E2183", "outside": "E2183", "no zip": "E2183", "empty": "E2183",
    "prose": "E2183", "old": "E2184",
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_word_file_is_refused(case, tmp_path):
    assert set(faults(spoiled(tmp_path / "S.docx", case))) == {HOSTILE[case]}


def test_a_bomb_is_refused_by_its_size(tmp_path, monkeypatch):
    path = write(tmp_path / "S.docx", BODY, **{"word/comments.xml": " " * ((1 << 26) + 1)})
    assert path.stat().st_size < 1 << 20
    assert set(faults(path)) == {"E2181"}
    monkeypatch.setattr(package, "MAX_ENTRIES", 3)
    assert set(faults(write(path, BODY))) == {"E2183"}


def test_a_deep_file_is_read_without_recursion(tmp_path):
    deep = "<w:sdt>" * 20000 + p("底") + "</w:sdt>" * 20000
    assert text_of(tmp_path, deep) == "底"


def test_a_word_source_that_is_not_there_or_old_is_told_at_its_cell(tmp_path):
    folder = casebook(tmp_path / "book", sources="source_id,path\nS1,S1.docx\nS2,S2.doc\n")
    (folder / "texts" / "S2.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    assert set(faults(folder)) == {"E2127", "E2184"}
    with pytest.raises(InputError):
        ek.read_casebook(tmp_path / "none.docx")


def test_an_encrypted_entry_is_told(tmp_path):
    path = write(tmp_path / "S.docx", BODY)
    data = bytearray(path.read_bytes())
    for sign, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = 0
        while (start := data.find(sign, start)) >= 0:
            data[start + at] |= 1
            start += 4
    path.write_bytes(bytes(data))
    assert zipfile.ZipFile(io.BytesIO(bytes(data))).infolist()[0].flag_bits & 1
    assert set(faults(path)) == {"E2184"}


def test_a_chain_of_answers_is_followed_once(tmp_path):
    n = 20_000
    notes = "".join(comment(k, "甲", "C1", key=f"K{k}") for k in range(n))
    chain = "".join(f'<w15:commentEx w15:paraId="K{k}" w15:paraIdParent="K{k - 1}"/>' for k in range(1, n))
    book = ek.read_casebook(write(tmp_path / "S.docx", p(marked(0, "一")), notes, chain))
    assert len(book.codings) == 1
    assert book.codings.at[0, "memo"].count("\n") == n - 2


def test_too_many_paragraphs_and_comments_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.ingest.word_comments.story.MAX_PARAGRAPHS", 3)
    assert set(faults(write(tmp_path / "S.docx", p("一") * 4))) == {"E2181"}
    monkeypatch.setattr("evalkit.ingest.word_comments.remarks.MAX_COMMENTS", 3)
    assert set(faults(write(tmp_path / "S.docx", p("一"), comment(1, "甲", *"abcd")))) == {"E2181"}
    assert set(faults(write(tmp_path / "S.docx", p("一"), comment(1, "甲") * 4))) == {"E2181"}
