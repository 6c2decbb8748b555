"""The elevator study's simulated casebook: made by its script, marked as simulated, and telling what was declared."""

import runpy
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek
from evalkit.plan import read_plan

STUDY = Path(__file__).parents[1] / "analyses" / "elevator-coproduction"
FOLDER = STUDY / "casebook-simulated"
M1, M2 = ["DIRECT", "EMBED", "FORMAL", "INFORM"], ["FORMAL", "INFORM", "COMP", "OBJECT"]


@pytest.fixture(scope="module")
def book():
    return ek.read_casebook(FOLDER)


@pytest.fixture(scope="module")
def sets(book):
    own = book.conditions[~book.conditions["from"].str.startswith("survey:")]
    more = {"codings": book.codings, "sources": book.sources, "codebook": book.codebook}
    return ek.calibrate_sets(book.cases, calibration=own, case="case_id", **more)


def test_the_script_writes_the_shipped_files_to_the_byte(tmp_path):
    runpy.run_path(str(STUDY / "make_casebook.py"))["main"](tmp_path)

    def files(folder):
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    made = files(tmp_path)
    assert len(made) == 11 + 30
    assert made == files(FOLDER)


def test_the_casebook_is_read_without_a_problem(book):
    assert book.problems == ()
    assert set(book.texts) == set(book.sources["source_id"])
    for _, row in book.codings.iterrows():
        assert book.texts[row["source_id"]][int(row["start"]) : int(row["end"])] == row["quote"]


def test_twelve_cases_are_the_estates_of_the_survey(book):
    register = pd.read_csv(STUDY / "register.csv")
    installed = register.assign(estate=register["e_building"].str.rsplit("-", n=1).str[0])
    installed = installed.groupby("estate")["e_installed"].max()
    assert dict(zip(book.cases["case_id"], book.cases["outcome"], strict=True)) == installed.to_dict()
    assert (book.cases["outcome"].sum(), len(book.cases)) == (7, 12)


def test_the_codebook_holds_what_the_paper_names(book):
    levels = book.codebook.groupby("level")["code_id"].count().to_dict()
    assert levels == {"core": 1, "category": 10, "subcategory": 24, "concept": 3}
    inferred = book.codebook[book.codebook["name"].str.endswith("（推断）")]
    assert set(inferred["parent_id"]) == {"E.10"} and len(inferred) == 4
    assert set(inferred["code_id"]) <= set(book.codings["code_id"])


def test_sources_are_held_out_and_withheld_as_declared(book):
    kinds = book.sources["kind"].value_counts().to_dict()
    assert kinds == {"interview": 27, "document": 3}
    failed = book.cases.loc[book.cases["outcome"] == 0, "case_id"]
    interviews = book.sources[book.sources["kind"] == "interview"]
    assert (interviews["case_id"].value_counts()[failed] == 1).all()
    assert book.sources["held_out"].sum() == 10
    assert (book.sources["quotable"] == 0).sum() == 5
    barred = book.codings["source_id"].map(book.sources.set_index("source_id")["quotable"]) == 0
    assert (book.codings.loc[barred, "quotable"] == 0).all()
    assert (book.codings.loc[~barred, "quotable"] == 0).any()


def test_everything_says_that_it_is_simulated(book):
    assert all(text.startswith("【模拟文本 simulated】") for text in book.texts.values())
    assert book.sources["source_id"].str.startswith("sim_").all()
    assert book.sources["role"].str.endswith("模拟").all()
    for frame, column in (
        (book.cases, "label"), (book.actors, "note"), (book.evidence, "evidence"), (book.findings, "claim"),
        (book.fit, "rationale"), (book.fit, "by"), (book.codings, "coder"),
    ):  # fmt: skip
        assert frame[column].str.contains("模拟").all(), column
    plan = read_plan(STUDY / "plan.toml")
    for step in plan.steps:
        if step.data != "responses":
            assert "模拟" in step.title.text("zh") and "simulated" in step.title.text("en"), step.id
    readme = (STUDY / "README.md").read_text(encoding="utf-8")
    assert FOLDER.name in readme and "make_casebook.py" in readme


