"""Headers of .sav and .dta files that lie, are cut short or ask for much: told in time, and true ones still read."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from evalkit.contract import InputError
from evalkit.sheets import legacy, read_book, statistics
from evalkit.sheets.statistics_sizes import declared

FORMS = {
    "sav": {"form": "sav"},
    "packed sav": {"form": "sav", "row_compress": True},
    "zsav": {"form": "zsav", "compress": True},
    "dta 12": {"form": "dta", "version": 12},
    "dta 13": {"form": "dta", "version": 13},
    "dta 15": {"form": "dta", "version": 15},
}


def made(folder, name, rows=3):
    how = dict(FORMS[name])
    path = folder / f"a.{how.pop('form')}"
    data = pd.DataFrame({"a": np.arange(rows, dtype=float), "t": [f"树{k % 7}" for k in range(rows)]})
    (pyreadstat.write_dta if path.suffix == ".dta" else pyreadstat.write_sav)(data, str(path), **how)
    return path


def lie(path, rows):
    """Write another number of rows into the header."""
    content = bytearray(path.read_bytes())
    if path.suffix != ".dta":
        content[80:84] = struct.pack("<i", rows)
    elif content.startswith(b"<"):
        at = content.index(b"<N>") + 3
        width = content.index(b"</N>") - at
        content[at : at + width] = rows.to_bytes(width, "little")
    else:
        content[6:10] = struct.pack("<i", rows)
    path.write_bytes(content)


def told(path):
    """Code of the fault, or the shape read, within time and memory."""
    started = time.monotonic()
    tracemalloc.start()
    try:
        sheet = read_book(path).sheets[0]
        return sheet.n_rows, sheet.n_columns
    except InputError as error:
        return error.problems[0].code
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100 << 20 and time.monotonic() - started < 20


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("rows", [100_000_000, 2_000_000_000])
def test_rows_that_the_file_cannot_hold(tmp_path, name, rows):
    path = made(tmp_path, name)
    assert told(path) == (4, 2)
    lie(path, rows)
    assert told(path) == "E108"


@pytest.mark.parametrize("name", ["dta 15"])
def test_more_rows_than_memory_has_addresses(tmp_path, name):
    path = made(tmp_path, name)
    lie(path, 1 << 62)
    assert told(path) == "E108"


def test_rows_left_open_are_counted(tmp_path):
    path = made(tmp_path, "sav")
    lie(path, -1)
    assert told(path) == (4, 2)
    says = declared(path, "sav", 100)
    assert (says.columns, says.rows, says.holds, says.easy) == (2, -1, True, True)


def test_rows_that_deflate_hides_are_too_many(tmp_path):
    path = made(tmp_path, "zsav")
    with open(path, "ab") as stream:
        stream.truncate(1 << 20)
    lie(path, 100_000_000)
    assert told(path) == "E118"


@pytest.mark.parametrize("name", FORMS)
def test_a_file_cut_anywhere(tmp_path, name):
    path = made(tmp_path, name, rows=200)
    whole = path.read_bytes()
    luck = random.Random(20260101)
    for size in [90, 200, *(luck.randrange(200, len(whole)) for _ in range(4))]:
        path.write_bytes(whole[:size])
        assert told(path) in {"E108", "E113"} or size > len(whole) / 2, size


@pytest.mark.parametrize("name", ["packed sav", "dta 15"])
def test_flipped_bytes_of_the_header(tmp_path, name):
    path = made(tmp_path, name)
    whole = path.read_bytes()
    luck = random.Random(20260102)
    for _ in range(15):
        content = bytearray(whole)
        for at in luck.sample(range(8, min(len(whole), 600)), 3):
            content[at] = luck.randrange(256)
        path.write_bytes(content)
        found = told(path)
        assert isinstance(found, tuple) or found[0] == "E"


def test_a_file_that_may_ask_for_much_is_tried_first(tmp_path, monkeypatch):
    path = made(tmp_path, "sav", rows=50)
    tried = []
    run = legacy.run_child
    monkeypatch.setattr(statistics, "run_child", lambda *given: tried.append(given[1:]) or run(*given))
    monkeypatch.setattr("evalkit.sheets.statistics_sizes.EASY", 1000)
    assert told(path) == (51, 2) and tried == [(path, "a.sav", "sav")]
    monkeypatch.setattr("evalkit.sheets.legacy.MEMORY_MB", 40)
    assert told(path) == "E113"
