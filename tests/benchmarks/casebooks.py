"""A casebook of 50 sources and 20,000 codings: read from a REFI-QDA project and from a workbook, and written as both.

Run from the checkout: `python -m tests.benchmarks.casebooks [CODINGS]`. The files are made by `save_casebook` from a
generated casebook, so that every quote is a checksum; libraries are loaded before the clock starts. Target: each file
is read below 5 s of processor time, all of it in one thread: on a busy machine the clock says nothing.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import evalkit as ek
from evalkit.ingest.casebook import Casebook
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import SHEETS
from evalkit.ingest.casebook.sheets import column_of

TARGET, SOURCES, CODES, CODERS, LENGTH = 5.0, 50, 120, 3, 30_000
SIGNS = np.array(list("楼长挨家户动员大同意了出钱电梯加装社区书记会议😀，。？\n"))


def generated(n: int) -> Casebook:
    """Interviews with an emoji now and then, codes of two levels, stretches of 5 to 60 characters."""
    rng = np.random.default_rng(20260101)
    names = [f"访谈{k:02d}" for k in range(1, SOURCES + 1)]
    texts = {name: "问：" + "".join(rng.choice(SIGNS, LENGTH)) for name in names}
    source = rng.integers(SOURCES, size=n)
    start = rng.integers(LENGTH - 60, size=n)
    end = start + rng.integers(5, 60, size=n)
    codes = [f"C{k}" for k in range(1, CODES + 1)]
    top = [f"K{k}" for k in range(12)]
    columns = {
        "sources": {"source_id": names, "kind": ["interview"] * SOURCES, "quotable": [1.0] * SOURCES,
                    "sha256": [hashlib.sha256(texts[s].encode()).hexdigest() for s in names],
                    "n_chars": [float(len(texts[s])) for s in names]},
        "codebook": {"code_id": top + codes, "name": [f"编码{c}" for c in top + codes],
                     "parent_id": [None] * 12 + [top[k % 12] for k in range(CODES)],
                     "status": ["active"] * (12 + CODES)},
        "codings": {"coding_id": [f"n{k}" for k in range(n)], "source_id": [names[k] for k in source],
                    "start": start.astype(float).tolist(), "end": end.astype(float).tolist(),
                    "quote": [texts[names[s]][a:b] for s, a, b in zip(source, start, end, strict=True)],
                    "code_id": [codes[k] for k in rng.integers(CODES, size=n)],
                    "coder": [f"编码员{k}" for k in rng.integers(CODERS, size=n)], "round": ["1"] * n,
                    "quotable": [1.0] * n},
    }  # fmt: skip
    tables = {}
    for sheet, form in SHEETS.items():
        given = columns.get(sheet, {})
        rows = len(next(iter(given.values()), []))
        frame = pd.DataFrame({f.name: column_of(list(given.get(f.name, [None] * rows)), f.kind) for f in form.fields})
        tables[sheet] = Table(frame, given=bool(rows), rows=tuple(range(2, rows + 2)))
    return Casebook("generated", tables, texts, (), {})


def timed(work: Callable[[], object], times: int = 3) -> tuple[float, object]:
    """Shortest of several runs, and what the last one gave."""
    best, given = float("inf"), None
    for _ in range(times):
        started = time.process_time()
        given = work()
        best = min(best, time.process_time() - started)
    return best, given


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    slow = []
    with tempfile.TemporaryDirectory() as folder:
        small, book = generated(10), generated(n)
        for name in ("project.qdpx", "book.xlsx"):
            path = Path(folder) / name
            ek.save_casebook(small, path.with_name(f"small{path.suffix}"))
            ek.read_casebook(path.with_name(f"small{path.suffix}"))
            written, _ = timed(lambda path=path: ek.save_casebook(book, path, force=True), 1)
            read, found = timed(lambda path=path: ek.read_casebook(path))
            assert isinstance(found, Casebook) and list(found.codings["quote"]).count(None) == 0
            assert sorted(found.codings["coding_id"]) == sorted(book.codings["coding_id"])
            print(f"{name}: {SOURCES} sources, {n:,} codings: read in {read:.2f} s, written in {written:.2f} s")
            slow += [name] if read >= TARGET else []
    if slow:
        raise SystemExit(f"slower than {TARGET} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
