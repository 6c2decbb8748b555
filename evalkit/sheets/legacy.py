"""A .xls, .xlsb or .ods file in, its sheets out; the library that understands them runs in a process of its own."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets import child
from evalkit.sheets.cells import DATE, Sheet
from evalkit.sheets.contents import Contents, Listed, choose, skipped
from evalkit.sheets.markup import oversized
from evalkit.sheets.package import MAX_TOTAL, Package
from evalkit.sheets.store import SheetBuilder, Texts
from evalkit.sheets.values import boolean, elapsed_text, moment_text, number, plain_text, stored_text
from evalkit.sheets.xlsx import damage_told

MEMORY_MB = 1536
SECONDS = 60

_PASSWORD, _DAMAGED = 3, 4  # the child's exit codes


def read_legacy(path: Path, form: str, sheet: str | Sequence[str] | None = None) -> Contents:
    """Read the visible sheets (or those named) of a file of format `xls`, `xlsb` or `ods`.

    Error cells read as blank and formulas are not told apart in these formats; N123 says so.

    Raises
    ------
    InputError
        E105, E106, E108, E111; E113 if the reader died or took longer than SECONDS or more than MEMORY_MB.
    """
    if form != "xls":
        with damage_told(path.name), Package(path) as package:
            if package.declared_size > MAX_TOTAL:
                raise InputError(oversized(path.name, MAX_TOTAL))
    asked = None if sheet is None else [sheet] if isinstance(sheet, str) else list(sheet)
    with _named(path, form) as rightly:
        stream = io.BytesIO(run_child(child.__file__, rightly, path.name, asked))
    head = json.loads(stream.readline())
    listed = [Listed(name, visible) for name, visible in head["sheets"]]
    names = choose(path.name, listed, sheet)
    texts = Texts(path.name)
    sheets = [_sheet(stream, path.name, form, texts) for _ in range(head["sent"])]
    hidden, problems = skipped(path.name, listed, names)
    notes = (*problems, Problem("N123", Place(path.name), {"format": f".{form}"}))
    return Contents(form, tuple(s for s in sheets if s is not None), hidden, notes)


@contextmanager
def _named(path: Path, form: str) -> Iterator[Path]:
    """The file under the suffix of its content: the library believes the suffix, and says less in a fault without."""
    if path.suffix.lower() == f".{form}":
        yield path
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(shutil.copyfile(path, Path(scratch) / f"book.{form}"))


def run_child(script: str, path: Path, name: str, asked: list[str] | str | None) -> bytes:
    """The child's output. It gets this program's search path, so that it finds the same libraries."""
    command = [sys.executable, "-P", str(Path(script)), str(path.resolve()), json.dumps(asked)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    stopped = Problem("E113", Place(name), {"seconds": SECONDS, "megabytes": MEMORY_MB})
    try:
        done = subprocess.run(
            [*command, str(MEMORY_MB), str(SECONDS)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as fault:
        raise InputError(stopped) from fault
    if done.returncode == _PASSWORD:
        raise InputError(Problem("E105", Place(name)))
    if done.returncode == _DAMAGED:
        raise InputError(Problem("E108", Place(name), {"part": ""}))
    if done.returncode:
        raise InputError(stopped)
    return done.stdout


def _sheet(stream: io.BytesIO, file: str, form: str, texts: Texts) -> Sheet | None:
    head = json.loads(stream.readline())
    n = head["n"]
    builder = SheetBuilder(file, head["name"], texts, merged=[tuple(span) for span in head["merged"]])
    rows, columns, places = (
        np.frombuffer(stream.read(n * np.dtype(kind).itemsize), dtype=kind) for kind in ("i4", "i2", "i4")
    )
    tokens = np.array([texts.add(*read_value(sort, payload, form)) for sort, payload in head["values"]], dtype=np.int32)
    if n:
        builder.add(rows, columns, tokens[places])
    return builder.finish()


def read_value(sort: str, payload: Any, form: str) -> tuple[str, int]:
    """Text and kind of a value as a child sends it."""
    if sort == "moment":
        return moment_text(datetime.fromisoformat(payload)), DATE
    if sort == "elapsed":
        return elapsed_text(payload), DATE
    if sort == "text":
        return (stored_text if form == "xlsb" else plain_text)(payload)
    return number(payload) if sort == "number" else boolean(str(int(payload)))
