"""Bad input to the measurement steps of a plan: one message each with its remedy, in both languages; the rest runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.cli import main
from evalkit.contract import EvalkitError, PlanError
from evalkit.contract.words import catalogue, say
from evalkit.plan import read_plan, run

LANGUAGES = ("zh", "en")
MODEL = "voice =~ OB1 + OB2 + OB3 + OB4\nclose =~ OE1 + OE2 + OE3 + OE4"
HEAD = """format = "evalkit-plan/1"
title = {zh = "量表", en = "Scales"}
language = ["zh", "en"]

[data]
file = "answers.csv"
simulated = true

[[scales]]
id = "voice"
items = ["OB1", "OB2", "OB3", "OB4"]
range = [1, 5]
zh = "意见表达"
en = "Voice"

[[scales]]
id = "close"
items = ["OE1", "OE2", "OE3", "OE4"]
range = [1, 5]
zh = "亲近"
en = "Closeness"

[[step]]
id = "described"
do = "describe"
variables = ["age"]
"""
STEPS = f"""
[[step]]
id = "dossier"
do = "scale_dossier"

[[step]]
id = "model"
do = "cfa"
model = '''
{MODEL}
'''

[[step]]
id = "alpha"
do = "reliability"
items = ["voice", "close"]
"""


def answers() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents.csv")
    return frame[["gender", "age", "community_id", *(f"{s}{i}" for s in ("OB", "OE") for i in range(1, 5))]]


@pytest.fixture
def planned(tmp_path) -> Callable[..., Path]:
    def make(frame: pd.DataFrame, steps: str = STEPS) -> Path:
        frame.to_csv(tmp_path / "answers.csv", index=False)
        (tmp_path / "plan.toml").write_text(HEAD + steps, encoding="utf-8")
        return tmp_path / "plan.toml"

    return make


def constant(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(OB2=3.0)


def unanswered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(OB2=np.nan)


def twins(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(OB2=frame["OB1"])


def few(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.dropna().iloc[:7]


# What is wrong -> the code that the dossier gives (of the scale or within W869), and that of cfa itself.
SPOILT: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str, str, tuple[str, ...]]] = {
    "constant item": (constant, "W866", "E921", ("OB2",)),
    "item answered by no one": (unanswered, "W865", "E924", ("OB2",)),
    "two identical items": (twins, "W868", "E923", ("OB1", "OB2")),
    "more items than respondents": (few, "E922", "E922", ("7", "8")),
}


def clear(problem, code: str, *named: str) -> None:
    """What is wrong, where and what to do, in both languages."""
    for lang in LANGUAGES:
        told = say(problem, lang)
        assert code in told and all(name in told for name in named), told
        assert catalogue()["messages"][code][f"{lang}_fix"].split("{")[0][:8] in told


@pytest.mark.parametrize("case", SPOILT)
def test_spoilt_items_in_a_plan(case, planned):
    spoil, in_dossier, in_model, named = SPOILT[case]
    found = run(read_plan(planned(spoil(answers()))))
    assert found.exit_code == 5
    by_id = {o.step.id: o for o in found.outcomes}
    assert by_id["described"].result is not None and by_id["alpha"].result is not None
    (refused,) = by_id["model"].problems
    clear(refused, in_model, *named[:1])
    dossier = by_id["dossier"]
    assert dossier.result is not None
    told = [p for p in dossier.problems if in_dossier in say(p, "en")]
    clear(told[0], in_dossier, *named)
    closeness = dossier.result["reliability"].scales[1]
    assert np.isfinite(closeness.alpha)
    for template in dossier.result.templates:
        assert dossier.result.table(template).rows


@pytest.mark.parametrize("case", SPOILT)
def test_spoilt_items_in_python(case):
    spoil, _, in_model, named = SPOILT[case]
    with pytest.raises(EvalkitError) as caught:
        ek.cfa(spoil(answers()), MODEL)
    clear(caught.value.problems[0], in_model, *named[:1])


# Model text -> code, and what stands above the caret.
MISTYPED = {
    "misspelt variable": ("voice =~ OB1 + OBB2 + OB3", "E913", "OBB2"),
    "misspelt operator": ("voice = ~ OB1 + OB2 + OB3", "E908", "="),
    "full-width sign": ("voice =~ OB1 ＋ OB2 + OB3", "E902", "＋"),
    "nothing after the operator": ("voice =~", "E911", ""),
    "operator twice": ("voice =~ OB1 =~ OB2", "E909", "=~"),
    "bracket left open": ("voice =~ start(1*OB1 + OB2", "E905", "("),
}


@pytest.mark.parametrize("case", MISTYPED)
@pytest.mark.parametrize("do", ["cfa", "sem", "validity"])
def test_a_mistyped_model_is_shown_with_a_caret_before_anything_runs(case, do, planned):
    text, code, sign = MISTYPED[case]
    key = "scales" if do == "validity" else "model"
    plan = read_plan(planned(answers(), f'\n[[step]]\nid = "m"\ndo = "{do}"\n{key} = "{text}"\n'))
    with pytest.raises(PlanError) as caught:
        run(plan)
    (problem,) = caught.value.problems
    assert problem.at.line == HEAD.count("\n") + 5
    line, caret = problem.params["picture"].strip("\n").split("\n")
    assert line.strip() == text
    under = line.encode("gb18030")[len(caret.rstrip("^").encode()) :].decode("gb18030")
    assert under.startswith(sign)
    clear(problem, problem.code)


def test_the_command_line_shows_the_caret(planned, capsys, monkeypatch):
    monkeypatch.setenv("EVALKIT_DEBUG", "1")
    path = planned(answers(), '\n[[step]]\nid = "m"\ndo = "cfa"\nmodel = "voice =~ OB1 + OBB2 + OB3"\n')
    for lang in LANGUAGES:
        assert main(["run", str(path), "-o", str(path.parent / "out"), "--lang", lang]) == 4
        told = capsys.readouterr().err
        assert "OBB2" in told and "^" in told and "OB2" in told
        assert not (path.parent / "out").exists()


# Models that say what no data can tell -> code, names in the message.
UNIDENTIFIED = {
    "two items": ("voice =~ OB1 + OB2", "E925", ("voice",)),
    "a factor with two names": ("voice =~ OB1 + OB2 + OB3 + OB4\nagain =~ OB1 + OB2 + OB3 + OB4", "E92", ()),
}


@pytest.mark.parametrize("case", UNIDENTIFIED)
def test_models_that_are_not_identified(case, planned):
    text, code, named = UNIDENTIFIED[case]
    steps = f"\n[[step]]\nid = \"m\"\ndo = \"cfa\"\nmodel = '''\n{text}\n'''\n"
    found = run(read_plan(planned(answers(), steps)))
    assert found.exit_code == 5
    described, model = found.outcomes
    assert described.result is not None and model.result is None
    (problem,) = model.problems
    assert problem.code.startswith(code)
    clear(problem, problem.code, *named)


def test_one_item_a_factor_is_taken_as_free_of_error_and_said_so(planned):
    steps = "\n[[step]]\nid = \"m\"\ndo = \"cfa\"\nmodel = '''\nvoice =~ OB1\nclose =~ OE1 + OE2 + OE3\n'''\n"
    found = run(read_plan(planned(answers(), steps)))
    assert found.exit_code == 0
    (noted,) = (p for p in found.outcomes[1].problems if p.code == "N959")
    clear(noted, "N959", "OB1")
    stated = ek.cfa(answers(), "voice =~ OB1\nclose =~ OE1 + OE2 + OE3\nOB1 ~~ 0*OB1")
    assert "N959" not in [p.code for p in stated.notices]
    assert stated.glance()["chisq"][0] == found["m"].glance()["chisq"][0]


LADDER = """
[[step]]
id = "dossier"
do = "scale_dossier"
scales = ["voice", "close"]
groups = ["gender"]
cluster = "community_id"
ordinal = {ordinal}
resamples = 50

