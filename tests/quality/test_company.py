"""Checks against another question, others' texts, a shared device and the interviewers, by hand-computed values."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.contract import AnalysisError, Codebook, Label, Variable, attach
from evalkit.quality import interviewer_checks, item_checks, respondent_checks
from evalkit.quality.funnel import means, rates
from evalkit.quality.open_answers import doubtful
from evalkit.quality.timing import within_hours

RULES = {"least": 10, "repeats": 3, "keys": 5, "shared": 0.5}


def framed(columns, *variables, **book) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return attach(frame, dataclasses.replace(Codebook().with_variables(variables), **book))


def item(name, **keys):
    return Variable(name, "item", low=1, high=5, item=name, **keys)


def test_pairs_that_ask_the_same_and_the_opposite():
    nan = np.nan
    data = framed(
        {"a": [5.0, 5, 5, nan], "again": [5.0, 4, 3, 3], "turned": [1.0, 2, 5, 5], "age": [40.0, 40, 41, 41],
         "age2": [40.0, 41, 41, nan]},
        item("a"), item("again", same_as="a"), item("turned", opposite_of="a"), Variable("age", "number", item="age"),
        Variable("age2", "number", item="age2"),
    )  # fmt: skip
    found = respondent_checks(data, items=["a", "again"], same=[["age", "age2"]])
    # row 2: ages differ; row 3: 5 and 3 are two points apart, and 5 turned round is 1, not 5
    assert found.values["contradicted"].tolist()[:3] == [0, 1, 2] and np.isnan(found.values["contradicted"][4])
    assert found.flags["contradicted"].tolist()[:3] == [0, 1, 1]
    assert found.dossier(4).set_index("check").loc["contradicted", "verdict"] == "not computable"
    plain = framed({"a": [5.0, 5], "b": [4.0, 3]})
    assert respondent_checks(plain, same=[["a", "b"]]).values["contradicted"].tolist() == [1, 1]
    assert respondent_checks(plain, items=["a", "b"], same=[["a", "b"]]).values["contradicted"].tolist() == [0, 1]
    wide = respondent_checks(data, same=[["age", "age2"]], thresholds={"pair_apart": 4})
    assert wide.values["contradicted"].tolist()[:3] == [0, 1, 0]


@pytest.mark.parametrize("pair", ["age", ["age"], ["age", "age"], ["a", "b", "c"]])
def test_what_is_no_pair_is_refused(pair):
    data = framed({"age": [1.0, 2]}, Variable("age", "number"))
    with pytest.raises(AnalysisError) as fault:
        respondent_checks(data, same=[pair])
    assert fault.value.problems[0].code == "E809"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("啊啊啊", True), ("好", False), ("无", False), ("......", True), ("asdfgh", True), ("ｑｗｅｒｔｙ", True),
     ("sdfkjh", True), ("希望多装电梯", False), ("power", False), ("12345", True), ("2024", False),
     ("您的 建议", True), ("fjdkslq", True)],
)  # fmt: skip
def test_texts_that_say_nothing(text, verdict):
    assert doubtful(pd.Series([text, None]), ["您的建议"], **RULES).tolist() == [verdict, False]


def test_copied_texts_but_not_names_of_places():
    texts = ["希望社区多办一些活动", "希望社区多办一些活动 ", "希望社区少办一些活动吧", "没有", "没有", None]
    assert doubtful(pd.Series(texts), [], **RULES).tolist() == [True, True, False, False, False, False]
    places = ["湖北省-武汉市-洪山区"] * 8 + ["湖北省-武汉市-武昌区"] * 8
    assert not doubtful(pd.Series(places), [], **RULES).any()
    assert doubtful(pd.Series(places), [], **{**RULES, "shared": 1.0}).all()


def test_open_answers_have_a_reason_where_there_are_none():
    data = framed({"t": ["aaaa", None], "u": ["好的", None]}, Variable("t", "text", item="t"), Variable("u", "text"))
    found = respondent_checks(data)
    assert found.values["open_answers"][1] == 1 and found.flags["open_answers"][1] == 1
    assert found.dossier(2).set_index("check").loc["open_answers", "reason"] == "no open answer given"


def test_others_within_hours():
    day = np.datetime64("2026-03-01T08:00:00")
    hours = [0, 1, 30, 0, 2, 0]
    times = np.array([day + np.timedelta64(h, "h") for h in hours])
    group = np.array([1, 1, 1, 2, 0, 3])
    count, partner = within_hours(group, times, 24)
    assert count[[0, 1, 2, 3, 5]].tolist() == [1, 1, 0, 0, 0] and np.isnan(count[4])
    assert partner.tolist() == [1, 0, -1, -1, -1, -1]
    assert within_hours(group, times, 29)[0][:3].tolist() == [1, 2, 1]  # 29 hours lie between the second and third
    assert within_hours(group, None, 1)[0][:3].tolist() == [2, 2, 2]
    times[1] = np.datetime64("NaT")
    assert np.isnan(within_hours(group, times, 24)[0][1])


def test_links_are_used_and_what_is_shared_is_not_there():
    links = pd.DataFrame({"network": [1, 1, 2, 0], "contact": [1, 2, 1, 0]}, index=range(1, 5))
    day = pd.Timestamp("2026-03-01 08:00")
    data = framed({"submitted_at": [day, day + pd.Timedelta(hours=2), day, day], "x": [1.0, 2, 3, 4]},
                  Variable("submitted_at", "date", role="paradata"), Variable("x", "number"), links=links)  # fmt: skip
    found = respondent_checks(data)
    assert found.flags["network"].tolist()[:3] == [1, 1, 0] and np.isnan(found.flags["network"][4])
    assert found.flags["duplicate_contact"].tolist()[:3] == [0, 0, 1]
    assert found.dossier(3).set_index("check").loc["duplicate_contact", "like_row"] == 1
    assert found.dossier(4).set_index("check").loc["network", "reason"] == Label("quality.reason.no_network").text("en")
    some = respondent_checks(data.loc[[2, 3]])
    assert some.values["network"].tolist() == [0, 0]
    bare = respondent_checks(attach(data, Codebook()))
    assert bare.flags[["network", "duplicate_contact"]].isna().all().all()


def test_means_of_an_interviewer_against_all_others():
    values = np.array([1.0, 2, 3, 4, 2, 4, 6, np.nan])
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = means("mean", values, group, level=0.95, least=2)
    # the others of the first have 2, 4, 6: mean 4, sd 2
    half = stats.t.ppf(0.975, 2) * 2 * np.sqrt(1 / 4 + 1 / 3)
    assert found.n.tolist() == [4, 3] and found.value.tolist() == [2.5, 4] and found.others.tolist() == [4, 2.5]
    assert (found.low[0], found.high[0]) == pytest.approx((4 - half, 4 + half))
    assert found.outside.tolist() == [0, 0]
    flat = means("mean", np.array([1.0, 2, 3, 3]), np.array([0, 0, 1, 1]), level=0.95, least=1)
    assert flat.reason.tolist() == ["flat", ""] and np.isnan(flat.outside[0])


def test_rates_of_an_interviewer_against_all_others():
    group = np.repeat([0, 1, 2], 20)
    found = np.zeros(60)
    found[:10] = 1
    funnel = rates("percent_alike", found, group, level=0.998, least=5)
    high = stats.hypergeom(60, 10, 20).ppf(0.999)
    assert funnel.value.tolist() == [50, 0, 0] and funnel.others.tolist() == [0, 25, 25]
    assert funnel.high[0] == pytest.approx(100 * high / 20) and funnel.outside.tolist() == [1, 0, 0]
    few = rates("percent_alike", found, group, level=0.998, least=21)
    assert few.reason.tolist() == ["few_interviews"] * 3


@pytest.fixture
def field():
    """Three interviewers with thirty respondents each; the third gives everybody the same good answers, fast."""
    rng = np.random.default_rng(5)
    answers = rng.integers(1, 6, (90, 12)).astype(float)
    answers[60:] = 5.0
    columns = {f"q{k}": answers[:, k] for k in range(12)}
    columns["duration_s"] = np.r_[rng.normal(600, 60, 60), rng.normal(120, 10, 30)]
    columns["who"] = np.repeat(["张", "李", "王"], 30)
    variables = [item(f"q{k}") for k in range(12)]
    return framed(columns, *variables, Variable("duration_s", "number", role="paradata"), Variable("who", "nominal"))


def test_an_interviewer_who_invents_answers_stands_out(field):
    found = interviewer_checks(field, interviewer="who")
    tidy = found.tidy().set_index(["group", "term"])
    assert tidy.loc["王", "count"][["mean", "log_duration", "percent_alike"]].tolist() == [1, 1, 1]
    assert tidy.loc[("王", "mean"), "estimate"] == 5 and tidy.loc[("王", "percent_alike"), "estimate"] == 100
    assert tidy.loc[("张", "percent_blank"), "reason"] == "flat" and found.glance()["count"].item() >= 1
    judged = respondent_checks(field, interviewer="who")
    assert (judged.values.loc[61:, "interviewer"] == 3).all()
    assert respondent_checks(field).dossier(1).set_index("check").loc["interviewer", "reason"] == "no interviewer"
    with pytest.raises(AnalysisError) as fault:
        interviewer_checks(field.iloc[:30], interviewer="who")
    assert fault.value.problems[0].code == "E810"
    untimed = (
        interviewer_checks(field.drop(columns="duration_s"), interviewer="who").tidy().set_index(["group", "term"])
    )
    assert untimed.loc[("王", "log_duration"), "reason"] == "no_values"
    some = field.copy()
    some.loc[1, "who"] = None
    assert interviewer_checks(some, interviewer="who").n_obs == 89


def test_questions_that_tell_nobody_apart(ask_book):
    found = item_checks(ask_book).tidy()
    shares = found[found["level"].isna()].set_index("term")
    assert shares.loc["a", ["count", "percent", "n_obs"]].tolist() == [2, 90, 10]
    ends = found.set_index(["term", "level"])["percent"]
    assert ends["a", "ceiling"] == 90 and ends["a", "floor"] == 0 and np.isnan(ends["sex", "floor"])
    unused = found.set_index(["term", "level"])["count"]
    assert unused["a", "unused"] == 3 and unused["m", "unused"] == 1 and unused["sex", "unused"] == 1
    checks = {check.name: check.found for check in item_checks(ask_book).items}
    assert checks == {"a": ("ceiling", "unused"), "sex": ("flat", "unused"), "m": ("unused",), "none": ()}
    assert {c.name: c.found for c in item_checks(ask_book, end_share=0.9).items}["a"] == ("unused",)
    with pytest.raises(AnalysisError):
        item_checks(ask_book, end_share=80)
    with pytest.raises(AnalysisError):
        item_checks(ask_book, items=["nothing"])


@pytest.fixture
def ask_book():
    from evalkit.contract import Category

    scale = tuple(Category(float(k), str(k), str(k)) for k in range(1, 6))
    sexes = (Category(1.0, "男", "m"), Category(2.0, "女", "f"), Category(8.0, "不便", "?", missing="refused"))
    options = [Variable(f"m__{k}", "option", item="m") for k in (1, 2)]
    return framed(
        {"a": [5.0] * 9 + [4], "sex": [1.0] * 10, "m__1": [1.0] * 9 + [0], "m__2": [0.0] * 10, "none": [np.nan] * 10},
        Variable("a", "item", low=1, high=5, item="a", categories=scale),
        Variable("sex", "nominal", item="sex", categories=sexes),
        *options,
        Variable("none", "nominal", item="none", categories=sexes),
    )


def test_dossiers_hold_every_finding(field):
    found = respondent_checks(field, interviewer="who")
    every = found.dossiers(lang="zh")
    flags = found.flags
    assert len(every) == int((flags == 1).sum().sum())
    assert every["row"].is_monotonic_increasing
    one = every[every["row"] == 62].set_index("check")
    assert one.loc["duplicate", "like_row"] == 61 and one.loc["duplicate", "value"] == 29
    table = found.table("dossiers")
    assert len(table.rows) == 30 and table.rows[0].cells[1].value == found.values["n_flags"].max()
    assert respondent_checks(field.iloc[:0]).dossiers().empty
