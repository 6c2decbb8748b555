"""The step: every respondent checked, what cannot be computed said with its reason, nobody dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Codebook, Label, Variable, attach, codebook_of
from evalkit.contract.words import catalogue, has_text
from evalkit.quality import respondent_checks
from evalkit.quality.thresholds import CHECKS, DEFAULTS
from evalkit.scoring import score

N, SCALES, EACH = 400, 6, 6


@pytest.fixture(scope="module")
def survey():
    """Six scales of six items, the third reversed; row 0 a straight line, 1 random, 2 a copy of 3, 4 nearly 5."""
    rng = np.random.default_rng(11)
    trait = np.repeat(rng.normal(size=(N, SCALES)), EACH, axis=1)
    x = np.clip(np.rint(3 + 1.1 * trait + 0.5 * rng.normal(size=(N, SCALES * EACH))), 1, 5)
    x[:, 2::EACH] = 6 - x[:, 2::EACH]
    x[0], x[1] = 4, rng.integers(1, 6, SCALES * EACH)
    x[2], x[4] = x[3], x[5]
    x[4, 0] = 6 - x[4, 0] if x[4, 0] != 3 else 1
    x[6, :10] = np.nan
    names = [f"q{i}" for i in range(x.shape[1])]
    frame = pd.DataFrame(x, columns=names, index=np.arange(1, N + 1))
    frame["check"] = 3.0
    frame.loc[8, "check"] = 2.0
    frame["m__1"], frame["m__2"], frame["m__9"] = 1.0, 0.0, 0.0
    frame.loc[9, "m__9"] = 1.0
    frame["own"] = 1.0
    frame["rent"] = np.nan
    frame.loc[10, "rent"] = 500.0
    frame["duration_s"] = 400.0 + np.arange(N)
    frame.loc[11, "duration_s"], frame.loc[12, "duration_s"] = 30.0, np.nan
    start = pd.Timestamp("2026-03-01 08:00")
    frame["submitted_at"] = [start + pd.Timedelta(minutes=7 * i) for i in range(N)]
    frame.loc[20:29, "submitted_at"] = start + pd.Timedelta(days=1)
    frame["respondent_id"] = [f"r{i}" for i in range(N)]
    frame.loc[14, "respondent_id"] = "r3"
    variables = [Variable(c, "item", item=c, block=f"b{i // EACH}", low=1, high=5) for i, c in enumerate(names)]
    variables += [
        Variable("check", "nominal", item="check", check=3.0),
        *(Variable(f"m__{k}", "option", item="m", exclusive=k == 9) for k in (1, 2, 9)),
        Variable("own", "nominal", item="own"),
        Variable("rent", "number", item="rent", ask_if="own == 2"),
        Variable("duration_s", "number", role="paradata"),
        Variable("submitted_at", "date", role="paradata"),
        Variable("respondent_id", "id", role="respondent_id"),
    ]
    frame = attach(frame, Codebook().with_variables(variables))
    scales = [
        {"id": f"s{b}", "items": names[b * EACH : (b + 1) * EACH], "reverse": [names[b * EACH + 2]], "range": [1, 5]}
        for b in range(SCALES)
    ]
    return score(frame, scales)


@pytest.fixture(scope="module")
def found(survey):
    return respondent_checks(survey)


def test_each_planted_fault_is_found_and_only_where_it_is(found):
    flags = found.flags
    planted = {
        "attention_failed": [8],
        "exclusive": [9],
        "skip": [10],
        "seconds_per_item": [11],
        "times_faster": [11],
        "duplicate": [4],
        "duplicate_id": [14],
        "missing_share": [7],
        "burst": list(range(20, 30)),
        "near_duplicate": [3, 4, 5, 6],
    }
    for check, rows in planted.items():
        assert flags.index[flags[check] == 1].tolist() == rows, check
    assert (
        flags.loc[1, "longest_run"] == 1
        and ((flags["longest_run"] == 1) == (found.values["longest_run"] == EACH)).all()
    )
    assert flags.loc[1, "person_sd"] == 1 and flags.loc[2, "mahalanobis"] == 1
    assert flags.loc[2, "synonyms"] == 1 or flags.loc[2, "even_odd"] == 1


def test_values_keep_the_rows_and_nobody_is_dropped(found, survey):
    assert found.values.index.equals(survey.index) and found.n_obs == N and not found.dropped
    assert list(found.values) == [*CHECKS, "n_flags"]
    assert found.values.loc[1, "longest_run"] == EACH
    assert found.values.loc[2, "mahalanobis"] > 60


def test_what_cannot_be_said_has_its_reason(found):
    dossier = found.dossier(1).set_index("check")
    assert dossier.loc["even_odd", "verdict"] == "not computable"
    assert dossier.loc["even_odd", "reason"] == Label("quality.reason.flat").text("en")
    assert found.dossier(13, lang="zh").set_index("check").loc["seconds_per_item", "verdict"] in ("无异常", "无法判断")
    assert found.dossier(12).set_index("check").loc["times_faster", "reason"] == "no duration"
    for check in found.checks:
        assert ((check.reason >= 0) == np.isnan(check.flagged)).all()
        assert all(has_text(f"quality.reason.{key}") for key in check.reasons), check.reasons


def test_a_dossier_names_the_twin_and_the_bounds(found):
    dossier = found.dossier(4).set_index("check")
    assert dossier.loc["duplicate", "like_row"] == 3 and dossier.loc["duplicate", "verdict"] == "flag"
    assert dossier.loc["near_duplicate", "verdict"] == "review"
    assert found.dossier(5).set_index("check").loc["near_duplicate", "like_row"] == 6
    assert "2 s" in dossier.loc["seconds_per_item", "rule"]
    with pytest.raises(AnalysisError) as fault:
        found.dossier(0)
    assert fault.value.problems[0].code == "E804"


def test_thresholds_are_arguments_and_printed(survey):
    strict = respondent_checks(survey, thresholds={"seconds_per_item": 20, "run_items": 7})
    assert (strict.flags["seconds_per_item"] == 1).sum() > 100
    dossier = strict.dossier(1).set_index("check")
    assert dossier.loc["longest_run", "verdict"] == "not computable"
    assert "20 s" in dossier.loc["seconds_per_item", "rule"]
    tidy = strict.tidy().set_index(["term", "level"])
    assert tidy.loc[("seconds_per_item", "seconds_per_item"), "estimate"] == 20


@pytest.mark.parametrize(
    ("given", "code"),
    [({"speed": 1}, "E801"), ({"missing_share": 20}, "E802"), ({"pairs": -1}, "E802"), ({"pair_r": -0.6}, "E802")],
)
def test_bounds_that_make_no_sense_are_refused(survey, given, code):
    with pytest.raises(AnalysisError) as fault:
        respondent_checks(survey, thresholds=given)
    assert fault.value.problems[0].code == code


def test_items_must_be_numbers_and_columns(survey):
    for items, code in ((["respondent_id"], "E803"), (["nothing"], "E600")):
        with pytest.raises(AnalysisError) as fault:
            respondent_checks(survey, items=items)
        assert fault.value.problems[0].code == code


def test_a_plain_frame_is_checked_as_far_as_it_goes(residents, scale_items):
    items = [name for names in scale_items.values() for name in names]
    found = respondent_checks(residents, items=items, respondent_id="id")
    assert found.values["mahalanobis"].notna().all()
    assert found.flags["longest_run"].isna().all()  # no reversed item is known: reported, not flagged
    assert found.values["longest_run"].max() >= 6
    bare = respondent_checks(residents[["age"]])
    assert bare.flags["duplicate"].isna().all() and bare.glance()["count"].item() == 0


def test_scales_of_the_reference_data_give_even_odd(residents, scale_items):
    reverse = ["SV4", "CW3", "SAT4", "PAR2", "PAR5"]
    scales = [
        {"id": name, "items": items, "reverse": [i for i in items if i in reverse], "range": [1, 5]}
        for name, items in scale_items.items()
    ]
    found = respondent_checks(score(residents.rename(columns={"SAT": "x"}), scales))
    assert found.flags["even_odd"].notna().mean() > 0.9
    assert found.flags["longest_run"].isna().all()  # no block has six items


def test_tidy_glance_and_table_agree(found):
    tidy = found.tidy()
    checks = tidy[tidy["level"].isna()].set_index("term")
    assert list(checks.index) == list(CHECKS)
    assert set(tidy["level"].dropna()) == set(DEFAULTS)
    table = found.table()
    assert all(len(row.cells) == table.n_columns for row in table.rows)
    for row, check in zip(table.rows, found.checks, strict=True):
        assert row.cells[2].value == checks.loc[check.name, "n_obs"]
    assert found.glance()["count"].item() == (found.values["n_flags"] > 0).sum()
    for lang in ("zh", "en"):
        texts = [cell.value.text(lang) for row in table.rows for cell in row.cells if isinstance(cell.value, Label)]
        texts += [note.text(lang) for note in table.notes]
        assert not any("{" in text for text in texts)


def test_no_respondents_give_no_numbers(survey):
    found = respondent_checks(survey.iloc[:0])
    assert found.n_obs == 0 and found.values.empty and len(found.tidy()) == len(CHECKS) + found.tidy()["level"].count()
    assert found.table().rows and len(respondent_checks(survey.iloc[:1]).values) == 1


def test_flags_of_a_run_are_no_answers(survey):
    from evalkit.quality import flag

    twice = respondent_checks(flag(survey))
    pd.testing.assert_frame_equal(twice.values, respondent_checks(survey).values)


def test_every_check_is_worded():
    for name in CHECKS:
        assert all(f"quality.{part}.{name}" in catalogue()["labels"] for part in ("check", "rule", "source"))


def test_a_plan_can_name_the_step():
    from evalkit.plan import catalogue as steps

    assert steps.function("respondent_checks") is respondent_checks
    assert codebook_of(pd.DataFrame()).variables == {}
