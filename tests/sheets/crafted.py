"""Hand-made xlsx packages for the tests: any XML, any part left out."""

from __future__ import annotations

import zipfile
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def relationships(entries: list[tuple[str, str, str]], office: str = OFFICE) -> str:
    rows = "".join(f'<Relationship Id="{i}" Type="{office}/{kind}" Target="{target}"/>' for i, kind, target in entries)
    return f'<Relationships xmlns="{PACKAGE}">{rows}</Relationships>'


def parts(
    rows: str,
    *,
    strings: str | None = None,
    formats: dict[int, str] | None = None,
    styles: tuple[int, ...] = (0,),
    head: str = "",
    tail: str = "",
    main: str = MAIN,
    office: str = OFFICE,
    date1904: bool = False,
    prefix: str = "",
    sheets: tuple[tuple[str, str], ...] = (("Sheet1", "visible"),),
) -> dict[str, str | bytes]:
    """The parts of a workbook whose sheets all hold `rows`; `styles` are number format ids by style index."""
    codes = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in (formats or {}).items())
    xfs = "".join(f'<xf numFmtId="{n}"/>' for n in styles)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{k}" state="{state}" r:id="rId{k}"/>'
        for k, (name, state) in enumerate(sheets, 1)
    )
    related = [(f"rId{k}", "worksheet", f"worksheets/odd{k}.xml") for k in range(1, len(sheets) + 1)]
    related.append(("rIdS", "styles", "/xl/look.xml"))
    p = f"{prefix}:" if prefix else ""
    space = f"xmlns:{prefix}" if prefix else "xmlns"
    made: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": relationships([("rId1", "officeDocument", "xl/book.xml")], office),
        "xl/book.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><workbookPr date1904="{int(date1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/look.xml": f'<styleSheet xmlns="{main}"><numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId="14"/>'
        f"</cellStyleXfs><cellXfs>{xfs}</cellXfs></styleSheet>",
    }
    for k in range(1, len(sheets) + 1):
        made[f"xl/worksheets/odd{k}.xml"] = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<{p}worksheet {space}="{main}">{head}<{p}sheetData>{rows}'
            f"</{p}sheetData>{tail}</{p}worksheet>"
        )
    if strings is not None:
        related.append(("rIdT", "sharedStrings", "words.xml"))
        made["xl/words.xml"] = f'<sst xmlns="{main}">{strings}</sst>'
    made["xl/_rels/book.xml.rels"] = relationships(related, office)
    return made


def write(path: Path, made: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    return path


def grid(sheet) -> list[list[str]]:
    return [[sheet.text(r, c) for c in range(sheet.n_columns)] for r in range(sheet.n_rows)]
