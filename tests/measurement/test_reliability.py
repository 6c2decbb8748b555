"""Alpha, its interval, item statistics and omega against R (psych); what must not change them; what cannot be said."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evalkit.contract import (
    GLOSSARY,
    KEYS,
    AnalysisError,
    Category,
    Codebook,
    Label,
    ScaleEntry,
    Variable,
    attach,
    tidy_frame,
)
from evalkit.contract.words import say
from evalkit.measurement import reliability
from evalkit.measurement.consistency import alpha_of
from evalkit.measurement.minres import one_factor
from evalkit.measurement.reliability_intervals import feldt_interval

SCALES = ["OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR"]
answers = hnp.arrays(np.int64, st.tuples(st.integers(3, 30), st.just(4)), elements=st.integers(1, 5))


@pytest.fixture
def keyed(scored, scale_items):
    """The reference residents with their eight scales in the codebook."""
    scales = [
        ScaleEntry(name, tuple(items), zh=f"量表{name}", en=f"Scale {name}") for name, items in scale_items.items()
    ]
    points = tuple(Category(k, f"第{k}级", f"point {k}") for k in range(1, 6))
    variables = [Variable(i, "item", i, i, points, 1, 5) for items in scale_items.values() for i in items]
    return attach(scored, Codebook().with_variables(variables).with_scales(scales))


def frame(x):
    return pd.DataFrame(x, columns=list("abcdefgh")[: x.shape[1]])


def scale_row(result):
    tidy = result.tidy()
    return tidy[tidy["term"] == "scale"].iloc[0]


def item_rows(result):
    tidy = result.tidy()
    return tidy[tidy["term"] != "scale"].set_index("term", drop=False)


@pytest.mark.parametrize("scale", SCALES)
class TestAgainstPsych:
    def test_alpha_raw_and_standardised(self, keyed, golden, scale):
        row = scale_row(reliability(keyed, scale))
        record = golden("reliability", f"alpha.list.{scale}.total")
        got = {"raw_alpha": "alpha", "std.alpha": "alpha_standardised", "mean": "mean", "sd": "sd"}
        for field, column in got.items():
            assert row[column] == record.approx(field), field
        assert row["estimate"] == row["alpha"] == golden("reliability", f"alpha_formula.{scale}").approx()
        assert row["n_obs"] == golden("reliability", f"n_complete.{scale}").approx()

    @pytest.mark.parametrize("record", ["feldt_formula95.{}", "alpha.list.{}.feldt95"])
    def test_feldt_interval(self, keyed, golden, scale, record):
        row = scale_row(reliability(keyed, scale))
        expected = golden("reliability", record.format(scale))
        assert row["conf_low"] == row["alpha_low"] == expected.approx("lower")
        assert row["conf_high"] == row["alpha_high"] == expected.approx("upper")

    def test_items(self, keyed, golden, scale):
        rows = item_rows(reliability(keyed, scale))
        items = golden("reliability", f"alpha.list.{scale}.item_stats")
        assert list(rows.index) == list(items.estimate.index)
        for field, column in (("r.drop", "item_rest"), ("mean", "mean"), ("sd", "sd"), ("n", "n_obs")):
            assert rows[column] == items.approx(field), field
        dropped = golden("reliability", f"alpha.list.{scale}.if_deleted")
        assert rows["alpha_if_dropped"] == dropped.approx("raw_alpha")

    def test_omega_of_one_minres_factor(self, keyed, golden, scale):
        row = scale_row(reliability(keyed, scale))
        assert row["omega"] == golden("reliability", f"omega_onefactor_minres.{scale}").approx()


class TestFurtherRecords:
    def test_twelve_items_at_once(self, keyed, golden, scale_items):
        items = [i for s in ("OB", "OE", "MO") for i in scale_items[s]]
        row = scale_row(reliability(keyed, items))
        record = golden("reliability", "alpha.mechanisms12.list")
        assert row["alpha"] == record.approx("raw_alpha")
        assert row["alpha_standardised"] == record.approx("std.alpha")
        assert (row["group"], row["n_items"]) == ("items", 12)

    def test_alpha_of_binary_items_is_kr20(self, keyed, golden, scale_items):
        binary = (keyed[scale_items["OB"]].dropna() >= 3).astype(int)
        record = golden("reliability", "kr20.binary")
        assert scale_row(reliability(binary, scale_items["OB"]))["alpha"] == record.approx("alpha")
        assert scale_row(reliability(binary, scale_items["OB"]))["alpha"] == record.approx("kr20_n")

    def test_standardised_alpha_is_guttmans_lambda_3_of_the_correlations(self, keyed, golden):
        row = scale_row(reliability(keyed, "SAT"))
        assert row["alpha_standardised"] == golden("reliability", "guttman.SAT").approx("lambda.3")


class TestSeveralScales:
    def test_each_scale_uses_its_own_complete_rows(self, keyed, golden):
        found = reliability(keyed, SCALES)
        tidy = found.tidy()
        scales = tidy[tidy["term"] == "scale"].set_index("group")
        for name in SCALES:
            assert scales.loc[name, "n_obs"] == golden("reliability", f"n_complete.{name}").approx()
            assert scales.loc[name, "alpha"] == golden("reliability", f"alpha_formula.{name}").approx()
        assert found.n_obs + sum(d.n for d in found.dropped) == len(keyed)

    def test_glance_names_the_weakest(self, keyed):
        glance = reliability(keyed, SCALES).glance()
        assert len(glance) == 1
        scales = reliability(keyed, SCALES).tidy().query("term == 'scale'")
        assert glance["estimate"].iloc[0] == scales["alpha"].min()
        assert glance["group"].iloc[0] == scales.set_index("group")["alpha"].idxmin()


class TestViews:
    def test_tidy_speaks_the_glossary_and_ids_are_unique(self, keyed):
        tidy = reliability(keyed, SCALES).tidy()
        assert list(tidy.columns[:13]) == list(tidy_frame().columns)
        assert set(tidy.columns) <= set(GLOSSARY)
        assert not tidy[list(KEYS)].fillna("").duplicated().any()

    def test_t5_has_a_line_a_scale_and_a_line_an_item(self, keyed):
        table = reliability(keyed, ["SAT", "PAR"]).table()
        assert [r.indent for r in table.rows] == [0, 1, 1, 1, 1, 1] * 2
        first, second = table.rows[0].cells, table.rows[1].cells
        assert (first[0].value.text("zh"), first[1].value, first[2].value) == ("量表SAT", 5, 1041)
        assert first[4].value == pytest.approx((0.828160928, 0.858218788))
        assert second[3].value is None and second[6].value == pytest.approx(0.750072375)
        heads = [h.text("en") for h in table.header[0]]
        assert heads[4] == "95% CI" and len(heads) == table.n_columns == len(first)
        assert all(note.text("zh") for note in table.notes)

    def test_the_figure_shows_the_answers(self, keyed, scored):
        figure = reliability(keyed, "SAT").figure()
        assert figure.kind == "likert"
        sat1 = figure.frame[figure.frame["item"] == "SAT1"].set_index("code")
        expected = 100 * scored["SAT1"].value_counts(normalize=True)
        assert sat1["percent"].to_dict() == pytest.approx(expected.to_dict())
        assert sat1["mean"].iloc[0] == pytest.approx(scored["SAT1"].mean())
        assert figure.labels["2"].text("en") == "point 2"

    def test_items_with_other_options_are_left_out_and_counted(self, keyed):
        book = keyed.attrs["evalkit"]
        words = tuple(Category(k, f"满意{k}", f"satisfied {k}") for k in range(1, 6))
        other = [Variable(n, "item", n, n, words, 1, 5) for n in ("SAT4", "SAT5")]
        figure = reliability(attach(keyed, book.with_variables(other)), "SAT").figure()
        assert figure.frame["item"].unique().tolist() == ["SAT1", "SAT2", "SAT3"]
        assert figure.notes[0].text("en").startswith("2 items")

    def test_no_figure_for_numbers_that_are_no_scale_points(self):
        x = np.random.default_rng(1).normal(size=(20, 3))
        assert reliability(frame(x), ["a", "b", "c"]).figure() is None

    def test_dont_know_stands_beside_the_bars(self):
        points = tuple(Category(k, str(k), str(k)) for k in (1, 2))
        data = pd.DataFrame({"a": [1, 2, np.nan, np.nan], "b": [1, 2, 1, 2]})
        missing = pd.DataFrame({"a": [0, 0, 3, 1], "b": 0}, dtype=np.int8)
        book = Codebook(missing=missing).with_variables(Variable(n, "item", n, n, points, 1, 2) for n in "ab")
        figure = reliability(attach(data, book), ["a", "b"]).figure()
        assert figure.frame.set_index("item")["missing_share"].to_dict() == {"a": pytest.approx(100 / 3), "b": 0}
        assert figure.labels["missing_share"] == Label("kind.dont_know")


class TestWarnings:
    def test_an_item_keyed_the_wrong_way_is_named(self, residents, scale_items):
        found = reliability(residents, scale_items["SV"])
        assert [p.code for p in found.notices] == ["W633"]
        assert say(found.notices[0], "en").count("SV4") == 1
        assert item_rows(found).loc["SV4", "item_rest"] < 0
        assert item_rows(found).loc["SV4", "loading"] < 0

    def test_well_keyed_scales_give_no_notice(self, keyed):
        assert reliability(keyed, SCALES).notices == ()

    @pytest.mark.parametrize(
        ("data", "code", "reason"),
        [
            ({"a": [1, 2, 3], "b": [3, 3, 3]}, "W635", "reliability.reason_constant"),
            ({"a": [np.nan] * 3, "b": [1, 2, 3]}, "W630", "reliability.reason_few"),
            ({"a": [1, np.nan, np.nan], "b": [1, 2, 3]}, "W630", "reliability.reason_few"),
            ({"a": [1, 2, 4], "b": [5, 4, 2]}, "W636", "reliability.reason_total"),
            ({"a": [1, 2, 4]}, "W631", "reliability.reason_one_item"),
        ],
    )
    def test_what_cannot_be_computed_is_nan_with_a_reason(self, data, code, reason):
        found = reliability(pd.DataFrame(data), list(data))
        row = scale_row(found)
        assert np.isnan(row[["alpha", "conf_low", "omega", "alpha_standardised"]].astype(float)).all()
        assert [p.code for p in found.notices] == [code]
        assert row["reason"] == reason and Label(reason).text("zh")
        assert say(found.notices[0], "zh") and say(found.notices[0], "en")
        assert len(found.glance()) == 1
        cell = found.table().rows[0].cells[3]
        assert cell.reason == reason

    def test_two_items_have_alpha_but_no_omega(self):
        found = reliability(frame(np.array([[1, 2], [2, 2], [4, 5], [3, 1]])), ["a", "b"])
        row = scale_row(found)
        r = np.corrcoef([1, 2, 4, 3], [2, 2, 5, 1])[0, 1]
        assert row["alpha_standardised"] == pytest.approx(2 * r / (1 + r))
        assert np.isfinite(row["alpha"]) and np.isnan(row["omega"])
        assert [p.code for p in found.notices] == ["N632"]
        assert np.isnan(item_rows(found)["alpha_if_dropped"]).all()

    def test_a_formative_scale_gets_a_note_not_a_warning(self, keyed):
        pair = ScaleEntry("mixed", ("SAT1", "SV4", "PAR2"), kind="formative", zh="综合", en="Mixed")
        turned = keyed.assign(SV4=6 - keyed["SV4"])
        found = reliability(attach(turned, keyed.attrs["evalkit"].with_scales([pair])), "mixed")
        assert item_rows(found).loc["SV4", "item_rest"] < 0
        assert [p.code for p in found.notices] == ["N639"]

    def test_calls_that_cannot_mean_anything(self, keyed):
        for items, level, code in (
            ("SATT", 0.95, "E600"),
            (["SAT1", "SAT9"], 0.95, "E600"),
            (["SAT1", "SAT1"], 0.95, "E638"),
            (["SAT", "SAT"], 0.95, "E638"),
            ([], 0.95, "E638"),
            (["SAT1", "gender"], 0.95, "E610"),
            ("SAT", 95, "E614"),
        ):
            with pytest.raises(AnalysisError) as caught:
                reliability(keyed, items, conf_level=level)
            assert caught.value.problems[0].code == code


class TestInvariance:
    @settings(max_examples=25)
    @given(answers, st.permutations(range(4)), st.integers(0, 2**32 - 1))
    def test_order_of_items_and_rows(self, x, order, seed):
        assume(all(len(set(column)) > 1 for column in x.T) and len(set(x.sum(axis=1))) > 1)
        data = frame(x)
        turned = data.sample(frac=1, random_state=seed)[[data.columns[i] for i in order]]
        a, b = (reliability(d, list(d.columns)) for d in (data, turned))
        assert scale_row(a)["alpha"] == pytest.approx(scale_row(b)["alpha"], rel=1e-12, abs=1e-12)
        rest = item_rows(a)["item_rest"].to_dict()
        assert item_rows(b)["item_rest"].to_dict() == pytest.approx(rest, nan_ok=True, abs=1e-12)

    @settings(max_examples=25)
    @given(answers)
    def test_turning_all_items_round_changes_nothing(self, x):
        assume(all(len(set(column)) > 1 for column in x.T) and len(set(x.sum(axis=1))) > 1)
        a, b = (scale_row(reliability(frame(m), list("abcd"))) for m in (x, 6 - x))
        assert a["alpha"] == b["alpha"]
        assert a["alpha_standardised"] == pytest.approx(b["alpha_standardised"], nan_ok=True)

    @settings(max_examples=25)
    @given(answers)
    def test_duplicating_every_row_keeps_alpha_and_narrows_the_interval(self, x):
        assume(all(len(set(column)) > 1 for column in x.T) and len(set(x.sum(axis=1))) > 1)
        a, b = (scale_row(reliability(frame(m), list("abcd"))) for m in (x, np.vstack([x, x])))
        assert a["alpha"] == pytest.approx(b["alpha"], abs=1e-12)
        if a["alpha"] < 1:
            assert b["conf_high"] - b["conf_low"] < a["conf_high"] - a["conf_low"]

    @given(answers)
    def test_alpha_from_the_covariance_is_alpha_from_the_scores(self, x):
        total = x.sum(axis=1)
        assume(len(set(total)) > 1)
        from_scores = 4 / 3 * (1 - x.var(axis=0, ddof=1).sum() / total.var(ddof=1))
        assert alpha_of(np.cov(x, rowvar=False)) == pytest.approx(from_scores, rel=1e-10, abs=1e-10)

    @given(st.floats(-2, 0.99), st.integers(3, 500), st.integers(2, 12))
    def test_a_wider_level_gives_a_wider_interval(self, alpha, n, k):
        low, high = feldt_interval(alpha, n, k, 0.9)
        wide_low, wide_high = feldt_interval(alpha, n, k, 0.99)
        assert wide_low < low < alpha < high < wide_high


class TestOneFactor:
    def test_it_finds_the_loadings_that_made_the_matrix(self):
        loadings = np.array([0.8, 0.7, -0.6, 0.5, 0.9])
        r = np.outer(loadings, loadings)
        np.fill_diagonal(r, 1)
        fit = one_factor(r)
        assert fit.converged and fit.heywood == ()
        assert fit.loadings == pytest.approx(loadings, abs=1e-6)

    def test_a_heywood_case_is_held_at_the_bound_and_said(self):
        r = np.array([[1, 0.9, 0.9], [0.9, 1, 0.6], [0.9, 0.6, 1]])
        fit = one_factor(r)
        assert fit.heywood == (0,)
        assert abs(fit.loadings).max() < 1

    def test_it_agrees_with_the_least_squares_of_a_grid(self):
        r = np.array([[1, 0.3, 0.5, 0.2], [0.3, 1, 0.4, 0.3], [0.5, 0.4, 1, 0.4], [0.2, 0.3, 0.4, 1]])
        off = ~np.eye(4, dtype=bool)

        def loss(v):
            return np.sum((r - np.outer(v, v))[off] ** 2)

        fit = one_factor(r)
        assert fit.heywood == ()
        steps = np.random.default_rng(0).normal(0, 0.02, (500, 4))
        assert min(loss(fit.loadings + s) for s in steps) > loss(fit.loadings)
