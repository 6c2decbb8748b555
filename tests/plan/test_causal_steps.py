"""Steps did, iv, propensity and interrupted_series of a plan: options, tables and figures reach the run folder."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import evalkit as ek

PLAN = """
format = "evalkit-plan/1"
title = {zh = "因果设计", en = "Causal designs"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[step]]
id = "policy"
do = "双重差分"
y = "satisfaction"
treated = "platform"
time = "wave"
unit = "community"
comparison = "never"
[[step]]
id = "instrument"
do = "iv"
y = "satisfaction"
endogenous = "meetings"
instruments = ["distance", "flyer"]
covariates = ["age"]
method = "liml"
[[step]]
id = "score"
do = "propensity"
y = "satisfaction"
treated = "member"
covariates = ["age", "distance"]
estimand = "ate"
[[step]]
id = "series"
do = "interrupted_series"
y = "satisfaction"
time = "wave"
start = 7
lags = 1
[[hypothesis]]
id = "H1"
zh = "平台提高满意度"
en = "The platform raises satisfaction"
confirm_if = 'policy["average/satisfaction/effect"].conf_low > 0'
[[table]]
id = "verdicts"
template = "T24"
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("causes")
    rng = np.random.default_rng(5)
    community, wave = (part.ravel() for part in np.meshgrid(np.arange(30), np.arange(1, 13), indexing="ij"))
    first = np.array([6, 9, 99])[community % 3]
    platform = (wave >= first).astype(int)
    n = len(wave)
    age, distance, flyer = rng.normal(45, 10, n), rng.normal(size=n), rng.integers(0, 2, n)
    meetings = 2 - distance + flyer + 0.01 * age + rng.normal(size=n)
    member = (rng.random(n) < 1 / (1 + np.exp(-(age - 45) / 20))).astype(int)
    satisfaction = 3 + 3 * platform + 0.3 * meetings + 0.5 * member + 0.1 * wave + rng.normal(size=n)
    columns = {"community": community, "wave": wave, "platform": platform, "age": age, "distance": distance}
    columns |= {"flyer": flyer, "meetings": meetings, "member": member, "satisfaction": satisfaction}
    pd.DataFrame(columns).round(6).to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    ek.run(place / "plan.toml", out=place / "out")
    return place / "out"


def test_the_options_reach_the_numbers(folder):
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = rows if isinstance(rows, list) else rows["results"]
    values = {row["id"]: row["value"] for row in rows}
    data = pd.read_csv(folder.parent / "answers.csv")
    policy = ek.did(data, y="satisfaction", treated="platform", time="wave", unit="community", comparison="never")
    assert values["policy/average/satisfaction/effect#estimate"] == pytest.approx(policy.headline.estimate)
    bought = ek.iv(data, y="satisfaction", endogenous="meetings", instruments=["distance", "flyer"], covariates=["age"])
    for term in ("2sls", "liml"):
        found = next(e for e in bought.effects if e.model == term)
        assert values[f"instrument/{term}/satisfaction/meetings#std_error"] == pytest.approx(found.std_error)
    score = ek.propensity(data, y="satisfaction", treated="member", covariates=["age", "distance"], estimand="ate")
    assert values["score/aipw/satisfaction/effect#estimate"] == pytest.approx(score.headline.estimate)
    assert "score/balance/satisfaction/age/weighted#variance_ratio" in values
    series = ek.interrupted_series(data, y="satisfaction", time="wave", start=7, lags=1)
    jump = series.found("level_change")
    assert values["series/effect/satisfaction/level_change#std_error"] == pytest.approx(jump.std_error)


def test_the_report_prints_tables_figures_and_the_verdict(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    for words in ("双重差分估计显示", "Anderson-Rubin", "标准化差异", "Durbin-Watson", "预期值", "平台提高满意度"):
        assert words in text, words
    assert len(list((folder / "figures").iterdir())) >= 8
