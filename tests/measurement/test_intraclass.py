"""Intraclass correlations of raters against R (psych)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Label
from evalkit.contract.words import say
from evalkit.measurement import icc, reliability
from evalkit.report.sentences import sentences

CODERS = ["intensity_A", "intensity_B", "intensity_C"]


@pytest.fixture
def coders():
    return pd.read_csv(Path(__file__).parent.parent / "golden" / "coders.csv")


def test_the_six_forms_agree_with_psych(coders, golden):
    record = golden("agreement", "icc.intensity")
    tidy = icc(coders, CODERS).tidy()
    assert list(tidy["term"]) == list(record.estimate["type"])
    columns = {
        "ICC": "estimate", "F": "statistic", "df1": "df", "df2": "df2", "p": "p_value",
        "lower": "conf_low", "upper": "conf_high",
    }  # fmt: skip
    for theirs, ours in columns.items():
        assert tidy[ours] == record.approx(theirs), theirs


def test_alpha_between_coders_is_the_consistency_of_their_mean(coders, golden):
    record = golden("agreement", "alpha_between_coders.intensity")
    alpha = reliability(coders, CODERS).scales[0].alpha
    assert alpha == record.approx()
    assert icc(coders, CODERS).forms[5].estimate == pytest.approx(alpha)


def test_views_and_sentence(coders):
    found = icc(coders, CODERS, conf_level=0.9)
    table = found.table()
    assert [r.cells[0].value.text("en") for r in table.rows][3:] == ["ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
    assert table.header[0][3].text("en") == "90% CI" and "98" in table.notes[0].text("zh")
    assert found.dropped[0].n == len(coders) - 98
    assert "ICC(2) = 0.702" in sentences("icc", found)[0].text("en")
    assert found.glance()["estimate"].iloc[0] == found.forms[1].estimate


def test_a_shift_between_raters_lowers_agreement_but_not_consistency():
    rng = np.random.default_rng(5)
    truth = rng.normal(size=30)
    data = pd.DataFrame({"a": truth + rng.normal(0, 0.3, 30), "b": truth + rng.normal(0, 0.3, 30) + 2})
    shifted, level = icc(data, ["a", "b"]).forms, icc(data.assign(b=data["b"] - 2), ["a", "b"]).forms
    assert shifted[1].estimate < level[1].estimate - 0.2
    assert shifted[2].estimate == pytest.approx(level[2].estimate)


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        ({"a": [1.0, 2, 3]}, "W846", "icc.reason_few"),
        ({"a": [1, np.nan], "b": [1.0, 2]}, "W846", "icc.reason_few"),
        ({"a": [np.nan, np.nan], "b": [1.0, 2]}, "W846", "icc.reason_few"),
        ({"a": [2, 2, 2], "b": [3, 3, 3]}, "W847", "icc.reason_no_variance"),
        ({"a": [1, 2, 3], "b": [1, 2, 3]}, "W847", "icc.reason_no_variance"),
    ],
)
def test_nan_with_a_reason(data, code, reason):
    found = icc(pd.DataFrame(data), list(data))
    assert [p.code for p in found.notices] == [code]
    assert all(say(found.notices[0], lang) for lang in ("zh", "en"))
    assert found.tidy()["estimate"].isna().all() and (found.tidy()["reason"] == reason).all()
    assert found.table().rows[0].cells[2].reason == reason and Label(reason).text("zh")
    assert "see the notices" in sentences("icc", found)[0].text("en")


@pytest.mark.parametrize(
    ("ratings", "level", "code"),
    [(["a", "a"], 0.95, "E848"), ([], 0.95, "E848"), (["a", "c"], 0.95, "E600"), (["a", "b"], 2, "E614")],
)
def test_calls_that_cannot_mean_anything(ratings, level, code):
    with pytest.raises(AnalysisError) as caught:
        icc(pd.DataFrame({"a": [1, 2], "b": [2, 3]}), ratings, conf_level=level)
    assert caught.value.problems[0].code == code
