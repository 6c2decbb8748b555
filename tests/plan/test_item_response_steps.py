"""Item response models as steps of a plan: tables, both figures and sentences in the report."""

from pathlib import Path

import pytest

from evalkit.plan import run

PLAN = """format = "evalkit-plan/1"
title = {zh = "居民调查", en = "Residents"}
language = ["zh", "en"]

[data]
file = "residents.csv"

[[scales]]
id = "satisfaction"
items = ["SAT1", "SAT2", "SAT3", "SAT4", "SAT5"]
reverse = ["SAT4"]
range = [1, 5]
zh = "满意度"
en = "Satisfaction"

[[step]]
id = "curves"
do = "irt"
items = "满意度"

[[step]]
id = "gender"
do = "dif"
items = ["SAT1", "SAT2", "SAT3", "SAT5"]
by = "gender"
anchors = ["SAT1"]

[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    source = Path(__file__).parent.parent / "golden" / "residents.csv"
    (folder / "residents.csv").write_bytes(source.read_bytes())
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return run(folder / "plan.toml", folder / "out")


def test_both_figures_of_the_model_stand_in_the_report(found):
    assert found.exit_code == 0
    figures = {p.name.split(".")[0] for p in (found.out / "figures").iterdir()}
    assert {name.removesuffix("-en").removesuffix("-zh") for name in figures} == {"curves", "curves-information"}
    page = (found.out / "report.html").read_text(encoding="utf-8")
    assert "类别特征曲线" in page and "Information of the items and the test" in page
    assert "边际信度为" in page and "discriminations run from" in page


def test_groups_and_anchors_are_resolved_by_their_labels(found):
    by_id = {o.step.id: o for o in found.outcomes}
    assert by_id["gender"].result.by == "gender" and by_id["gender"].result.anchors == ("SAT1",)
    page = (found.out / "report.html").read_text(encoding="utf-8")
    assert "项目功能差异" in page and "Anchors: SAT1" in page
