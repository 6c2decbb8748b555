"""Design-based estimates as a step of a plan."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import PlanError
from evalkit.plan import run
from evalkit.sampling import Design, estimates

PLAN = """format = "evalkit-plan/1"
title = {zh = "居民调查", en = "Residents"}
language = ["zh", "en"]

[data]
file = "residents.csv"

[design]
weights = "weight"
strata = "stratum"
clusters = "community_id"
fpc = "fpc_communities"
fpc2 = "fpc_households"

[[step]]
id = "tenure"
do = "estimates"
variables = ["tenure"]
statistic = "proportion"
by = "gender"
difference = true

[[step]]
id = "young"
do = "estimates"
variables = ["trust_before"]
where = "age < 35"

[[step]]
id = "raked"
do = "estimates"
variables = ["trust_before"]
margins = {gender = {female = 0.51, male = 0.49}}
population = 300000
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    source = Path(__file__).parent.parent / "golden" / "residents.csv"
    (folder / "residents.csv").write_bytes(source.read_bytes())
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return run(folder / "plan.toml", folder / "out")


def test_every_step_gives_its_table_in_the_report(found):
    assert found.exit_code == 0
    report = (found.out / "report.html").read_text(encoding="utf-8")
    assert "抽样设计" in report and "总体估计" in report


def test_a_step_with_where_is_a_domain_of_the_whole_sample(found):
    data = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents.csv")
    design = Design("weight", "stratum", "community_id", "fpc_communities", "fpc_households")
    wanted = estimates(data, ["trust_before"], where="age < 35", design=design).tidy()
    got = found["young"].tidy()
    columns = ["estimate", "std_error", "df", "conf_low", "n_obs"]
    assert np.allclose(got[columns].to_numpy(float), wanted[columns].to_numpy(float))
    assert found["young"].n_obs == (data["age"] < 35).sum()


def test_margins_of_a_plan_move_the_estimate(found):
    assert found["raked"].design_columns[0] == "weight"
    data = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents.csv")
    design = Design("weight", "stratum", "community_id", "fpc_communities", "fpc_households")
    margins = {"gender": {"female": 0.51, "male": 0.49}}
    wanted = estimates(data, ["trust_before"], margins=margins, population=300_000, design=design).tidy()
    got = found["raked"].tidy()
    assert np.allclose(
        got[["estimate", "std_error"]].to_numpy(float), wanted[["estimate", "std_error"]].to_numpy(float)
    )


def test_margins_of_an_unknown_variable_stop_the_run_before_anything_is_written(tmp_path):
    source = Path(__file__).parent.parent / "golden" / "residents.csv"
    (tmp_path / "residents.csv").write_bytes(source.read_bytes())
    for wrong, code in (("margins = {gendre = {", "E516"), ("weighting = {gender = {", "E501")):
        (tmp_path / "plan.toml").write_text(PLAN.replace("margins = {gender = {", wrong), encoding="utf-8")
        with pytest.raises(PlanError) as caught:
            run(tmp_path / "plan.toml", tmp_path / "out")
        assert [p.code for p in caught.value.problems] == [code]
    assert not (tmp_path / "out").exists()
