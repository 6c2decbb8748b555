"""An SPSS file of 100,000 rows and 60 variables to addressed cells, against pyreadstat alone: processor time.

Run from the checkout: `python -m tests.benchmarks.statistics_files [ROWS]`. Both sides take turns in one process, so
that what else the machine does meets both; the target is 1.3 times pyreadstat's time.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

TARGET, TURNS = 1.3, 7


def write_file(path: Path, rows: int) -> None:
    """Forty labelled items with gaps, fifteen numbers, four open answers of which a tenth are new, an id."""
    import pyreadstat

    rng = np.random.default_rng(20260101)
    items = {f"s{i}": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(1, 6, rows)) for i in range(40)}
    numbers = {f"n{i}": rng.integers(0, 100, rows).astype(float) for i in range(15)}
    texts = {f"t{i}": [f"意见{k}号" for k in rng.integers(0, rows // 10, rows)] for i in range(4)}
    data = pd.DataFrame(items | numbers | texts | {"id": np.arange(1.0, rows + 1)})
    labels = {name: {k: f"同意{k}" for k in range(1, 6)} for name in items}
    missing = {name: [{"lo": 8, "hi": 9}] for name in items}
    pyreadstat.write_sav(data, str(path), variable_value_labels=labels, missing_ranges=missing)


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    import pyreadstat

    from evalkit.sheets import read_book

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.sav"
        write_file(path, rows)
        pairs = [
            (seconds(lambda: read_book(path)), seconds(lambda: pyreadstat.read_sav(str(path), user_missing=True)))
            for _ in range(TURNS)
        ]
    ratio = statistics.median(own / peer for own, peer in pairs)
    own, peer = (min(side) for side in zip(*pairs, strict=True))
    print(f"{rows:,} x 60 sav to cells: {own:.2f} s; pyreadstat alone: {peer:.2f} s (processor time)")
    print(f"    median ratio {ratio:.2f}; target {TARGET:g}: {'reached' if ratio <= TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()
