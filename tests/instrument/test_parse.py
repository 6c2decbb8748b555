"""Reading a questionnaire: what it becomes, and each fault at its line with the nearest valid name."""

from __future__ import annotations

import hashlib

import pytest

from evalkit.contract.problems import InstrumentError
from evalkit.contract.words import catalogue, say
from evalkit.instrument import Option, dump_toml, parse_instrument

GOOD = """\
format = "evalkit-instrument/1"
id = "demo"
version = "1.0"
languages = ["zh", "en"]
title = {zh = "示例", en = "Demo"}

[choices]
A5 = [
  {code = 1, zh = "不同意", en = "Disagree"},
  {code = 2, zh = "一般", en = "Neither", alias = "中立"},
  {code = 3, zh = "同意", en = "Agree"},
]
A5x = {extends = "A5", options = [{code = 8, zh = "不清楚", en = "Don't know", missing = "dont_know"}]}
needs = [
  {code = "park", zh = "停车", en = "Parking"},
  {code = "other", zh = "其他", en = "Other", fill = true},
  {code = "none", zh = "没有", en = "None", exclusive = true},
]

[[items]]
id = "screen"
type = "single"
choices = "A5"
end_if = "screen == 1"
zh = "甲"
en = "A"

[[items]]
id = "SAT"
type = "matrix"
choices = "A5x"
form = ["R", "O"]
ask_if = "screen == 3"
zh = "乙"
en = "B"
rows = [
  {id = "SAT1", zh = "一", en = "One"},
  {id = "SAT2", zh = "二", en = "Two", reverse = true, ask_if = "SAT1 > 1"},
  {id = "SAT3", zh = "三", en = "Three", check = {equals = 3}, form = "O"},
]

[[items]]
id = "need"
type = "multi"
choices = "needs"
max_choices = 2
zh = "丙"
en = "C"

[[items]]
id = "age"
type = "integer"
min = 16
max = 110
unit = "岁"
missing = {99999 = "dont_know", -1 = "refused"}
ask_if = "chosen(need, park) and answered(SAT1)"
zh = "丁"
en = "D"

[[items]]
id = "names"
type = "text"
max_choices = 3
hint = {zh = "写三个", en = "Three"}
zh = "戊"
en = "E"

[[scales]]
id = "sat"
items = ["SAT1", "SAT2"]
min_valid = 1
role = "outcome"
level = "resident"
zh = "满意度"
en = "Satisfaction"

[[scales]]
id = "top"
parts = ["sat", "low"]
reverse_parts = ["low"]
kind = "formative"
zh = "总分"
en = "Total"

[[scales]]
id = "low"
items = ["SAT1"]
min_valid = 0.5
score = "sum"
zh = "低分"
en = "Low"
"""


def lines_of(text: str) -> list[str]:
    return text.splitlines()


def faults(text: str) -> list[tuple[str, int]]:
    return [(problem.code, problem.at.line) for problem in raised(text)]


def raised(text: str):
    with pytest.raises(InstrumentError) as error:
        parse_instrument(text, "demo.toml")
    for problem in error.value.problems:
        assert say(problem, "zh").startswith("demo.toml › 第")
        assert "{" not in say(problem, "en").replace("{{", "") or problem.code in ("E409", "E416", "E442")
    return error.value.problems


def changed(old: str, new: str) -> tuple[str, int]:
    """The good text with one change, and the line of the change."""
    assert GOOD.count(old) == 1, old
    text = GOOD.replace(old, new)
    line = next(i for i, (a, b) in enumerate(zip(lines_of(GOOD), lines_of(text), strict=False), 1) if a != b)
    return text, line


