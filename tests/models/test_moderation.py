"""Moderation beyond the golden numbers: identities, options, families, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models.generalised import outcome_model
from evalkit.models.linear import regress
from evalkit.models.moderation import moderate
from evalkit.report import sentences
from evalkit.sampling import Design


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    n = 300
    x, w, u = rng.normal(3, 1, n), rng.normal(2, 0.8, n), rng.normal(size=n)
    kind = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    eta = 0.2 * x + 0.3 * (x - 3) * (w - 2) + 0.2 * u
    frame = pd.DataFrame(
        {
            "x": x,
            "w": w,
            "u": u,
            "kind": kind,
            "flag": rng.integers(0, 2, n).astype(float),
            "y": eta + rng.normal(0, 0.7, n),
            "hit": (eta + rng.logistic(0, 0.7, n) > 0.5).astype(float),
            "count": rng.poisson(np.exp(0.4 * eta)).astype(float),
            "grade": np.digitize(eta + rng.logistic(0, 0.7, n), [0.0, 0.8]).astype(float),
            "place": np.arange(n) % 12,
            "weight": rng.uniform(0.5, 2.0, n),
        }
    )
    homes = tuple(Category(c, f"{c}类", f"kind {c}") for c in "abc")
    return attach(frame, Codebook().with_variables([Variable("kind", "nominal", "类型", "Kind", homes)]))


def slopes(result, start="slope"):
    return result.rows(start).set_index("term")


class TestSlopes:
    @pytest.mark.parametrize("options", [{}, {"cov": "HC3"}, {"cov": "CR2", "cluster": "place"}])
    def test_a_slope_is_the_coefficient_of_a_model_centred_there(self, data, options):
        result = moderate(data, y="y", x="x", w="w", covariates=["u"], **options)
        for at, row in slopes(result).iterrows():
            moved = data.assign(w=data["w"] - row["moderator_value"])
            there = regress(moved, "y ~ u + x * w", **options).tidy().set_index("term").loc["x"]
            for name in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
                assert row[name] == pytest.approx(there[name], rel=1e-7, abs=1e-12), (at, name)

    def test_centring_changes_no_slope_and_z_gives_them_per_sd(self, data):
        found = {c: slopes(moderate(data, y="y", x="x", w="w", centre=c))["estimate"] for c in ("mean", "none", "z")}
        assert found["none"].to_numpy() == pytest.approx(found["mean"].to_numpy())
        assert found["z"].to_numpy() == pytest.approx(found["mean"].to_numpy() * data["x"].std())

    def test_slopes_by_category_do_not_depend_on_the_reference(self, data):
        turned = tuple(Category(c, c, c) for c in "cba")
        other = attach(data, Codebook().with_variables([Variable("kind", "nominal", categories=turned)]))
        one, two = (slopes(moderate(d, y="y", x="x", w="kind")) for d in (data, other))
        assert set(one.index) == {"slope.a", "slope.b", "slope.c"}
        for name in ("estimate", "std_error"):
            assert two.loc[one.index, name].to_numpy() == pytest.approx(one[name].to_numpy())

    def test_a_nominal_predictor_has_a_slope_a_dummy_and_a_joint_test(self, data):
        result = moderate(data, y="y", x="kind", w="w")
        rows = result.rows("slope")
        assert set(rows["group"]) == {"kind.b", "kind.c"}
        joint = slopes(result, "effect").loc["effect.mean"]
        fit = regress(data, "y ~ w | + kind").models[-1]
        assert joint["df"] == 2
        assert joint["p_value"] == pytest.approx(fit.f_change_p, abs=0.1)
        moved = data.assign(w=data["w"] - joint["moderator_value"])
        pair = regress(moved, y="y", blocks=[["w", "kind:w"], ["kind"]]).models[-1]
        assert joint["statistic"] == pytest.approx(pair.f_change)
        assert result.rows("interaction").iloc[0]["df"] == 2

    def test_differences_are_those_of_the_slopes_and_adjusted_by_holm(self, data):
        result = moderate(data, y="y", x="x", w="w", z="flag")
        by_place, pairs = slopes(result)["estimate"], slopes(result, "difference")
        assert len(pairs) == 6
        high_low = pairs.loc["difference.high.1-low.0"]
        assert high_low["estimate"] == pytest.approx(by_place["slope.high.1"] - by_place["slope.low.0"])
        ordered = pairs["p_value"].sort_values()
        assert pairs["p_adjusted"].min() == pytest.approx(min(1.0, 6 * ordered.iloc[0]))
        assert (pairs["p_adjusted"] >= pairs["p_value"]).all()

    def test_the_conditional_product_is_that_of_its_group_in_a_saturated_model(self, data):
        result = slopes(moderate(data, y="y", x="x", w="w", z="flag"), "product")
        for value in (0.0, 1.0):
            own = regress(data[data["flag"] == value], "y ~ x * w").tidy().set_index("term").loc["x:w"]
            assert result.loc[f"product.{value:g}", "estimate"] == pytest.approx(own["estimate"])

    def test_two_moderators_without_their_product_have_a_test_each_and_together(self, data):
        result = moderate(data, y="y", x="x", w="w", z="kind", interaction="two_way")
        assert list(result.rows("interaction")["term"]) == ["interaction.x:w", "interaction.x:kind", "interaction.all"]
        both = regress(data, y="y", blocks=[["x", "w", "kind"], ["x:w", "x:kind"]]).models[-1]
        assert result.rows("interaction").iloc[-1]["statistic"] == pytest.approx(both.f_change)
        assert not len(result.rows("product"))

    def test_two_way_clusters(self, data):
        options = {"cluster": ["place", "kind"]}
        result = moderate(data, y="y", x="x", w="w", **options)
        there = data.assign(x=data["x"] - data["x"].mean(), w=data["w"] - data["w"].mean())
        plain = regress(there, "y ~ x * w", **options).tidy().set_index("term")
        assert slopes(result).loc["slope.mean", "std_error"] == pytest.approx(plain.loc["x", "std_error"])
        assert "place" in result.table("T17.slopes").notes[0].text("en")
        assert "Kind" in result.table("T17.slopes").notes[0].text("en")

    def test_values_as_wanted(self, data):
        given = slopes(moderate(data, y="y", x="x", w="w", z="u", values={"w": [1, 2.5]}))
        assert list(dict.fromkeys(given["moderator_value"])) == [1.0, 2.5]
        assert {t.split(".", 1)[1] for t in given.index} >= {"1.low", "2.5.high"}
        mixed = slopes(moderate(data, y="y", x="x", w="w", z="u", values={"w": 2, "u": "percentile"}))
        assert set(mixed.index) == {"slope.2.p16", "slope.2.p50", "slope.2.p84"}
        six = slopes(moderate(data, y="y", x="x", w="w", values=["percentile"], quantile_type=6))
        assert six["moderator_value"].iloc[0] == pytest.approx(np.quantile(data["w"], 0.16, method="weibull"))

    def test_weights_of_the_design_count_everywhere(self, data):
        twice = data.assign(weight=1.0 + (data["flag"] == 1))
        result = moderate(twice, y="y", x="x", w="w", design=Design("weight"), values="percentile")
        repeated = pd.concat([data, data[data["flag"] == 1]], ignore_index=True)
        plain = moderate(repeated, y="y", x="x", w="w", values="percentile")
        assert slopes(result)["estimate"].iloc[1] == pytest.approx(slopes(plain)["estimate"].iloc[1], abs=5e-3)
        assert result.roles["x"].centre == pytest.approx(repeated["x"].mean())
        assert result.series.cov == "linearised"
        mean = moderate(twice, y="y", x="x", w="w", design=Design("weight"))
        again = moderate(repeated, y="y", x="x", w="w")
        assert mean.regions[0].significant == pytest.approx(again.regions[0].significant, abs=3)


class TestBounds:
    @pytest.mark.parametrize("family", ["linear", "logit", "ordered_logit", "poisson"])
    def test_p_is_alpha_at_a_bound(self, data, family):
        y = {"linear": "y", "logit": "hit", "ordered_logit": "grade", "poisson": "count"}[family]
        one = moderate(data, y=y, x="x", w="w", family=family, conf_level=0.9).regions[0]
        assert len(one.edges) == 2
        assert one.edges["p_value"].to_numpy() == pytest.approx(0.1)
        share = 100 * (data["w"] > one.upper).mean(), 100 * (data["w"] < one.lower).mean()
        assert (one.above, one.below) == pytest.approx(share)
        assert one.significant == pytest.approx(sum(share) if one.outside else 100 - sum(share))

    def test_own_degrees_of_freedom_move_the_bounds_outwards(self, data):
        plain = moderate(data, y="y", x="x", w="w", cov="CR1", cluster="place").regions[0]
        own = moderate(data, y="y", x="x", w="w", cov="CR2", cluster="place").regions[0]
        assert own.inside
        assert own.significant < plain.significant
        assert own.edges["p_value"].to_numpy() == pytest.approx(0.05, abs=2e-4)

    def test_the_false_discovery_rate_is_stricter(self, data):
        result = moderate(data, y="y", x="x", w="w", fdr=True)
        plain, held = result.regions[0], result.regions_fdr[0]
        assert held.alpha < plain.alpha
        assert held.significant <= plain.significant
        grid = np.linspace(data["w"].min(), data["w"].max(), 1000)
        share = ((grid < held.lower) | (grid > held.upper)).mean() if held.outside else None
        assert held.alpha == pytest.approx(0.05 * share, abs=1e-4)
        assert set(result.rows("jn_fdr")["term"]) == {"jn_fdr.lower", "jn_fdr.upper", "jn_fdr.significant"}

    def test_at_each_value_of_the_other_moderator(self, data):
        result = moderate(data, y="y", x="x", w="w", z="flag", interaction="two_way")
        assert [r.level for r in result.regions] == ["0", "1"]
        turned = moderate(data, y="y", x="x", w="flag", z="w", interaction="two_way")
        assert [r.moderator for r in turned.regions] == ["w", "w"]
        assert turned.regions[1].upper == pytest.approx(result.regions[1].upper)

    def test_none_without_a_number(self, data):
        result = moderate(data, y="y", x="x", w="kind")
        assert result.regions == ()
        assert result.figure("johnson_neyman") is None

    def test_the_grid_holds_the_band(self, data):
        rows = moderate(data, y="y", x="x", w="w").rows("floodlight")
        assert len(rows) == 21
        assert rows["moderator_value"].to_numpy()[[0, -1]] == pytest.approx([data["w"].min(), data["w"].max()])


class TestOutcomes:
    def test_a_probability_is_the_mean_of_the_rows(self, data):
        result = moderate(data, y="hit", x="x", w="w", covariates=["u"], family="logit", centre="none")
        b = result.series.models[-1].fit
        beta = dict(zip(b.terms, b.estimate, strict=True))
        row = slopes(result, "predicted").loc["predicted.high.low"]
        x, w = data["x"].mean() + data["x"].std(), data["w"].mean() - data["w"].std()
        eta = beta["intercept"] + beta["x"] * x + beta["w"] * w + beta["x:w"] * x * w + beta["u"] * data["u"]
        assert row["estimate"] == pytest.approx((1 / (1 + np.exp(-eta))).mean())
        assert 0 < row["conf_low"] < row["estimate"] < row["conf_high"] < 1

    @pytest.mark.parametrize(
        ("family", "y"),
        [
            ("logit", "hit"),
            ("probit", "hit"),
            ("ordered_logit", "grade"),
            ("multinomial", "kind"),
            ("poisson", "count"),
        ],
    )
    def test_errors_are_those_of_the_delta_method(self, data, family, y):
        """The analytic derivatives against differences of the predictions themselves."""
        from evalkit.models.moderation.engine import Engine, columns_of, used_rows, weights_of
        from evalkit.models.moderation.equations import Equation, equations
        from evalkit.models.moderation.predictions import Outlook

        engine = Engine(data, y, family, None, None, 0.95, None)
        blocks = (("x", "w"), ("x:w",), ("u",))
        sample = used_rows(data, y, family, blocks, cluster=None, design=None)
        fit = engine.series(blocks).models[-1].fit
        found = equations(fit)
        covariates = {"u": columns_of(data, y, blocks).values[sample.rows, -1]}
        levels = {"ordered_logit": 3, "multinomial": 3}.get(family, 1)

        def outlook(shift):
            moved, start = [], 0
            for e in found:
                k = len(e.terms)
                moved.append(Equation(e.level, e.terms, e.estimate + shift[start : start + k], e.matrix, e.df))
                start += k
            names = tuple(map(str, range(levels)))
            return Outlook(family, tuple(moved), fit.matrix, covariates, weights_of(sample), names, 0.95)

        at = [{"x": 3.4, "w": 1.7}]
        value, slope = outlook(np.zeros(len(fit.matrix))).at(at)
        assert value.shape == (1, levels)
        for j in range(len(fit.matrix)):
            step = np.zeros(len(fit.matrix))
            step[j] = 1e-5
            rise = (outlook(step).at(at)[0] - outlook(-step).at(at)[0]) / 2e-5
            assert slope[0, :, j] == pytest.approx(rise[0], rel=1e-5, abs=1e-8)

    @pytest.mark.parametrize(("family", "y"), [("fractional", "part"), ("quasi_poisson", "count")])
    def test_one_expected_value_where_there_are_no_categories(self, data, family, y):
        result = moderate(data.assign(part=1 / (1 + np.exp(-data["y"]))), y=y, x="x", w="w", family=family)
        rows = result.rows("predicted")
        assert rows["level"].isna().all()
        assert (rows["conf_low"] < rows["estimate"]).all()
        assert (rows["estimate"] < rows["conf_high"]).all()
        assert "expected" in result.figure().labels["outcome"].text("en").lower()

    @pytest.mark.parametrize(("family", "y"), [("ordered_logit", "grade"), ("multinomial", "kind")])
    def test_probabilities_of_all_categories_add_up(self, data, family, y):
        result = moderate(data, y=y, x="x", w="w", family=family)
        rows = result.rows("predicted")
        assert rows.groupby("term")["estimate"].sum().to_numpy() == pytest.approx(1.0)
        changes = result.rows("contrast")
        assert changes.groupby("term")["estimate"].sum().to_numpy() == pytest.approx(0.0, abs=1e-12)

    def test_contrasts_and_their_differences(self, data):
        result = moderate(data, y="hit", x="x", w="w", family="logit", cluster="place")
        rows, expected = slopes(result, "contrast"), slopes(result, "predicted")["estimate"]
        high = expected["predicted.high.high"] - expected["predicted.low.high"]
        low = expected["predicted.high.low"] - expected["predicted.low.low"]
        assert rows.loc["contrast.high", "estimate"] == pytest.approx(high)
        assert rows.loc["contrast.high-low", "estimate"] == pytest.approx(high - low)
        assert result.series.cov == "CR1"

    def test_the_product_of_a_logit_is_tested_by_likelihood(self, data):
        row = moderate(data, y="hit", x="x", w="w", family="logit").rows("interaction").iloc[0]
        series = outcome_model(data, "hit ~ x + w | + x:w", family="logit")
        assert row["statistic"] == pytest.approx(series.models[-1].change[0])
        assert row["p_value"] == pytest.approx(series.models[-1].change[2])

    def test_nothing_is_printed_where_nothing_was_estimated(self, data):
        sure = data.assign(hit=(data["x"] > 3) * 1.0)
        result = moderate(sure, y="hit", x="x", w="w", family="logit")
        assert "W758" in {n.code for n in result.notices}
        shown = result.effects[~result.effects["term"].str.startswith("interaction")]
        assert shown[["estimate", "std_error", "p_value"]].isna().all(axis=None)
        assert result.figure() is None
        said = [s.text("en") for s in sentences("moderate", result)]
        assert sum("could not be computed" in s for s in said) == 3


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "code", "word"),
        [
            ({"w": "x"}, "E6110", "x"),
            ({"covariates": ["w"]}, "E6110", "w"),
            ({"w": "constant"}, "E6111", "constant"),
            ({"w": "one_kind"}, "E6111", "one_kind"),
            ({"w": "double"}, "E6114", "double"),
            ({"w": "empty"}, "E6113", "0"),
            ({"centre": "median"}, "E6115", "median"),
            ({"interaction": "four_way"}, "E6115", "four_way"),
            ({"values": "thirds"}, "E6115", "thirds"),
            ({"quantile_type": 5}, "E6115", "5"),
            ({"values": []}, "E6116", "w"),
            ({"values": [1.0, "low"]}, "E6116", "w"),
            ({"values": {"w": "thirds"}}, "E6115", "thirds"),
            ({"values": {"u": [1.0]}}, "E6116", "u"),
            ({"family": "gamma"}, "E760", "gamma"),
            ({"w": "nowhere"}, "E600", "nowhere"),
        ],
    )
    def test_with_a_message(self, data, options, code, word):
        odd = data.assign(constant=1.0, one_kind="a", double=2 * data["x"] + 1, empty=np.nan)
        with pytest.raises(AnalysisError) as err:
            moderate(odd, **({"y": "y", "x": "x", "w": "w"} | options))
        problem = err.value.problems[0]
        assert problem.code == code
        assert all(word in say(problem, lang) for lang in ("zh", "en"))

    def test_too_few_rows_give_no_numbers(self, data):
        result = moderate(data.head(4), y="y", x="x", w="w")
        assert "W657" in {n.code for n in result.notices}
        assert slopes(result)["estimate"].isna().all()

    def test_one_cluster_gives_slopes_without_tests_and_no_bounds(self, data):
        result = moderate(data.assign(place=1), y="y", x="x", w="w", cluster="place")
        assert "W662" in {n.code for n in result.notices}
        rows = slopes(result)
        assert rows["estimate"].notna().all()
        assert rows[["std_error", "p_value"]].isna().all(axis=None)
        assert result.rows("jn")[["estimate", "share"]].isna().all(axis=None)
        assert result.figure("johnson_neyman") is None

    def test_an_empty_cell_leaves_its_slope_out(self, data):
        odd = data.assign(flag=np.where(data["kind"] == "b", 1.0, data["flag"]))
        result = moderate(odd, y="y", x="flag", w="kind")
        assert {"W655", "W656"} & {n.code for n in result.notices}
        assert slopes(result)["estimate"].isna().to_list() == [False, True, False]

    def test_remarks(self, data):
        odd = data.assign(
            w=np.r_[[9.0], np.zeros(len(data) - 1)] + 0.01 * (data["w"] > 2), kind=["a"] * 295 + ["b"] * 5
        )
        far = moderate(odd, y="y", x="x", w="w")
        assert "N6117" in {n.code for n in far.notices}
        same = moderate(odd, y="y", x="x", w="w", values="percentile")
        assert "N6118" in {n.code for n in same.notices}
        few = moderate(odd, y="y", x="x", w="kind")
        assert "N6120" in {n.code for n in few.notices}


class TestPages:
    def test_tables(self, data):
        result = moderate(data, y="hit", x="x", w="w", z="kind", family="logit", fdr=True)
        for template in result.templates:
            table = result.table(template)
            ids = [c.id for row in table.rows for c in row.cells if c.id]
            assert len(ids) == len(set(ids))
            assert table.template == template
        text = [c.value.text("zh") for r in result.table("T17.slopes").rows for c in r.cells[:1]]
        assert "x对hit的简单斜率" in text
        assert any("类型：b类" in t for t in text)
        with pytest.raises(AnalysisError, match="T99"):
            result.table("T99")
        with pytest.raises(AnalysisError, match="pie"):
            result.figure("pie")

    def test_ids_of_the_tables_are_rows_of_the_result(self, data):
        result = moderate(data, y="y", x="kind", w="w", z="u")
        tidy = result.tidy()
        keys = {
            "/".join(str(row[k]) for k in ("model", "outcome", "group", "term", "level") if isinstance(row[k], str))
            for _, row in tidy.iterrows()
        }
        for template in result.templates:
            cells = [c for row in result.table(template).rows for c in row.cells if c.id]
            assert cells
            assert {c.id.partition("#")[0] for c in cells} <= keys

    def test_sentences(self, data):
        result = moderate(data, y="y", x="x", w="w")
        zh, en = ([s.text(lang) for s in sentences("moderate", result)] for lang in ("zh", "en"))
        assert "x×w的交互项显著" in zh[0]
        assert zh[1].startswith("当w为“低（M−1SD）”时，")
        assert "Johnson–Neyman" in " ".join(zh)
        assert "interaction x × w is significant" in en[0]
        assert not any("导致" in s for s in zh)

    def test_the_figure_stays_within_the_data(self, data):
        result = moderate(data, y="y", x="x", w="w", z="kind")
        frame = result.figure().frame
        lines = frame[frame["role"] == "line"]
        assert lines["x"].min() == pytest.approx(data["x"].min())
        assert lines["x"].max() == pytest.approx(data["x"].max())
        assert set(lines["panel"]) == {"a", "b", "c"}
        assert frame.loc[frame["role"] == "rug", "estimate"].sum() == pytest.approx(100)
