import copy
from pathlib import Path

import pytest

from evalkit.instrument import load_instrument, parse_instrument
from evalkit.simulation import load_toml, simulate

ROOT = Path(__file__).parents[2]

SMALL = """
format = "evalkit-instrument/1"
id = "small"
version = "1.0"
languages = ["zh", "en"]
title = {zh = "小问卷", en = "Small"}

[choices]
A5 = [
  {code = 1, zh = "很不同意", en = "No"}, {code = 2, zh = "不同意", en = "Rather not"},
  {code = 3, zh = "一般", en = "Neither"}, {code = 4, zh = "同意", en = "Rather"},
  {code = 5, zh = "很同意", en = "Yes"},
  {code = 8, zh = "不清楚", en = "Don't know", missing = "dont_know"},
]
yes_no = [{code = 1, zh = "是", en = "Yes"}, {code = 0, zh = "否", en = "No"}]
kinds = [
  {code = "a", zh = "甲", en = "A"}, {code = "b", zh = "乙", en = "B"}, {code = "c", zh = "丙", en = "C"},
  {code = "o", zh = "其他", en = "Other", fill = true}, {code = "none", zh = "没有", en = "None", exclusive = true},
]

[[items]]
id = "here"
type = "single"
choices = "yes_no"
required = true
end_if = "here == 0"
zh = "您住在这里吗？"
en = "Do you live here?"

[[items]]
id = "T"
type = "matrix"
choices = "A5"
zh = "您是否同意？"
en = "Do you agree?"
rows = [
  {id = "T1", zh = "第一句。", en = "First."},
  {id = "T2", zh = "第二句。", en = "Second.", reverse = true},
  {id = "T3", zh = "第三句。", en = "Third."},
  {id = "att", zh = "此题请选“一般”。", en = "Please choose Neither.", check = {equals = 3}},
]

[[items]]
id = "Y"
type = "matrix"
choices = "A5"
ask_if = "used == 1"
zh = "用过以后，您是否同意？"
en = "Having used it, do you agree?"
rows = [{id = "Y1", zh = "好用。", en = "Useful."}, {id = "Y2", zh = "省事。", en = "Easy."}]

[[items]]
id = "used"
type = "single"
choices = "yes_no"
zh = "您用过吗？"
en = "Have you used it?"

[[items]]
id = "what"
type = "multi"
choices = "kinds"
zh = "哪些？"
en = "Which?"

[[items]]
id = "age"
type = "integer"
min = 16
max = 99
zh = "年龄"
en = "Age"

[[items]]
id = "whom"
type = "text"
max_choices = 2
zh = "听谁的？（最多两人）"
en = "Whom do you ask? (max 2)"

[[scales]]
id = "trust"
items = ["T1", "T2", "T3"]
min_valid = 2
zh = "信任"
en = "Trust"

[[scales]]
id = "use"
items = ["Y1", "Y2"]
zh = "使用"
en = "Use"
""".replace('ask_if = "used == 1"\n', 'ask_if = "here == 1"\n')

MODEL = {
    "format": "evalkit-simulation/1",
    "instrument": "small",
    "n": 400,
    "seed": 7,
    "defaults": {"loading": 0.8, "margin": "agree"},
    "margins": {"agree": [0.1, 0.2, 0.3, 0.25, 0.15]},
    "places": [{"id": "street", "count": 20, "label": "S{n}"}],
    "variables": [
        {"id": "here", "shares": {"1": 1.0}},
        {"id": "used", "shares": {"0": 0.4, "1": 0.6}, "on": {"trust": 0.3}},
        {"id": "age", "normal": {"mean": 50, "sd": 15, "min": 18, "max": 90}, "step": 1},
        {"id": "whom", "texts": ["楼长", "书记", "邻居"]},
    ],
    "latents": {
        "trust": {"places": {"street": 0.2}},
        "use": {"on": {"trust": 0.5, "age": -0.3, "used == 1": 0.2}},
    },
    "multiple": [{"id": "what", "shares": {"a": 0.5, "b": 0.3, "o": 0.2}, "otherwise": "none", "fills": ["别的"]}],
}


@pytest.fixture(scope="session")
def small():
    return parse_instrument(SMALL, "small.toml")


@pytest.fixture
def model():
    return copy.deepcopy(MODEL)


@pytest.fixture(scope="session")
def shipped_study():
    """Instrument, model and full simulation of a study, made once."""
    made = {}

    def study(name):
        if name not in made:
            instrument = load_instrument(ROOT / "instruments" / f"{name}.toml")
            model = load_toml(ROOT / "analyses" / name / "simulation.toml")
            made[name] = (instrument, model, simulate(instrument, model))
        return made[name]

    return study