def test_everything_in_the_file_is_in_the_instrument():
    inst = parse_instrument(GOOD, "demo.toml")
    assert (inst.id, inst.version, inst.languages, inst.title["zh"]) == ("demo", "1.0", ("zh", "en"), "示例")
    assert [item.id for item in inst.items] == ["screen", "SAT1", "SAT2", "SAT3", "need", "age", "names"]
    assert [(block.id, block.type) for block in inst.blocks][:3] == [
        ("screen", "single"),
        ("SAT", "matrix"),
        ("need", "multi"),
    ]
    row = inst.item("SAT2")
    assert (row.type, row.matrix, row.reverse, row.choices, row.form) == ("single", "SAT", True, "A5x", ("R", "O"))
    assert (row.codes, row.low, row.high) == ((1, 2, 3), 1, 3)
    assert str(row.ask_if) == "(screen == 3) and (SAT1 > 1)"
    assert str(inst.item("SAT1").ask_if) == "screen == 3"
    assert (inst.item("SAT3").check, inst.item("SAT3").form) == ({"equals": 3}, ("O",))
    assert inst.choices["A5x"][-1] == Option(8, "不清楚", "Don't know", missing="dont_know")
    assert inst.choices["A5x"][:3] == inst.choices["A5"]
    assert inst.choices["A5"][1].alias == ("中立",)
    age = inst.item("age")
    assert (age.min, age.max, age.unit, age.missing) == (16.0, 110.0, "岁", {99999.0: "dont_know", -1.0: "refused"})
    assert (age.low, age.high, age.is_numeric, inst.item("need").is_numeric) == (16.0, 110.0, True, False)
    assert inst.item("names").hint == {"zh": "写三个", "en": "Three"}
    assert (inst.scale("top").parts, inst.scale("top").reverse_parts) == (("sat", "low"), ("low",))
    assert inst.scale_items("top") == ("SAT1", "SAT2")
    assert inst.block_of("SAT3").id == "SAT"
    assert (
        inst.item("SAT3").line
        == lines_of(GOOD).index('  {id = "SAT3", zh = "三", en = "Three", check = {equals = 3}, form = "O"},') + 1
    )
    assert inst.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert inst.problems == ()


def test_items_and_scales_may_be_written_as_arrays_too():
    text = GOOD[: GOOD.index("[[items]]")].replace(
        "[choices]", "items = [{id = 'a', type = 'text', zh = 'a', en = 'a'}]\n[choices]"
    )
    assert [item.id for item in parse_instrument(text).items] == ["a"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("evalkit-instrument/1", "evalkit-instrument/2", "E413"),
        ('id = "demo"', 'id = "demo 1"', "E439"),
        ('languages = ["zh", "en"]', 'languages = ["zh", "en", "fr"]', "E417"),
        ('title = {zh = "示例", en = "Demo"}', 'title = {zh = "示例"}', "E422"),
        ('title = {zh = "示例", en = "Demo"}', 'titel = {zh = "示例"}', "E414"),
        ('{code = 3, zh = "同意", en = "Agree"}', '{code = 3, zh = "同意", en = "Agree", mising = "refused"}', "E414"),
        ('missing = "dont_know"}]', 'missing = "invalid"}]', "E417"),
        ('{code = "park", zh = "停车", en = "Parking"}', '{code = "park", zh = "停车"}', "E422"),
        ('{code = "park", ', '{code = "par k", ', "E423"),
        ('{code = "park", zh', "{zh", "E415"),
        ('{extends = "A5",', '{extends = "A6",', "E418"),
        ('type = "multi"', 'type = "mult"', "E417"),
        ('choices = "needs"', 'choices = "need"', "E418"),
        ('id = "age"', 'id = "9age"', "E420"),
        ('id = "age"', 'id = "age_R"', "E420"),
        ('id = "age"', 'id = "a__ge"', "E420"),
        ('id = "SAT3"', 'id = "SAT1"', "E419"),
        ('id = "low"', 'id = "age"', "E419"),
        ('unit = "岁"', 'reverse_items = true', "E414"),
        ('unit = "岁"', "rows = []", "E421"),
        ("max_choices = 2", "reverse = true", "E421"),
        ("max_choices = 2", "max_choices = 4", "E441"),
        ("max_choices = 2", "max_choices = 0", "E416"),
        ("min = 16", 'min = "16"', "E416"),
        ("min = 16", "min = true", "E416"),
        ("min = 16", "min = 200", "E438"),
        ('zh = "丁"', 'zh = ""', "E422"),
        ("check = {equals = 3}", "check = {equals = 8}", "E427"),
        ("check = {equals = 3}", "check = {equal = 3}", "E414"),
        ('end_if = "screen == 1"', 'end_if = "screen = 1"', "E455"),
        ('ask_if = "screen == 3"', 'ask_if = "sreen == 3"', "E428"),
        ('ask_if = "screen == 3"', 'ask_if = "age == 30"', "E430"),
        ('ask_if = "screen == 3"', 'ask_if = "SAT1 == 3"', "E430"),
        ('ask_if = "screen == 3"', 'ask_if = "screen == 4"', "E432"),
        ('ask_if = "screen == 3"', "ask_if = \"screen == '3'\"", "E432"),
        ('ask_if = "SAT1 > 1"', 'ask_if = "SAT1 == 8"', "E432"),
        ("answered(SAT1)", "answered(SAT)", "E429"),
        ("answered(SAT1)", "need == 1", "E431"),
        ("answered(SAT1)", "chosen(screen, 1)", "E431"),
        ("chosen(need, park)", "chosen(need, lift)", "E432"),
        ('[[scales]]\nid = "low"', '[[scale]]\nid = "low"', "E414"),
        ('99999 = "dont_know"', 'many = "dont_know"', "E442"),
        ('99999 = "dont_know"', '99999 = "unknown"', "E417"),
        ('items = ["SAT1", "SAT2"]', 'items = ["SAT1", "SAT9"]', "E443"),
        ('items = ["SAT1", "SAT2"]', 'items = ["SAT1", "SAT1"]', "E447"),
        ('parts = ["sat", "low"]', 'parts = ["sta", "low"]', "E443"),
        ('reverse_parts = ["low"]', 'reverse_parts = ["lwo"]', "E437"),
        ('level = "resident"', 'level = "residents"', "E417"),
        ('kind = "formative"', 'kind = "formativ"', "E417"),
    ],
)  # fmt: skip
def test_a_fault_is_found_at_its_line(old, new, code):
    text, line = changed(old, new)
    found = raised(text)
    assert [(problem.code, problem.at.line) for problem in found if problem.code == code][:1] == [(code, line)]


