from __future__ import annotations

import copy
import dataclasses
import pickle
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.contract import (
    GLOSSARY,
    KEYS,
    VALUES,
    AnalysisError,
    Category,
    Cell,
    Codebook,
    Drop,
    Head,
    InputError,
    Label,
    Note,
    Place,
    Problem,
    Row,
    ScaleEntry,
    Table,
    Variable,
    attach,
    codebook_of,
    item_columns,
    label_of,
    quantity,
    require_columns,
    result_id,
    tidy_frame,
)
from evalkit.contract.words import catalogue, has_text, place_text, say, say_all, text_of, user_language


def test_a_label_speaks_the_words_of_its_key():
    assert Label("n", n=120).text("zh") == "n = 120"
    assert Label("mean").text("zh") == "均值"
    assert Label("mean").text("en") == "Mean"


def test_a_label_may_hold_labels_and_lists():
    level = Label("confidence_interval", level=Label(zh="九十", en="ninety"))
    assert level.text("zh") == "九十%置信区间"
    assert level.text("en") == "ninety% CI"


def test_a_pair_without_one_language_gives_the_other():
    assert Label(zh="满意度").text("en") == "满意度"
    assert Label(en="Satisfaction").text("zh") == "Satisfaction"
    assert Label(zh="满意度", en="Satisfaction").text("en") == "Satisfaction"


def test_braces_in_a_users_own_words_stay():
    assert Label(zh="{n}", en="{0}").text("zh") == "{n}"


def test_a_label_in_a_problem_is_said_in_the_language():
    problem = Problem("E761", params={"name": "y", "family": Label("outcomes.family.logit")})
    for lang in ("zh", "en"):
        assert Label("outcomes.family.logit").text(lang) in say(problem, lang)


def test_labels_are_equal_by_content_and_cannot_change():
    assert Label("n", n=1) == Label("n", n=1)
    assert hash(Label("n", n=1)) == hash(Label("n", n=1))
    assert Label("n", n=1) != Label("n", n=2)
    assert Label("n") != "n"
    with pytest.raises(AttributeError):
        Label("n").key = "m"
    label = Label("n", n=1)
    assert copy.deepcopy(label) is label
    assert repr(Label("n", n=1)) == "Label('n', {'n': 1})"
    assert repr(Label(zh="满", en="S")) == "Label(zh='满', en='S')"


def test_an_unknown_key_is_our_fault():
    with pytest.raises(KeyError):
        text_of("no.such.key", "zh")
    assert not has_text("no.such.key")


def test_tidy_frames_have_every_key_and_value_column_in_order():
    frame = tidy_frame(term=["a", "b"], estimate=[1, 2], alpha=0.8)
    assert list(frame.columns) == [*KEYS, *VALUES, "alpha"]
    assert frame["model"].tolist() == [None, None]
    assert frame["estimate"].dtype == float
    assert frame["p_value"].isna().all()
    assert frame["alpha"].tolist() == [0.8, 0.8]


@pytest.mark.parametrize("values", [pd.Series([1.0, 2.0], index=[7, 9]), np.array([1.0, 2.0]), (1.0, 2.0)])
def test_tidy_frames_take_values_by_position(values):
    frame = tidy_frame(term=pd.Index(["a", "b"]), estimate=values)
    assert frame["estimate"].tolist() == [1.0, 2.0]
    assert frame.index.tolist() == [0, 1]


def test_tidy_frames_may_be_empty_or_of_one_row():
    assert len(tidy_frame(term=[], estimate=[])) == 0
    assert len(tidy_frame(term="total", estimate=0.3)) == 1
    assert tidy_frame(3, term="total")["term"].tolist() == ["total"] * 3


def test_tidy_frames_refuse_what_the_glossary_does_not_know():
    with pytest.raises(KeyError, match="my_own"):
        tidy_frame(my_own=[1])


def test_the_glossary_gives_every_column_a_quantity():
    assert set(KEYS) | set(VALUES) <= GLOSSARY.keys()
    assert quantity("p_value") == "p"
    with pytest.raises(KeyError):
        quantity("no_such_name")


