"""The shipped questionnaires hold every question, wording and scoring rule of the tables they were made from."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from evalkit.formula import compute
from evalkit.ingest import read_responses
from evalkit.instrument import load_instrument, shipped
from evalkit.instrument.dump import dump_toml
from evalkit.instrument.parse import parse_instrument
from evalkit.scoring import score

GOLDEN = Path(__file__).parents[1] / "golden" / "instruments"
FOLDER = Path(__file__).parents[2] / "instruments"
IDS = sorted({file.name.split(".")[0] for file in GOLDEN.glob("*.tsv")})
FORMS = ("R", "O", "register")
# Columns that come to the table's questions: the key that joins a register to the answers.
ADDED = {"n-street-mutual-aid": {"n_station"}}
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


def forms(text: str) -> tuple[str, ...]:
    """The forms of a table cell; what the surveyor fills in (paradata) stands in the residents' form."""
    named = text.replace("paradata", "R").split(", ")
    return tuple(form for form in FORMS if form in named)


def test_every_shipped_file_is_known_by_its_id():
    assert len(IDS) == 5
    assert set(IDS) <= set(shipped())
    for id in shipped():
        assert load_instrument(id).id == id


def test_every_scale_item_has_the_wording_anchor_and_key_of_the_table(instrument):
    rows = table(instrument.id, "items")
    scored = [item for item in instrument.items if any(item.id in scale.items for scale in instrument.scales)]
    assert [item.id for item in scored] == [row["id"] for row in rows]
    for item, row in zip(scored, rows, strict=True):
        assert (item.zh, item.en, item.reverse) == (row["zh"], row["en"], row["reverse"] == "y")
        assert (item.codes, item.form) == ((1, 2, 3, 4, 5), instrument.scale(row["scale"]).form)
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
        assert row["level"].split(", ")[0].split(" (")[0] == scale.level
        assert scale.form == forms(row["form"])


def test_every_higher_order_scale_has_the_name_and_parts_of_the_table(instrument):
    higher = {scale.id: scale for scale in instrument.scales if scale.parts}
    for row in table(instrument.id, "higher"):
        if row["id"] == "n_solve_share":  # a share of counts, computed in the plan
            continue
        scale = higher[row["id"]]
        assert (scale.zh, scale.en) == (row["zh"], row["en"])
        named = [name for name in re.findall(r"[a-z]+(?:_[a-z]+)+", row["components"]) if name in scale_ids(instrument)]
        reached = {part for id in scale.parts for part in (id, *instrument.scale(id).parts)}
        assert named and set(named) <= reached or row["components"] == "the three roles above"
        assert [f"{name} (reverse)" in row["components"] for name in scale.parts] == [
            name in scale.reverse_parts for name in scale.parts
        ]


def scale_ids(instrument):
    return {scale.id for scale in instrument.scales}


def test_what_names_the_party_can_be_answered_with_do_not_know(instrument):
    named = [
        item
        for item in instrument.items
        if item.matrix and ("党" in item.zh.replace("党建联盟", "") or "Party" in item.en)
    ]
    assert named
    assert all(any(option.missing == "dont_know" for option in item.options) for item in named)


def test_every_background_question_has_the_wording_of_the_table(instrument):
    rows = table(instrument.id, "background")
    scored = {id for scale in instrument.scales for id in scale.items}
    others = {item.id: item for item in instrument.items if item.id not in scored}
    assert sorted(others) == sorted({row["id"] for row in rows} | ADDED.get(instrument.id, set()))
    for row in rows:
        item = others[row["id"]]
        assert (item.zh, item.en.lower()) == (row["zh"], row["en"].lower())
        assert item.form == forms(row["form"])
        assert item.check or tuple(item.label) == instrument.languages
        kind = row["type"].split(":")[0].split()[0].strip(",")
        if kind in ("single", "multi", "integer"):
            assert item.type == kind
        if kind in ("single", "multi") and "/" in row["type"]:
            texts = row["type"].split(":")[1].split("/")
            assert [option.zh for option in item.options] == [re.split("[（(]", text)[0].strip() for text in texts]
            assert [option.exclusive for option in item.options] == ["（exclusive）" in text for text in texts]


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


