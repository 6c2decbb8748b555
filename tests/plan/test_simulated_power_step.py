"""Power by simulation as a step of a plan, about another step of the same plan."""

from pathlib import Path

import pytest

from evalkit.contract import PlanError
from evalkit.plan import parse_plan, run

PLAN = """format = "evalkit-plan/1"
title = {zh = "样本量", en = "Sample size"}
language = ["zh", "en"]
seed = 5

[data]
file = "residents.csv"

[[step]]
id = "med"
do = "mediate"
where = "age < 60"
x = "OE1"
m = ["SV1"]
y = "SAT1"
covariates = ["age", "gender"]
resamples = 200

[[step]]
id = "next_wave"
do = "模拟检验力"
of = "med"
effects = {"SV1 ~ OE1" = 0.3, "SAT1 ~ SV1" = 0.3}
reliability = {SV1 = 0.8}
attrition = 0.1
n = [100, 200]
draws = 200

[[step]]
id = "written_out"
do = "simulate_power"
of = {do = "moderate", x = "OE1", w = "SV1", y = "SAT1"}
effects = {"SAT1 ~ OE1:SV1" = 0.2}
n = [150]
draws = 100
"""


@pytest.fixture
def read(tmp_path):
    folder = Path(__file__).parent.parent / "golden"
    (tmp_path / "residents.csv").write_bytes((folder / "residents.csv").read_bytes())
    return lambda text: parse_plan(text, tmp_path / "plan.toml")


def test_a_plan_asks_for_the_power_of_another_step(read):
    found = run(read(PLAN))
    result = found["next_wave"]
    assert found.exit_code == 0
    assert result.do == "mediate"
    terms = result.tidy().query("group == '100'").set_index("term")
    assert terms.loc["indirect.SV1", "effect"] == pytest.approx(0.09)
    assert terms.loc["indirect.SV1", "estimate"] > 0.3
    # What the plan does not say is taken from the rows of that other step.
    assert terms.loc["direct", "effect"] != 0
    assert result.n_obs == found["med"].n_obs
    assert result.survey.measures["SV1"].reliability == 0.8
    other = found["written_out"]
    assert other.do == "moderate"
    assert other.true[-1] == pytest.approx(0.2)


@pytest.mark.parametrize("wrong", ["nowhere", "written_out"])
def test_a_step_that_cannot_be_simulated_is_named_with_its_line(read, wrong):
    text = PLAN.replace('of = "med"', f'of = "{wrong}"')
    with pytest.raises(PlanError) as error:
        run(read(text))
    (problem,) = error.value.problems
    assert problem.code == "E6348"
    assert problem.at.line == text.splitlines().index(f'of = "{wrong}"') + 1
    assert problem.params["known"] == ["med"]


def test_variables_may_be_named_by_label(tmp_path):
    from evalkit.plan.names import Names
    from evalkit.plan.planned import with_calls

    folder = Path(__file__).parent.parent / "golden"
    (tmp_path / "residents.csv").write_bytes((folder / "residents.csv").read_bytes())
    plan = parse_plan(PLAN, tmp_path / "plan.toml")

    class Labelled(Names):
        def __init__(self):
            self.ids, self._by_label = {"OE1", "SV1", "SAT1"}, {"嵌入": "OE1", "价值": "SV1", "满意": "SAT1"}

    step = plan.steps[1]
    given = {
        "of": {"do": "mediate", "x": "嵌入", "m": ["价值"], "y": "满意"},
        "effects": {"价值 ~ 嵌入": 0.3, "满意~嵌入:价值": 0.1},
        "reliability": {"价值": 0.7},
    }
    ((_, own),) = with_calls(plan, [(step, given)], Labelled())
    assert own["of"] == {"do": "mediate", "x": "OE1", "m": ["SV1"], "y": "SAT1"}
    assert list(own["effects"]) == ["SV1 ~ OE1", "SAT1~OE1:SV1"]
    assert own["reliability"] == {"SV1": 0.7}
