from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Codebook, Variable, attach, codebook_of, item_columns
from evalkit.contract.words import say
from evalkit.scoring import score

SCALES = ("OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR")
REVERSED = ("SV4", "CW3", "SAT4", "PAR2", "PAR5")


def reference_scales(scale_items, how, min_valid=None):
    return [
        {
            "id": name,
            "items": items,
            "reverse": [i for i in items if i in REVERSED],
            "range": [1, 5],
            "score": how,
            **({} if min_valid is None else {"min_valid": min_valid}),
        }
        for name, items in scale_items.items()
    ]


def summary(values, *names):
    every = {"n": values.count(), "mean": values.mean(), "sd": values.std(), "min": values.min(), "max": values.max()}
    return {name: every[name] for name in names}


@pytest.mark.parametrize("scale", SCALES)
def test_means_of_at_least_half_agree_with_the_reference(residents, scale_items, golden, scale):
    scores = score(residents, reference_scales(scale_items, "mean", 0.5))[scale]
    assert summary(scores, "n", "mean", "sd", "min", "max") == golden("scoring", f"mean_score.{scale}").approx()
    assert list(scores[:20]) == golden("scoring", f"mean_score_first20.{scale}").approx()


@pytest.mark.parametrize("scale", SCALES)
def test_sums_without_a_rule_need_every_item(residents, scale_items, golden, scale):
    sums = score(residents, reference_scales(scale_items, "sum"))[scale]
    assert summary(sums, "n", "mean", "sd") == golden("scoring", f"listwise_sum.{scale}").approx()


@pytest.mark.parametrize("scale", SCALES)
def test_prorated_sums_agree_with_the_reference(residents, scale_items, golden, scale):
    sums = score(residents, reference_scales(scale_items, "sum", 0.75))[scale]
    assert summary(sums, "n", "mean", "sd") == golden("scoring", f"prorated_sum_min75.{scale}").approx()


def test_one_answer_is_enough_for_psych(residents, scale_items, golden):
    scored = score(residents, reference_scales(scale_items, "mean", 1))
    assert dict(scored[list(SCALES)].mean()) == golden("scoring", "psych_scoreItems.mean_scores_mean").approx()


def test_keyed_columns_agree_with_the_reference(residents, scored, scale_items):
    ours = score(residents, reference_scales(scale_items, "mean", 1))
    for item in REVERSED:
        pd.testing.assert_series_equal(ours[f"{item}_R"], scored[item], check_names=False, check_dtype=False)
    assert item_columns(ours, "PAR") == ["PAR1", "PAR2_R", "PAR3", "PAR4", "PAR5_R"]


def likert(draw, n, k):
    cell = st.one_of(st.none(), st.integers(1, 5))
    rows = draw(st.lists(st.lists(cell, min_size=k, max_size=k), min_size=n, max_size=n))
    return pd.DataFrame(np.array(rows, dtype=float), columns=[f"A{i + 1}" for i in range(k)])


@st.composite
def answers(draw):
    return likert(draw, draw(st.integers(1, 12)), draw(st.integers(2, 6)))


def one_scale(frame, **more):
    return {"id": "S", "items": list(frame.columns), "range": [1, 5], **more}


@given(answers(), st.data())
def test_turning_an_item_round_by_hand_changes_no_score(frame, data):
    turned = data.draw(st.lists(st.sampled_from(list(frame.columns)), unique=True))
    by_hand = frame.assign(**{name: 6 - frame[name] for name in turned})
    ours = score(frame, [one_scale(frame, reverse=turned, min_valid=1)])["S"]
    theirs = score(by_hand, [one_scale(frame, min_valid=1)])["S"]
    np.testing.assert_array_equal(ours, theirs)


@given(answers(), st.data())
def test_order_of_rows_and_items_does_not_matter(frame, data):
    rows = data.draw(st.permutations(range(len(frame))))
    items = data.draw(st.permutations(list(frame.columns)))
    scale = {"id": "S", "items": items, "range": [1, 5], "min_valid": 1}
    moved = score(frame.iloc[list(rows)], [scale])["S"]
    pd.testing.assert_series_equal(moved.sort_index(), score(frame, [one_scale(frame, min_valid=1)])["S"])


@given(answers(), st.floats(0.05, 0.95))
def test_a_prorated_sum_is_k_times_the_mean_and_lies_in_range(frame, share):
    k = len(frame.columns)
    mean = score(frame, [one_scale(frame, min_valid=share)])["S"]
    total = score(frame, [one_scale(frame, min_valid=share, score="sum")])["S"]
    np.testing.assert_allclose(total, k * mean, rtol=1e-14)
    enough = frame.notna().sum(axis=1) / k >= share - 1e-9
    assert (mean.notna() == enough).all()
    assert total.dropna().between(k - 1e-9, 5 * k + 1e-9).all()


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=3, max_size=30))
def test_the_mean_product_of_standardised_parts_is_their_correlation(pairs):
    frame = pd.DataFrame(pairs, columns=["a", "b"])
    assume(frame["a"].std() > 1e-3 and frame["b"].std() > 1e-3)
    product = score(frame, [{"id": "P", "items": ["a", "b"], "score": "product_z"}])["P"]
    assert product.sum() / (len(frame) - 1) == pytest.approx(frame.corr().iloc[0, 1], abs=1e-9)


