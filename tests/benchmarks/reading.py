"""A survey of 100,000 rows and 60 columns: xlsx to cells, to decoded Responses, to a draft; against openpyxl.

Run from the checkout: `python -m tests.benchmarks.reading [ROWS]`. Each side runs in a process of its own, so the
peak memory is its own too. Targets: cells 3 times as fast as openpyxl read-only below 250 MB; decoded Responses
3 times as fast as pandas with openpyxl below 400 MB; `evalkit init` within 20 s.
"""

from __future__ import annotations

import random
import sys
import tempfile
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from tests.benchmarks.processes import Cost, best

FASTER, PEAK, PEAK_CELLS, INIT_SECONDS = 3.0, 400.0, 250.0, 20.0
AGREE = ("非常不同意", "比较不同意", "一般", "比较同意", "非常同意")
PLACES = ("东里", "西里", "南里", "北里")
N_SCALE, N_PLACE, N_NUMBER, N_TEXT = 40, 5, 10, 4

INSTRUMENT = """format = "evalkit-instrument/1"
id = "big"
version = "1"
languages = ["zh"]
title = {{zh = "大文件"}}
[choices]
A5 = [{agree}]
P = [{places}]
{items}
"""


def instrument_text() -> str:
    """Forty scale items, five places, ten numbers and four open answers."""
    agree = ", ".join(f'{{code = {i}, zh = "{t}"}}' for i, t in enumerate(AGREE, 1))
    places = ", ".join(f'{{code = {i}, zh = "{t}"}}' for i, t in enumerate(PLACES, 1))
    items = [f'[[items]]\nid = "s{i}"\ntype = "single"\nchoices = "A5"\nzh = "同意第{i}条"' for i in range(N_SCALE)]
    items += [f'[[items]]\nid = "p{i}"\ntype = "single"\nchoices = "P"\nzh = "地点{i}"' for i in range(N_PLACE)]
    items += [f'[[items]]\nid = "n{i}"\ntype = "integer"\nzh = "数目{i}"' for i in range(N_NUMBER)]
    items += [f'[[items]]\nid = "t{i}"\ntype = "text"\nzh = "意见{i}"' for i in range(N_TEXT)]
    return INSTRUMENT.format(agree=agree, places=places, items="\n".join(items))


def headers() -> list[str]:
    names = [f"同意第{i}条" for i in range(N_SCALE)] + [f"地点{i}" for i in range(N_PLACE)]
    names += [f"数目{i}" for i in range(N_NUMBER)] + [f"意见{i}" for i in range(N_TEXT)]
    return ["序号", *(f"{i}、{name}" for i, name in enumerate(names, 1))]


def write_book(path: Path, rows: int) -> None:
    """The file, as raw parts: shared strings, a tenth of the cells blank, a tenth of the open answers new."""
    rng = random.Random(20260101)
    strings: dict[str, int] = {}

    def cell(text: str) -> str:
        return f'<c t="s"><v>{strings.setdefault(text, len(strings))}</v></c>'

    def row(number: int) -> str:
        cells = [f"<c><v>{number}</v></c>"]
        cells += [cell(AGREE[rng.randrange(5)]) if rng.random() < 0.9 else "<c/>" for _ in range(N_SCALE)]
        cells += [cell(PLACES[rng.randrange(4)]) for _ in range(N_PLACE)]
        cells += [f"<c><v>{rng.randrange(100)}</v></c>" for _ in range(N_NUMBER)]
        cells += [cell(f"意见{rng.randrange(rows)}号") if rng.random() < 0.7 else "<c/>" for _ in range(N_TEXT)]
        return f'<row r="{number + 1}">{"".join(cells)}</row>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            head = "".join(cell(text) for text in headers())
            sheet.write(f'<worksheet xmlns="{main}"><sheetData><row r="1">{head}</row>'.encode())
            for number in range(1, rows + 1):
                sheet.write(row(number).encode())
            sheet.write(b"</sheetData></worksheet>")
        shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{shared}</sst>')
        sheets = '<sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets>'
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}">{sheets}</workbook>')
        links = f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        links += f'<Relationship Id="r2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/>'
        relations = f'<Relationships xmlns="{package}/relationships">{{}}</Relationships>'
        book.writestr("xl/_rels/workbook.xml.rels", relations.format(links))
        top = f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        book.writestr("_rels/.rels", relations.format(top))
        parts = (("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"), ("sharedStrings", "sharedStrings"))
        types = "".join(f'<Override PartName="/xl/{p}.xml" ContentType="{kind}.{t}+xml"/>' for p, t in parts)
        types += '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        book.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types">{types}</Types>')


CELLS = """
import sys
from evalkit.sheets import read_book
assert read_book(sys.argv[1]).sheets[0].n_rows == int(sys.argv[3]) + 1
"""
PEER_CELLS = """
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1], read_only=True)
assert sum(1 for row in book.worksheets[0].iter_rows(values_only=True)) == int(sys.argv[3]) + 1
"""
OURS = """
import sys, evalkit as ek
found = ek.read_responses(sys.argv[1], ek.load_instrument(sys.argv[2]), dialect="wjx_text")
assert found.frame.shape[0] == int(sys.argv[3]), found.frame.shape
"""
PEER = """
import sys, pandas as pd
assert len(pd.read_excel(sys.argv[1], engine="openpyxl")) == int(sys.argv[3])
"""


def compared(what: str, own: Cost, peer: Cost, peak: float) -> None:
    """Print both sides, the ratio and whether the targets are reached."""
    ratio = peer.seconds / own.seconds
    print(f"{what}: {own.seconds:.1f} s, peak {own.megabytes:.0f} MB")
    print(f"    peer: {peer.seconds:.1f} s, peak {peer.megabytes:.0f} MB")
    print(f"    {ratio:.1f} times as fast; target {FASTER:g}: {reached(ratio >= FASTER)}")
    print(f"    target below {peak:g} MB: {reached(own.megabytes < peak)}")


def reached(yes: bool) -> str:
    return "reached" if yes else "MISSED"


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        book, instrument = Path(folder) / "big.xlsx", Path(folder) / "big.toml"
        instrument.write_text(instrument_text(), encoding="utf-8")
        write_book(book, rows)
        given = (str(book), str(instrument), str(rows))
        size = f"{rows:,} x {len(headers())} xlsx"
        compared(f"{size} to cells", best(2, "-c", CELLS, *given), best(1, "-c", PEER_CELLS, *given), PEAK_CELLS)
        compared(f"{size} to decoded Responses", best(2, "-c", OURS, *given), best(1, "-c", PEER, *given), PEAK)
        draft = best(1, "-m", "evalkit", "init", str(book), "-o", str(Path(folder) / "draft"), "--quiet")
        print(f"evalkit init: {draft.seconds:.1f} s, peak {draft.megabytes:.0f} MB")
        print(f"    target {INIT_SECONDS:g} s: {reached(draft.seconds <= INIT_SECONDS)}")


if __name__ == "__main__":
    main()
