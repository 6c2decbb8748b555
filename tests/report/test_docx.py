"""The Word document, audited in its XML: fonts, rules, headers, widths, captions, nothing cut off."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace

import docx as python_docx
import pandas as pd
import pytest
from lxml import etree
from sample_tables import (
    all_tables,
    correlation_table,
    hostile_table,
    mediation_table,
    pair,
    regression_table,
    sample_report,
)

from evalkit.contract import Cell, Figure, Head, Row, Table
from evalkit.report import Report, Section, docx, load_style
from evalkit.report.docx_xml import W, bookmark_name

CN = load_style("cn")
NS = {"w": W, "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"}


@dataclass(frozen=True)
class Picture:
    """Stands for a drawing of report.figures."""

    png: bytes
    alt: str
    width: float = 800.0
    height: float = 400.0


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def body_of(report, tmp_path, lang="zh", style=CN, **more):
    path = tmp_path / "tables.docx"
    docx.write(report, path, lang=lang, style=style, **more)
    return etree.fromstring(parts(path)["word/document.xml"]).find("w:body", NS)


def one_table(table):
    return Report(table.title, (Section("x", table.title, (table,)),))


def att(element, name):
    return element.get(f"{{{W}}}{name}")


def texts(element):
    return ["".join(t.text or "" for t in p.iterfind(".//w:t", NS)) for p in element.iterfind(".//w:p", NS)]


def test_fonts_stand_in_all_four_slots_and_nothing_is_japanese(tmp_path):
    body_of(sample_report(), tmp_path)
    package = parts(tmp_path / "tables.docx")
    styles = etree.fromstring(package["word/styles.xml"])
    fonts = styles.findall(".//w:rFonts", NS)
    assert len(fonts) > 10
    for font in fonts:
        assert att(font, "ascii") == att(font, "hAnsi") == att(font, "cs") == "Times New Roman"
        assert att(font, "eastAsia") in ("宋体", "黑体")
    caption = styles.xpath(".//w:style[@w:styleId='Caption']//w:rFonts/@w:eastAsia", namespaces=NS)
    assert caption == ["黑体"]
    assert styles.xpath("//w:docDefaults//w:lang/@w:eastAsia", namespaces=NS) == ["zh-CN"]
    for name, content in package.items():
        assert not any(mark in content for mark in (b"ja-JP", b"Theme=", b"MS Mincho", b"\xef\xbc\xad\xef\xbc\xb3")), (
            name
        )
    assert not any("theme" in name or "thumbnail" in name or "customXml" in name for name in package)
    assert 'themeFontLang w:val="en-US" w:eastAsia="zh-CN"' in package["word/settings.xml"].decode()


def test_three_rules_spanners_and_repeated_headers(tmp_path):
    table = body_of(one_table(regression_table()), tmp_path).find("w:tbl", NS)
    outer = {e.tag.rsplit("}", 1)[1]: att(e, "sz") for e in table.find("w:tblPr/w:tblBorders", NS)}
    assert outer == {"top": "12", "bottom": "12"}
    rows = table.findall("w:tr", NS)
    assert [r.find("w:trPr/w:tblHeader", NS) is not None for r in rows] == [True, True] + [False] * (len(rows) - 2)
    assert all(r.find("w:trPr/w:cantSplit", NS) is not None for r in rows)

    def edges(row):
        return [
            {b.tag.rsplit("}", 1)[1]: att(b, "sz") for b in cell.iterfind("w:tcPr/w:tcBorders/*", NS)}
            for cell in row.findall("w:tc", NS)
        ]

    assert edges(rows[0]) == [{"top": "12"}] * 3
    assert edges(rows[1]) == [{"bottom": "6"}] * 7
    assert edges(rows[-4]) == [{"top": "4"}] * 7
    assert edges(rows[-1]) == [{"bottom": "12"}] * 7
    assert [e for row in rows[2:-4] for e in edges(row)] == [{}] * 7 * (len(rows) - 6)
    spanners = [att(b, "sz") for b in rows[0].iterfind(".//w:pBdr/w:bottom", NS)]
    assert spanners == ["4", "4"]
    assert not table.xpath(".//w:left[@w:val='single'] | .//w:right[@w:val='single'] | .//w:insideV", namespaces=NS)


@pytest.mark.parametrize("style", ["cn", "apa7"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_table_is_wider_than_its_page(tmp_path, style, lang):
    body = body_of(sample_report(), tmp_path, lang, load_style(style))
    waiting = []
    seen = 0
    for child in body:
        if child.tag == f"{{{W}}}tbl":
            waiting.append(child)
        for section in [child] if child.tag == f"{{{W}}}sectPr" else child.findall("w:pPr/w:sectPr", NS):
            size, margins = section.find("w:pgSz", NS), section.find("w:pgMar", NS)
            room = int(att(size, "w")) - int(att(margins, "left")) - int(att(margins, "right"))
            for table in waiting:
                grid = [int(att(c, "w")) for c in table.iterfind("w:tblGrid/w:gridCol", NS)]
                assert sum(grid) <= room + 2
                assert sum(grid) >= room - 40  # and it fills the text width
                seen += 1
            waiting = []
    assert seen == len(all_tables())


def test_a_wide_matrix_gets_a_turned_page_and_the_next_page_is_upright(tmp_path):
    body = body_of(sample_report(), tmp_path)
    turned = [att(s, "orient") for s in body.xpath("//w:sectPr/w:pgSz", namespaces=NS)]
    assert turned == [None, "landscape", None]
    for section in body.iterfind(".//w:sectPr", NS):
        assert section.find("w:footerReference", NS) is not None
        assert section.find("w:headerReference", NS) is not None


def very_wide(columns: int) -> Table:
    heads = (Head("variable"), *(Head(pair(f"第{i}列的标题", f"Heading {i}")) for i in range(columns)))
    cells = (
        Cell(pair("某个变量", "Some variable"), "label"),
        *(Cell(i + 0.25, "estimate", p=0.0001) for i in range(columns)),
    )
    return Table(
        "wide", "T9", pair("很宽的表", "A very wide table"), (heads,), (Row(cells),), correlation_table(3).notes
    )


def test_a_table_too_wide_for_any_page_is_continued_and_loses_nothing(tmp_path):
    body = body_of(one_table(very_wide(40)), tmp_path)
    tables = body.findall("w:tbl", NS)
    assert len(tables) == 4
    all_text = [t for table in tables for t in texts(table)]
    for i in range(40):
        assert all_text.count(f"{i}.250***") == 1
    assert all_text.count("某个变量") == 4
    captions = [t for t in texts(body) if "很宽的表" in t]
    assert [c.split("　")[0] for c in captions[-4:]] == ["表1", "续表1", "续表1", "续表1"]
    assert sum("注：" in t for t in texts(body)) == 1


def test_one_huge_word_cannot_push_a_table_off_the_page(tmp_path):
    table = very_wide(2)
    word = "x" * 400
    rows = (replace(table.rows[0], cells=(Cell(word, "label"), *table.rows[0].cells[1:])),)
    found = body_of(one_table(replace(table, rows=rows)), tmp_path).findall("w:tbl", NS)
    assert all(sum(int(att(c, "w")) for c in t.iterfind("w:tblGrid/w:gridCol", NS)) < 16838 - 2 * 1400 for t in found)
    assert word in texts(found[0])


def test_numbers_align_on_a_decimal_tab_and_never_break(tmp_path):
    table = body_of(one_table(regression_table()), tmp_path).find("w:tbl", NS)
    first = table.findall("w:tr", NS)[2].findall("w:tc", NS)
    assert first[0].find(".//w:tab", NS) is None
    for cell in first[1:]:
        tab = cell.find(".//w:tab", NS)
        width = int(att(cell.find("w:tcPr/w:tcW", NS), "w"))
        assert att(tab, "val") == "decimal"
        assert 0 < int(att(tab, "pos")) < width
        assert cell.find("w:tcPr/w:noWrap", NS) is not None
    below = table.findall("w:tr", NS)[3].findall("w:tc", NS)[1:]
    assert [att(c.find(".//w:tab", NS), "pos") for c in below] == [
        att(c.find(".//w:tab", NS), "pos") for c in first[1:]
    ]
    whole = table.findall("w:tr", NS)[-1].findall("w:tc", NS)[1]
    assert att(whole.find(".//w:jc", NS), "val") == "center"


def test_captions_are_numbered_by_fields_inside_bookmarks(tmp_path):
    body = body_of(sample_report(), tmp_path)
    codes = [e.text.strip() for e in body.iterfind(".//w:instrText", NS)]
    assert codes == [r"SEQ 表 \* ARABIC"] * 6
    names = [att(b, "name") for b in body.iterfind(".//w:bookmarkStart", NS)]
    ids = [att(b, "id") for b in body.iterfind(".//w:bookmarkStart", NS)]
    assert names[0] == "_Ref_s0_profile"
    assert len(set(names)) == len(set(ids)) == 6
    assert ids == [att(b, "id") for b in body.iterfind(".//w:bookmarkEnd", NS)]
    start = body.find(".//w:bookmarkStart", NS)
    inside = []
    for sibling in start.itersiblings():
        if sibling.tag.endswith("bookmarkEnd"):
            break
        inside += [t.text for t in sibling.iterfind(".//w:t", NS)]
    assert "".join(inside) == "表1"
    assert "表5　层级回归结果" in texts(body)


def test_bookmark_names_suit_word():
    assert bookmark_name("步骤", "a-b.c") == "_Ref____a_b_c"
    assert len(bookmark_name("x" * 80)) == 40


def test_sentences_notices_facts_and_provenance_are_there(tmp_path):
    found = texts(body_of(sample_report(), tmp_path, "en"))
    assert "1,146 valid answers from 12 communities" in found
    assert any(t.startswith("The indirect effect is 0.084") for t in found)
    assert any("E706" in t for t in found)
    assert found.count("1,056 rows used, 90 dropped (incomplete answers)") == 6


def test_simulated_data_is_said_on_every_page(tmp_path):
    body_of(sample_report(), tmp_path, "en")
    headers = [c for n, c in parts(tmp_path / "tables.docx").items() if n.startswith("word/header")]
    assert headers
    assert all(b"Simulated data" in c for c in headers)
    honest = texts(body_of(replace(sample_report(), simulated=False), tmp_path, "en"))
    assert not any("Simulated" in t for t in honest)


def test_figures_carry_their_alt_text_and_fit_the_page(tmp_path):
    from PIL import Image

    Image.new("RGB", (800, 400), "white").save(tmp_path / "p.png")
    figures = tuple(Figure(f"f{i}", "path", pair("路径图", "Paths"), pd.DataFrame({"a": [1.0]})) for i in range(2))
    report = Report(pair("报告", "Report"), (Section("med", pair("中介", "Mediation"), (mediation_table(),), figures),))
    drawn = {f.id: Picture((tmp_path / "p.png").read_bytes(), f'alt <"{f.id}"> \x07') for f in figures}
    body = body_of(report, tmp_path, drawn=drawn)
    properties = body.findall(".//wp:docPr", NS)
    assert [p.get("descr") for p in properties] == ['alt <"f0"> ', 'alt <"f1"> ']
    assert len({p.get("id") for p in properties}) == 2
    room = (210 - 54) / 25.4 * 914400
    assert all(int(e.get("cx")) <= room for e in body.iterfind(".//wp:extent", NS))
    assert "图2　路径图" in texts(body)
    assert [e.text.strip() for e in body.iterfind(".//w:instrText", NS)][-1] == r"SEQ 图 \* ARABIC"


def test_hostile_words_stay_words(tmp_path):
    report = one_table(hostile_table())
    body = body_of(report, tmp_path)
    found = texts(body)
    assert '<script>alert("x")</script>' in found
    assert "bell and nul and [31m" in found
    assert "{{ 7 * 7 }} {n}" in found
    assert len(body.findall(".//w:br", NS)) == 2


def test_python_docx_reads_it_back(tmp_path):
    body_of(sample_report(), tmp_path)
    document = python_docx.Document(tmp_path / "tables.docx")
    assert document.core_properties.author == "evalkit"
    assert document.core_properties.title == "社区更新满意度调查报告"
    assert len(document.tables) == len(all_tables())
    assert document.tables[4].cell(2, 1).text == "0.400***"


def test_same_report_same_bytes(tmp_path):
    for name in ("a.docx", "b.docx"):
        docx.write(sample_report(), tmp_path / name, lang="zh", style=CN)
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()
