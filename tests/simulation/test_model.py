import pytest

from evalkit.contract import InputError, PlanError
from evalkit.contract.words import say
from evalkit.simulation import read_model, simulate


def code_of(raised):
    problem = raised.value.problems[0]
    for lang in ("zh", "en"):
        assert problem.code in say(problem, lang)
    return problem.code


WRONG = {
    "E850": {"latent": {}},
    "E853": {"latents": {"trust": {"on": {"age": 0.9}, "places": {"street": 0.3}}, "use": {}}},
    "E854": {"latents": {"trust": {"on": {"use": 0.1}}, "use": {"on": {"trust": 0.1}}}},
    "E855": {"margins": {"agree": [0.5, 0.6]}},
    "E856": {"format": "evalkit-simulation/9"},
    "E857": {"instrument": "another"},
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_model_is_refused(small, model, code):
    with pytest.raises(PlanError) as raised:
        simulate(small, model | WRONG[code])
    assert code_of(raised) == code


def test_items_without_a_rule_are_named(small, model):
    model["variables"] = [v for v in model["variables"] if v["id"] not in ("age", "whom")]
    model["latents"]["use"]["on"].pop("age")
    with pytest.raises(PlanError) as raised:
        simulate(small, model)
    assert code_of(raised) == "E852" and raised.value.problems[0].params["items"] == ["age", "whom"]


UNKNOWN = [
    {"latents": {"trust": {"on": {"agge": 0.1}}, "use": {}}},
    {"latents": {"trust": {"loadings": {"Y1": 0.5}}, "use": {}}},
    {"latents": {"trust": {"margin": "agre"}, "use": {}}},
    {"latents": {"trust": {"places": {"strete": 0.1}}, "use": {}}},
    {"multiple": [{"id": "what", "shares": {"z": 0.5}}]},
    {"dirt": {"miskeyed": ["T9"]}},
    {"dirt": {"screened_as": {"hier": 0}}},
]


@pytest.mark.parametrize("change", UNKNOWN)
def test_unknown_names_are_told_with_the_nearest(small, model, change):
    with pytest.raises(PlanError) as raised:
        simulate(small, model | change)
    assert code_of(raised) == "E851" and raised.value.problems[0].params["near"]


def test_a_code_that_the_item_does_not_have(small, model):
    model["variables"][1]["shares"] = {"0": 0.5, "3": 0.5}
    with pytest.raises(PlanError) as raised:
        simulate(small, model)
    assert code_of(raised) == "E851"


@pytest.mark.parametrize("change", [{"n": 0}, {"missing": {"no_answer": 1.2}}, {"dirt": {"fast": -0.1}}])
def test_impossible_numbers(small, model, change):
    with pytest.raises(PlanError) as raised:
        simulate(small, model | change)
    assert code_of(raised) == "E855"


def test_a_variable_has_one_rule(small, model):
    model["variables"][0]["compute"] = "age + 1"
    with pytest.raises(PlanError) as raised:
        simulate(small, model)
    assert code_of(raised) == "E855"


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError) as missing:
        read_model(tmp_path / "none.toml")
    assert code_of(missing) == "E101"
    (tmp_path / "bad.toml").write_text("format = “x”", encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        read_model(tmp_path / "bad.toml")
    assert raised.value.problems[0].at.line == 1


def test_among_few_people_a_variance_may_pass_its_total_by_chance(small, model):
    """The same weights are a fault of the model where there are people enough to judge them."""
    heavy = model | {"latents": {"trust": {"on": {"age": 1.2}}, "use": {}}}
    assert len(simulate(small, heavy, n=20, seed=1).answers) == 20
    with pytest.raises(PlanError, match="E853"):
        simulate(small, heavy, n=400, seed=1)
