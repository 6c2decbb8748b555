"""The language of path models: equations, names of paths, templates, and what they say of a faulty call."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, EvalkitError
from evalkit.contract.words import say
from evalkit.models import mediate
from evalkit.models.mediation.language import Written, read_equations
from evalkit.models.mediation.shapes import moderate_paths, moderator_groups, path_names, shape_equations
from evalkit.models.mediation.templates import TEMPLATES

NAMES = ["x", "m", "m1", "m2", "w", "z", "y", "age", "满意度"]
NO_TEMPLATE = [n for n in range(1, 93) if n not in TEMPLATES]


def made(n=90, seed=1):
    rng = np.random.default_rng(seed)
    names = ["x", "x2", "w", "z", "v", "q", "c"]
    data = pd.DataFrame(rng.normal(size=(n, len(names))), columns=names)
    for j in range(1, 5):
        data[f"m{j}"] = 0.4 * data["x"] + rng.normal(size=n)
    data["y"] = 0.3 * data["m1"] + rng.normal(size=n)
    return data


def fault(*args, **options):
    with pytest.raises(EvalkitError) as caught:
        mediate(*args, **options)
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))
    return caught.value.problems


class TestEquations:
    def test_terms_products_and_names_of_coefficients(self):
        (found,) = read_equations(["m ~ a*x + w + x:w + 1"], NAMES)
        assert found == Written("m", (("x",), ("w",), ("x", "w")), (("a", ("x",)),))

    def test_a_star_between_columns_is_both_and_their_product(self):
        (found,) = read_equations(["m ~ x*w + age"], NAMES)
        assert found.terms == (("x",), ("w",), ("x", "w"), ("age",))

    def test_a_named_product(self):
        (found,) = read_equations(["m ~ x + w + a3*x:w"], NAMES)
        assert found.labels == (("a3", ("x", "w")),)

    def test_equations_come_in_causal_order(self):
        found = read_equations(["y ~ m2 + x", "m2 ~ m1", "m1 ~ x"], NAMES)
        assert [e.outcome for e in found] == ["m1", "m2", "y"]

    @pytest.mark.parametrize(
        ("texts", "code"),
        [
            (["m ~ x", "m ~ w"], "E6151"),
            (["m ~ a*x", "y ~ a*m"], "E6152"),
            (["m1 ~ m2", "m2 ~ y", "y ~ m1 + x"], "E6153"),
            (["m ~ m"], "E6153"),
            (["m ~ nobody"], "E6150"),
            (["nobody ~ x"], "E6150"),
            (["m x"], "E470"),
            (["m ~ x +"], "E454"),
            (["m ~ x:x"], "E473"),
            (["m ~ log(x)"], "E474"),
            (["m ~ x - w"], "E457"),
            (["m ~ x＋w"], "E453"),
            ([""], "E450"),
        ],
    )
    def test_what_cannot_be_read(self, texts, code):
        with pytest.raises(EvalkitError) as caught:
            read_equations(texts, NAMES)
        assert [p.code for p in caught.value.problems] == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))

    def test_the_cycle_is_printed(self):
        with pytest.raises(AnalysisError) as caught:
            read_equations(["m1 ~ y + x", "m2 ~ m1", "y ~ m2"], NAMES)
        assert caught.value.problems[0].params["cycle"] == "m1 → m2 → y → m1"

    @pytest.mark.parametrize(
        ("text", "caret"), [("m ~ x + mm:w", "        ^^"), ("满意度 ~ x + 年龄", "　　　" + " " * 7 + "＾＾")]
    )
    def test_a_caret_stands_under_an_unknown_name(self, text, caret):
        with pytest.raises(AnalysisError) as caught:
            read_equations([text], NAMES)
        problem = caught.value.problems[0]
        assert f"{text}\n    {caret}" in say(problem, "en")


class TestPaths:
    def test_names(self):
        names = path_names(shape_equations("serial", ["x"], ["m1", "m2"], ["y"]), ["x"], ["m1", "m2"], ["y"])
        assert names["a"] == (("x", "m1"), ("x", "m2"))
        assert names["a2"] == (("x", "m2"),)
        assert names["d21"] == names["d"] == (("m1", "m2"),)
        assert names["b1"] == (("m1", "y"),)
        assert names["c'"] == (("x", "y"),)

    def test_moderators_together_bring_all_their_products(self):
        equations = shape_equations("parallel", ["x"], ["m"], ["y"])
        names = path_names(equations, ["x"], ["m"], ["y"])
        first, second = moderate_paths(equations, names, [("a", ("w", "z"))])
        assert set(first.terms) == {("x",), ("w",), ("z",), ("x", "w"), ("x", "z"), ("w", "z"), ("x", "w", "z")}
        assert second.terms == (("x",), ("m",))

    def test_groups(self):
        assert moderator_groups("w + z", ["w", "z"]) == [("w",), ("z",)]
        assert moderator_groups("w*z + v", ()) == [("w", "z"), ("v",)]
        assert moderator_groups("a*b", ["a*b"]) == [("a*b",)]

    @pytest.mark.parametrize("path", ["x -> m1", "x→m1", "a1", "first"])
    def test_ways_to_name_a_path(self, path):
        written = {"paths": ["m1 ~ first*x", "y ~ m1 + x"]} if path == "first" else {"m": ["m1"]}
        options = {"x": "x", "y": "y", "resamples": 100}
        named = mediate(made(), moderators={"w": path}, **written, **options)
        same = mediate(made(), paths=["m1 ~ x*w", "y ~ x + m1"], **options)
        assert np.allclose(named.effects["estimate"], same.effects["estimate"])


class TestTemplates:
    @pytest.mark.parametrize("number", [n for n in TEMPLATES if n != 74])
    def test_every_template_runs(self, number):
        template = TEMPLATES[number]
        mediators = [f"m{j}" for j in range(1, template.fewest + 1)]
        given = {role: role for role in template.roles}
        at = dict.fromkeys(template.roles, [0, 1])
        result = mediate(made(), x="x", m=mediators, y="y", process_model=number, at=at, resamples=100, **given)
        assert result.process_model == number
        assert np.isfinite(result.effects["estimate"]).all()
        assert {m.name for m in result.moderators} == set(template.roles)
        products = sum(len(t.factors) > 1 for e in result.fits.system.equations for t in e.terms)
        assert bool(products) == bool(template.moderated)

    def test_x_as_moderator_of_its_mediator_gives_natural_effects(self):
        result = mediate(made(), x="x", m="m1", y="y", process_model=74, resamples=100)
        same = mediate(made(), paths=["m1 ~ x", "y ~ x*m1"], x="x", y="y", resamples=100)
        assert np.allclose(result.effects["estimate"], same.effects["estimate"], equal_nan=True)
        assert np.isfinite(result.effects["estimate"]).any()

    # Terms beside x and the mediator by template: those of the published diagrams.
    @pytest.mark.parametrize(
        ("number", "to_m", "to_y"),
        [
            (7, "w x:w", ""),
            (8, "w x:w", "w x:w"),
            (13, "w z x:w x:z w:z x:w:z", "w x:w"),
            (14, "", "w m1:w"),
            (15, "", "w x:w m1:w"),
            (20, "", "w z x:w m1:w m1:z w:z m1:w:z"),
            (22, "w x:w", "w z x:w m1:z"),
            (29, "w x:w", "w z x:w x:z m1:z"),
            (58, "w x:w", "w m1:w"),
            (59, "w x:w", "w x:w m1:w"),
            (62, "w z x:w x:z", "w z x:z m1:w"),
            (69, "w z x:w x:z w:z x:w:z", "w z x:w x:z m1:w w:z x:w:z"),
            (76, "w z x:w x:z", "w z x:w x:z m1:w m1:z"),
        ],
    )
    def test_equations_of_templates(self, number, to_m, to_y):
        given = {role: role for role in TEMPLATES[number].roles}
        result = mediate(made(), x="x", m="m1", y="y", process_model=number, resamples=100, **given)
        first, second = result.fits.system.equations
        assert {str(t) for t in first.terms} - {"intercept", "x"} == set(to_m.split())
        assert {str(t) for t in second.terms} - {"intercept", "x", "m1"} == set(to_y.split())

    @pytest.mark.parametrize(
        ("number", "moderated"),
        [
            (83, {"m1": "x:w"}),
            (84, {"m1": "x:w", "m2": "x:w"}),
            (87, {"y": "m2:w"}),
            (91, {"m2": "m1:w"}),
            (92, {"m1": "x:w", "m2": "x:w m1:w", "y": "x:w m1:w m2:w"}),
        ],
    )
    def test_serial_templates(self, number, moderated):
        result = mediate(made(), x="x", m=["m1", "m2"], y="y", process_model=number, w="w", resamples=100)
        for equation in result.fits.system.equations:
            products = {str(t) for t in equation.terms if len(t.factors) > 1}
            assert products == set(moderated.get(equation.outcome, "").split())

    def test_without_mediators_there_is_moderation_only(self):
        result = mediate(made(), x="x", y="y", process_model=3, w="w", z="z", resamples=100)
        assert {e.kind for e in result.listing} == {"total", "direct"}
        assert len(result.effects) == 18
        assert result.table("process").rows

    @pytest.mark.parametrize("number", NO_TEMPLATE)
    def test_what_is_no_template_names_the_nearest(self, number):
        (problem,) = fault(made(), x="x", m="m1", y="y", process_model=number)
        assert problem.code == "E6154"
        assert problem.params["nearest"] in TEMPLATES

    def test_which_numbers_are_none(self):
        assert NO_TEMPLATE == [77, 78, 79]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"process_model": 7}, "E6156"),
            ({"process_model": 4, "w": "w"}, "E6157"),
            ({"process_model": 6}, "E6158"),
            ({"process_model": 200}, "E6154"),
            ({"process_model": 83, "w": "w", "m": ["m1", "m2", "m3"]}, "E6158"),
            ({"process_model": 7, "w": "nobody"}, "E600"),
        ],
    )
    def test_faults_of_templates(self, change, code):
        assert fault(made(), **({"x": "x", "m": "m1", "y": "y"} | change))[0].code == code


class TestFaults:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"moderators": {"w": ["e"]}}, "E6159"),
            ({"moderators": {"w": ["x -> m2"]}}, "E6159"),
            ({"moderators": {"nobody": ["a"]}}, "E600"),
            ({"moderators": {"y": ["a"]}}, "E670"),
            ({"moderators": {"w": ["a"]}, "at": {"z": "sd"}}, "E6166"),
            ({"moderators": {"w": ["a"]}, "at": {"w": "median"}}, "E6167"),
            ({"moderators": {"w": ["a"]}, "at": {"w": []}}, "E6167"),
            ({"moderators": {"w": ["a"]}, "at": {"w": ["high"]}}, "E6167"),
            ({"moderators": {"w": ["a"]}, "centre": ["nobody"]}, "E6161"),
            ({"families": {"y": "tobit"}}, "E6162"),
            ({"families": {"x": "linear"}}, "E6163"),
            ({"paths": ["m1 ~ x", "y ~ m1"], "m": ["m2"]}, "E6163"),
            ({"paths": ["m1 ~ c", "y ~ m1"], "m": ()}, "E6164"),
            ({"x": []}, "E6164"),
            ({"ci": "joint_significance"}, "E6174"),
            ({"process_model": 74, "ci": ["percentile", "joint_significance"]}, "E6175"),
            ({"kind": "parallel", "process_model": 4}, "E6172"),
            ({"kind": "parallel", "paths": ["m1 ~ x", "y ~ m1"]}, "E6172"),
            ({"w": "w"}, "E6173"),
            ({"x": ["x", "m1"]}, "E670"),
            ({"x": ["x", "x2"], "m": ["m1", "m2"]}, "E671"),
            ({"x": ["x", "x2"], "m": []}, "E677"),
            ({"y": ["y", "m1"]}, "E670"),
            ({"x": ["x", "x2"], "covariates": ["x2"]}, "E670"),
        ],
    )
    def test_calls_that_mean_nothing_are_refused(self, change, code):
        assert fault(made(), **({"x": "x", "m": "m1", "y": "y"} | change))[0].code == code

    def test_values_of_a_nominal_moderator_are_refused(self):
        data = made().assign(k=lambda d: ["a", "b", "c"] * (len(d) // 3))
        assert fault(data, x="x", m="m1", y="y", moderators={"k": "a"}, at={"k": "sd"})[0].code == "E6167"

    def test_too_many_paths_are_counted_not_walked(self):
        names = [f"n{j}" for j in range(30)]
        data = made().assign(**dict.fromkeys(names, 1.0))
        (problem,) = fault(data, x="x", m=names, y="y", kind="serial", centre=["x"])
        assert problem.code == "E6176"
        assert problem.params["n"] == 2**30

    def test_percentiles_under_weights_are_refused(self):
        from evalkit.sampling import Design

        data = made().assign(weight=lambda d: 1 + np.arange(len(d)) % 2)
        problems = fault(
            data, x="x", m="m1", y="y", moderators={"w": "a"}, at={"w": "percentiles"}, design=Design(weights="weight")
        )
        assert problems[0].code == "E6168"

    def test_an_unknown_figure_and_table(self):
        result = mediate(made(), x="x", m="m1", y="y", process_model=5, w="w", resamples=100)
        with pytest.raises(AnalysisError) as caught:
            result.figure("conditional")
        assert caught.value.problems[0].code == "E6169"
        with pytest.raises(AnalysisError) as caught:
            result.table("T1")
        assert caught.value.problems[0].code == "E652"

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"w": 2.5}, "W6160"),
            ({"m1": 1.0}, "W678"),
            ({"y": 0.0}, "W678"),
            ({"m1": lambda d: 2 * d["x"]}, "W679"),
        ],
    )
    def test_what_does_not_vary_gives_no_number(self, change, code):
        result = mediate(made().assign(**change), x="x", m="m1", y="y", process_model=7, w="w", resamples=100)
        assert code in [p.code for p in result.notices]
        assert result.effects["estimate"].isna().all()
        assert result.resamples == 0
        assert result.figures == ("paths",)
        for template in result.templates:
            cells = [c for row in result.table(template).rows for c in row.cells]
            assert all(c.reason for c in cells if isinstance(c.value, float) and np.isnan(c.value))
        assert len(result.figure().frame)

    def test_too_few_rows(self):
        result = mediate(made().head(5), x="x", m="m1", y="y", process_model=8, w="w", resamples=100)
        assert [p.code for p in result.notices] == ["W657"]
        assert result.effects["estimate"].isna().all()

    def test_idle_covariates_are_left_out_and_said(self):
        options = {"x": "x", "m": "m1", "y": "y", "process_model": 7, "w": "w", "resamples": 100}
        result = mediate(made().assign(again=lambda d: 3 - d["c"]), covariates=["c", "again"], **options)
        same = mediate(made(), covariates=["c"], **options)
        assert "W656" in [p.code for p in result.notices]
        assert np.allclose(result.effects["conf_low"], same.effects["conf_low"], rtol=1e-9)

    def test_resamples_without_a_solution_are_counted(self):
        data = made(40).assign(w=[1.0] * 2 + [0.0] * 38)
        result = mediate(data, x="x", m="m1", y="y", process_model=7, w="w", resamples=300, ci=("percentile", "bca"))
        assert result.n_failed > 0
        assert {"W681", "W687"} <= {p.code for p in result.notices}
        assert np.isfinite(result.effects["perc_low"]).all()

    def test_one_cluster_has_no_interval(self):
        data = made().assign(g=1)
        result = mediate(data, x="x", m="m1", y="y", process_model=7, w="w", cluster="g", resamples=100)
        assert "W662" in [p.code for p in result.notices]
        assert result.effects["conf_low"].isna().all()
        assert np.isfinite(result.effects["estimate"]).all()

    def test_values_of_a_moderator(self):
        options = {"x": "x", "m": "m1", "y": "y", "moderators": {"w": ["a"]}, "resamples": 100}
        data = made()
        percentiles = mediate(data, at={"w": "percentiles"}, **options).moderators[0].points
        assert [p.id for p in percentiles] == ["p16", "p50", "p84"]
        assert percentiles[1].shown == pytest.approx(data["w"].median())
        given = mediate(data, at={"w": [0, 1.5]}, centre=["w"], **options).moderators[0].points
        assert [p.id for p in given] == ["0", "1.5"]
        assert given[1].values[0][1] == pytest.approx(1.5 - data["w"].mean())
        low, mean, high = mediate(data, **options).moderators[0].points
        assert (high.shown - low.shown) / 2 == pytest.approx(data["w"].std())
        assert mean.shown == pytest.approx(data["w"].mean())


def test_all_methods_leave_joint_significance_out_where_there_is_none():
    data = made().assign(b=lambda d: (d["y"] > d["y"].median()).astype(float))
    found = mediate(data, x="x", m="m1", y="b", families={"b": "logit"}, ci="all", resamples=100)
    assert [p.code for p in found.notices].count("N6780") == 1
    assert "joint_significance" not in found.ci
    names = ["perc_low", "bc_low", "bca_low", "mc_low"]
    assert found.effects.set_index("term").loc["nie.total", names].notna().all()
    linear = mediate(data, x="x", m="m1", y="y", ci="all", resamples=100)
    assert "joint_significance" in linear.ci
    assert "N6780" not in {p.code for p in linear.notices}
