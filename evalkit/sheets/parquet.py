"""A parquet file in, one sheet out: names in row 1; the library that reads it is an extra and runs on its own."""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets import parquet_child
from evalkit.sheets.cells import MAX_COLUMN, TEXT
from evalkit.sheets.contents import Contents
from evalkit.sheets.legacy import read_value, run_child
from evalkit.sheets.store import SheetBuilder, Texts, too_much

MAGIC = b"PAR1"


def read_parquet(path: Path) -> Contents:
    """Read the values of a parquet file; what it says of pandas' own types and row index is left aside.

    Raises
    ------
    InputError
        E124 without pyarrow, E108 for a damaged file, E113 beyond the limits of time and memory, E118 beyond those of
        a sheet.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise InputError(Problem("E124", Place(path.name)))
    stream = io.BytesIO(run_child(parquet_child.__file__, path, path.name, None))
    head = json.loads(stream.readline())
    if len(head["columns"]) > MAX_COLUMN:
        raise too_much(path.name)
    texts = Texts(path.name)
    builder = SheetBuilder(path.name, path.stem, texts)
    rows = np.arange(1, head["rows"] + 2, dtype=np.int32)
    for k, column in enumerate(head["columns"], 1):
        known = [texts.add(*read_value(sort, payload, "parquet")) for sort, payload in column["values"]]
        places = np.frombuffer(stream.read(4 * head["rows"]), dtype="i4")
        tokens = np.array([*known, texts.blank], dtype=np.int32)[places]
        tokens = np.concatenate([np.array([texts.add(column["name"], TEXT)], dtype=np.int32), tokens])
        builder.add(rows, np.full(len(rows), k, dtype=np.int16), tokens)
    sheet = builder.finish()
    return Contents("parquet", (sheet,) if sheet else (), (), ())
