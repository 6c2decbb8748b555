"""Tables that share a variable: what one withholds must not follow from what another prints, or it is said so."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from evalkit.descriptive import crosstab, profile
from evalkit.descriptive.withheld import withheld
from evalkit.plan import run
from evalkit.plan.linked import with_links
from evalkit.plan.model import Step
from evalkit.plan.outcome import Outcome

LEAST = 3


def people(table) -> pd.DataFrame:
    rows = [(f"r{i}", f"c{j}") for (i, j), n in np.ndenumerate(np.array(table)) for _ in range(n)]
    return pd.DataFrame(rows, columns=["a", "b"])


def outcomes(data, which):
    made = {
        "margin": lambda: profile(data, items=["a", "b"]),
        "table": lambda: crosstab(data, rows="a", columns="b"),
        "turned": lambda: crosstab(data, rows="b", columns="a"),
    }
    out = [Outcome(Step(name, "x", 0), {}, withheld(made[name](), LEAST), (), len(data), None, 0.0) for name in which]
    return with_links(out)


def linked(found) -> bool:
    return any(p.code == "W547" for outcome in found for p in outcome.problems)


def printed(outcome) -> dict[frozenset, float]:
    """What a reader sees: count of each combination of categories."""
    seen = {}
    tidy = outcome.result.tidy()
    for record in tidy.to_dict("records"):
        count = record.get("count", np.nan)
        term, level, group = record["term"], record["level"], record["group"]
        if outcome.step.id == "margin":
            keys = frozenset({(term, level)}) if level in CATEGORIES else None
        else:
            parts = [part.split(".") for part in (term, group) if isinstance(part, str) and "." in part]
            keys = frozenset(map(tuple, parts)) if parts else None
        if keys and not np.isnan(count):
            seen[keys] = count
    return seen


CATEGORIES = {"r0", "r1", "c0", "c1", "c2"}


def true_counts(table) -> dict[frozenset, int]:
    table = np.array(table)
    found = {frozenset({("a", f"r{i}")}): int(table[i].sum()) for i in range(table.shape[0])}
    found |= {frozenset({("b", f"c{j}")}): int(table[:, j].sum()) for j in range(table.shape[1])}
    return found | {frozenset({("a", f"r{i}"), ("b", f"c{j}")}): int(n) for (i, j), n in np.ndenumerate(table)}


def given_away(table, found) -> set[frozenset]:
    """Small counts that every table agreeing with what is printed shares, by trying all of them."""
    seen: dict[frozenset, float] = {}
    for outcome in found:
        seen |= printed(outcome)
    shape, n = np.array(table).shape, int(np.sum(table))
    truth = true_counts(table)
    hidden = {key for key, count in truth.items() if key not in seen and 0 < count < LEAST}
    zeros = {key for key, count in truth.items() if count == 0}
    values: dict[frozenset, set[int]] = {key: set() for key in hidden}
    cells = int(np.prod(shape))
    for bars in itertools.combinations(range(n + cells - 1), cells - 1):
        edges = (-1, *bars, n + cells - 1)
        other = true_counts(np.diff(edges).reshape(shape) - 1)
        if all(other[k] == v for k, v in seen.items()) and all((other[k] == 0) == (k in zeros) for k in other):
            for key in hidden:
                values[key].add(other[key])
    return {key for key, several in values.items() if len(several) == 1}


def tables(seed, times):
    luck = np.random.default_rng(seed)
    for _ in range(times):
        yield luck.integers(0, 5, size=(2, 2) if luck.random() < 0.6 else (2, 3))


@pytest.mark.parametrize("which", [("margin", "table"), ("table", "turned")])
def test_what_is_not_linked_gives_nothing_away(which):
    told = silent = 0
    for table in tables(20260101, 20):
        if table.sum() == 0 or table.sum() > 9 or (table.sum(0) == 0).any() or (table.sum(1) == 0).any():
            continue
        found = outcomes(people(table), which)
        alone = given_away(table, found[:1]) | given_away(table, found[1:])
        more = given_away(table, found) - alone
        told += linked(found)
        silent += not linked(found)
        assert not more or linked(found), table
    assert silent


def test_a_total_printed_beside_a_table_that_hides_it_is_named(tmp_path):
    table = [[2, 4], [0, 3]]
    frame = people(table)
    frame.to_csv(tmp_path / "answers.csv", index=False)
    plan = PLAN.replace("where", "# where")
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    found = run(tmp_path / "plan.toml", tmp_path / "out")
    assert found["cross"].n_withheld
    (problem,) = [p for o in found.outcomes for p in o.problems if p.code == "W547"]
    assert problem.params["steps"] == ["who", "cross"] and problem.params["variables"] == ["a"]
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert "W547" in json.dumps(record)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")  # other rows: no total of one is a total of the other
    assert "W547" not in [p.code for o in run(tmp_path / "plan.toml").outcomes for p in o.problems]


PLAN = """format = "evalkit-plan/1"
title = {zh = "表", en = "Tables"}
language = ["zh"]

[data]
file = "answers.csv"

[privacy]
suppress = true
min_cell = 3

[[step]]
id = "who"
do = "profile"
items = ["a"]

[[step]]
id = "cross"
do = "crosstab"
rows = "a"
columns = "b"
where = "b != 9"

[output]
formats = ["md"]
"""
