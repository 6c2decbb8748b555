"""Files of one name: told apart by their folder in every address."""

from __future__ import annotations

from evalkit.ingest.opening import open_books


def test_findings_of_the_reader_carry_the_name_with_the_folder(workbook):
    paths = [workbook([["used", "age"], [1, 12345678901234567890]], f"{place}/q.xlsx") for place in ("a", "b")]
    books = open_books(paths)
    assert [book.name for book in books] == ["a/q.xlsx", "b/q.xlsx"]
    for book in books:
        found = [p for sheet in book.sheets for p in sheet.problems]
        assert found
        assert {p.at.file for p in found} == {book.name}
