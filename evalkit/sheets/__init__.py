"""Any spreadsheet file in, addressed cells out; and the one safe, deterministic workbook writer."""

from evalkit.sheets.annotate import problem_workbook
from evalkit.sheets.archive import rewrite_zip, write_bytes
from evalkit.sheets.book import read_book
from evalkit.sheets.cells import BOOL, DATE, EMPTY, ERROR, NUMBER, TEXT, Book, Cell, Column, Description, Sheet
from evalkit.sheets.text import clean_text, guarded
from evalkit.sheets.workbook import safe_cell, save_workbook, workbook_bytes

__all__ = [
    "BOOL",
    "DATE",
    "EMPTY",
    "ERROR",
    "NUMBER",
    "TEXT",
    "Book",
    "Cell",
    "Column",
    "Description",
    "Sheet",
    "clean_text",
    "guarded",
    "problem_workbook",
    "read_book",
    "rewrite_zip",
    "safe_cell",
    "save_workbook",
    "workbook_bytes",
    "write_bytes",
]
