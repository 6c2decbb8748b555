"""The README's tables for users of PROCESS, SPSS and R: every line is a step that exists and runs as written."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.models.mediation.path_call import Roles, written_model
from evalkit.models.mediation.templates import TEMPLATES
from evalkit.plan import catalogue
from evalkit.plan.arguments import fits, kinds_of

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
MEDIATORS = {"serial": 2, "converging": 3, "diverging": 3, "two_chains": 4}
KEPT = {"seed": 1, "resamples": 100}
"""What is added to a step that takes it, so that the tests stay short."""


def cells(header):
    """Cells of the rows below the table row that reads `header`."""
    lines = README.splitlines()
    start = lines.index(header) + 2
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def keys(cell):
    """The keys of a step, as they stand in one cell: `a = 1`, `b = "x"`."""
    given = [part.replace("\\|", "|") for part in re.findall(r"`([^`]+)`", cell)]
    return tomllib.loads("\n".join(given))


PROCESS = {
    int(number): cell
    for row in cells("| 号 No. | 步骤 Step | 号 No. | 步骤 Step |")
    for number, cell in (row[:2], row[2:])
    if number
}
STEPS = [row[2] for row in cells("| SPSS | R | 计划的步骤 Plan step |")]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(20261122)
    n = 288
    frame = pd.DataFrame({name: rng.normal(size=n) for name in ("x", "w", "z", "v", "q", "c")})
    frame["m"] = 0.4 * frame["x"] + rng.normal(size=n)
    for name in ("m2", "m3", "m4", "y", "y2"):
        frame[name] = 0.4 * frame["x"] + 0.3 * frame["m"] + 0.2 * frame["w"] + rng.normal(size=n)
    frame["community"] = [f"s{i % 24:02d}" for i in range(n)]
    frame["type"] = rng.choice(["a", "b", "c"], n)
    frame["group"] = rng.choice([0.0, 1.0], n)
    frame["done"], frame["done2"] = ((frame["c"] + rng.normal(size=n) > 0).astype(float) for _ in range(2))
    frame["grade"] = np.clip(np.round(frame["x"] + rng.normal(size=n)), -1, 2) + 2
    frame["times"] = rng.poisson(np.exp(0.3 * frame["x"]))
    frame["wave"] = 1.0 + np.arange(n) % 2
    frame["month"] = 1.0 + np.arange(n) // 12
    return frame


def ran(data, given):
    given = dict(given)
    do = given.pop("do")
    more = {name: value for name, value in KEPT.items() if name in catalogue.parameters(do)}
    return catalogue.function(do)(data, **more, **given)


def test_every_template_of_process_has_a_line():
    assert sorted(PROCESS) == sorted(TEMPLATES)


def equations(data, number, **given):
    """Outcome -> products on the right side, as `mediate` reads a call."""
    names = ["m", "m2", "m3", "m4"][: MEDIATORS.get(given.get("kind") or TEMPLATES[number].shape, 1)]
    written, _ = written_model(data, Roles(x=("x",), m=tuple(names), y=("y",), **given))
    return {equation.outcome: set(map(frozenset, equation.terms)) for equation in written}


@pytest.mark.parametrize("number", [n for n in PROCESS if n > 4 and n != 74])
def test_a_line_of_process_is_its_template(data, number):
    given = keys(PROCESS[number])
    kinds = kinds_of("mediate")
    assert all(fits(value, kinds[name]) for name, value in given.items())
    roles = {role: role for role in TEMPLATES[number].roles}
    assert equations(data, number, **given) == equations(data, number, process_model=number, given=roles)


def test_x_times_m_is_the_template_of_that(data):
    step = {"do": "mediate", "x": "x", "m": ["m"], "y": "y"}
    ours, theirs = (ran(data, step | given).tidy() for given in (keys(PROCESS[74]), {"process_model": 74}))
    effects = [t.loc[t["term"].str.startswith(("total", "nde", "nie")), "estimate"] for t in (ours, theirs)]
    assert len(effects[0]) and list(effects[0]) == pytest.approx(list(effects[1]), rel=1e-9)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_line_of_process_without_mediator_is_its_template(data, number):
    given = {"x": "x", "y": "y"}
    roles = {role: role for role in TEMPLATES[number].roles}
    ours = ran(data, keys(PROCESS[number]) | given | {"centre": "none"}).tidy()
    theirs = ran(data, {"do": "mediate", "process_model": number} | given | roles).tidy()
    last = ours[ours["model"] == ours["model"].max()]
    product = "x:w" if number < 3 else "x:w:z"
    (one,), (other,) = (t.loc[t["term"] == product, "estimate"] for t in (last, theirs[theirs["outcome"].notna()]))
    assert one == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize("cell", STEPS)
def test_a_line_for_users_of_spss_and_r_runs(data, cell):
    given = keys(cell)
    do = given["do"]
    assert do in catalogue.STEPS
    kinds = kinds_of(do)
    assert all(name in kinds and fits(value, kinds[name]) for name, value in given.items() if name != "do")
    estimates = pd.to_numeric(ran(data, given).tidy()["estimate"], errors="coerce")
    # Completed data have no estimates of their own.
    assert np.isfinite(estimates).any() or do == "impute"


def test_every_step_named_in_the_readme_exists():
    named = set(re.findall(r'do = "([a-z_]+)"', README))
    assert named <= set(catalogue.STEPS)
