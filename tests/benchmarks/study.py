"""The J study (2,380 usable rows, whole plan, every format) and the start of the command line.

Run from the checkout: `python -m tests.benchmarks.study`. Targets: below 10 s on two cores; `--help` below 0.3 s.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.processes import best

PLAN = Path(__file__).parents[2] / "analyses" / "j-community-renovation" / "plan.toml"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = best(3, "-m", "evalkit", "run", str(PLAN), "-o", str(Path(folder) / "out"), "--quiet")
    start = best(5, "-m", "evalkit", "--help")
    print(f"J study, whole plan: {run.seconds:.1f} s, peak {run.megabytes:.0f} MB")
    print(f"    target below 10 s: {'reached' if run.seconds < 10 else 'MISSED'}")
    print(f"evalkit --help: {start.seconds:.2f} s")
    print(f"    target below 0.3 s: {'reached' if start.seconds < 0.3 else 'MISSED'}")


if __name__ == "__main__":
    main()
