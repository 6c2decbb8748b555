"""Captions, notes in order, star legend, alignment and the reasons behind marks."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from sample_tables import all_tables, correlation_table, describe_table, mediation_table, pair, regression_table

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.report.layout import narrowed, print_table, symbol_runs
from evalkit.report.styles import load_style
from evalkit.report.widths import share_width, text_width

CN = load_style("cn")
APA = load_style("apa7")


def plain(line):
    return "".join(run.text for run in line)


def test_captions_by_style_and_language():
    table = regression_table()
    assert [plain(c) for c in print_table(table, 5, CN, "zh").caption] == ["表5　层级回归结果"]
    assert [plain(c) for c in print_table(table, 5, APA, "en").caption] == ["Table 5", "Hierarchical Regression"]
    number, title = print_table(table, 5, APA, "en").caption
    assert number[0].bold
    assert title[0].italic
    assert plain(print_table(table, 5, CN, "zh", continued=True).caption[0]).startswith("续表5　")


def test_bilingual_caption(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('format = "evalkit-style/1"\nid = "own"\n[caption]\nbilingual = true\n', encoding="utf-8")
    lines = print_table(mediation_table(), 1, load_style(own), "zh").caption
    assert [plain(c) for c in lines] == ["表1　中介效应的Bootstrap检验", "Table 1  Bootstrap test of the mediation"]


def test_notes_in_the_order_of_the_style():
    table = correlation_table(6)
    cn = [plain(n) for n in print_table(table, 3, CN, "zh").notes]
    assert cn == [
        "数据来源：作者根据调查数据计算。",
        "注：对角线加粗数值为AVE的平方根，下三角为皮尔逊相关系数；*p<0.05，**p<0.01，***p<0.001。",
    ]
    apa = [plain(n) for n in print_table(table, 3, APA, "en").notes]
    assert apa == [
        "Note. Bold diagonal: square root of AVE; below: Pearson r.",
        "Source: computed by the authors from the survey.",
        "*p < .05. **p < .01. ***p < .001.",
    ]


def test_the_star_legend_stands_only_where_stars_do():
    assert not any("*" in plain(n) for n in print_table(mediation_table(), 1, CN, "zh").notes)
    assert any("*p<0.05" in plain(n) for n in print_table(regression_table(), 1, CN, "zh").notes)


def test_a_value_that_could_not_be_computed_says_why():
    note = plain(print_table(describe_table(), 2, CN, "zh").notes[0])
    assert "n.e.表示无法计算：答案不完整" in note
    assert "不适用" not in note


def test_two_reasons_get_letters():
    cells = (Cell("a", "label"), Cell(math.nan, "mean", reason="drop.where"), Cell(math.nan, "sd", reason="own words"))
    table = Table("t", "T4", pair("标题", "Title"), ((Head(""), Head("mean"), Head("sd")),), (Row(cells),))
    printed = print_table(table, 1, CN, "en")
    assert [c.text for c in printed.rows[0].cells] == ["a", "n.e.a", "n.e.b"]
    assert printed.rows[0].cells[1].runs[-1].raised
    assert (
        plain(printed.notes[0]) == "Note: n.e. = could not be computed: a outside this step's selection; b own words."
    )


def test_symbols_are_italic_and_words_are_not():
    runs = symbol_runs("Adj. R², M ± SD; don't, t-test, n.e., Name, χ²", CN)
    assert [r.text for r in runs if r.italic] == ["R", "M", "SD", "t"]
    assert "".join(r.text for r in runs) == "Adj. R², M ± SD; don't, t-test, n.e., Name, χ²"


def test_numbers_align_on_the_point_and_whole_numbers_among_them_stand_centred():
    printed = print_table(regression_table(), 1, CN, "zh")
    assert printed.rows[0].cells[1].align == "decimal"
    assert printed.rows[-1].cells[1].align == "center"
    assert printed.columns[1].stars == 3
    assert all(row.cells[0].align == "left" for row in printed.rows)


def test_marks_stand_below_their_head_and_long_texts_at_the_left():
    rows = [Row((Cell(str(x), "label"), Cell(x, "consistency" if i == 1 else "text")))
            for i, x in enumerate(("●", 0.857, "(⊗)", "SH-A, SH-B, SH-C, TJ-A, DL-A, DL-B, HB-A"))]  # fmt: skip
    table = Table("s4", "S4", Label(zh="组态", en="Paths"), ((Head(""), Head(Label(zh="1a", en="1a"))),), tuple(rows))
    printed = print_table(table, 1, CN, "zh")
    assert [row.cells[1].align for row in printed.rows] == ["center", "decimal", "center", "left"]


def test_user_words_are_never_italic():
    table = replace(
        mediation_table(), rows=(Row((Cell(Label(zh="p", en="p"), "label"), *mediation_table().rows[1].cells[1:])),)
    )
    assert not any(r.italic for r in print_table(table, 1, CN, "zh").rows[0].cells[0].runs)


def test_narrowing_keeps_spanning_heads():
    part = narrowed(regression_table(6), [0, 2, 3, 4])
    assert [h.span for h in part.header[0]] == [1, 2, 1]
    assert part.n_columns == 4
    assert print_table(part, 1, CN, "zh").rows[0].cells[1].text == "0.440***"


def test_every_table_prints_in_both_styles_and_languages():
    for table in all_tables():
        for style in (CN, APA):
            for lang in ("zh", "en"):
                printed = print_table(table, 1, style, lang)
                assert len(printed.rows) == len(table.rows)
                assert all(plain(n)[-1] in "。." for n in printed.notes)


def test_a_ragged_table_is_refused():
    with pytest.raises(ValueError, match="cells for"):
        print_table(replace(mediation_table(), rows=(Row((Cell("a", "label"), Cell(1.0, "mean"))),)), 1, CN, "zh")


def test_notes_of_unknown_kind_are_our_fault():
    with pytest.raises(KeyError):
        print_table(replace(mediation_table(), notes=(Note("remark", "n"),)), 1, CN, "zh")


def test_widths():
    assert text_width("中文ab") == 6.0
    assert share_width([10, 4], [6, 4], 20) == [13.0, 7.0]
    assert share_width([10, 4], [6, 4], 12) == [8.0, 4.0]
    assert share_width([10, 4], [6, 4], 9) is None


def test_heads_over_heads_are_ruled_and_no_others():
    table = regression_table(2)
    assert [h.span for h in table.header[0]] == [1, 1, 1]
    assert [c.ruled for c in print_table(table, 1, CN, "zh").header[0]] == [False, True, True]
    flat = replace(table, header=((Head("variable"), Head("mean"), Head("sd")), (Head(""), Head(""), Head("count"))))
    assert [[c.ruled for c in row] for row in print_table(flat, 1, CN, "zh").header] == [
        [False, False, True],
        [False] * 3,
    ]


def test_a_long_head_does_not_take_the_room_of_the_stub():
    long = pair("被解释变量：愿景共识（使命管理）", "Outcome: vision consensus (mission)")
    table = replace(regression_table(2), header=((Head("variable"), Head(long), Head(long)),))
    columns = print_table(table, 1, CN, "zh").columns
    assert columns[1].natural <= text_width(long.zh) / 2 + 1
