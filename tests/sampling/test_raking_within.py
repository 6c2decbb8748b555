"""Raking community by community is raking each by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.contract.words import LANGUAGES, say
from evalkit.sampling import Design, rake, rake_within

MARGINS = {
    "1": {"sex": {"m": 40, "f": 60}, "age": {"y": 30, "o": 70}},
    "2": {"sex": {"m": 300, "f": 100}, "age": {"y": 200, "o": 200}},
}


@pytest.fixture
def people():
    rng = np.random.default_rng(5)
    n = 120
    data = pd.DataFrame({"place": rng.integers(1, 3, n).astype(float)})
    data["sex"], data["age"] = rng.choice(["m", "f"], n), rng.choice(["y", "o"], n, p=[0.7, 0.3])
    data["w"] = rng.uniform(0.5, 2, n)
    return data


@pytest.mark.parametrize("design", [None, Design(weights="w")])
def test_each_community_meets_its_own_margins(people, design):
    found = rake_within(people, "place", MARGINS, design=design)
    for code in (1, 2):
        rows = people[people["place"] == code]
        alone = rake(rows, MARGINS[str(code)], design=design)
        np.testing.assert_allclose(found.weights[rows.index], alone.weights, rtol=1e-12)
        assert found.weights[rows.index][rows["sex"] == "m"].sum() == pytest.approx(MARGINS[str(code)]["sex"]["m"])
    assert found.converged
    assert found.n_obs == len(people)
    assert list(dict.fromkeys(found.tidy()["group"])) == ["1", "2"]


def test_the_table_has_a_part_for_each_community(people):
    table = rake_within(people, "place", MARGINS).table()
    assert [row.cells[0].value.text("en") for row in table.rows if row.role == "section"] == ["1", "2"]
    assert len(table.rows) == 2 + 8


def test_people_without_community_or_answer_get_no_weight(people):
    people.loc[3, "place"], people.loc[4, "sex"] = np.nan, None
    found = rake_within(people, "place", MARGINS)
    assert found.weights.isna().tolist() == [i in (3, 4) for i in range(len(people))]
    assert [(d.reason, d.n) for d in found.dropped] == [("drop.incomplete", 2)]


def test_a_community_whose_margins_cannot_be_met_is_named(people):
    found = rake_within(people, "place", MARGINS, lower=0.9, upper=1.1)
    assert not found.converged
    assert [p.code for p in found.notices] == ["W169"]
    assert all(say(found.notices[0], lang) for lang in LANGUAGES)


@pytest.mark.parametrize(
    ("margins", "code"),
    [
        ({"1": MARGINS["1"]}, "E890"),
        ({"1": MARGINS["1"], "2": {"sex": {"m": 0.5, "f": 0.5}}}, "E892"),
    ],
)
def test_margins_that_leave_a_community_out_are_errors(people, margins, code):
    with pytest.raises(AnalysisError) as caught:
        rake_within(people, "place", margins)
    assert [p.code for p in caught.value.problems] == [code]
