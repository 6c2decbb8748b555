"""Parts of R squared against R, and their identities."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.models.importance import relative_importance
from evalkit.models.linear import regress
from evalkit.sampling import Design


def test_lmg_agrees_with_r(analysis_sample, golden):
    rows = relative_importance(analysis_sample, "SAT ~ OB + OE + MO").tidy().set_index("term")
    assert rows["estimate"].to_dict() == golden("regression", "lmg.OB_OE_MO").approx()
    subsets = golden("regression", "dominance.r2_all_subsets")
    assert all(rows.loc[name, "r_squared_alone"] == subsets.approx(name) for name in ("OB", "OE", "MO"))
    whole = subsets.value("OB+OE+MO")
    for name, rest in (("OB", "OE+MO"), ("OE", "OB+MO"), ("MO", "OB+OE")):
        assert rows.loc[name, "r_squared_last"] == pytest.approx(whole - subsets.value(rest), abs=1e-9)


def test_the_parts_add_up_with_weights_and_dummies(analysis_sample):
    design = Design("weight")
    result = relative_importance(analysis_sample, y="SAT", x=["OB", "gender", "age"], design=design)
    whole = regress(analysis_sample, "SAT ~ OB + gender + age", design=design).glance()["r_squared"].item()
    assert result.lmg.sum() == pytest.approx(whole, rel=1e-9)
    assert result.tidy()["share"].sum() == pytest.approx(100)
    assert result.table().n_columns == 5


def test_twins_share_evenly():
    x = np.random.default_rng(3).normal(size=50)
    data = pd.DataFrame({"y": x + np.arange(50) % 3, "a": x, "b": 2 * x})
    result = relative_importance(data, "y ~ a + b")
    assert result.lmg[0] == pytest.approx(result.lmg[1], rel=1e-9)
    assert result.last == pytest.approx([0, 0], abs=1e-9)


def test_what_cannot_be_parted():
    flat = relative_importance(pd.DataFrame({"y": [1.0] * 9, "a": range(9)}), "y ~ a")
    assert [p.code for p in flat.notices] == ["W658"]
    assert np.isnan(flat.lmg).all()
    assert flat.table().rows[0].cells[1].reason
    with pytest.raises(AnalysisError) as caught:
        relative_importance(pd.DataFrame({"y": [1.0, 2, 3], "a": [1.0, 3, 2], "b": [0.0, 1, 1]}), "y ~ a*b")
    assert [p.code for p in caught.value.problems] == ["E766"]
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))
