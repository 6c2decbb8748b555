"""Sentences about path models: their numbers are those of the rows, and what contains 0 is no evidence."""

import re

import numpy as np
import pandas as pd
import pytest

from evalkit.models import mediate
from evalkit.report import sentences


def made(n=200, strength=0.4):
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.normal(size=(n, 2)), columns=["x", "w"])
    data["m1"] = 0.5 * data["x"] + strength * data["x"] * data["w"] + 0.5 * rng.normal(size=n)
    data["m2"] = 0.3 * data["m1"] + rng.normal(size=n)
    data["y"] = 0.6 * data["m1"] + 0.5 * rng.normal(size=n)
    return data


def said(result, lang):
    return [s.text(lang) for s in sentences("mediate", result)]


@pytest.fixture(scope="module")
def moderated():
    return mediate(made(), x="x", m="m1", y="y", process_model=8, w="w", resamples=300)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_moderated_mediation(moderated, lang):
    found = said(moderated, lang)
    kinds = [e.kind for e in moderated.listing]
    assert len(found) == sum(k != "indirect_total" for k in kinds) + 1
    row = moderated.effects[moderated.effects["term"] == "index.m1"].iloc[0]
    (index,) = [s for s in found if s.startswith(("有调节的中介指数", "Index of moderated mediation"))]
    assert f"{row['estimate']:.3f}" in index
    assert ("不包含0" if lang == "zh" else "does not contain 0") in index
    assert not [s for s in found if re.search(r"[{}]|nan", s)]


def test_a_condition_is_named(moderated):
    first = said(moderated, "en")[0]
    assert re.match(r"At w = −\d\.\d\d \(M − 1 SD\) the indirect effect of x on y by way of m1 is ", first)
    assert re.match(r"当w = −\d\.\d\d（M − 1SD）时，x经由m1对y的间接效应为", said(moderated, "zh")[0])


def test_what_contains_0_is_no_evidence():
    result = mediate(made(strength=0.0), x="x", m="m1", y="y", process_model=7, w="w", resamples=300)
    (index,) = [s for s in said(result, "en") if s.startswith("Index")]
    assert "no statistical evidence" in index


def test_what_could_not_be_computed_is_said_so():
    result = mediate(made().assign(w=1.0), x="x", m="m1", y="y", process_model=7, w="w", resamples=100)
    found = said(result, "en")
    assert all("could not be computed" in s for s in found[:-1])


def test_several_chains_have_a_total_and_contrasts():
    result = mediate(made(), x="x", m=["m1", "m2"], y="y", kind="serial", moderators={"w": "a1"}, resamples=200)
    found = said(result, "en")
    assert any("total indirect effect" in s for s in found)
    assert any("difference of indirect effects" in s for s in found)
    plain = mediate(made(), paths=["m1 ~ x", "m2 ~ m1", "y ~ m1 + m2 + x"], x="x", y="y", resamples=200)
    assert all("At " not in s for s in said(plain, "en"))
    assert any(s.startswith("The indirect effect of x on y by way of m1 → m2 is") for s in said(plain, "en"))
