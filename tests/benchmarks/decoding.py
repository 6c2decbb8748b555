"""Decoding 100,000 respondents x 60 closed items and all respondent checks on them.

Run from the checkout: `python -m tests.benchmarks.decoding [ROWS]`. The sheet is read before the clock starts; what is
timed is what `read_responses` does with its cells, and the checks. Target: both together below 5 s.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import evalkit as ek
from evalkit.sheets import read_book
from tests.benchmarks import reading

TARGET, ITEMS = 5.0, 60


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sizes = {"N_SCALE": ITEMS, "N_PLACE": 0, "N_NUMBER": 0, "N_TEXT": 0}
    with tempfile.TemporaryDirectory() as folder, mock.patch.multiple(reading, **sizes):
        path, instrument = Path(folder) / "big.xlsx", Path(folder) / "big.toml"
        instrument.write_text(reading.instrument_text(), encoding="utf-8")
        reading.write_book(path, rows)
        asked, book = ek.load_instrument(str(instrument)), read_book(path)
        with mock.patch("evalkit.sheets.read_book", lambda *_, **__: book):
            ek.read_responses(path, asked, dialect="wjx_text")  # libraries loaded
            started = time.perf_counter()
            responses = ek.read_responses(path, asked, dialect="wjx_text")
            decoded = time.perf_counter()
            ek.respondent_checks(ek.score(responses))
            checked = time.perf_counter()
    print(f"{rows:,} x {ITEMS}: decoded in {decoded - started:.2f} s, checked in {checked - decoded:.2f} s")
    print(f"    target {TARGET:g} s together: {'reached' if checked - started < TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()