def missing_kinds(inst, kind):
    """Matrices with an option of that missing kind."""
    return {item.matrix for item in inst.items if item.matrix and any(o.missing == kind for o in item.options)}


def counts(inst):
    """Scale items, reverse items, other columns, first-order scales."""
    scored = {id for scale in inst.scales for id in scale.items}
    reverse = sum(item.reverse for item in inst.items)
    return len(scored), reverse, len(inst.items) - len(scored), sum(bool(scale.items) for scale in inst.scales)


def test_community_network_counts_forms_and_routing():
    inst = load_instrument("f-community-network")
    assert counts(inst) == (69, 10, 23, 19)
    higher = {scale.id: scale for scale in inst.scales if scale.parts}
    assert {id: scale.kind for id, scale in higher.items()} == {
        "key_actor_leadership": "reflective",
        "shared_values": "reflective",
        "shared_rules": "reflective",
        "party_led_practices": "formative",
    }
    assert len(higher["party_led_practices"].parts) == 6
    both = {"need_response", "coproduction_organising", "reciprocal_exchange", "governance_effectiveness"}
    assert {scale.id for scale in inst.scales if scale.items and scale.form == ("R", "O")} == both
    assert missing_kinds(inst, "dont_know") == {"F_NR", "F_RS", "F_SP", "F_AA"}
    assert missing_kinds(inst, "not_applicable") == {"F_RE"}
    for item in inst.items:
        wanted = {("R",): "f_screen_r == 1", ("O",): "f_screen_o == 1", ("R", "O"): None}[item.form]
        if not item.id.startswith("f_screen"):
            assert (str(item.ask_if) if item.ask_if else None) == wanted
    assert str(inst.item("f_screen_r").end_if) == "f_screen_r == 0"
    assert str(inst.item("f_screen_o").end_if) == "f_screen_o == 0"
    assert inst.item("f_attn").check == {"equals": 2}
    assert inst.item("f_points_earned").missing == {88888.0: "dont_know"}
    assert inst.item("f_org_need").max_choices == 3
    assert (inst.item("f_age").min, inst.item("f_age").max) == (18, 100)


def test_mutual_aid_counts_routing_and_register():
    inst = load_instrument("n-street-mutual-aid")
    # 22 questions: two of them are two and five columns, and the key of the register is one more.
    assert counts(inst) == (59, 7, 22 + 1 + 4 + 1, 16)
    assert [scale.id for scale in inst.scales if scale.parts] == ["organisational_mobilisation", "good_governance"]
    assert missing_kinds(inst, "dont_know") == {
        *("N_OE", "N_LE", "N_RO", "N_RP", "N_SA"),
        *("N_HB", "N_HL", "N_ME", "N_RB"),  # these name Party members
    }
    register = [item.id for item in inst.items if "register" in item.form]
    assert register[0] == "n_station" and len(register) == 1 + 12
    assert inst.item("n_station").role == "cluster" and inst.item("n_station").form == ("R", "register")
    assert str(inst.item("n_screen").end_if) == "n_screen == 0"
    assert str(inst.item("n_screen_age").end_if) == "n_screen_age == 0"
    assert inst.item("n_attn").check == {"equals": 5}
    days = inst.item("n_days").ask_if
    assert [
        days.evaluate_one({"n_screen": 1.0, "n_screen_age": 1.0, "n_route": float(k)}.__getitem__) for k in range(1, 6)
    ] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("known", "scales"),
    [
        (1.0, 16),
        (2.0, {"hub_building", "acquaintance_ties", "community_identity", "crisis_readiness"}),
        (0.0, set()),
    ],
)
def test_who_does_not_know_of_a_station_is_asked_four_scales(known, scales):
    inst = load_instrument("n-street-mutual-aid")
    row = {"n_screen": known, "n_screen_age": 1.0, "n_route": 1.0}.__getitem__
    asked = {s.id for s in inst.scales if s.items and all(inst.item(id).ask_if.evaluate_one(row) for id in s.items)}
    assert len(asked) == scales if isinstance(scales, int) else asked == scales
    if known == 2.0:
        others = {i.id for i in inst.items if i.role == "background" and i.ask_if.evaluate_one(row)}
        assert others == {"n_gender", "n_age", "n_edu", "n_hukou", "n_years", "n_party", "n_property"}


