"""Frequencies against R; bases, kinds of missing answers and multiple responses by hand."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.descriptive import profile


def cells(row):
    return [c.value.text("en") if hasattr(c.value, "text") else c.value for c in row.cells]


def test_frequencies_of_every_background_variable(categorical, golden):
    names = [i.removeprefix("freq.") for i in golden.ids("describe", "freq.")]
    assert len(names) == 8
    tidy = profile(categorical, items=names).tidy()
    for name in names:
        own = tidy[tidy["term"] == name]
        levels = own[own["level"].notna() & ~own["level"].fillna("").str.startswith("missing.")].set_index("level")
        assert levels["count"].to_dict() == golden("describe", f"freq.{name}").approx()
        assert levels["percent_valid"].to_dict() == golden("describe", f"percent.{name}").approx()
        assert own[own["level"].isna()]["n_missing"].iloc[0] == golden("describe", f"missing.{name}").approx()


def test_item_frequencies(residents, golden):
    items = [i.removeprefix("item_freq.") for i in golden.ids("describe", "item_freq.")]
    points = tuple(Category(k, str(k), str(k)) for k in range(1, 6))
    data = attach(residents, Codebook().with_variables(Variable(i, "item", categories=points) for i in items))
    found = profile(data, items=items)
    tidy = found.tidy()
    for item in items:
        own = tidy[(tidy["term"] == item) & tidy["level"].isin(list("12345"))].set_index("level")
        assert own["count"].to_dict() == golden("describe", f"item_freq.{item}").approx()
    assert found.figure().kind == "likert"
    assert found.figure().frame.groupby("item")["percent"].sum().tolist() == pytest.approx([100] * 4)


def test_the_blocks_of_t1_sum_to_all_respondents(survey):
    table = profile(survey, items=["gender", "age"]).table("T1")
    lines = [cells(row) for row in table.rows]
    assert [line[:3] for line in lines] == [
        ["Gender", "male", 3],
        ["", "female", 4],
        ["", "other", 0],
        ["", "Missing: refused", 1],
        ["Age", "M ± SD", 7],
        ["", "Missing: no answer", 1],
    ]
    assert sum(line[2] for line in lines[:4]) == len(survey)
    assert lines[0][3:] == [pytest.approx(37.5), pytest.approx(300 / 7)]
    assert lines[3][3:] == [12.5, None]
    assert lines[4][3] == (pytest.approx(325 / 7), pytest.approx(np.std([30, 41, 52, 63, 74, 27, 38], ddof=1)))


def test_valid_per_cents_stand_only_where_something_is_missing(survey):
    full = survey.drop(index=[16, 17])
    table = profile(full, items=["gender"]).table("T1")
    assert [h.label for h in table.header[0]] == ["variable", "category", "count", "percent"]
    assert len(table.notes) == 1


def test_multiple_responses_have_the_base_of_the_cases(survey):
    found = profile(survey, items=["need"])
    assert found.templates == ("T2",)
    table = found.table()
    assert [cells(row) for row in table.rows] == [
        ["repair", 4, pytest.approx(400 / 9), pytest.approx(400 / 6)],
        ["care", 3, pytest.approx(300 / 9), 50.0],
        ["none", 2, pytest.approx(200 / 9), pytest.approx(200 / 6)],
        ["Total", 9, 100.0, 150.0],
    ]
    said = table.notes[1].text("en")
    assert "n = 6" in said and "1.50 choices" in said and "8 respondents" in said
    tidy = found.tidy().set_index("level")
    assert tidy.loc["missing.not_asked", "count"] == 1
    assert tidy.loc["missing.no_tick", "count"] == 1
    assert tidy.loc["1", "n_obs"] == 6


def test_the_figure_of_multiple_responses_is_sorted(survey):
    figure = profile(survey, items=["need"]).figure()
    assert figure.kind == "multiple_response"
    assert figure.frame["option"].tolist() == ["1", "2", "3"]
    assert figure.labels["1"].text("zh") == "修缮"


def test_items_and_multiple_responses_together(survey, views):
    found = profile(survey, items=["gender", "need", "SAT1", "SAT2_R", "age"])
    assert found.templates == ("T1", "T2")
    assert views(found)
    assert found.n_obs == 8 and found.dropped == ()
    labels = [cells(row)[1] for row in found.table("T1").rows]
    assert "Missing: don't know" in labels
    turned = next(f for f in found.frequencies if f.name == "SAT2_R")
    assert [(s.id, s.count, s.label.text("en")) for s in turned.shares][0] == ("1", 1, "very good")
    assert turned.missing == (("not_asked", 1),)


def test_without_a_selection_the_background_is_profiled(survey):
    assert profile(survey).order == ("gender", "age")


def test_without_roles_all_but_items_scores_and_text_are(survey):
    book = survey.attrs["evalkit"]
    plain = attach(survey, book.with_variables(Variable(n, book.variables[n].kind) for n in ("gender", "age")))
    assert profile(plain).order == ("gender", "age", "need")


def test_a_plain_frame_needs_no_codebook():
    data = pd.DataFrame({"place": ["b", "a", "b", None], "size": [1.0, 2.0, 4.0, 5.0]})
    found = profile(data)
    assert [(s.id, s.count) for s in found.frequencies[0].shares] == [("a", 1), ("b", 2)]
    assert found.frequencies[0].missing == (("missing", 1),)
    assert found.numbers[0].mean == 3.0


def test_codes_outside_the_codebook_are_counted_not_lost(survey):
    odd = survey.assign(gender=[1, 2, 9, 1, 2, 2, np.nan, 1])
    shares = profile(odd, items=["gender"]).frequencies[0].shares
    assert [(s.id, s.count) for s in shares] == [("1", 3), ("2", 3), ("3", 0), ("9", 1)]


def test_keys_with_too_many_values_are_left_out_and_named():
    data = pd.DataFrame({"key": [f"r{i}" for i in range(100)], "kind": ["a", "b"] * 50})
    found = profile(data)
    assert found.order == ("kind",)
    assert found.notices[0].params["names"] == ["key"]
    with pytest.raises(AnalysisError) as caught:
        profile(data, items=["key"])
    assert caught.value.problems[0].code == "E612"


def test_text_and_wrong_ticks_are_refused(survey):
    with pytest.raises(AnalysisError) as caught:
        profile(survey, items=["remark"])
    assert caught.value.problems[0].code == "E619"
    with pytest.raises(AnalysisError) as caught:
        profile(survey.assign(need__1=2.0), items=["need"])
    assert caught.value.problems[0].code == "E618"


def test_nobody_ticked_anything(survey, views):
    silent = survey.assign(need__1=0.0, need__2=0.0, need__3=0.0)
    found = profile(silent, items=["need"])
    assert found.multiple[0].n_cases == 0
    assert np.isnan(found.multiple[0].mean_choices)
    assert views(found)
