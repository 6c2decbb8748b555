"""Polynomial regression and its response surface: identities, recovery, the figure, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models.linear import regress
from evalkit.models.moderation import response_surface
from evalkit.models.moderation.surface import features
from evalkit.report import sentences


def frame(n=400, noise=0.3, seed=5):
    """A misfit effect: highest where wanted and received agree, better where both are high."""
    rng = np.random.default_rng(seed)
    x, z = rng.integers(1, 6, n).astype(float), rng.integers(1, 6, n).astype(float)
    u, v = x - 3, z - 3
    y = 3 + 0.3 * u + 0.3 * v - 0.2 * (u - v) ** 2 + rng.normal(0, noise, n)
    data = pd.DataFrame({"y": y, "x": x, "z": z, "c": rng.normal(size=n), "place": np.arange(n) % 20})
    return data.assign(hit=(y > np.median(y)).astype(float))


@pytest.fixture(scope="module")
def data():
    book = Codebook().with_variables([Variable(name, "score", low=1, high=5) for name in "xz"])
    return attach(frame(), book)


def effects(result):
    return result.effects.set_index("term")


@pytest.mark.parametrize("options", [{}, {"cov": "HC3"}, {"cluster": "place", "cov": "CR2"}])
def test_lines_are_those_of_turned_variables(data, options):
    """With s = u + v and d = u - v: along d = 0, y = a1 s/2 + a2 s^2/4; along s = 0, y = a3 d/2 + a4 d^2/4."""
    rows = effects(response_surface(data, y="y", x="x", z="z", covariates=["c"], **options))
    u, v = data["x"] - 3, data["z"] - 3
    turned = data.assign(s=(u + v) / 2, d=(u - v) / 2)
    turned = turned.assign(ss=turned["s"] ** 2, dd=turned["d"] ** 2)
    plain = regress(turned, "y ~ c + s + d + ss + dd + s:d", **options).tidy().set_index("term")
    for name, term in (("a1", "s"), ("a2", "ss"), ("a3", "d"), ("a4", "dd")):
        for column in ("estimate", "std_error", "df", "p_value", "conf_low"):
            assert rows.loc[name, column] == pytest.approx(plain.loc[term, column], rel=1e-6, abs=1e-10), (name, column)


def test_a_planted_misfit_is_found(data):
    result = response_surface(data, y="y", x="x", z="z")
    rows = effects(result)
    for name, planted in (("a1", 0.6), ("a2", 0.0), ("a3", 0.0), ("a4", -0.8)):
        assert abs(rows.loc[name, "estimate"] - planted) < 4 * rows.loc[name, "std_error"]
    assert rows.loc["second_order", "p_value"] < 1e-6
    assert rows.loc["second_order", "df"] == 3
    assert rows.loc["axis1.slope", "estimate"] == pytest.approx(1, abs=0.1)
    assert rows.filter(like="agreement.", axis=0)["share"].sum() == pytest.approx(100)
    said = " ".join(s.text("zh") for s in sentences("response_surface", result))
    assert "沿不一致线，x与z相差越大，y越低" in said
    assert "不是平面" in said


def test_the_features_are_those_of_the_surface():
    b = np.array([0.2, -0.1, -0.3, 0.25, -0.2])
    found = {k: float(np.real(v)) for k, v in features(b).items()}
    x, z = found["stationary.x"], found["stationary.z"]
    gradient = [b[0] + 2 * b[2] * x + b[3] * z, b[1] + b[3] * x + 2 * b[4] * z]
    assert gradient == pytest.approx([0, 0], abs=1e-12)
    _, axes = np.linalg.eigh(np.array([[b[2], b[3] / 2], [b[3] / 2, b[4]]]))
    slopes = sorted(axes[1] / axes[0])
    assert sorted([found["axis1.slope"], found["axis2.slope"]]) == pytest.approx(slopes)
    assert found["axis1.intercept"] + found["axis1.slope"] * x == pytest.approx(z)
    assert found["axis1.slope"] * found["axis2.slope"] == pytest.approx(-1)


def test_errors_of_the_features_are_those_of_the_delta_method(data):
    result = response_surface(data, y="y", x="x", z="z")
    fit = result.series.models[-1].fit
    places = [fit.place(t) for t in result.terms]
    b, matrix = fit.estimate[places], fit.matrix[np.ix_(places, places)]
    rows = effects(result)
    for name in features(b):
        slope = [(np.real(features(b + s)[name]) - np.real(features(b - s)[name])) / 2e-6 for s in np.eye(5) * 1e-6]
        error = np.sqrt(np.array(slope) @ matrix @ np.array(slope))
        assert rows.loc[name, "std_error"] == pytest.approx(error, rel=1e-4), name


def test_the_block_stands_for_its_terms(data):
    result = response_surface(data, y="y", x="x", z="z", covariates=["c"])
    block = result.block_variable(data)
    again = regress(data.assign(block=block), "y ~ c + block").tidy().set_index("term")
    assert again.loc["block", "estimate"] == pytest.approx(1)
    assert again.loc["block", "beta"] == pytest.approx(effects(result).loc["block", "estimate"])
    assert result.block_variable(data.assign(x=np.nan)).isna().all()


@pytest.mark.parametrize(("centre", "middle"), [("midpoint", 3.0), ("none", 0.0), (2, 2.0), ("mean", None)])
def test_the_centre_is_told(data, centre, middle):
    result = response_surface(data, y="y", x="x", z="z", centre=centre)
    expected = data[["x", "z"]].to_numpy().mean() if middle is None else middle
    assert result.surface.middle == pytest.approx(expected)
    assert result.surface.height(np.array([4.0]), np.array([2.0]))[0] == pytest.approx(
        response_surface(data, y="y", x="x", z="z").surface.height(np.array([4.0]), np.array([2.0]))[0]
    )
    assert effects(result).loc["stationary.x", "estimate"] == pytest.approx(
        effects(response_surface(data, y="y", x="x", z="z")).loc["stationary.x", "estimate"]
    )


def test_other_outcomes_have_a_surface_on_the_scale_of_the_link(data):
    result = response_surface(data, y="hit", x="x", z="z", family="logit", cluster="place")
    rows = effects(result)
    assert rows.loc["a4", "p_value"] < 0.001
    assert np.isnan(rows.loc["a4", "df"])
    assert "block" not in rows.index
    assert result.figure().kind == "response_surface"


def test_table_and_figure(data):
    result = response_surface(data, y="y", x="x", z="z", covariates=["c"])
    table = result.table()
    words = [row.cells[0].value.text("en") for row in table.rows]
    assert words[:7] == ["Constant", "c", "x", "z", "x²", "x × z", "z²"]
    assert [w for w in words if w.startswith("a")] == [
        "a1 slope", "a2 curvature", "a3 slope", "a4 curvature", "a5 difference of the squares",
    ]  # fmt: skip
    assert "a dome" in " ".join(note.text("en") for note in table.notes) or result.surface.shape != "concave"
    assert result.table("T20.models").template == "T20.models"
    drawn = result.figure().frame
    assert {"surface", "congruence", "incongruence", "axis", "hull"} <= set(drawn["role"])
    lines = drawn[drawn["role"] == "incongruence"]
    assert (lines["x"] + lines["z"]).to_numpy() == pytest.approx(6)
    with pytest.raises(AnalysisError, match="T99"):
        result.table("T99")


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        ({"z": "x"}, "E6110", "x"),
        ({"z": "constant"}, "E6111", "constant"),
        ({"z": "hit"}, "E6130", "hit"),
        ({"z": "word"}, "E6130", "word"),
        ({"z": "double"}, "E6114", "double"),
        ({"z": "empty"}, "E6113", "0"),
        ({"centre": "median"}, "E6115", "median"),
        ({"family": "multinomial"}, "E6115", "multinomial"),
    ],
)
def test_refused_with_a_message(data, options, code, word):
    odd = data.assign(constant=1.0, double=2 * data["x"], empty=np.nan, word=np.where(data["hit"] == 1, "p", "q"))
    with pytest.raises(AnalysisError) as err:
        response_surface(odd, **({"y": "y", "x": "x", "z": "z"} | options))
    problem = err.value.problems[0]
    assert problem.code == code
    assert all(word in say(problem, lang) for lang in ("zh", "en"))


def test_remarks(data):
    bare = response_surface(frame(), y="y", x="x", z="z")
    assert "N6131" in {n.code for n in bare.notices}
    book = Codebook().with_variables([Variable("x", "score", low=1, high=5), Variable("z", "score", low=0, high=100)])
    unlike = response_surface(attach(frame(), book), y="y", x="x", z="z")
    assert "W6132" in {n.code for n in unlike.notices}
    plane = data.assign(y=data["x"] + data["z"] + 0.1 * data["c"])
    assert "N6133" in {n.code for n in response_surface(plane, y="y", x="x", z="z").notices}


def test_too_few_rows_give_no_numbers(data):
    result = response_surface(data.head(5), y="y", x="x", z="z")
    assert "W657" in {n.code for n in result.notices}
    assert effects(result).loc[["a1", "a4", "stationary.x"], "estimate"].isna().all()
    assert result.figure() is None
    assert "could not be computed" in sentences("response_surface", result)[0].text("en")