def test_codes_and_cases_have_english_names_in_english_tables(book):
    texts = {"sources": book.sources, "codebook": book.codebook}

    def words(table, lang):
        cells = [cell.value for row in table.rows for cell in row.cells]
        return " ".join(value.text(lang) for value in cells if hasattr(value, "text"))

    profile = ek.code_profile(book.codings, **texts)
    coders = ek.agreement(book.codings, units=book.units, codebook=book.codebook, intervals=(), resamples=100)
    agreed = book.codings[book.codings["round"] == "consensus"]
    seen = ek.saturation(agreed, **texts, permutations=0)
    counted = ek.quantitise(book.codings, codes=["E.8.2"], **texts)
    display = ek.joint_display(book.cases, kind="cases", case="case_id", codings=book.codings, codes=["E.8.2"], **texts)
    assert seen.labels["E.8.2"].text("en") == "Persuasion" and seen.labels["E.8.2"].text("zh") == "沟通游说"
    for result in (profile, coders, counted, display):
        assert "Persuasion" in words(result.table(), "en") and "沟通游说" not in words(result.table(), "en")
        assert "沟通游说" in words(result.table(), "zh")
    assert "SH-A Shanghai estate A (simulated)" in words(display.table(), "en")


def test_tools_of_a_case_are_the_tools_coded_in_it(book, sets):
    counted = {made.rule.name: dict(zip(sets.cases, made.measure, strict=True)) for made in sets.sets}
    model = tomllib.loads((STUDY / "casebook.toml").read_text(encoding="utf-8"))
    agreed = book.codings[book.codings["round"] == "consensus"]
    agreed = agreed.assign(case=agreed["source_id"].map(book.sources.set_index("source_id")["case_id"]))
    for case in model["cases"]:
        met = {".".join(c.split(".")[:3]) for c in agreed.loc[agreed["case"] == case["id"], "code_id"]}
        assert met == set(f"{case['context']} {case['tools']}".split()), case["id"]
        assert counted["FORMAL"][case["id"]] + counted["INFORM"][case["id"]] == len(case["tools"].split())


def test_two_coders_disagree_before_they_agree(book):
    result = ek.agreement(book.codings, units=book.units, by="units", resamples=100, seed=1)
    assert result.coders == ("模拟编码者甲", "模拟编码者乙")
    alpha = result.tidy().query("term == 'krippendorff'")
    assert 0.667 < alpha[alpha["outcome"].isna()]["estimate"].iloc[0] < 0.9
    assert len(result.disputes) > 30


def solution(sets, outcome, conditions, expectations=None):
    wanted = expectations or {name: sets.expectations[name] for name in conditions}
    found = ek.qca(
        sets.data, outcome=outcome, conditions=conditions, case="case_id", consistency=0.8, pri=0.7, frequency=1,
        expectations=wanted, robustness=False,
    )  # fmt: skip
    tidy = found.tidy()
    printed = tidy[(tidy["model"] == "intermediate.1") & tidy["coverage"].notna() & (tidy["term"] != "solution")]
    return {frozenset(row["term"].split("*")): row for _, row in printed.iterrows()}


def test_both_leaderships_together_bring_the_lift(sets):
    found = solution(sets, "LIFT", M1)
    both = found[frozenset({"FORMAL", "INFORM"})]
    # Six of the seven cases with both were built: the seventh, SH-C, met objections that nobody compensated.
    assert both["estimate"] == pytest.approx(6 / 7) and both["coverage"] == pytest.approx(6 / 7)
    assert frozenset({"FORMAL", "INFORM", "COMP"}) in solution(sets, "LIFT", M2)


def test_objection_without_compensation_ends_the_project(sets):
    found = solution(sets, "~LIFT", M2, {"FORMAL": "0", "INFORM": "0", "COMP": "0", "OBJECT": "1"})
    alone = found[frozenset({"OBJECT", "~COMP"})]
    assert (alone["estimate"], alone["coverage"]) == (1.0, pytest.approx(0.8))


def test_the_plan_joins_survey_codings_configurations_and_network():
    plan = read_plan(STUDY / "plan.toml")
    assert (plan.casebook.file, plan.casebook.community) == (FOLDER.name, "e_estate")
    done = {step.id: (step.do, step.data) for step in plan.steps if step.data != "responses"}
    assert {"codings", "cases", "sets", "ties"} <= {data for _, data in done.values()}
    assert {do for do, _ in done.values()} == {
        "code_profile", "agreement", "saturation", "calibrate_sets", "necessity", "qca", "network", "qap",
        "process_tracing", "triangulate", "joint_display",
    }  # fmt: skip
    kinds = [step.arguments["kind"] for step in plan.steps if step.do == "joint_display"]
    assert kinds == ["cases", "side_by_side", "themes", "configurations", "convergence", "hypotheses"]
    (estates,) = (step for step in plan.steps if step.id == "estates")
    assert {"scores", "codes", "configurations", "network"} <= set(estates.arguments)
