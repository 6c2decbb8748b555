"""Every record of the golden topic `moderation`, held against R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Category, Codebook, Variable, attach
from evalkit.models.moderation import moderate

CC = {"y": "PAR", "x": "MO", "w": "CC", "covariates": ["age", "female", "education"]}
CB = {"y": "SV", "x": "OE", "w": "renovated", "covariates": ["age", "female"]}
REVERSED = {"y": "SV", "x": "renovated", "w": "OE", "covariates": ["age", "female"]}
AGE = {"y": "SAT", "x": "OE", "w": "age"}
TENURE = {"y": "SAT", "x": "OE", "w": "tenure", "covariates": ["age"]}
THREE = {"y": "SAT", "x": "OE", "w": "SV", "z": "renovated"}
TWO = {"y": "SAT", "x": "OE", "w": "renovated", "z": "CC", "interaction": "two_way", "covariates": ["age"]}
LOGIT = {"y": "signed_agreement", "x": "SV", "w": "renovated", "covariates": ["age_c"], "family": "logit"}
LOGIT_REVERSED = LOGIT | {"x": "renovated", "w": "SV"}
HC3, CR1 = {"cov": "HC3"}, {"cluster": "community_id", "cov": "CR1"}

COEFFICIENTS = {
    "cc.coef": CC,
    "cc.uncentred_coef": CC | {"centre": "none"},
    "cb.coef": CB,
    "age.coef": AGE,
    "multicat.coef": TENURE,
    "threeway.coef": THREE,
    "two_moderators.coef": TWO,
    "logit.coef": LOGIT,
}
SLOPES = {
    "cc.slopes_pm1sd": CC,
    "cc.slopes_pct": CC | {"values": "percentile"},
    "cc.slopes_HC3": CC | HC3,
    "cb.slopes": CB,
    "cb.slopes_CR1": CB | CR1,
    "cb.effect_of_renovated_at_OE": REVERSED,
    "age.slopes": AGE,
    "cc.floodlight_grid": CC,
}
TRENDS = {
    "cc.emtrends_check": (CC, "MO_c", ("low", "mean", "high")),
    "multicat.slopes": (TENURE, "OE_c", ("owner", "renter", "public")),
    "threeway.slopes": (THREE, "OE_c", ("low.0", "high.0", "low.1", "high.1")),
    "two_moderators.slopes": (TWO, "OE_c", ("0.low", "1.low", "0.mean", "1.mean", "0.high", "1.high")),
}
BOUNDS = {
    "cc.jn": CC,
    "cc.jn_HC3": CC | HC3,
    "cb.jn_renovated_by_OE": REVERSED,
    "age.jn": AGE,
}
CHANGES = {
    "cc.interaction_r2_change": CC,
    "cb.interaction_r2_change": CB,
    "multicat.interaction_r2_change": TENURE,
    "threeway.interaction_r2_change": THREE,
}
ONE_BY_ONE = (
    "cc.summary",
    "cc.slopes_pct_type6",
    "cc.predicted_grid",
    "cc.standardised_coef",
    "cc.cohen_f2",
    "logit.slopes",
    "logit.jn_renovated_by_SV",
    "vif_interaction",
)
COLUMNS = {"estimate": "estimate", "se": "std_error", "t": "statistic", "z": "statistic", "p": "p_value"}
SLOPE_COLUMNS = {"slope": "estimate", "se": "std_error", "t": "statistic", "p": "p_value", "lower": "conf_low"}
SLOPE_COLUMNS |= {"upper": "conf_high"}


_KNOWN = {}


def moderated(data, **options):
    """`moderate`, once for each set of options: the data are the same in every test."""
    key = repr(sorted(options.items()))
    if key not in _KNOWN:
        _KNOWN[key] = moderate(data, **options)
    return _KNOWN[key]


@pytest.fixture
def sample(analysis_sample):
    homes = tuple(Category(c, c, c) for c in ("owner", "renter", "public"))
    tenure = Variable("tenure", "nominal", "住房", "Tenure", homes)
    data = analysis_sample.assign(age_c=analysis_sample["age"] - analysis_sample["age"].mean())
    return attach(data, Codebook().with_variables([tenure]))


def last_model(result):
    fit = result.series.models[-1].fit
    return pd.DataFrame({name: getattr(fit, name) for name in set(COLUMNS.values())}, index=list(fit.terms))


def our_term(theirs):
    """`OE_c:tenurerenter` -> `OE:tenure.renter`."""
    parts = [p.removesuffix("_c") for p in theirs.split(":")]
    parts = [f"tenure.{p.removeprefix('tenure')}" if p.startswith("tenure") else p for p in parts]
    return "intercept" if theirs == "(Intercept)" else ":".join(parts)


def found(rows, name):
    """A coefficient, whatever the order of its factors; a covariate may be centred already."""
    parts = sorted(name.split(":"))
    return next(rows.loc[t] for t in rows.index if sorted(p.removesuffix("_c") for p in t.split(":")) == parts)


def slopes(result):
    return result.rows("slope").set_index("term")


def test_no_record_is_left_out():
    content = json.loads((Path(__file__).parent.parent / "golden" / "moderation.json").read_text(encoding="utf-8"))
    tested = {*COEFFICIENTS, *SLOPES, *TRENDS, *BOUNDS, *CHANGES, *ONE_BY_ONE}
    assert {entry["id"] for entry in content["values"]} == tested


@pytest.mark.parametrize("record", COEFFICIENTS)
def test_coefficients(sample, golden, record):
    expected, rows = golden("moderation", record), last_model(moderated(sample, **COEFFICIENTS[record]))
    assert len(rows) == len(expected.estimate)
    for term in expected.estimate.index:
        for theirs in [c for c in expected.fields if c in COLUMNS]:
            assert found(rows, our_term(term))[COLUMNS[theirs]] == expected.approx(term, theirs), (term, theirs)


@pytest.mark.parametrize("record", SLOPES)
def test_simple_slopes(sample, golden, record):
    expected, options = golden("moderation", record), SLOPES[record]
    centre = 0.0 if options["w"] == "renovated" else sample[options["w"]].mean()
    if record == "cc.floodlight_grid":
        options = options | {"values": [float(v + centre) for v in expected.value("at")]}
    rows = slopes(moderated(sample, **options))
    assert (rows["moderator_value"] - centre).to_numpy() == expected.approx("at")
    for theirs, ours in SLOPE_COLUMNS.items():
        assert rows[ours].to_numpy() == expected.approx(theirs), theirs


@pytest.mark.parametrize("record", TRENDS)
def test_slopes_of_emmeans(sample, golden, record):
    options, name, places = TRENDS[record]
    expected = golden("moderation", record)
    rows = slopes(moderated(sample, **options)).loc[[f"slope.{place}" for place in places]]
    theirs = {f"{name}.trend": "estimate", "SE": "std_error", "df": "df", "lower.CL": "conf_low"}
    for column, ours in (theirs | {"upper.CL": "conf_high"}).items():
        assert rows[ours].to_numpy() == expected.approx(column), column


@pytest.mark.parametrize("record", BOUNDS)
def test_johnson_neyman(sample, golden, record):
    options, expected = BOUNDS[record], golden("moderation", record)
    result = moderated(sample, **options)
    one, centre = result.regions[0], sample[options["w"]].mean()
    ours = dict(zip("abc", one.quadratic, strict=True)) | {
        "discriminant": one.discriminant,
        "lower": one.lower - centre,
        "upper": one.upper - centre,
        "significant_outside": one.outside,
        "pct_below_lower": one.below,
        "pct_above_upper": one.above,
    }
    assert ours == expected.approx()
    rows = result.rows("jn").set_index("term")
    assert rows["estimate"].to_list() == [one.lower, one.upper, one.outside]
    assert rows["share"].to_list() == [one.below, one.above, one.significant]


@pytest.mark.parametrize("record", CHANGES)
def test_change_of_r_squared(sample, golden, record):
    row = moderated(sample, **CHANGES[record]).rows("interaction").iloc[-1]
    ours = {"delta_r2": row["estimate"], "F": row["statistic"], "df1": row["df"], "df2": row["df2"]}
    assert ours | {"p": row["p_value"]} == golden("moderation", record).approx()


class TestOneByOne:
    def test_summary(self, sample, golden):
        fit = moderated(sample, **CC).series.models[-1].fit
        ours = {"r2": fit.r_squared, "adj_r2": fit.r_squared_adj, "F": fit.f_statistic}
        assert ours | {"df1": fit.df_model, "df2": fit.df} == golden("moderation", "cc.summary").approx()

    def test_percentiles_of_spss(self, sample, golden):
        rows = slopes(moderated(sample, **CC, values="percentile", quantile_type=6))
        ours = (rows["moderator_value"] - sample["CC"].mean()).to_numpy()
        assert ours == golden("moderation", "cc.slopes_pct_type6").approx()

    def test_predicted_grid(self, sample, golden):
        rows = moderated(sample, **CC).rows("predicted").set_index("term")
        places = [f"predicted.{x}.{w}" for w in ("low", "high") for x in ("low", "high")]
        expected = golden("moderation", "cc.predicted_grid")
        for theirs, ours in (("fit", "estimate"), ("lwr", "conf_low"), ("upr", "conf_high")):
            assert rows.loc[places, ours].to_numpy() == expected.approx(theirs)
        at = expected.value("CC_c").to_numpy() + sample["CC"].mean()
        assert rows.loc[places, "moderator_value"].to_numpy() == pytest.approx(at)

    def test_standardised(self, sample, golden):
        rows = moderated(sample, y="PAR", x="MO", w="CC").rows("beta").set_index("term")
        expected = golden("moderation", "cc.standardised_coef")
        names = {"(Intercept)": "intercept", "zm": "MO", "zc": "CC", "zm:zc": "MO:CC"}
        for theirs, ours in names.items():
            for column in ("estimate", "se", "t", "p"):
                assert rows.loc[f"beta.{ours}", COLUMNS[column]] == expected.approx(theirs, column)

    def test_cohen_f2(self, sample, golden):
        row = moderated(sample, **CC).rows("interaction").iloc[0]
        assert row["f_squared"] == golden("moderation", "cc.cohen_f2").approx()

    def test_slopes_of_a_logit(self, sample, golden):
        rows, expected = slopes(moderated(sample, **LOGIT)), golden("moderation", "logit.slopes")
        ours = np.column_stack([rows[c] for c in ("moderator_value", "estimate", "std_error", "statistic")])
        assert ours == expected.approx()

    def test_bounds_of_a_logit(self, sample, golden):
        one = moderated(sample, **LOGIT_REVERSED).regions[0]
        centre = sample["SV"].mean()
        ours = {"discriminant": one.discriminant, "renovated": one.lower - centre, "renovated.1": one.upper - centre}
        assert ours == golden("moderation", "logit.jn_renovated_by_SV").approx()

    def test_vif(self, sample, golden):
        fits = {c: moderated(sample, y="PAR", x="MO", w="CC", centre=c).series.models[-1].fit for c in ("mean", "none")}
        ours = {n: fits[c].vif[fits[c].place("MO:CC")] for n, c in (("centred", "mean"), ("raw", "none"))}
        assert ours == golden("moderation", "vif_interaction").approx()
