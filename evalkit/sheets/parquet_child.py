"""Runs alone, as a script, in a process of its own: a parquet file in, plain columns out on stdout.

Nothing of this package is imported here: start-up stays short and the memory limit is the file's alone.
First a line of JSON, `{"rows", "columns": [{"name", "values"}]}`; then for each column an int32 for each row: the
position in `values`, -1 where there is none. A value is `[sort, payload]`.
"""

import json
import os
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
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
    if isinstance(value, (int, float, Decimal)):
        return "number", repr(float(value))
    if isinstance(value, datetime):
        return "moment", value.replace(tzinfo=None).isoformat()
    if isinstance(value, date):
        return "moment", value.isoformat()
    if isinstance(value, time):
        return "elapsed", value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    if isinstance(value, timedelta):
        return "elapsed", value.total_seconds()
    if isinstance(value, bytes):
        return "text", value.decode("utf-8", "replace")
    return "text", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def encoded(column: Any) -> tuple[list[tuple[str, object]], bytes]:
    """Distinct values of a column in order, and each row's position among them."""
    from array import array

    known: dict[tuple[str, object], int] = {}
    places = array("i")
    for chunk in column.chunks:
        for value in chunk:
            plain = value.as_py()
            empty = plain is None or plain != plain or plain == ""
            places.append(-1 if empty else known.setdefault(sort_of(plain), len(known)))
    return list(known), places.tobytes()


def main(path: str, asked: str, megabytes: str, seconds: str) -> int:
    """Send every column but those that hold a row index of pandas'; `asked` is not used."""
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # others reserve more than the limit allows
    limit(int(megabytes), int(seconds))
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path).read(use_threads=False)
    except (pyarrow.ArrowException, OSError, ValueError):
        return 4
    heads, contents = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name.startswith("__index_level_"):
            continue
        values, places = encoded(column)
        heads.append({"name": name, "values": values})
        contents.append(places)
    out = sys.stdout.buffer
    out.write(json.dumps({"rows": table.num_rows, "columns": heads}).encode() + b"\n")
    for places in contents:
        out.write(places)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
