"""The shipped questionnaires hold every question, wording and scoring rule of the tables they were made from."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evalkit.instrument import load_instrument, shipped
from evalkit.instrument.dump import dump_toml
from evalkit.instrument.parse import parse_instrument

GOLDEN = Path(__file__).parents[1] / "golden" / "instruments"
FOLDER = Path(__file__).parents[2] / "instruments"
IDS = sorted({file.name.split(".")[0] for file in GOLDEN.glob("*.tsv")})
ANCHORS = {
    "A5": ["非常不同意", "比较不同意", "一般", "比较同意", "非常同意"],
    "F5": ["从不", "很少", "有时", "较多", "经常"],
    "S5": ["非常不满意", "不太满意", "一般", "比较满意", "非常满意"],
}


def table(id: str, part: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{id}.{part}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(params=IDS)
def instrument(request):
    return load_instrument(request.param)


def test_every_shipped_file_is_known_by_its_id():
    assert set(IDS) <= set(shipped())
    for id in shipped():
        assert load_instrument(id).id == id


def test_every_scale_item_has_the_wording_anchor_and_key_of_the_table(instrument):
    rows = table(instrument.id, "items")
    scored = [item for item in instrument.items if any(item.id in scale.items for scale in instrument.scales)]
    assert [item.id for item in scored] == [row["id"] for row in rows]
    for item, row in zip(scored, rows, strict=True):
        assert (item.zh, item.en, item.reverse) == (row["zh"], row["en"], row["reverse"] == "y")
        assert item.codes == (1, 2, 3, 4, 5)
        assert [option.zh for option in item.options if option.missing is None] == ANCHORS[row["anchor"]]
        assert item.id in instrument.scale(row["scale"]).items


def test_every_first_order_scale_is_scored_as_the_table_says(instrument):
    rows = table(instrument.id, "scales")
    first = [scale for scale in instrument.scales if scale.items]
    assert [scale.id for scale in first] == [row["id"] for row in rows]
    for scale, row in zip(first, rows, strict=True):
        assert (scale.zh, scale.en) == (row["zh"], row["en"])
        assert list(scale.items) == row["items"].split()
        assert (scale.score, scale.min_valid) == ("mean", float(row["min_valid"]))
        assert [id for id in scale.items if instrument.item(id).reverse] == row["reverse"].split()
        assert row["role"].replace("party-led mechanism", "mechanism").startswith(str(scale.role))
        assert scale.level == "resident"


def test_every_background_question_has_the_wording_of_the_table(instrument):
    rows = table(instrument.id, "background")
    scored = {id for scale in instrument.scales for id in scale.items}
    others = {item.id: item for item in instrument.items if item.id not in scored}
    assert sorted(others) == sorted(row["id"] for row in rows)
    for row in rows:
        item = others[row["id"]]
        assert (item.zh, item.en.lower()) == (row["zh"], row["en"].lower())
        assert item.form == (("register",) if row["form"] == "register" else ("R",))
        kind = row["type"].split(":")[0].split()[0]
        if kind in ("single", "multi", "integer"):
            assert item.type == kind
        if kind in ("single", "multi") and "/" in row["type"]:
            options = [text.split("（")[0].strip() for text in row["type"].split(":")[1].split("/")]
            assert [option.zh for option in item.options] == options


def test_it_reads_without_a_warning_and_its_dump_reads_back_equal(instrument):
    assert instrument.problems == ()
    assert parse_instrument(dump_toml(instrument)) == instrument


def test_community_renovation_counts_and_routing():
    inst = load_instrument("j-community-renovation")
    scored = {id for scale in inst.scales for id in scale.items}
    assert len(scored) == 71
    assert sum(item.reverse for item in inst.items) == 8
    assert len(inst.items) - len(scored) == 20
    assert sum(bool(scale.items) for scale in inst.scales) == 21
    assert [scale.id for scale in inst.scales if scale.parts] == [
        "party_core_function",
        "operational_management",
        "strategic_triangle",
        "stakeholder_tension",
    ]
    assert inst.scale("strategic_triangle").parts == (
        "vision_consensus",
        "inclusive_deliberation",
        "operational_management",
    )
    assert inst.scale("strategic_triangle").kind == "formative"
    unknown = {
        item.matrix for item in inst.items if item.matrix and any(o.missing == "dont_know" for o in item.options)
    }
    assert unknown == {"J_PG", "J_MF", "J_RI", "J_SL", "J_BC", "J_SR"}
    assert all("j_screen" in item.ask_if.names for item in inst.items if item.id not in ("j_mode", "j_screen"))
    assert {item.id for item in inst.items if item.ask_if and "j_screen_start" in item.ask_if.names} == {
        "J_PV1",
        "J_CM2",
    }
    assert inst.item("j_attn").check == {"equals": 3}
    assert str(inst.item("j_screen").end_if) == "j_screen == 0"
    assert len(inst.item("j_zone").codes) == 8
    for id in ("j_need", "j_service", "j_info"):
        options = inst.item(id).options
        assert [option.exclusive for option in options] == [False] * (len(options) - 1) + [True]
        assert [option.zh for option in options if option.fill] == ["其他"]


def test_elevator_coproduction_counts_and_routing():
    inst = load_instrument("elevator-coproduction")
    scored = {id for scale in inst.scales for id in scale.items}
    assert len(scored) == 84
    assert sum(item.reverse for item in inst.items) == 5
    assert len(inst.items) - len(scored) == 29
    assert sum(bool(scale.items) for scale in inst.scales) == 26
    higher = {scale.id: scale for scale in inst.scales if scale.parts}
    assert len(higher) == 12 + 1
    assert higher["driving_factors"].reverse_parts == ("power_imbalance", "policy_impasse")
    assert higher["coproduction_motive"].score == "product_z"
    assert higher["coproduction_motive_min"].score == "min"
    assert higher["coproduction_motive_min"].parts == higher["coproduction_motive"].parts
    assert {id for id, scale in higher.items() if scale.kind == "formative"} == {
        "external_environment",
        "driving_factors",
    }
    assert len(inst.scale_items("formal_leadership")) == len(inst.scale_items("informal_leadership")) == 18
    assert inst.item("e_attn").check == {"equals": 1}
    assert str(inst.item("e_screen").end_if) == "e_screen in (0, 2)"
    asked_owners = {item.id for item in inst.items if item.ask_if and "e_screen_owner" in item.ask_if.names}
    assert asked_owners == {"e_consent", "e_share_amt", "e_share_pct"}
    tools = {"E_EM", "E_EG", "E_RD", "E_CG", "E_RP", "E_IC", "E_MC", "E_WU", "E_JD", "E_PS", "E_KS", "E_LS"}
    unknown = {
        item.matrix for item in inst.items if item.matrix and any(o.missing == "dont_know" for o in item.options)
    }
    assert unknown == {"E_DL", "E_EL"} | tools
    assert inst.item("e_leader_named").max_choices == 3


@pytest.mark.parametrize(
    ("id", "stages"),
    [("E_CB4", {4, 5}), ("E_KS3", {4, 5}), ("E_CR1", {5, 6}), ("E_RS2", {5, 6}), ("E_CB1", {1, 2, 3, 4, 5, 6})],
)
def test_the_stage_of_the_project_decides_and_an_unknown_stage_counts_as_asked(id, stages):
    asked = load_instrument("elevator-coproduction").item(id).ask_if
    for stage in range(1, 7):
        row = {"e_screen": 1.0, "e_stage": float(stage)}
        assert asked.evaluate_one(row.__getitem__) == (stage in stages)
    assert asked.evaluate_one({"e_screen": 1.0, "e_stage": float("nan")}.__getitem__)
    assert not asked.evaluate_one({"e_screen": 0.0, "e_stage": 5.0}.__getitem__)