def test_result_ids_drop_empty_parts():
    row = tidy_frame(term="dq", outcome="sat", estimate=1.0).iloc[0]
    assert result_id("reg", row, "estimate") == "reg/sat/dq#estimate"
    assert result_id("reg", {"term": "", "model": float("nan"), "level": 2}, "n_obs") == "reg/2#n_obs"


def test_pandas_never_copies_the_codebook():
    book = Codebook().with_variables([Variable("a", "number")])
    assert copy.deepcopy(book) is book
    data = attach(pd.DataFrame({"a": [3.0, 1.0], "b": ["x", "y"]}), book)
    for step in (data.copy(), data.sort_values("a"), data[data["a"] > 0], data.dropna(), data.assign(c=1)):
        assert step.attrs["evalkit"] is book


def test_attaching_leaves_the_frame_of_the_caller_alone():
    data = pd.DataFrame({"a": [1.0]})
    attach(data, Codebook())
    assert data.attrs == {}


def test_a_plain_frame_has_a_codebook_by_its_types():
    data = pd.DataFrame(
        {
            "n": [1, 2],
            "x": [0.5, None],
            "b": [True, False],
            "t": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "s": ["b", "a"],
            "c": pd.Categorical(["hi", "lo"], categories=["lo", "hi"], ordered=True),
        }
    )
    book = codebook_of(data)
    kinds = {name: v.kind for name, v in book.variables.items()}
    assert kinds == {"n": "number", "x": "number", "b": "number", "t": "date", "s": "nominal", "c": "nominal"}
    assert [c.code for c in book.variables["s"].categories] == ["a", "b"]
    assert [c.code for c in book.variables["c"].categories] == ["lo", "hi"]


def test_new_columns_join_a_known_codebook():
    book = Codebook().with_variables([Variable("a", "item", zh="题", low=1, high=5)])
    data = attach(pd.DataFrame({"a": [1.0]}), book).assign(b=2)
    assert codebook_of(data).variables["a"].high == 5
    assert codebook_of(data).variables["b"].kind == "number"
    assert "b" not in book.variables


def test_labels_of_columns_and_scales():
    book = Codebook().with_variables([Variable("a", "item", zh="题一"), Variable("sat", "score")])
    book = book.with_scales([ScaleEntry("sat", ("a",), zh="满意度", en="Satisfaction")])
    data = attach(pd.DataFrame({"a": [1.0], "sat": [1.0], "z": [2.0]}), book)
    assert label_of(data, "sat").text("en") == "Satisfaction"
    assert label_of(data, "a").text("en") == "题一"
    assert label_of(data, "z").text("zh") == "z"
    assert label_of(data, "nowhere").text("en") == "nowhere"
    assert item_columns(data, "sat") == ["a"]
    assert item_columns(data, "a") == ["a"]
    assert item_columns(data, ["z", "a"]) == ["z", "a"]


def test_missing_columns_are_all_named_with_the_nearest():
    data = pd.DataFrame({"satisfaction": [1.0], "age": [2.0]})
    with pytest.raises(AnalysisError) as err:
        require_columns(data, ["satisfactoin", "age", "agee"])
    assert [p.params["name"] for p in err.value.problems] == ["satisfactoin", "agee"]
    assert err.value.problems[0].params["near"][0] == "satisfaction"
    assert "satisfaction" in say(err.value.problems[0], "zh")
    assert err.value.exit_code == 5


def test_a_problem_is_said_as_place_what_remedy_and_code():
    problem = Problem("E600", Place("plan.toml", line=18), {"name": "dq5", "near": ["dq4", "dq3"]})
    assert say(problem, "zh") == "plan.toml › 第 18 行：数据中没有“dq5”。最接近的是：dq4、dq3。（E600）"
    assert say(problem, "en") == "plan.toml › line 18: The data have no 'dq5'. Nearest: dq4, dq3. (E600)"
    assert problem.severity == "error"
    assert (Problem("W603").severity, Problem("N101").severity) == ("warning", "note")


