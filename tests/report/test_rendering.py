"""The written files as a reader sees them: turned into pages by LibreOffice and Chromium, and measured there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from sample_tables import all_tables, sample_report

from evalkit.contract import Label
from evalkit.report import docx, html, load_style, xlsx
from evalkit.report.formatting import cell_text

pytestmark = pytest.mark.slow
CN = load_style("cn")
POINTS_PER_MM = 72 / 25.4


def program(name: str) -> str:
    """Path of a rendering program. Its absence may excuse a laptop, never the build."""
    found = shutil.which(name)
    if found:
        return found
    if in_ci():
        pytest.fail(f"{name} is not installed, so nothing was rendered")
    pytest.skip(f"{name} is not installed")


def times_metrics() -> None:
    """Word pages are laid out for Times New Roman; without a face of its widths they look like no reader's."""
    named = subprocess.run([program("fc-match"), "Times New Roman"], check=True, capture_output=True).stdout.decode()
    if not re.search("Liberation Serif|Times New Roman|Tinos|Nimbus Roman", named):
        excuse = f"no font with the widths of Times New Roman (install fonts-liberation); found {named.strip()}"
        (pytest.fail if in_ci() else pytest.skip)(excuse)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")


def pdf_of(path, tmp_path):
    office = program("soffice")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return path.with_suffix(".pdf")


def pages(pdf):
    """Per page: size, and words with their boxes, in points."""
    text = subprocess.run(
        [program("pdftotext"), "-bbox", str(pdf), "-"], check=True, capture_output=True
    ).stdout.decode()
    out = []
    for page in re.findall(r"<page .*?</page>", text, re.DOTALL):
        width, height = (float(v) for v in re.search(r'width="([\d.]+)" height="([\d.]+)"', page).groups())
        box = re.findall(
            r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>', page
        )
        out.append((width, height, [(float(a), float(b), float(c), float(d), t) for a, b, c, d, t in box]))
    return out


def plain(pdf):
    text = subprocess.run(
        [program("pdftotext"), "-layout", str(pdf), "-"], check=True, capture_output=True
    ).stdout.decode()
    return re.sub(r"\s+", "", text.replace("&lt;", "<"))


def numbers(table, style, lang):
    """Every printed number of a table."""
    cells = (c for row in table.rows for c in row.cells)
    return [
        cell_text(c, style, lang) for c in cells if isinstance(c.value, (int, float, tuple)) and c.value is not None
    ]


@pytest.mark.parametrize(("style", "lang"), [("cn", "zh"), ("cn", "en"), ("apa7", "en")])
def test_word_pages_hold_every_number_inside_their_margins(tmp_path, style, lang):
    times_metrics()
    chosen = load_style(style)
    path = tmp_path / "tables.docx"
    docx.write(sample_report(), path, lang=lang, style=chosen)
    pdf = pdf_of(path, tmp_path)
    rendered = plain(pdf)
    for number, table in enumerate(all_tables(), start=1):
        label = f"表{number}" if lang == "zh" else f"Table{number}"
        assert label in rendered
        for text in numbers(table, chosen, lang):
            assert text.replace(" ", "") in rendered
    found = pages(pdf)
    assert sum(width > height for width, height, _ in found) == (1 if style == "cn" else 0)
    for width, height, words in found:
        side = chosen.page.top if width > height else chosen.page.left
        for x0, y0, x1, y1, text in words:
            assert x0 >= side * POINTS_PER_MM - 4, text
            assert x1 <= width - side * POINTS_PER_MM + 4, text
            assert 0 <= y0 < y1 <= height


def test_decimal_points_stand_below_one_another_in_word_pages(tmp_path):
    path = tmp_path / "tables.docx"
    report = sample_report()
    docx.write(replace(report, sections=(report.sections[4],)), path, lang="zh", style=CN)
    words = [w for _, _, page in pages(pdf_of(path, tmp_path)) for w in page]
    # In model 1: coefficients with stars start one digit before the point, standard errors a bracket earlier.
    coefficients = [x0 for x0, _, _, _, t in words if t in ("0.400***", "0.330", "0.260***", "0.190*")]
    fits = [x0 for x0, _, _, _, t in words if t == "0.312"]
    assert len(coefficients) == 4
    assert max(coefficients + fits[:1]) - min(coefficients + fits[:1]) < 0.6


def test_workbook_pages_show_every_number_as_printed(tmp_path):
    path = tmp_path / "tables.xlsx"
    report = sample_report()
    xlsx.write(replace(report, results=None), path, lang="zh", style=CN)
    pdf = pdf_of(path, tmp_path)
    rendered = plain(pdf)
    assert "#" not in rendered  # a column too narrow shows ###
    for table in all_tables():
        for text in numbers(table, CN, "zh"):
            assert text.replace(" ", "") in rendered
    # Cover, contents, and one page a table: nothing spilled onto a second page.
    assert len(pages(pdf)) == 2 + len(all_tables())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_html_shows_one_language_at_a_time_and_prints_whole(tmp_path, lang):
    path, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    html.write(sample_report(), path, lang=lang, style=CN)
    browser = [
        program("chromium"),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}/profile",
    ]
    command = [*browser, f"--print-to-pdf={pdf}", "--no-pdf-header-footer", path.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    rendered = plain(pdf)
    other = "en" if lang == "zh" else "zh"
    shown, hidden = (re.sub(r"\s+", "", Label("report.provenance").text(one)) for one in (lang, other))
    assert shown in rendered
    assert hidden not in rendered
    for table in all_tables():
        for text in numbers(table, CN, lang):
            assert text.replace(" ", "") in rendered
    for width, _, words in pages(pdf):
        assert all(x1 <= width - 20 for _, _, x1, _, _ in words)
