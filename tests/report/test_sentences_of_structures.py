"""Sentences about factor and path models: fit against customary bounds, paths by what was found, effects."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import Problem
from evalkit.report import sentences

M3 = "\n".join(f"{s} =~ " + " + ".join(f"{s}{i}" for i in range(1, 5)) for s in ("OB", "OE", "MO"))
PATHS = M3 + "\nOB ~ a*OE + age\nMO ~ b*OB + c*OE\nindirect := a*b"


@pytest.fixture(scope="module")
def data():
    return pd.read_csv(Path(__file__).parent.parent / "golden" / "residents_scored.csv")


def said(result, lang="zh"):
    return [sentence.text(lang) for sentence in sentences(result.do, result, step="s")]


def test_a_model_that_fits_has_its_measures_loadings_and_weak_factors(data):
    fit, loadings, factors = said(ek.cfa(data, M3))
    assert fit.startswith("按常用标准，模型拟合可以接受：χ²(51)=40.770，p=0.847，CFI=1.000")
    assert "RMSEA=0.000（90%置信区间[0.000, 0.013]）" in fit
    assert loadings == "标准化载荷在0.620与0.780之间。"
    assert factors.startswith("CR低于0.700或AVE低于0.500的潜变量：OB（CR=0.797，AVE=0.497）")
    assert sentences("cfa", ek.cfa(data, M3), step="s")[0].params["ref"] == "s/model.chisq#estimate"


def test_corrected_measures_are_those_said(data):
    fit = said(ek.cfa(data, M3, estimator="MLR"), "en")[0]
    assert "χ²(51) = 40.554" in fit


def test_groups_are_named_where_there_are_several(data):
    whole = said(ek.sem(data, "SAT ~ b*OB + age\nOB ~ a*OE\nab := a*b", group="gender"), "en")
    assert "OB → SAT (female)" in whole[2]
    assert any("of SAT (male)" in sentence for sentence in whole)


def test_poor_fit_names_the_measures_and_the_bound(data):
    found = said(ek.sem(data, "SAT ~ OB + age\nOB ~ OE"))
    assert found[0].startswith("模型有未达到常用标准的拟合指标（CFI、TLI、RMSEA和SRMR）")
    assert found[1].startswith("卡方检验拒绝")


def test_paths_effects_and_the_caution(data):
    found = said(ek.sem(data, PATHS), "en")
    assert found[1].startswith("Positive paths: OE → OB (β = 0.327, p < 0.001)")
    assert (
        found[2]
        == "No statistical evidence was found that these paths differ from zero: age → OB (β = 0.012, p = 0.752)."
    )
    assert found[3] == "The effect indirect (a*b) is 0.077, 95% CI [0.043, 0.110], which does not contain 0."
    assert found[4] == "Variance explained by the model: 10.7% of OB, 21.3% of MO."
    assert "no causal conclusion" in found[5]


def test_a_saturated_model_and_low_loadings(data):
    assert said(ek.cfa(data, "f =~ OB1 + OB2 + OB3"))[0].startswith("模型的自由度为0")
    low = said(ek.cfa(data, "f =~ OB1 + SAT2 + MO3 + OE1 + CW2 + SV3"))
    assert "低于0.500的题项有3个：OB1、MO3、OE1。" in low[2]


def test_a_search_that_did_not_arrive_is_all_that_is_said():
    noise = pd.DataFrame(np.random.default_rng(4).normal(size=(40, 6)), columns=[f"x{i}" for i in range(6)])
    found = ek.cfa(noise, "f =~ x0 + x1 + x2\ng =~ x3 + x4 + x5")
    lost = dataclasses.replace(found, notices=(Problem("W930", params={"n": 300}),))
    assert said(lost) == ["模型没有收敛，以下估计不可解释。"]
    assert said(dataclasses.replace(lost, do="sem"), "en")[0].startswith("The model did not converge")