def test_a_place_names_only_what_it_knows():
    assert place_text(Place("幸福社区.xlsx", "居民", "C17"), "zh") == "幸福社区.xlsx › 居民 › C17"
    assert place_text(Place(sheet="居民"), "en") == "居民"
    assert place_text(None, "zh") == ""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_alike_problems_are_said_together(lang):
    at = [Place("b.xlsx", "S", f"C{i}") for i in range(1, 8)]
    alike = [Problem("E600", place, {"name": "dq5", "near": ["dq4"]}) for place in at]
    other = Problem("E600", None, {"name": "dq9", "near": ["dq4"]})
    lines = say_all([*alike, other], lang)
    assert len(lines) == 2
    assert lines[0].startswith("b.xlsx › S › C1")
    assert "C2" in lines[0] and "C5" in lines[0] and "C6" not in lines[0]
    assert "7" in lines[0]
    assert lines[1] == say(other, lang)
    assert say_all(alike[:1], lang) == [say(alike[0], lang)]
    assert say_all([], lang) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_message_can_be_said_with_any_text_as_parameter(lang):
    """A value in a sentence is never read as a pattern: braces and per cent signs of the user stay."""
    hostile = "{0} %s {x}"
    for code, entry in catalogue()["messages"].items():
        found = [f for text in entry.values() for f in string.Formatter().parse(text) if f[1] and f[1].isidentifier()]
        params = {name: 7 if spec else hostile for _, name, spec, _ in found}
        said = say(Problem(code, params=params), lang)
        assert said.endswith(f"（{code}）" if lang == "zh" else f"({code})")
        assert (hostile in said) == (hostile in params.values()), code
        assert "{{" not in said, code


def test_the_users_language_is_the_variable_then_the_locale(monkeypatch):
    monkeypatch.setenv("EVALKIT_LANG", "ZH_cn")
    assert user_language() == "zh"
    monkeypatch.setenv("EVALKIT_LANG", "tlh")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert user_language() == "zh"
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert user_language() == "en"


def test_an_error_carries_every_problem_and_says_them(monkeypatch):
    monkeypatch.setenv("EVALKIT_LANG", "en")
    problems = [Problem("E600", params={"name": name, "near": ["x"]}) for name in ("a", "b")]
    error = InputError(problems)
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == [say(p, "en") for p in problems]
    assert InputError(problems[0]).problems == (problems[0],)
    assert (error.exit_code, AnalysisError(problems).exit_code) == (3, 5)


def test_problems_with_lists_can_be_counted_and_sent_to_another_process():
    problem = Problem("W603", Place("f"), {"items": ["a", "b"], "n": 2})
    assert len({problem, dataclasses.replace(problem)}) == 1
    assert pickle.loads(pickle.dumps(problem)) == problem


def test_a_table_counts_its_columns_over_spans():
    rows = (Row((Cell(Label(zh="甲", en="A"), "label"), Cell(1.0, "mean"), Cell(None, "p_value"))),)
    table = Table("t", "T1", Label("mean"), ((Head("variable"), Head("mean", 2)),), rows, (Note("general", "n_obs"),))
    assert table.n_columns == 3
    assert dataclasses.replace(table, header=()).n_columns == 3
    assert table.header[0][0].text("en") == "Variable"
    assert Head("").text("zh") == ""
    assert table.notes[0].text("zh") == "样本量"
    assert Head(Label(zh="甲", en="A")).text("en") == "A"


def test_values_cannot_change():
    for value, name in ((Drop("drop.incomplete", 3), "n"), (Cell(1.0), "value"), (Variable("a", "number"), "kind")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, None)
    with pytest.raises(TypeError):
        Codebook().with_variables([Variable("a", "number")]).variables["b"] = None


def test_categories_name_their_missing_kind():
    variable = Variable("a", "item", categories=(Category(8, "不清楚", "Don't know", "dont_know"),))
    assert variable.categories[0].missing == "dont_know"
    assert variable.label.text("en") == "a"


@given(st.lists(st.text(max_size=5), max_size=4), st.integers())
def test_equal_labels_are_equal_whatever_they_hold(parts, n):
    assert Label("n", n=n, of=parts) == Label("n", of=list(parts), n=n)
