"""All respondent checks of 100,000 people and 60 items, and what is missing in the same answers.

Run from the checkout: `python -m tests.benchmarks.quality [ROWS]`. BLAS keeps to one thread, as on the command
line. Target: all checks together below 5 s.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from evalkit.contract import Codebook, Variable, attach
from evalkit.quality import missing_answers, respondent_checks
from evalkit.scoring import score

SCALES, EACH = 6, 10


def survey(n: int) -> pd.DataFrame:
    """Six scales of ten five-point items with a reversed one each, 3 % missing, 3 % straight-liners, near copies."""
    rng = np.random.default_rng(1)
    k = SCALES * EACH
    trait = np.repeat(rng.normal(size=(n, SCALES)), EACH, axis=1)
    x = np.clip(np.rint(3 + 1.1 * trait + 0.8 * rng.normal(size=(n, k))), 1, 5)
    x[:, 3::EACH] = 6 - x[:, 3::EACH]
    x[: n // 33] = rng.integers(1, 6, size=(n // 33, 1))
    x[rng.random((n, k)) < 0.03] = np.nan
    x[-n // 100 :] = x[-2 * n // 100 : -n // 100][: len(x[-n // 100 :])]
    x[-n // 100 :, 5] = 1
    names = [f"q{i}" for i in range(k)]
    frame = pd.DataFrame(x, columns=names)
    frame["duration_s"] = rng.lognormal(5.5, 0.5, n)
    seconds = np.sort(rng.integers(0, 10 * 86400, n))
    frame["submitted_at"] = pd.Timestamp("2026-03-01") + pd.to_timedelta(seconds, unit="s")
    frame["respondent_id"] = np.arange(n).astype(str)
    frame["remark"] = [f"希望社区多办第{k}种活动" if k else None for k in rng.integers(0, n, n)]
    frame["interviewer"] = rng.integers(0, 200, n)
    variables = [Variable(c, "item", item=c, block=f"b{i // EACH}", low=1, high=5) for i, c in enumerate(names)]
    variables += [
        Variable("duration_s", "number", role="paradata"),
        Variable("submitted_at", "date", role="paradata"),
        Variable("respondent_id", "id", role="respondent_id"),
        Variable("remark", "text", item="remark"),
    ]
    scales = [
        {"id": f"s{b}", "items": names[b * EACH : (b + 1) * EACH], "reverse": [names[b * EACH + 3]], "range": [1, 5]}
        for b in range(SCALES)
    ]
    links = pd.DataFrame({"network": rng.integers(1, n // 2, n), "contact": rng.integers(1, 10 * n, n)})
    book = dataclasses.replace(Codebook().with_variables(variables), links=links)
    return score(attach(frame, book), scales)


def main(n: int) -> None:
    data = survey(n)
    more = {"interviewer": "interviewer", "same": [["q0", "q1"]], "opposite": [["q0", "q3"]]}
    respondent_checks(data.iloc[:500], **more)  # libraries loaded
    wall, cpu = time.perf_counter(), time.process_time()
    found = respondent_checks(data, **more)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    for check in found.checks:
        print(f"{check.name:18} judged {check.n_computed:7} found {check.n_flagged:6}")
    print(f"all checks, {n} respondents, {SCALES * EACH} items: {wall:.1f} s ({cpu:.1f} s of one core)")
    print(f"    target below 5 s: {'reached' if wall < 5 else 'MISSED'}")
    items = [f"q{i}" for i in range(SCALES * EACH)]
    wall = time.perf_counter()
    gaps = missing_answers(data, items)
    wall = time.perf_counter() - wall
    print(f"missing answers with Little's test over {gaps.little.n_patterns} patterns: {wall:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