def test_standardised_scores_by_hand():
    frame = pd.DataFrame({"a": [1.0, 2, 3, np.nan, 9], "b": [1.0, 3, 2, 4, np.nan]})
    scored = score(
        frame,
        [
            {"id": "P", "items": ["a", "b"], "score": "product_z"},
            {"id": "D", "items": ["a", "b"], "score": "absdiff_z"},
            {"id": "M", "items": ["a", "b"], "score": "min", "min_valid": 1},
        ],
    )
    assert list(scored["P"][:3]) == [1, 0, 0] and scored["P"][3:].isna().all()
    assert list(scored["D"][:3]) == [0, 1, 1] and scored["D"][3:].isna().all()
    assert list(scored["M"]) == [1, 2, 2, 4, 9]
    assert codebook_of(scored).scales["P"].low is None and item_columns(scored, "P") == ["P"]


def test_parts_and_reverse_parts():
    frame = pd.DataFrame({"x1": [1.0, 4], "x2": [3.0, 5], "y1": [2.0, 5], "y2": [2.0, np.nan]})
    scored = score(
        frame,
        [
            {"id": "top", "parts": ["x", "y"], "reverse_parts": ["y"], "zh": "总", "en": "Top"},
            {"id": "x", "items": ["x1", "x2"], "range": [1, 5]},
            {"id": "y", "items": ["y1", "y2"], "range": [1, 7], "reverse": ["y2"], "min_valid": 1},
        ],
    )
    assert list(scored["x"]) == [2, 4.5]
    assert list(scored["y"]) == [4, 5]  # (2 + 6) / 2; y1 alone
    assert list(scored["top"]) == [(2 + 4) / 2, (4.5 + 3) / 2]
    assert list(scored["top__n"]) == [2, 2] and list(scored["y__n"]) == [2, 1]
    # Items of a reverse part stand in the parent the other way round.
    assert item_columns(scored, "top") == ["x1", "x2", "y1_R", "y2"]
    entry = codebook_of(scored).scales["top"]
    assert (entry.low, entry.high, entry.label.text("zh")) == (1, 6, "总")


def test_a_sum_of_parts_has_the_range_of_the_sum():
    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    scored = score(frame, [{"id": "S", "items": ["a", "b"], "range": [0, 4], "score": "sum"}])
    entry = codebook_of(scored).scales["S"]
    assert (entry.low, entry.high) == (0, 8) and codebook_of(scored).variables["S"].kind == "score"


def test_a_scale_that_no_row_answers_is_missing_with_a_notice():
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 3.0]}, index=[7, 9])
    scored = score(frame, [{"id": "S", "items": ["a", "b"]}])
    assert scored["S"].isna().all() and list(scored.index) == [7, 9]
    notices = codebook_of(scored).notices
    assert [n.code for n in notices] == ["W839"] and "S" in say(notices[0], "en")


def test_a_value_outside_the_range_is_told():
    scored = score(pd.DataFrame({"a": [1.0, 9]}), [{"id": "S", "items": ["a"], "reverse": ["a"], "range": [1, 5]}])
    notice = codebook_of(scored).notices[0]
    assert notice.code == "W840" and notice.params["n"] == 1


def test_an_instrument_decides_for_responses():
    def item(name, reverse=False):
        return SimpleNamespace(id=name, reverse=reverse, low=1.0, high=5.0)

    scale = SimpleNamespace(
        id="trust", items=("T1", "T2", "T3"), parts=(), reverse_parts=(), score="mean", min_valid=2, kind=None,
        role="mechanism", level=None, form=(), zh="信任", en="Trust",
    )  # fmt: skip
    frame = pd.DataFrame({"T1": [4.0, 1], "T2": [2.0, np.nan], "free": [5.0, 5]}, index=[1, 2])
    missing = pd.DataFrame({"T1": [0, 0], "T2": [0, 3], "free": [0, 0]}, index=[1, 2], dtype="int8")
    responses = SimpleNamespace(
        frame=frame,
        missing=missing,
        codebook=Codebook().with_variables([Variable("T2", "item", "题二", "Second", low=1, high=5, block="T")]),
        instrument=SimpleNamespace(
            items=(item("T1"), item("T2", True), item("T3"), item("free", True)), scales=(scale,)
        ),
    )
    scored = score(responses)
    assert list(scored["trust"].fillna(-1)) == [4, -1]  # T3 is not in the file: unanswered
    assert list(scored["free_R"]) == [1, 1]  # reverse items outside every scale are keyed too
    book = codebook_of(scored)
    assert book.missing is missing and book.variables["T2_R"].reversed_from == "T2"
    assert book.variables["T2_R"].zh == "题二（反向计分）" and book.variables["trust__n"].kind == "count"
    assert item_columns(scored, "trust") == ["T1", "T2_R"]