def test_the_register_of_a_neighbourhood_is_read_with_its_key(tmp_path):
    inst = load_instrument("n-street-mutual-aid")
    counts_of_2017 = {"received": 4616, "station": 1604, "network": 2657, "department": 353, "open": 2}
    row = {"n_station": "N01", "n_c_head_party": "是", "n_c_age60": "31.5", "n_c_resident_rep": "54.5"}
    row |= {"n_c_households": 800, "n_c_members": 11, "n_c_members_party": 4, "n_c_partyshare": "6.1"}
    row |= {f"n_c_ledger_{name}": n for name, n in counts_of_2017.items()}
    pd.DataFrame([row]).to_csv(tmp_path / "register.csv", index=False, encoding="utf-8")
    read = read_responses(tmp_path / "register.csv", inst, dialect="plain", form="register")
    assert [p for p in read.problems if p.severity != "note"] == []
    ledger = read.frame.iloc[0].filter(like="n_c_ledger_").astype(float)
    assert ledger["n_c_ledger_received"] == ledger.drop("n_c_ledger_received").sum() == 4616
    assert (read.frame["n_station"].iloc[0], read.frame["n_c_head_party"].iloc[0]) == ("N01", 1)


def test_the_share_a_station_settles_is_the_published_one():
    ledger = {"n_c_ledger_station": [1604.0, 0.0], "n_c_ledger_received": [4616.0, float("nan")]}
    head = (FOLDER / "n-street-mutual-aid.toml").read_text(encoding="utf-8").split("[choices]")[0]
    formula = re.search(r'compute = "([^"]+)"', head)[1]
    share = compute(formula).evaluate(lambda name: pd.Series(ledger[name]).to_numpy())
    assert share[0] == pytest.approx(0.34748700)
    assert share[1] != share[1]


def test_party_alliance_counts_forms_and_routing():
    inst = load_instrument("party-alliance-innovation")
    assert counts(inst) == (61, 7, 19, 19)
    higher = {scale.id: scale for scale in inst.scales if scale.parts}
    assert list(higher) == ["prescribed_actions", "optional_actions", "action_imbalance", "constructive_space"]
    assert higher["action_imbalance"].score == "absdiff_z"
    assert higher["constructive_space"].score == "product_z"
    assert higher["action_imbalance"].parts == higher["constructive_space"].parts == tuple(higher)[:2]
    assert missing_kinds(inst, "dont_know") == {"A_VG", "A_CE", "A_BC"}
    residents = {item.id for item in inst.items if item.form == ("R",)}
    assert residents == {"A_RG1", "A_RG2", "A_RG3", "a_screen_r", "a_satis_before", "a_satis_now"}
    assert {item.id for item in inst.items if item.form == ("R", "O")} == {"a_alliance", "a_attn"}
    assert {item.id for item in inst.items if item.ask_if and "a_screen_r" in item.ask_if.names} == {"A_RG1"}
    assert all("a_screen_o" in i.ask_if.names for i in inst.items if i.form == ("O",) and i.id != "a_screen_o")
    assert inst.item("a_attn").check == {"equals": 4}
    assert inst.item("a_motive").max_choices == 3


