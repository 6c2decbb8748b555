"""Models of several families side by side, and what is said of relative importance."""

import numpy as np
import pytest

from evalkit.models.generalised import outcome_model
from evalkit.models.importance import relative_importance
from evalkit.models.joined_table import joined_models
from evalkit.models.linear import regress, side_by_side
from evalkit.report import sentences


@pytest.fixture
def results(analysis_sample):
    return [
        regress(analysis_sample, "SAT ~ age | + OE", cov="HC3"),
        outcome_model(analysis_sample, "signed_agreement ~ SAT + age", family="logit"),
        outcome_model(analysis_sample, "renewal_support ~ age + SAT", family="ordered_logit"),
    ]


def lines(table):
    return {row.cells[0].value.text("en"): row.cells[1:] for row in table.rows if row.cells[0].kind == "label"}


def test_coefficients_of_one_variable_share_a_line(results):
    table = joined_models(results, id="t")
    found = lines(table)
    fits = [results[0].models[0].fit, results[0].models[1].fit, results[1].models[0].fit, results[2].models[0].fit]
    ages = [fit.estimate[fit.terms.index("age")] for fit in fits]
    assert [cell.value for cell in found["age"]] == ages
    assert [cell.value for cell in found["SAT"]][:2] == [None, None]
    assert [head.span for head in table.header[0]] == [1, 2, 1, 1]
    assert "ordered logit" in table.header[0][3].text("en") and "linear" in table.header[0][1].text("en")
    assert {len(row.cells) for row in table.rows} == {5}


def test_statistics_of_each_family_stand_below(results):
    table = joined_models(results, id="t")
    roles = [row.role for row in table.rows]
    assert roles == sorted(roles)  # body, then stat
    found = lines(table)
    assert found["R²"][2].value is None and found["R²"][0].value == results[0].models[0].fit.r_squared
    assert found["n"][3].value == results[2].n_obs
    names = list(found)
    assert names.index("Constant") > names.index("Threshold: 3 | 4")
    texts = [note.text("en") for note in table.notes]
    assert texts[0].startswith("Models 1, 2: ") and "HC3" in texts[0]
    assert texts[-1].startswith("All models use the same") and len(texts) == len(set(texts))
    assert list(found)[-1] == "n"


def test_categories_keep_their_lines_apart(analysis_sample):
    nominal = outcome_model(analysis_sample, "tenure ~ age", family="multinomial")
    table = joined_models([nominal, regress(analysis_sample, "SAT ~ age")], id="t")
    found = lines(table)
    assert sum(name.startswith("age") for name in found) == 3
    assert found["age"][0].value is None


def test_linear_models_alone_are_as_ever(results):
    left, right = joined_models(results[:1], id="t"), side_by_side(results[:1], id="t")
    assert left == right


class TestImportanceInWords:
    def test_the_largest_part_is_named_first(self, analysis_sample):
        result = relative_importance(analysis_sample, "SAT ~ OB + OE + MO")
        said = [s.text("en") for s in sentences("relative_importance", result)]
        largest = result.terms[int(np.argmax(result.lmg))]
        assert f"{largest} contributes most" in said[0] and len(said) == 3
        assert all(s.text("zh") for s in sentences("relative_importance", result))

    def test_nothing_is_said_of_nothing(self, analysis_sample):
        result = relative_importance(analysis_sample.assign(SAT=1), "SAT ~ OB + OE")
        assert len(sentences("relative_importance", result)) == 1
