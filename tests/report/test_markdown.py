"""Markdown: one line a row, signs escaped, the numbers of the style."""

from __future__ import annotations

from sample_tables import hostile_table, mediation_table, regression_table, sample_report

from evalkit.report import Report, Section, load_style, markdown
from evalkit.report.layout import print_table

CN = load_style("cn")


def test_a_table_keeps_its_rows_and_columns():
    for table in (regression_table(), hostile_table(), mediation_table()):
        block = markdown.table_blocks(print_table(table, 1, CN, "zh"))[1].split("\n")
        assert len(block) == 2 + len(table.rows)
        bare = [line.replace("\\|", "") for line in block]
        assert {line.count("|") for line in bare} == {table.n_columns + 1}


def test_stars_signs_and_markup_are_escaped():
    block = "\n".join(markdown.table_blocks(print_table(regression_table(), 1, CN, "zh")))
    assert "0.400\\*\\*\\*" in block
    assert "\\**p*<0.05" in block.replace("\\<", "<")
    report = Report(hostile_table().title, (Section("x", hostile_table().title, (hostile_table(),)),))
    assert "<script" not in markdown.text_of_report(report, lang="en", style=CN).replace("\\<", "")


def test_the_whole_report_is_there():
    text = markdown.text_of_report(sample_report(), lang="en", style=CN)
    assert text.startswith("# Community renewal survey\n\n> **Simulated data")
    assert text.count("\n## ") == 6
    assert "Table 5  Hierarchical regression" in text
    assert "- 1,056 rows used, 90 dropped (incomplete answers)" in text