def test_the_instrument_knows_the_range_of_items_and_parts():
    def item(name, reverse=False):
        return SimpleNamespace(id=name, reverse=reverse, low=1.0, high=5.0)

    def scale(name, items=(), parts=(), turned=()):
        more = {"score": "mean", "min_valid": None, "kind": None, "role": None, "level": None, "zh": "", "en": ""}
        return SimpleNamespace(id=name, items=items, parts=parts, reverse_parts=turned, **more)

    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    scales = (scale("A", ("a",)), scale("B", ("b",)), scale("AB", parts=("A", "B"), turned=("B",)))
    instrument = SimpleNamespace(items=(item("a"), item("b", True)), scales=scales)
    missing = frame.isna().astype("int8")
    scored = score(SimpleNamespace(frame=frame, missing=missing, codebook=Codebook(), instrument=instrument))
    assert list(scored["B"]) == [4] and list(scored["AB"]) == [(1 + 2) / 2]
    assert item_columns(scored, "AB") == ["a", "b"] and codebook_of(scored).scales["AB"].high == 5


def test_scales_of_a_form_that_was_not_read_are_left_out():
    def scale(name, items=(), parts=()):
        more = {"score": "mean", "min_valid": None, "kind": None, "role": None, "level": None, "zh": "", "en": ""}
        return SimpleNamespace(id=name, items=items, parts=parts, reverse_parts=(), **more)

    frame = pd.DataFrame({"a": [1.0], "b": [np.nan]})
    items = [SimpleNamespace(id=name, reverse=name == "o", low=1.0, high=5.0) for name in "abo"]
    scales = (scale("A", ("a",)), scale("B", ("b",)), scale("O", ("o",)), scale("AO", parts=("A", "O")))
    instrument = SimpleNamespace(items=items, scales=scales)
    missing = frame.isna().astype("int8")
    scored = score(SimpleNamespace(frame=frame, missing=missing, codebook=Codebook(), instrument=instrument))
    assert list(scored.columns) == ["a", "b", "A", "A__n", "B", "B__n"]
    assert [n.params["scale"] for n in codebook_of(scored).notices] == ["B"]


def test_scored_data_can_be_scored_further(residents, scale_items):
    first = score(residents, reference_scales(scale_items, "mean", 1))
    second = score(
        first, [{"id": "party", "parts": ["OB", "OE"]}, {"id": "again", "items": ["SV4"], "reverse": ["SV4"]}]
    )
    np.testing.assert_allclose(second["party"], (first["OB"] + first["OE"]) / 2)
    np.testing.assert_array_equal(second["again"], first["SV4_R"])


FAULTS = {
    "E600": [{"id": "S", "items": ["a", "zz"]}],
    "E830": [{"id": "S", "items": ["a"], "reverse": ["a"]}],
    "E831": [
        {"id": "P", "items": ["a", "b"], "score": "product_z"},
        {"id": "S", "parts": ["P"], "reverse_parts": ["P"]},
    ],
    "E832": [{"id": "S", "items": ["a"], "score": "absdiff_z"}],
    "E833": [{"id": "S", "items": ["a", "b"], "min_valid": 3}],
    "E834": [{"id": "a", "items": ["a", "b"]}],
    "E835": [{"id": "S", "items": ["word"]}],
    "E836": [{"id": "S", "parts": ["T"]}, {"id": "T", "parts": ["S"]}],
    "E837": [{"id": "S", "items": ["a"], "score": "median"}],
    "E838": [{"id": "S", "item": ["a"]}],
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_wrong_definition_is_refused_and_named(code):
    frame = pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4], "word": ["x", "y"]})
    with pytest.raises(AnalysisError) as fault:
        score(frame, FAULTS[code])
    assert fault.value.problems[0].code == code
    for lang in ("zh", "en"):
        assert code in say(fault.value.problems[0], lang)


def test_a_plain_frame_keeps_what_its_codebook_knew():
    frame = attach(pd.DataFrame({"a": [1.0, 2]}), Codebook().with_variables([Variable("a", "item", "甲", "A")]))
    book = codebook_of(score(frame, [{"id": "S", "items": ["a"], "range": [1, 5]}]))
    assert book.variables["a"].zh == "甲" and book.variables["a"].high == 5