@pytest.mark.parametrize(
    ("old", "new", "code", "start"),
    [
        ('type = "multi"\n', "", "E415", 'id = "need"'),
        ('version = "1.0"\n', "", "E415", "format"),
        ("min_valid = 1\n", "min_valid = 3\n", "E435", 'id = "sat"'),
        ("min_valid = 1\n", "min_valid = 1.5\n", "E435", 'id = "sat"'),
        ("min_valid = 1\n", "min_valid = 0\n", "E435", 'id = "sat"'),
        ('score = "sum"', 'score = "product_z"', "E436", 'id = "low"'),
        ('items = ["SAT1"]\n', 'parts = ["top"]\n', "E433", 'id = "top"'),
        ('items = ["SAT1"]\n', "", "E434", 'id = "low"'),
        ('items = ["SAT1"]\n', 'items = ["names"]\n', "E449", 'id = "low"'),
    ],
)
def test_a_fault_of_a_whole_table_is_found_at_its_head(old, new, code, start):
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    head = next(i for i, line in enumerate(lines_of(text), 1) if line.startswith(start))
    found = [problem.at.line for problem in raised(text) if problem.code == code]
    assert found and abs(found[0] - head) <= 1


def test_option_lists_must_be_unambiguous():
    def with_options(*options: str) -> str:
        start, end = GOOD.index("A5 = ["), GOOD.index("A5x = ")
        return GOOD[:start] + "A5 = [\n" + "".join(f"  {option},\n" for option in options) + "]\n" + GOOD[end:]

    one, two = '{code = 1, zh = "是", en = "Yes"}', '{code = 3, zh = "否", en = "No"}'
    assert parse_instrument(with_options(one, two)).choices["A5"][1].code == 3
    codes = {problem.code for problem in raised(with_options(one, two, '{code = 3, zh = "不", en = "Nope"}'))}
    assert codes == {"E424"}
    codes = {
        problem.code for problem in raised(with_options(one, two, '{code = 4, zh = "不", en = "n", alias = ["是"]}'))
    }
    assert codes == {"E440"}
    codes = {problem.code for problem in raised(with_options(one, two, '{code = "x", zh = "不", en = "n"}'))}
    assert "E445" in codes
    assert "E446" in {
        problem.code for problem in raised(with_options().replace('choices = "A5"\n', 'choices = "A5"\n'))
    }


def test_lists_that_extend_in_a_circle_are_refused():
    text = GOOD.replace(
        "[[items]]", 'p = {extends = "q", options = []}\nq = {extends = "p", options = []}\n\n[[items]]', 1
    )
    assert ("E433", lines_of(text).index('p = {extends = "q", options = []}') + 1) in faults(text)


def test_an_exclusive_option_belongs_to_multiple_response_only():
    text, _ = changed('type = "multi"\nchoices = "needs"\nmax_choices = 2', 'type = "single"\nchoices = "needs"')
    (problem,) = [problem for problem in raised(text) if problem.code == "E425"]
    assert problem.params["codes"] == ["none"]


def test_a_reverse_item_needs_numbers():
    text, _ = changed('choices = "A5x"', 'choices = "needs"')
    found = raised(text)
    assert any(problem.code == "E426" and problem.params["id"] == "SAT2" for problem in found)
    text, _ = changed("max = 110\n", "reverse = true\n")
    assert "E426" in {code for code, _ in faults(text)}
    text, _ = changed("max = 110\n", "max = 110\nreverse = true\n")
    assert parse_instrument(text).item("age").reverse