[[step]]
id = "ladder"
do = "invariance"
model = ["voice"]
by = "gender"
ordinal = {ordinal}

[[step]]
id = "shared"
do = "aggregation"
variables = ["voice"]
cluster = "community_id"
"""


def small_group(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame[frame["gender"] == "male"], frame[frame["gender"] == "female"].dropna().iloc[:8]])


def empty_category(frame: pd.DataFrame) -> pd.DataFrame:
    high = (frame["gender"] == "female") & (frame["OB1"] == 5)
    return frame.assign(OB1=frame["OB1"].mask(high, 4.0))


def silent_cluster(frame: pd.DataFrame) -> pd.DataFrame:
    items = [c for c in frame if c[:2] in ("OB", "OE")]
    out = frame.copy()
    out.loc[out["community_id"] == "C01", items] = np.nan
    return out


# What is wrong -> ordinal, step that says so singly, code there, code in the dossier, names in the message.
APART = {
    "a group with fewer cases than parameters": (small_group, False, "ladder", "E942", "E942", ("8", "12")),
    "an ordinal category empty in one group": (empty_category, True, "ladder", "E947", "E947", ("OB1", "5")),
    "all answers missing in a cluster": (silent_cluster, False, "shared", "W789", "W789", ("C01",)),
}


@pytest.mark.parametrize("case", APART)
def test_groups_that_cannot_be_compared(case, planned):
    spoil, ordinal, step, singly, in_dossier, named = APART[case]
    plan = planned(spoil(answers()), LADDER.replace("{ordinal}", str(ordinal).lower()))
    found = run(read_plan(plan))
    by_id = {o.step.id: o for o in found.outcomes}
    (told,) = [p for p in by_id[step].problems if p.code == singly][:1]
    clear(told, singly, *named)
    dossier = by_id["dossier"]
    assert dossier.result is not None and dossier.result.failed == ()
    said = [p for p in dossier.problems if in_dossier in say(p, "en")]
    clear(said[0], in_dossier, *named)
    assert np.isfinite(dossier.result["validity"].measures["cfi"])
    assert np.isfinite(dossier.result["aggregation"].variables[0].between.icc1())
