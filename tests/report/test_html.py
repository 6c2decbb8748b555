"""The html report: one safe file, both languages, every link resolves."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import lxml.html
import pandas as pd
import pytest
from sample_tables import hostile_table, mediation_table, pair, sample_report

from evalkit.contract import Figure, Label
from evalkit.report import html
from evalkit.report.document import Report, Section
from evalkit.report.styles import load_style

CN = load_style("cn")
ID = "med/Total_effect#estimate"
SVG = b"""<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9" onload="alert(1)">
<metadata>2026</metadata><script>alert(1)</script><defs>
<path id="g" d="M0 0z"/><clipPath id="c"><path d="M0 0z"/></clipPath></defs>
<g clip-path="url(#c)"><use xlink:href="#g"/><image xlink:href="http://example.org/x.png"/></g></svg>"""


@dataclass(frozen=True)
class Picture:
    """Stands for a drawing of report.figures."""

    id: str
    svg: bytes
    png: bytes
    alt: str
    data: pd.DataFrame


@pytest.fixture
def parsed():
    return lxml.html.fromstring(html.page(sample_report(), lang="zh", style=CN))


def with_figure() -> tuple[Report, dict[str, Picture]]:
    figure = Figure("med.path", "path", pair("路径图", "Path diagram"), pd.DataFrame({"a": [1.0]}))
    report = Report(
        pair("报告", "Report"), (Section("med", pair("中介", "Mediation"), (mediation_table(),), (figure,)),)
    )
    picture = Picture("med.path", SVG, b"", 'Paths <"x"> & y', figure.frame)
    return replace(report, languages=("zh", "en")), {"med.path": picture}


def test_no_outside_request_and_no_script(parsed):
    text = lxml.html.tostring(parsed, encoding="unicode")
    assert not re.search(r"<script|<link|<iframe|<object|<embed|@import|url\(|\bsrc=|https?:", text)
    policy = parsed.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_both_languages_and_a_switch_without_script(parsed):
    assert [a.get("lang") for a in parsed.xpath("//article")] == ["zh-CN", "en"]
    assert parsed.xpath("//input[@type='radio' and @checked]/@id") == ["show-zh"]
    assert "#show-en:not(:checked) ~ article.en { display: none; }" in parsed.xpath("//style")[0].text
    assert parsed.xpath("//article[@lang='en']//h1")[0].text == "Community renewal survey"


def test_the_language_asked_for_comes_first():
    page = lxml.html.fromstring(html.page(sample_report(), lang="en", style=CN))
    assert page.get("lang") == "en"
    assert page.xpath("//input[@checked]/@id") == ["show-en"]


def test_one_language_has_no_switch():
    assert "show-zh" not in html.page(sample_report(languages=("zh",)), lang="zh", style=CN)


def test_ids_are_unique_and_every_link_resolves(parsed):
    ids = parsed.xpath("//@id")
    assert len(ids) == len(set(ids))
    links = parsed.xpath("//a/@href")
    assert links
    assert {link[1:] for link in links} <= set(ids)


def test_a_sentence_leads_to_its_number(parsed):
    link = parsed.xpath("//article[@lang='zh-CN']//a[@class='ref']/@href")[0]
    target = parsed.xpath(f"//*[@id='{link[1:]}']")[0]
    assert target.text_content() == "0.352"


def test_numbers_titles_notices_and_provenance(parsed):
    text = parsed.xpath("//article[@lang='zh-CN']")[0].text_content()
    assert "表5　层级回归结果" in text
    assert "0.400***" in text
    assert "注：" in text
    assert "需要留意" in text
    assert "使用1056行" in text
    assert "模拟数据" in text
    assert len(parsed.xpath("//article[@lang='en']//details")) == 6


def test_hostile_words_stay_words():
    report = Report(
        hostile_table().title,
        (Section("x", hostile_table().title, (hostile_table(),), sentences=(hostile_table().title,)),),
        facts=(hostile_table().title,),
    )
    page = html.page(report, lang="zh", style=CN)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", page)
    assert "{{ 7 * 7 }}" in page
    cells = [c.text_content() for c in lxml.html.fromstring(page).xpath("//tbody/tr/th")]
    assert cells[1] == '=HYPERLINK("http://example.org","click")'


def test_figures_stand_inline_and_clean():
    report, drawn = with_figure()
    page = html.page(report, lang="zh", style=CN, drawn=drawn)
    parsed = lxml.html.fromstring(page)
    assert not re.search(r"alert|example\.org|<metadata|DOCTYPE svg", page)
    assert len(parsed.xpath("//svg")) == 2
    assert parsed.xpath("//svg/@aria-label")[0] == 'Paths <"x"> & y'
    ids = parsed.xpath("//svg//@id")
    assert len(ids) == len(set(ids)) == 4
    assert 'clip-path="url(#en-f1-c)"' in page
    assert "图1　路径图" in parsed.text_content()


def test_same_report_same_bytes(tmp_path):
    for name in ("a.html", "b.html"):
        html.write(sample_report(), tmp_path / name, lang="zh", style=CN)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_rules_of_the_style_reach_the_page():
    page = html.page(sample_report(), lang="en", style=load_style("apa7"))
    assert "border-top: 1.0pt solid" in page
    assert ".first-stat" not in page


def test_like_named_results_of_two_steps_keep_links_of_their_own():
    table = mediation_table()
    twice = Section("b", pair("二", "Two"), (table, replace(table, id="again")), sentences=(Label("n", n=1, ref=ID),))
    report = Report(pair("报告", "Report"), (replace(twice, id="a"), twice), languages=("zh",))
    parsed = lxml.html.fromstring(html.page(report, lang="zh", style=CN))
    ids = parsed.xpath("//@id")
    assert len(ids) == len(set(ids))
    links = parsed.xpath("//a[@class='ref']/@href")
    assert len(set(links)) == 2
    assert {link[1:] for link in links} <= set(ids)


def test_drawings_may_be_kept_by_language():
    report, drawn = with_figure()
    one = drawn["med.path"]
    kept = {"zh": {"med.path": replace(one, alt="中文")}, "en": {"med.path": replace(one, alt="English")}}
    parsed = lxml.html.fromstring(html.page(report, lang="zh", style=CN, drawn=kept))
    assert parsed.xpath("//svg/@aria-label") == ["中文", "English"]


def test_a_figure_nobody_drew_is_drawn_now():
    frame = pd.DataFrame({"row": ["a", "b"], "column": ["b", "a"], "estimate": [0.5, 0.5], "p_value": [0.01, 0.01]})
    figure = Figure("c", "heatmap", pair("热图", "Heat map"), frame, {"a": pair("甲", "A"), "b": pair("乙", "B")})
    report = Report(pair("报告", "Report"), (Section("c", pair("相关", "Correlations"), figures=(figure,)),))
    assert "<svg" in html.page(report, lang="zh", style=CN)


def test_a_page_without_title_is_named_after_its_first_table():
    report = Report(Label(), (Section("t1", Label(), (mediation_table(),)),))
    parsed = lxml.html.fromstring(html.page(report, lang="zh", style=CN))
    assert parsed.xpath("//title")[0].text == "表1　中介效应的Bootstrap检验"
