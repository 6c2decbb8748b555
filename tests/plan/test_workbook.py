"""Plans as workbooks: the same plan either way, faults at their cells, drop-downs for what is closed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from evalkit.contract import PlanError
from evalkit.contract.words import LANGUAGES, has_text, say
from evalkit.contract.words import catalogue as all_words
from evalkit.plan import catalogue, parse_plan, read_plan, run, verify
from evalkit.plan import workbook_layout as layout
from evalkit.plan.canonical import to_toml
from evalkit.plan.catalogue import folded
from evalkit.plan.schema import REPEATED, TABLES, TOP_KEYS
from evalkit.plan.workbook_writer import Name, write_workbook

ROOT = Path(__file__).parents[2]
SHIPPED = [*sorted(ROOT.glob("analyses/*/plan.toml")), ROOT / "evalkit" / "plan" / "demo.toml"]


def back(text: str, folder: Path, lang: str = "zh"):
    """The plan of a text, and the same after a walk through a workbook and back into TOML."""
    plan = parse_plan(text, folder / "plan.toml")
    write_workbook(tomllib.loads(text), folder / "plan.xlsx", lang=lang)
    found = read_plan(folder / "plan.xlsx")
    return plan, found, parse_plan(found.text, folder / "plan.toml")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.parent.name)
def test_shipped_plans_are_the_same_after_a_round_trip(path, lang, tmp_path):
    plan, found, again = back(path.read_text(encoding="utf-8"), tmp_path, lang)
    assert plan == found == again
    assert plan.steps
    assert found.notices == ()


# -- any plan ---------------------------------------------------------------------------------

ids = st.from_regex(r"[A-Za-z][a-z0-9]{0,6}", fullmatch=True)
awkward = st.sampled_from(
    list("aZ是1 .;；,，、|｜=＝\"'[]{}\n\t\\#\u3000\u00a0_x０-+@:()") + ["_x000D_", "\r", "\x07", "\ufffe", "true"]
)
texts = st.one_of(
    st.lists(awkward, min_size=1, max_size=8).map("".join),
    st.sampled_from(
        ["12", "是", "yes", "链式", "parallel", "nan", "-0", "1e5", "[a]", "{a=1}", '"q"', "=1+1", "#N/A", " x "]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
)
numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.sampled_from([0.1, 1 / 3, 1e300]))
pairs = st.fixed_dictionaries({"zh": texts}, optional={"en": texts})
names = st.one_of(ids, texts)
CONDITIONS = ["a < 60", "a == '链式' and not b > 0", 'answered(x) or x in ("甲", "乙")', "-1 < a"]


def tables_of(**keys):
    return st.fixed_dictionaries({"id": ids}, optional=keys)


DERIVE = tables_of(
    **{"from": names, "compute": texts, "aggregate": st.sampled_from(["mean", "blau"]), "by": names, "zh": texts},
    reference=st.one_of(numbers, texts),
    dummies=st.one_of(st.booleans(), st.lists(st.one_of(st.integers(0, 9), texts), max_size=3)),
    bands=st.one_of(
        st.lists(st.one_of(numbers, texts), max_size=3),
        st.lists(
            st.fixed_dictionaries({"zh": texts}, optional={"below": numbers, "en": texts}), min_size=1, max_size=3
        ),
        st.just([{"low": 1}]),
    ),
    merge=st.lists(
        st.fixed_dictionaries(
            {"codes": st.lists(st.one_of(st.integers(0, 9), texts), max_size=3)}, optional={"zh": texts}
        ),
        min_size=1,
        max_size=3,
    ),
)
SCALES = tables_of(
    items=st.lists(names, max_size=4),
    reverse=st.lists(names, max_size=2),
    range=st.lists(numbers, min_size=2, max_size=2),
    score=st.one_of(st.sampled_from(["mean", "min"]), texts),
    min_valid=numbers,
    form=st.one_of(st.sampled_from(["R", "O"]), st.lists(st.sampled_from(["R", "O"]), min_size=1, max_size=2)),
    zh=texts,
    en=texts,
)
STEPS = st.one_of(
    st.fixed_dictionaries(
        {"id": ids, "do": st.just("mediate"), "x": st.just("xx"), "y": st.just("yy")},
        optional={
            "kind": st.sampled_from(["serial", "parallel"]),
            "covariates": st.lists(texts.filter(lambda t: t not in ("xx", "yy")), max_size=3),
            "resamples": st.integers(1, 9000),
            "conf_level": st.floats(0.5, 0.99),
            "moderators": st.dictionaries(names, st.one_of(texts, st.lists(ids, max_size=2)), max_size=2),
            "paths": st.lists(texts, min_size=1, max_size=2),
            "ci": st.one_of(st.just("bca"), st.lists(st.sampled_from(["bca", "percentile"]), max_size=2)),
            "where": st.sampled_from(CONDITIONS),
            "title": pairs,
        },
    ).flatmap(
        lambda e: st.one_of(
            st.just("mm"), st.lists(ids.filter(lambda n: n not in ("xx", "yy")), min_size=1, max_size=3, unique=True)
        ).map(lambda m: {**e, "m": m})
    ),
    st.fixed_dictionaries(
        {"id": ids, "do": st.just("regress")},
        optional={
            "formula": texts,
            "y": names,
            "blocks": st.lists(st.lists(names, max_size=2), max_size=3),
            "cov": st.sampled_from(["HC3", "classical"]),
        },
    ),
    st.fixed_dictionaries(
        {"id": ids, "do": st.just("estimates"), "variables": st.lists(names, min_size=1, max_size=3)},
        optional={
            "margins": st.dictionaries(names, st.dictionaries(names, st.floats(0, 9), max_size=2), max_size=2),
            "probabilities": st.lists(st.floats(0, 1), max_size=3),
            "difference": st.booleans(),
            "population": numbers.filter(lambda n: not isinstance(n, bool)),
        },
    ),
    st.fixed_dictionaries(
        {"id": ids, "do": st.just("reliability"), "items": st.one_of(names, st.lists(names, max_size=3))}
    ),
)


def unique(entries):
    return st.lists(entries, max_size=3, unique_by=lambda e: e["id"])


FAMILIES = st.fixed_dictionaries(
    {}, optional={"terms": st.lists(texts, max_size=2), "method": st.sampled_from(["bh", "holm"]), "title": pairs}
).map(lambda e: [e])


def of_its_steps(raw):
    """The plan with a family of all its steps; without one where it has none."""
    steps = [step["id"] for step in raw.get("step", [])]
    family = [{"id": "_".join(["all", *steps]), "steps": steps, **e} for e in raw.get("family", ()) if steps]
    return {key: value for key, value in raw.items() if key != "family"} | ({"family": family} if family else {})


PLANS = st.fixed_dictionaries(
    {
        "format": st.just("evalkit-plan/1"),
        "data": st.fixed_dictionaries(
            {
                "file": st.one_of(
                    st.sampled_from(["a.csv", "a，b.xlsx", "C:/x y.xlsx"]), st.lists(ids, min_size=1, max_size=3)
                )
            },
            optional={
                "sheet": st.one_of(st.integers(0, 2030), texts),
                "dialect": st.sampled_from(["auto", "plain", "wjx_text"]),
                "form": st.sampled_from(["R", "register"]),
                "issued": st.dictionaries(texts.filter(lambda t: t != "by"), st.integers(0, 10**6), max_size=3),
                "simulated": st.booleans(),
            },
        ),
    },
    optional={
        "title": pairs,
        "language": st.one_of(st.just("en"), st.permutations(["zh", "en"])),
        "style": st.one_of(st.just("apa7"), texts),
        "seed": st.integers(0, 2**64),
        "instrument": texts,
        "design": st.dictionaries(st.sampled_from(["weights", "strata", "clusters"]), names, max_size=3),
        "derive": unique(DERIVE),
        "scales": unique(SCALES),
        "join": unique(
            tables_of(key=ids, file=ids, aggregate=st.dictionaries(names, texts, max_size=2)).map(
                lambda e: {"key": "k", **e}
            )
        ),
        "exclude": st.lists(
            st.fixed_dictionaries({"when": st.sampled_from(CONDITIONS)}, optional={"reason": pairs}), max_size=2
        ),
        "step": unique(STEPS),
        "table": unique(tables_of(title=pairs).map(lambda e: {"template": "T0", **e})),
        "hypothesis": unique(tables_of(zh=texts, en=texts)),
        "family": FAMILIES,
        "output": st.fixed_dictionaries(
            {"formats": st.lists(st.sampled_from(["xlsx", "md"]), max_size=2, unique=True)}
        ),
    },
).map(of_its_steps)


@settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(raw=PLANS, lang=st.sampled_from(LANGUAGES))
def test_any_plan_is_the_same_after_a_round_trip(raw, lang, tmp_path_factory):
    text, _ = to_toml(raw)
    assert tomllib.loads(text) == {key: value for key, value in raw.items() if value != []}
    plan, found, again = back(text, tmp_path_factory.mktemp("plan"), lang)
    assert plan == found
    assert plan == again


# -- every key has a place --------------------------------------------------------------------


def test_every_key_of_the_schema_has_a_place_and_words():
    """A new key of the schema needs a heading in `contract/words/plan_workbook.toml`."""
    lines = {(table, column.partition(".")[0]) for table, column in layout.settings()}
    for name, keys in TABLES.items():
        held = (
            {c.partition(".")[0] for c in layout.columns(name)}
            if name in REPEATED
            else {k for t, k in lines if t == name}
        )
        assert set(keys) <= held
        assert has_text(f"plan.sheet.{name}"), name
    assert {key for key in TOP_KEYS if key not in (*TABLES, "format")} <= {key for table, key in lines if not table}
    unnamed = [
        (table, column)
        for table, column in [*layout.settings(), *((t, c) for t in layout.tables() for c in layout.columns(t))]
        if not any(has_text(k) for k in (f"plan.key.{table or 'plan'}.{column}", f"plan.key.{column}"))
    ]
    assert unnamed == []


def test_every_argument_of_every_step_is_a_heading():
    known = layout.headings("step").values()
    assert {p for do in catalogue.STEPS for p in catalogue.parameters(do)} <= set(known)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_heading_and_no_word_means_two_things(lang):
    words = [folded(layout.heading(t, c, lang)) for t, c in layout.settings()]
    assert len(set(words)) == len(words)
    for table in layout.tables():
        words = [folded(layout.heading(table, column, lang)) for column in layout.columns(table)]
        assert len(set(words)) == len(words), table
    for table, key in layout._choices():
        values = layout.choices(table, key)
        assert [layout.value_of(table, key, layout.word_of(key, value, lang)) for value in values] == list(values), key


# -- by hand ----------------------------------------------------------------------------------


def book(folder: Path, sheets: dict[str, list[list]]) -> Path:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(folder / "计划.xlsx")
    return folder / "计划.xlsx"


HAND = {
    "设置": [
        ["项目", "值"],
        ["数据文件 ", "residents.csv"],
        ["随机种子", "７"],
        ["语言", "中文，英文"],
        ["模拟数据", "是"],
        ["发放数", "total ＝ 1500"],
    ],
    "变量": [
        ["编号", "题项", "反向题", "量程", "中文名", "英文名", "备注"],
        ["values", "SV1、SV2，SV3;SV4", "SV4", "1；5", "共享价值 ", "Shared values", "附录一"],
        ["satisfaction", "SAT1\nSAT2\nSAT3", None, "1；5", "满意度", "Satisfaction"],
    ],
    "步骤": [
        ["编号", "做什么", "自变量", "中介变量", "因变量", "控制变量", "重抽样次数", "公式", "标准误", "只用这些行"],
        ["reg", "回归分析", None, None, None, None, None, "满意度 ~ age | + values", "hc3"],
        ["med", "中介分析", "age", "values", "satisfaction", "gender", " 300", None, None, "age >= 20"],
    ],
    "假设": [["编号", "假设内容（中文）", "支持的条件"], [1, "一", 'med["direct"].estimate < 0']],
}


def test_a_plan_typed_by_hand_is_read(tmp_path):
    plan = read_plan(book(tmp_path, HAND))
    assert (plan.seed, plan.languages, plan.data.simulated, plan.data.issued) == (
        7,
        ("zh", "en"),
        True,
        {"total": 1500},
    )
    assert plan.scales[0] == {
        "id": "values", "items": ["SV1", "SV2", "SV3", "SV4"], "reverse": ["SV4"], "range": [1, 5],
        "zh": "共享价值", "en": "Shared values",
    }  # fmt: skip
    assert plan.scales[1]["items"] == ["SAT1", "SAT2", "SAT3"]
    assert [step.do for step in plan.steps] == ["regress", "mediate"]
    assert plan.steps[0].arguments["cov"] == "HC3"
    assert plan.steps[1].arguments == {
        "x": ["age"], "m": ["values"], "y": ["satisfaction"], "covariates": ["gender"], "resamples": 300,
    }  # fmt: skip
    assert plan.hypotheses[0].id == "1"
    assert [(p.code, p.at.sheet, p.at.cell) for p in plan.notices] == [("N540", "设置", "B3"), ("N540", "步骤", "G3")]


def changed(sheet: str, row: int, column: int, value) -> dict:
    sheets = {name: [list(line) for line in rows] for name, rows in HAND.items()}
    sheets[sheet][row][column] = value
    return sheets


@pytest.mark.parametrize(
    ("at", "value", "code", "cell", "near"),
    [
        (("步骤", 0, 3), "中介变项", "E535", "D1", "中介变量"),
        (("设置", 1, 0), "数据文档", "E535", "A2", "数据文件"),
        (("步骤", 2, 1), "中介分折", "E509", "B3", "中介分析"),
        (("步骤", 2, 9), "age ≥ 20", "E4", "J3", ""),
        (("步骤", 1, 2), "age", "E501", "C2", "y"),
        (("步骤", 2, 6), "许多", "E541", "G3", "整数"),
        (("步骤", 1, 0), "med", "E507", "A3", "med"),
        (("步骤", 2, 0), None, "E542", "A3", "id"),
        (("假设", 1, 2), 'mad["direct"].estimate < 0', "E514", "C2", "med"),
        (("变量", 1, 1), "[SV1", "E539", "B2", "；"),
        (("变量", 1, 1), "#N/A", "E538", "B2", ""),
        (("变量", 0, 2), "题项", "E537", "C1", "题项"),
    ],
)
def test_a_fault_names_its_cell(at, value, code, cell, near, tmp_path):
    with pytest.raises(PlanError) as caught:
        read_plan(book(tmp_path, changed(*at, value)))
    found = [p for p in caught.value.problems if p.code.startswith(code)]
    assert [(p.at.file, p.at.sheet, p.at.cell) for p in found] == [("计划.xlsx", at[0], cell)]
    assert near in say(found[0], "zh")


def test_a_workbook_of_data_is_no_plan(tmp_path):
    with pytest.raises(PlanError) as caught:
        read_plan(book(tmp_path, {"Sheet1": [["age"], [3]]}))
    assert [p.code for p in caught.value.problems] == ["E533"]


def test_a_strange_sheet_is_named(tmp_path):
    plan = read_plan(book(tmp_path, HAND | {"草稿": [["记着"]]}))
    assert ("N536", "草稿") in [(p.code, p.at.sheet) for p in plan.notices]


def test_a_run_from_a_workbook_gives_the_numbers_of_the_text_and_verifies(study, tmp_path):
    write_workbook(tomllib.loads(study.read_text(encoding="utf-8")), tmp_path / "plan.xlsx", lang="zh")
    one, other = run(study), run(tmp_path / "plan.xlsx", tmp_path / "out")
    assert one["med"].tidy().equals(other["med"].tidy())
    assert (tmp_path / "out" / "plan.xlsx").read_bytes() == (tmp_path / "plan.xlsx").read_bytes()
    assert "“步骤”表 A3" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert verify(tmp_path / "out").same


def test_names_unknown_to_the_data_are_faults_of_the_cell(study, tmp_path):
    raw = tomllib.loads(study.read_text(encoding="utf-8"))
    raw["step"][2]["covariates"] = ["aged"]
    raw["exclude"][0]["when"] = "agee > 75"
    write_workbook(raw, tmp_path / "plan.xlsx", lang="en")
    with pytest.raises(PlanError) as caught:
        run(tmp_path / "plan.xlsx")
    assert [(p.code, p.at.sheet, p.at.cell) for p in caught.value.problems] == [("E516", "Exclusions", "A2")]


# -- what is offered --------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_closed_choices_have_drop_downs(lang, tmp_path):
    raw = tomllib.loads(SHIPPED[0].read_text(encoding="utf-8"))
    write_workbook(raw, tmp_path / "plan.xlsx", lang=lang, names=[Name("e_age", "年龄"), Name("trust", "信任")])
    found = load_workbook(tmp_path / "plan.xlsx")
    title = {name: layout.sheet_title(name, lang) for name in (layout.SETTINGS, *layout.tables(), layout.NAMES)}
    assert found.sheetnames[:3] == [title["settings"], title["scales"], title["step"]]

    def offered(sheet: str, word: str) -> list[str]:
        page = found[sheet]
        at = next(c.column_letter for c in page[1] if c.value == word) + "2"
        (rule,) = (r for r in page.data_validations.dataValidation if at in r.sqref)
        source, cells = rule.formula1.rsplit("!", 1)
        return [row[0].value for row in found[source.strip("'")][cells.replace("$", "")]]

    def heading(column: str) -> str:
        return layout.heading("step", column, lang)

    assert offered(title["step"], heading("do")) == [layout.word_of("do", do, lang) for do in catalogue.STEPS]
    assert "HC3" in offered(title["step"], heading("cov"))
    kinds = ("parallel", "serial", "converging", "diverging", "two_chains")
    displays = ("cases", "side_by_side", "themes", "configurations", "convergence", "hypotheses")
    assert offered(title["step"], heading("kind")) == [layout.word_of("kind", k, lang) for k in (*kinds, *displays)]
    assert len(offered(title["step"], heading("missing"))) == 2
    assert offered(title["step"], heading("x")) == ["e_age", "trust"]
    assert len(offered(title["scales"], layout.heading("scales", "score", lang))) == 5
    assert len(offered(title["scales"], layout.heading("scales", "role", lang))) == 5
    rules = found[title["settings"]].data_validations.dataValidation
    held = {found[title["settings"]].cell(c.min_row, 1).value for r in rules for c in r.sqref.ranges}
    assert {layout.heading("", "style", lang), layout.heading("output", "formats", lang)} <= held
    assert all(cell.comment for cell in found[title["step"]][1] if cell.value == heading("formula"))


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    raw = tomllib.loads(SHIPPED[0].read_text(encoding="utf-8"))
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(raw, tmp_path / name, lang="zh")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_no_heading_is_the_name_of_another_key():
    """A heading typed in a workbook must mean one key."""
    names = {p for do in catalogue.STEPS for p in catalogue.parameters(do)}
    headings = {
        key.rsplit(".", 1)[-1]: {text.casefold() for text in words.values()}
        for key, words in all_words()["labels"].items()
        if key.startswith("plan.key.step.")
    }
    clashes = [(key, name) for key, texts in headings.items() for name in names if name != key and name in texts]
    assert not clashes
