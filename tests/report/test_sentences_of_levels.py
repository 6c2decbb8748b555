"""What is said of multilevel models."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.models.multilevel import mixed
from evalkit.report.sentences import sentences


def said(result, lang: str) -> str:
    return " ".join(label.text(lang) for label in sentences("mixed", result))


@pytest.fixture
def result(analysis_sample):
    return mixed(
        analysis_sample, "SAT ~ OE*renovated", group="community_id", random=["1", "OE"], centre={"OE": "within"}
    )


def test_it_names_what_lies_between_groups_and_what_varies(result):
    text = said(result, "zh")
    assert "零模型的ICC(1)为0.064" in text and "6.4%" in text and "40 个群组" in text
    assert "未发现OE的斜率随renovated变化的统计证据（b=−0.043" in text
    assert "未发现斜率在群组之间不同的统计证据" in text
    assert "OE (centred within community_id) is positively associated with SAT" in said(result, "en")


def test_a_logit_speaks_of_odds(analysis_sample):
    result = mixed(analysis_sample, "signed_agreement ~ SAT", group="community_id", family="logit")
    text = said(result, "en")
    assert "The odds ratio of signed_agreement for SAT is 2.03" in text
    assert "优势比为2.03" in said(result, "zh")


def test_what_was_not_computed_is_said(analysis_sample):
    data = analysis_sample.assign(SAT=np.nan)
    result = mixed(data, "SAT ~ OE", group="community_id")
    assert said(result, "en").startswith("The multilevel model of SAT has no coefficient")
