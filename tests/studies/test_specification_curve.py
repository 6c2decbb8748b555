"""Every combination of declared alternatives, each of them the model itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.report import sentences
from evalkit.report.figures import draw

FORMULA = {"formula": "y ~ age | + x"}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(8)
    n = 250
    x = rng.normal(size=n)
    frame = {name: rng.normal(size=n) for name in ("a", "b", "age")}
    y = 0.3 * x + 0.5 * frame["a"] + rng.normal(size=n)
    return pd.DataFrame({**frame, "x": x, "y": y, "other": -0.4 * x + rng.normal(size=n)})


@pytest.fixture(scope="module")
def found(people):
    return ek.specification_curve(
        people,
        of="regress",
        arguments=FORMULA,
        outcomes=["other"],
        estimators=["HC3", "logit"],
        winsorise=0.05,
        add=["a", "b"],
        excluded={"fewer": people.iloc[:200]},
    )


def test_there_is_every_combination_once(found):
    tidy = found.tidy()
    models = [m for m in tidy["model"] if m == m and m is not None]
    assert len(models) == len(set(models)) == 2 * 3 * 2 * 4 * 2
    assert found.glance().at[0, "n_failed"] == 32
    assert [p.code for p in found.notices] == ["W6393"]


def test_each_is_the_model_with_its_choices(found, people):
    tidy = found.tidy().set_index("model")
    data = people.iloc[:200].copy()
    for name in ("other", "age", "a", "x"):
        data[name] = data[name].clip(*np.quantile(data[name], [0.05, 0.95]))
    model = ek.regress(data, "other ~ age + a | + x", cov="HC3").tidy()
    expected = model[model["term"] == "x"].iloc[-1]
    row = tidy.loc["excluded.1|outcome.other|added.a|winsorised.0.05|estimator.HC3"]
    for name in ("estimate", "std_error", "p_value", "conf_low"):
        assert row[name] == pytest.approx(expected[name], rel=1e-12)
    base = ek.regress(people, "y ~ age | + x").tidy()
    assert tidy.loc["base", "estimate"] == base[base["term"] == "x"].iloc[-1]["estimate"]


def test_the_summary_counts_what_could_be_estimated(found):
    tidy = found.tidy()
    rows = tidy[tidy["term"] == "x"].dropna(subset=["estimate"])
    numbers = found.numbers()
    assert numbers["median"] == np.median(rows["estimate"])
    assert numbers["positive"] == 100 * (rows["estimate"] > 0).mean()
    assert numbers["significant_positive"] == pytest.approx(100 * (rows["conf_low"] > 0).mean())
    assert numbers["significant_negative"] == pytest.approx(100 * (rows["conf_high"] < 0).mean())
    total = sum(numbers[n] for n in ("significant_positive", "significant_negative", "not_significant"))
    assert total == pytest.approx(100)
    told = sentences("specification_curve", found)[0]
    assert told.text("en").startswith("Over 64 specifications the coefficient of x lies between")
    counts = [row.cells[1].value for row in found.table().rows if row.role == "body"]
    assert counts == [96, 32, 32, 32, 48, 48, 48, 48, 48, 48, 48, 48]


def test_the_figure_shows_every_specification_and_its_choices(found):
    figure = found.figure()
    frame = figure.frame
    assert frame["position"].max() == 64
    assert frame.groupby("position")["estimate"].first().is_monotonic_increasing
    assert set(frame["panel"]) == {"rows", "outcome", "scaling", "covariates", "estimator"}
    own = [f"{kind}.own" for kind in ("estimator", "scaling", "outcome", "rows")]
    assert frame[frame["base"]]["choice"].tolist() == own
    for lang in ("zh", "en"):
        drawn = draw(figure, lang=lang)
        assert "64" in drawn.alt
        assert drawn.svg.startswith(b"<svg")


def test_too_many_or_no_combinations_are_refused(people):
    wide = people.assign(**{f"c{i}": people["a"] + i for i in range(13)})
    with pytest.raises(AnalysisError) as error:
        ek.specification_curve(wide, of="regress", arguments=FORMULA, add=[f"c{i}" for i in range(13)])
    assert error.value.problems[0].code == "E6392"
    with pytest.raises(AnalysisError) as error:
        ek.specification_curve(people, of="regress", arguments=FORMULA)
    assert error.value.problems[0].code == "E6379"


def test_without_any_estimate_there_is_a_reason_and_no_figure(people):
    flat = people.assign(y=1.0)
    found = ek.specification_curve(flat, of="regress", arguments=FORMULA, estimators=["HC3"])
    assert found.figure() is None
    assert np.isnan(found.numbers()["median"])
    assert sentences("specification_curve", found)[0].text("en") == "No specification gives an estimate of x."