def test_unequal_ranges_are_a_warning_not_an_error():
    text, _ = changed('items = ["SAT1", "SAT2"]', 'items = ["SAT1", "age"]')
    (problem,) = parse_instrument(text, "demo.toml").problems
    assert problem.code == "W448" and problem.params["ranges"] == ["SAT1 1–3", "age 16–110"]


def test_a_missing_language_is_fine_when_it_is_not_declared():
    text = GOOD.replace('languages = ["zh", "en"]', 'languages = ["zh"]').replace(', en = "Disagree"', "")
    assert parse_instrument(text).languages == ("zh",)


def test_all_faults_come_together_in_the_order_of_the_file():
    text = (
        GOOD.replace('type = "multi"', 'type = "mlti"')
        .replace('"SAT2"]', '"SAT7"]')
        .replace('id = "demo"', 'id = "demo"\nautor = "x"')
        .replace("min = 16", 'min = "16"')
    )
    found = faults(text)
    assert [code for code, _ in found] == ["E414", "E417", "E416", "E443"]
    assert [line for _, line in found] == sorted(line for _, line in found)


def test_the_nearest_valid_name_is_given():
    text, _ = changed('choices = "needs"\nmax', 'choices = "neds"\nmax')
    (problem,) = [problem for problem in raised(text) if problem.code == "E418"]
    assert problem.params["near"][0] == "needs"
    text, _ = changed('ask_if = "screen == 3"', 'ask_if = "Screen == 3"')
    (problem,) = [problem for problem in raised(text) if problem.code == "E428"]
    assert problem.params["near"][0] == "screen"
    assert "最接近的是：screen" in say(problem, "zh")


def test_ids_in_comments_and_keys_in_texts_do_not_mislead_the_line():
    text = GOOD.replace("[choices]", '# id = "age", mni = 3\n[choices]').replace('zh = "丙"', 'zh = "mni = 3"')
    text = text.replace("min = 16", "mni = 16")
    assert faults(text) == [("E414", lines_of(text).index("mni = 16") + 1)]


def test_every_message_of_the_room_has_both_languages_and_a_remedy():
    messages = {code: texts for code, texts in catalogue()["messages"].items() if code[1] == "4"}
    assert len(messages) >= 70
    for code, texts in messages.items():
        assert set(texts) == {"zh", "en", "zh_fix", "en_fix"}, code
        assert all(texts.values()), code


def test_a_short_name_stands_in_for_the_question_and_survives_the_dump():
    text = (
        'format = "evalkit-instrument/1"\nid = "a"\nversion = "1"\nlanguages = ["zh", "en"]\n'
        'title = {zh = "题", en = "T"}\n[[items]]\nid = "age"\ntype = "integer"\nzh = "您的年龄？"\nen = "Your age?"\n'
        'label = {zh = "年龄", en = "Age"}\n[[items]]\nid = "size"\ntype = "integer"\nzh = "几人？"\nen = "How many?"\n'
    )
    found = parse_instrument(text, "a.toml")
    assert [found.item("age").name(lang) for lang in ("zh", "en")] == ["年龄", "Age"]
    assert found.item("size").name("zh") == "几人？"
    assert parse_instrument(dump_toml(found), "a.toml") == found


def test_an_item_may_ask_another_one_again():
    from evalkit.instrument import dump_toml

    head = 'format = "evalkit-instrument/1"\nid = "x"\nversion = "1"\nlanguages = ["zh"]\ntitle = {zh = "x"}\n'
    text = (
        head
        + """
[[items]]
id = "age"
type = "integer"
zh = "年龄"
[[items]]
id = "age2"
type = "integer"
zh = "您几岁"
check = {same_as = "age"}
"""
    )
    found = parse_instrument(text, "x.toml")
    assert found.item("age2").check == {"same_as": "age"} and found.item("age2").told is None
    assert parse_instrument(dump_toml(found), "y.toml") == found
    with pytest.raises(InstrumentError) as fault:
        parse_instrument(text.replace('same_as = "age"', 'opposite_of = "ag"'), "x.toml")
    (problem,) = fault.value.problems
    assert problem.code == "E495" and problem.params["near"] == ["age"]
    with pytest.raises(InstrumentError) as fault:
        parse_instrument(text.replace('same_as = "age"', ""), "x.toml")
    assert [p.code for p in fault.value.problems] == ["E415"]
