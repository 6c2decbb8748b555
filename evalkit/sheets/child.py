"""Runs alone, as a script, in a process of its own: a .xls, .xlsb or .ods file in, plain cells out on stdout.

The library underneath can end the whole process on a hostile file, so it never runs in the program itself.
Nothing of this package is imported here: start-up stays short and the memory limit is the file's alone.
First a line of JSON, `{"sheets", "sent"}`; per sheet sent another, `{"name", "merged", "values", "n"}`, then the
arrays: row numbers (int32), column numbers (int16) and positions in `values` (int32). A value is `[sort, payload]`.
"""

import json
import sys
from array import array
from datetime import date, time, timedelta
from typing import Any


def limit(megabytes: int, seconds: int) -> None:
    """Bound memory and processor time where the system knows how."""
    try:
        import resource
    except ImportError:  # Windows: the parent's clock alone
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def sort_of(value: object) -> tuple[str, object]:
    """What a value is and its form in JSON. bool comes before number: it is a subclass."""
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, (int, float)):
        return "number", repr(float(value))
    if isinstance(value, date):
        return "moment", value.isoformat()
    if isinstance(value, time):
        moment = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
        return "elapsed", moment.total_seconds()
    if isinstance(value, timedelta):
        return "elapsed", value.total_seconds()
    return "text", str(value)


def send(name: str, sheet: Any) -> None:
    """Write one sheet to stdout."""
    rows, columns, places = array("i"), array("h"), array("i")
    known: dict[tuple[str, object], int] = {}
    left = sheet.start[1] if sheet.start else 0  # iter_rows starts at row 1, but at the first used column
    for row, cells in enumerate(sheet.iter_rows(), 1):
        for column, value in enumerate(cells, left + 1):
            if value != "":
                rows.append(row)
                columns.append(column)
                places.append(known.setdefault(sort_of(value), len(known)))
    merged = [[r1 + 1, c1 + 1, r2 + 1, c2 + 1] for (r1, c1), (r2, c2) in sheet.merged_cell_ranges or []]
    head = {"name": name, "merged": merged, "values": list(known), "n": len(rows)}
    out = sys.stdout.buffer
    out.write(json.dumps(head).encode() + b"\n")
    for part in (rows, columns, places):
        out.write(part.tobytes())


def main(path: str, asked: str, megabytes: str, seconds: str) -> int:
    """List the sheets, then send those asked for (JSON list of names; null: the visible ones)."""
    limit(int(megabytes), int(seconds))
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
    except python_calamine.PasswordError:
        return 3
    except (python_calamine.CalamineError, OSError):
        return 4
    visible = python_calamine.SheetVisibleEnum.Visible
    wanted = json.loads(asked)
    work = [m for m in book.sheets_metadata if m.typ == python_calamine.SheetTypeEnum.WorkSheet]
    listed = [(m.name, m.visible == visible) for m in work]
    names = [name for name, shown in listed if (shown if wanted is None else name in wanted)]
    sys.stdout.buffer.write(json.dumps({"sheets": listed, "sent": len(names)}).encode() + b"\n")
    for name in names:
        send(name, book.get_sheet_by_name(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
