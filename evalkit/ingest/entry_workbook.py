"""An instrument in, a workbook for typing in paper answers out; its mark says for which version it was made."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.contract.problems import Place, Problem, UsageError
from evalkit.contract.words import text_of
from evalkit.ingest.targets import expected_items, fill_column, item_columns, names_of, option_column

if TYPE_CHECKING:
    from evalkit.instrument import Instrument, Item
    from evalkit.sheets import Sheet

MARK, LISTS_MARK = "evalkit-entry/1", "evalkit-entry-options/1"
FIRST_ROW = 3  # below the wordings with the mark, and the columns' names
NUMBER = "respondent_id"
_INLINE = 250  # Excel takes a list of at most 255 characters inside a validation


@dataclass(frozen=True)
class EntryColumn:
    """One column: its name in the frame, what the clerk reads above it, and what may be typed into it.

    Attributes
    ----------
    choices : tuple of str
        Texts of the drop-down; empty for numbers, dates and free text.
    item : Item, optional
        None for the questionnaire's number.
    """

    name: str
    wording: str
    choices: tuple[str, ...] = ()
    item: Item | None = None


def write_entry_workbook(
    instrument: Instrument,
    path: str | os.PathLike[str],
    *,
    lang: str = "zh",
    form: str | None = None,
    rows: int = 500,
) -> None:
    """Write a workbook in which every closed question has its drop-down and only the answers can be typed over.

    Parameters
    ----------
    instrument : Instrument
    path : path
        An xlsx file.
    lang : {"zh", "en"}
        Of wordings and options.
    form : str, optional
        Only the questions of this form.
    rows : int
        Rows prepared for answers.

    Raises
    ------
    UsageError
        E376 if `rows` is no number from 1 to 100,000.
    OutputError
        E131 if the file cannot be written.

    Notes
    -----
    The sheet is locked without a password: it keeps from slips, not from intent. Multiple responses have a column
    an option (1 chosen, 0 not), rankings the place of each option. `read_responses` reads it back as it stands.
    """
    from openpyxl import Workbook

    from evalkit.sheets import save_workbook

    if not 1 <= rows <= 100_000:
        raise UsageError(Problem("E376", params={"rows": rows}))
    columns = list(entry_columns(instrument, lang, form))
    book = Workbook()
    answers = book.active
    answers.title = text_of("entry.sheet", lang)
    lists = book.create_sheet(text_of("entry.lists", lang))
    listed = _fill_lists(lists, columns)
    _fill_headers(answers, columns, mark_of(instrument), lang)
    _open_for_answers(answers, columns, listed, rows, lang)
    save_workbook(book, path)


def mark_of(instrument: Instrument) -> str:
    """What stands in A1: for which questionnaire and version the workbook was made."""
    return f"{MARK} {instrument.id} {instrument.version}"


def made_for_another(sheet: Sheet, instrument: Instrument) -> list[Problem]:
    """W371 if the sheet was made for another questionnaire or version than it is read with."""
    mark = _first(sheet)
    if not mark.startswith(f"{MARK} ") or mark == mark_of(instrument):
        return []
    place = Place(sheet.book, sheet.name, f"{sheet.columns[0].letter}{sheet.rows[0]}")
    params = {"made": mark.removeprefix(f"{MARK} "), "read": f"{instrument.id} {instrument.version}"}
    return [Problem("W371", place, params)]


def is_entry(sheet: Sheet) -> bool:
    """Whether a sheet is one for answers."""
    return _first(sheet).startswith(f"{MARK} ")


def is_option_list(sheet: Sheet) -> bool:
    """Whether a sheet holds the drop-downs' texts."""
    return _first(sheet) == LISTS_MARK


def _first(sheet: Sheet) -> str:
    return sheet.text(0, 0) if sheet.n_rows and sheet.n_columns else ""


def entry_columns(instrument: Instrument, lang: str, form: str | None = None) -> Iterator[EntryColumn]:
    """Every column in the order of the questionnaire; the questionnaire's number comes first."""
    wanted = [item for item in expected_items(instrument, form) if item.type != "file"]
    stems = {block.id: getattr(block, lang) or block.zh or block.en for block in instrument.blocks}
    if not any(item.role == "respondent_id" for item in wanted):
        yield EntryColumn(NUMBER, text_of("entry.number", lang))
    for item in wanted:
        wording = f"{stems[item.matrix]}—{item.text(lang)}" if item.matrix else item.text(lang)
        yield from _columns_of(item, wording, lang)


def _columns_of(item: Item, wording: str, lang: str) -> Iterator[EntryColumn]:
    options = {o.code: o.text(lang) for o in item.options}
    if item.type == "multi":
        for name, code in zip(item_columns(item), [o.code for o in item.options if o.missing is None], strict=True):
            yield EntryColumn(name, f"{wording}—{options[code]}", ("0", "1"), item)
    elif item.type == "rank":
        places = tuple(str(k) for k in range(1, len(item.options) + 1))
        for option in item.options:
            yield EntryColumn(option_column(item.id, option.code), f"{wording}—{options[option.code]}", places, item)
    elif item.type == "text" and names_of(item) > 1:
        for k, name in enumerate(item_columns(item), 1):
            yield EntryColumn(name, f"{wording}—{k}", (), item)
    else:
        yield EntryColumn(item.id, wording, tuple(options.values()) if item.type == "single" else (), item)
    for option in item.options:
        if option.fill:
            words = text_of("entry.fill", lang).format(option=options[option.code])
            yield EntryColumn(fill_column(item.id, option.code), f"{wording}—{words}", (), None)


