import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Codebook, Variable, attach, codebook_of
from evalkit.quality import FLAGS, flag, summary


def survey(rows, *, kinds=None, ids=None, check=None):
    """Answers to one matrix q1, q2, ... with a Codebook."""
    frame = pd.DataFrame(rows, dtype=float)
    frame.columns = [f"q{i + 1}" for i in range(frame.shape[1])]
    variables = [Variable(c, "item", item=c, block="q", check=check if c == "q1" else None) for c in frame]
    missing = None
    if kinds is not None:
        missing = pd.DataFrame(kinds, columns=frame.columns, index=frame.index).astype("int8")
    if ids is not None:
        frame["respondent_id"] = ids
        variables.append(Variable("respondent_id", "id", role="respondent_id"))
    return attach(frame, Codebook(missing=missing).with_variables(variables))


def test_runs_are_counted_within_a_block_and_end_at_a_gap():
    data = survey([[1, 1, 1, 2], [3, 3, np.nan, 3], [1, 2, 3, 4], [np.nan] * 4])
    assert list(flag(data)["longest_run"]) == [3, 2, 1, 0]


def test_keyed_columns_and_other_blocks_do_not_lengthen_a_run():
    data = survey([[2, 2], [2, 3]]).assign(q2_R=[2.0, 3.0], p1=[2.0, 3.0])
    more = [Variable("q2_R", "item", block="q", reversed_from="q2"), Variable("p1", "item", block="p")]
    data = attach(data, codebook_of(survey([[2, 2]])).with_variables(more))
    assert list(flag(data)["longest_run"]) == [2, 1]


@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, np.nan]), min_size=5, max_size=5), min_size=1, max_size=15))
def test_runs_agree_with_a_plain_count(rows):
    def plain(row):
        best = run = 0
        before = None
        for value in row:
            run = 0 if np.isnan(value) else run + 1 if value == before else 1
            best, before = max(best, run), value
        return best

    assert list(flag(survey(rows))["longest_run"]) == [plain(row) for row in rows]


def test_longest_run_agrees_with_the_reference(residents, golden):
    """R dropped missing answers and ran over all 34 items: so do we where nothing is missing."""
    items = [c for c in residents if c.rstrip("0123456789") in ("OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR")]
    assert len(items) == 34
    data = attach(residents, Codebook().with_variables([Variable(c, "item", block="all") for c in items]))
    complete = residents[items].notna().all(axis=1).to_numpy()[:20]
    expected = np.array(golden("scoring", "longstring_max_first20").estimate)
    assert complete.sum() >= 5
    np.testing.assert_array_equal(flag(data)["longest_run"].to_numpy()[:20][complete], expected[complete])


def test_a_duplicate_needs_enough_equal_answers():
    same = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]
    other = [1, 2, 3, 4, 5, 1, 2, 3, 4, 4]
    short = [1] + [np.nan] * 9  # screened out after the first question, like many
    data = survey([same, other, same, short, short], ids=["1", "2", "3", "3", None])
    flagged = flag(data)
    assert list(flagged["duplicate"]) == [0, 0, 1, 0, 0]
    assert list(flagged["duplicate_id"]) == [0, 0, 0, 1, 0]
    assert list(flag(survey([[1, 2], [1, 2]]), min_answers=2)["duplicate"]) == [0, 1]


def test_two_without_an_id_are_no_duplicate():
    assert list(flag(survey([[1], [2]], ids=[None, None]))["duplicate_id"]) == [0, 0]


def test_attention_counts_what_was_shown():
    data = survey([[3, 1], [4, 1], [np.nan, 1], [np.nan, 1]], kinds=[[0, 0], [0, 0], [1, 0], [2, 0]], check=3)
    assert list(flag(data)["attention_failed"]) == [0, 1, 0, 1]


def test_missing_share_knows_the_kinds():
    nan = np.nan
    data = survey([[1, nan, nan, nan], [nan] * 4, [1, 2, nan, 3]], kinds=[[0, 1, 2, 3], [1, 1, 1, 7], [0, 0, 5, 0]])
    shares = flag(data)["missing_share"]
    assert shares[0] == pytest.approx(1 / 3) and np.isnan(shares[1]) and shares[2] == 0.25


def test_missing_kinds_follow_the_rows_that_are_left():
    data = survey([[1, 2], [np.nan, 2], [np.nan, 2]], kinds=[[0, 0], [1, 0], [2, 0]])
    assert list(flag(data.iloc[[2, 1]])["missing_share"]) == [0.5, 0]


def test_columns_are_labelled_and_flagging_twice_is_refused():
    flagged = flag(survey([[1, 2]]))
    book = codebook_of(flagged)
    assert all(book.variables[name].zh and book.variables[name].en for name in FLAGS)
    with pytest.raises(AnalysisError) as fault:
        flag(flagged)
    assert fault.value.problems[0].code == "E800"
    with pytest.raises(AnalysisError):
        flag(survey([[1, 2]]), respondent_id="nobody")


def test_a_plain_frame_can_be_flagged():
    frame = pd.DataFrame({f"x{i}": [1.0, 1.0, 2.0] for i in range(12)})
    assert list(flag(frame)["duplicate"]) == [0, 1, 0]


def test_summary_counts_the_flags():
    nan = np.nan
    data = survey([[1, 1, 1], [1, nan, nan], [nan, nan, nan]], kinds=[[0] * 3, [0, 2, 2], [1] * 3], check=1)
    numbers = summary(flag(data)).set_index("check")
    assert list(numbers.loc["missing_share", ["flagged", "rows", "percent"]]) == [1, 2, 50]
    assert numbers.loc["attention_failed", "flagged"] == 0 and np.isnan(numbers.loc["longest_run", "flagged"])
    assert numbers.loc["longest_run", "maximum"] == 3