def test_the_two_forms_of_the_network_are_read_and_scored(tmp_path):
    inst = load_instrument("f-community-network")
    frames = {}
    for form, answer in (("R", "比较同意"), ("O", "非常同意")):
        asked = [item for item in inst.items if form in item.form and item.type == "single"]
        row = {item.zh: answer if item.matrix and item.choices != "F5" else item.options[0].zh for item in asked}
        row |= {inst.item("f_attn").zh: "比较不同意"}
        if form == "O":
            row |= {
                inst.item("f_join_month").zh: "2021-06",
                inst.item("F_RE1").zh: "不适用",
                inst.item("F_RE2").zh: "不适用",
            }
        file = tmp_path / f"{form}.csv"
        pd.DataFrame([row]).to_csv(file, index=False, encoding="utf-8")
        frames[form] = read_responses(file, inst, dialect="plain", form=form)
    resident, organisation = (score(frames[form]) for form in ("R", "O"))
    assert resident["need_response"].tolist() == [(4 + 4 + 4 + 2) / 4]
    assert organisation["need_response"].tolist() == [(5 + 5 + 5 + 1) / 4]
    assert "formal_rules" not in resident and "community_belonging" not in organisation
    assert organisation["key_actor_leadership"].tolist() == pytest.approx([(4 + 4 + 5) / 3])
    assert organisation["reciprocal_exchange"].isna().all()  # two of four are not applicable
    assert organisation["f_join_month"].tolist() == [pd.Timestamp("2021-06-01")]
    for one in frames.values():
        assert {p.code for p in one.problems if p.severity != "note"} <= {"W309"}


@pytest.mark.parametrize(("id", "other"), [("f-community-network", "F_FR1"), ("n-street-mutual-aid", "n_c_households")])
def test_residents_answers_alone_lack_nothing_of_another_form(id, other, tmp_path):
    inst = load_instrument(id)
    row = {i.zh: i.options[0].zh for i in inst.items if "R" in i.form and i.type == "single"}
    row |= {i.zh: "20" for i in inst.items if "R" in i.form and i.type in ("integer", "decimal", "text")}
    pd.DataFrame([row]).to_csv(tmp_path / "R.csv", index=False, encoding="utf-8")
    read = read_responses(tmp_path / "R.csv", inst, dialect="plain")
    assert other not in read.frame
    lacking = [problem.params["items"] for problem in read.problems if problem.code == "W309"]
    assert all(inst.item(one).type == "multi" for some in lacking for one in some)
    assert [p.params["forms"] for p in read.problems if p.code == "N311"] == [sorted({*inst.item(other).form})]


def test_the_index_of_practices_takes_the_five_an_organisation_rates(tmp_path):
    inst = load_instrument("f-community-network")
    parts = inst.scale("party_led_practices").parts
    items = [id for part in parts for id in inst.scale(part).items]
    own = [id for id in items if "O" in inst.item(id).form]
    rows = [dict.fromkeys(own, "非常同意"), {id: "非常同意" for id in items if "R" in inst.item(id).form}]
    file = tmp_path / "both.csv"
    pd.DataFrame([{inst.item(id).zh: text for id, text in row.items()} for row in rows]).to_csv(file, index=False)
    index = score(read_responses(file, inst, dialect="plain"))["party_led_practices"]
    scores = [5.0, 4.0, 5.0, 5.0, 4.0]  # administrative_absorption and reciprocal_exchange have a reverse item
    assert index.iloc[0] == pytest.approx(sum(scores) / 5)
    assert pd.isna(index.iloc[1])


def test_imbalance_and_space_are_built_from_the_standard_scores(tmp_path):
    inst = load_instrument("party-alliance-innovation")
    rows = []
    for prescribed, optional in ((5, 1), (3, 3), (1, 5)):
        codes = {"prescribed_actions": prescribed, "optional_actions": optional}
        rows.append(
            {
                inst.item(id).zh: inst.item(id).options[(6 - code if inst.item(id).reverse else code) - 1].zh
                for whole, code in codes.items()
                for id in inst.scale_items(whole)
            }
        )
    file = tmp_path / "members.csv"
    pd.DataFrame(rows).to_csv(file, index=False, encoding="utf-8")
    scored = score(read_responses(file, inst, dialect="plain", form="O"))
    assert scored["prescribed_actions"].tolist() == [5, 3, 1]
    assert scored["action_imbalance"].tolist() == pytest.approx([2, 0, 2])
    assert scored["constructive_space"].tolist() == pytest.approx([-1, 0, -1])