def _fill_lists(sheet: Any, columns: Sequence[EntryColumn]) -> dict[tuple[str, ...], str]:
    """The drop-downs too long for a cell's own rule, each once: texts -> the range that holds them."""
    sheet["A1"] = LISTS_MARK
    sheet.protection.sheet = True
    found: dict[tuple[str, ...], str] = {}
    long = (c.choices for c in columns if c.choices and not _fits_inline(c.choices))
    for number, choices in enumerate(dict.fromkeys(long), 1):
        cells = [sheet.cell(row=row, column=number, value=text) for row, text in enumerate(choices, 2)]
        title = sheet.title.replace("'", "''")
        letter = cells[0].column_letter
        found[choices] = f"'{title}'!${letter}$2:${letter}${len(choices) + 1}"
        sheet.column_dimensions[letter].width = 36
    return found


def _fits_inline(choices: Sequence[str]) -> bool:
    return len(",".join(choices)) <= _INLINE and not any("," in text or '"' in text for text in choices)


def _fill_headers(sheet: Any, columns: Sequence[EntryColumn], mark: str, lang: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    grey, shade = Font(name="Calibri", color="7F7F7F", size=8), PatternFill("solid", fgColor="EEF2F7")
    for number, column in enumerate(columns, 1):
        above, name = sheet.cell(row=1, column=number), sheet.cell(row=2, column=number, value=column.name)
        above.value = mark if number == 1 else column.wording
        above.font = grey if number == 1 else Font(name="Calibri", bold=True)
        above.alignment = Alignment(wrap_text=True, vertical="top")
        above.fill = name.fill = shade
        name.font = grey
        sheet.column_dimensions[name.column_letter].width = 18 if column.choices != ("0", "1") else 12
    sheet.row_dimensions[1].height = 90
    sheet.freeze_panes = f"B{FIRST_ROW}"
    sheet.sheet_view.zoomScale = 110


def _open_for_answers(
    sheet: Any, columns: Sequence[EntryColumn], listed: dict[tuple[str, ...], str], rows: int, lang: str
) -> None:
    """Unlock the cells below the headers and give each column its rule."""
    from openpyxl.styles import Protection

    last = FIRST_ROW + rows - 1
    free = Protection(locked=False)
    for number, column in enumerate(columns, 1):
        shown = "yyyy-mm-dd" if column.item and column.item.type == "date" else "General"
        if not column.choices and (column.item is None or column.item.type not in ("integer", "decimal", "date")):
            shown = "@"  # `007` and `3-5` stay as they are typed
        for row in range(FIRST_ROW, last + 1):
            cell = sheet.cell(row=row, column=number)
            cell.protection, cell.number_format = free, shown
        letter = sheet.cell(row=2, column=number).column_letter
        rule = _rule(column, listed.get(column.choices, ""), f"{letter}{FIRST_ROW}", lang)
        if rule is not None:
            rule.add(f"{letter}{FIRST_ROW}:{letter}{last}")
            sheet.add_data_validation(rule)
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False


def _rule(column: EntryColumn, listed: str, first: str, lang: str) -> Any:
    """The column's validation; None where anything may be typed."""
    from openpyxl.worksheet.datavalidation import DataValidation

    item = column.item
    told = {"showErrorMessage": True, "errorTitle": column.name[:32], "allow_blank": True}
    if column.choices:
        formula = listed or '"' + ",".join(column.choices) + '"'
        return DataValidation(type="list", formula1=formula, error=text_of("entry.choose", lang), **told)
    if item is not None and item.type in ("integer", "decimal"):
        words = text_of("entry.range", lang).format(low=_bound(item.min), high=_bound(item.max))
        return DataValidation(type="custom", formula1=_number_formula(item, first), error=words, **told)
    if item is not None and item.type == "date":
        return DataValidation(
            type="date", operator="greaterThan", formula1="1", error=text_of("entry.date", lang), **told
        )
    return None


def _bound(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"


def _number_formula(item: Item, cell: str) -> str:
    """A number in its range, whole where it must be, or one of the item's missing codes."""
    tests = [f"ISNUMBER({cell})"]
    tests += [f"{cell}>={item.min:g}"] if item.min is not None else []
    tests += [f"{cell}<={item.max:g}"] if item.max is not None else []
    tests += [f"{cell}=INT({cell})"] if item.type == "integer" else []
    inside = f"AND({','.join(tests)})"
    codes = [f"{cell}={code:g}" for code in item.missing]
    return f"OR({inside},{','.join(codes)})" if codes else inside
