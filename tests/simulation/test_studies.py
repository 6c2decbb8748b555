"""The shipped models say what the papers say: signs of the hypotheses, shares of the needs, plausible data."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import MISSING_KINDS, Codebook, item_columns
from evalkit.scoring import score

J, E = "j-community-renovation", "elevator-coproduction"
PARTY, TENSION, NETWORK = "party_core_function", "stakeholder_tension", "coproduction_network"
TRIANGLE = ["vision_consensus", "inclusive_deliberation", "stock_space_reuse", "benefit_compensation"]
LEADING, FORMAL, INFORMAL = "party_building_leadership", "formal_leadership", "informal_leadership"
WILL, ABLE, DONE = "coproduction_willingness", "coproduction_capability", "coproduction_behaviour"

# hypothesis: (outcome, predictors, signs of the predictors; None = not part of the claim)
CLAIMS = {
    J: {
        "J-H1": [("vision_consensus", [PARTY], "+")],
        "J-H2": [(TENSION, [PARTY], "-")],
        "J-H3": [(TENSION, [PARTY], "-"), (NETWORK, [TENSION, PARTY], "- ")],
        "J-H4": [*((m, [PARTY], "+") for m in TRIANGLE), (NETWORK, [*TRIANGLE, PARTY], "++++ ")],
        "J-H5": [("perceived_public_value", [NETWORK], "+")],
        "J-H6": [
            ("vision_consensus", [PARTY], "+"),
            (NETWORK, ["vision_consensus", PARTY], "+ "),
            ("perceived_public_value", [NETWORK, "vision_consensus", PARTY], "+  "),
        ],
        "J-H7": [
            (y, ["inclusive_deliberation"], "+")
            for y in ("participation_sense", "renovation_satisfaction", "government_credibility")
        ],
        "J-H8": [("provider_trust", ["trial"], "+"), ("payment_willingness", ["provider_trust", "trial"], "+ ")],
        "J-H9": [
            ("information_asymmetry", ["political_guidance"], "-"),
            ("vision_consensus", ["information_asymmetry", "political_guidance"], "- "),
        ],
        "J-H10": [
            ("operational_tension", ["benefit_compensation"], "-"),
            ("renovation_satisfaction", ["operational_tension", "benefit_compensation"], "- "),
        ],
        "J-H11": [("governance_community", ["perceived_public_value"], "+")],
    },
    E: {
        "E-H1": [(WILL, ["living_quality_demand", "mobiliser_traits", "enterprise_willingness"], "+++")],
        "E-H2": [(ABLE, ["public_efficacy", "power_imbalance", "policy_impasse"], "+--")],
        "E-H4": [
            (FORMAL, [LEADING], "+"),
            (DONE, [FORMAL, LEADING], "+ "),
            ("community_renewal", [DONE, FORMAL, LEADING], "+  "),
        ],
        "E-H5": [
            (INFORMAL, [LEADING], "+"),
            (DONE, [INFORMAL, LEADING], "+ "),
            ("community_renewal", [DONE, INFORMAL, LEADING], "+  "),
        ],
        "E-H6": [(DONE, [FORMAL, INFORMAL, LEADING], "++ ")],
        "E-H7": [
            (FORMAL, ["direct_leading"], "+"),
            (DONE, [FORMAL, "direct_leading"], "+ "),
            (INFORMAL, ["embedded_leading"], "+"),
            (DONE, [INFORMAL, "embedded_leading"], "+ "),
        ],
        "E-H8": [(INFORMAL, [FORMAL], "+"), (WILL, [INFORMAL, FORMAL], "+ ")],
        "E-H9": [
            ("formal_deliberation_organiser", ["multi_party_coordinator"], "+"),
            ("shared_vision_promoter", ["formal_deliberation_organiser", "multi_party_coordinator"], "+ "),
        ],
        "E-H10": [
            ("action_leader", ["opinion_leader"], "+"),
            ("community_elite", ["action_leader", "opinion_leader"], "+ "),
        ],
        "E-H11": [
            ("negative_emotion", ["interest_co_construction"], "-"),
            (WILL, ["negative_emotion", "interest_co_construction"], "- "),
        ],
        "E-H15": [
            ("community_renewal", [DONE], "+"),
            ("renewal_satisfaction", ["community_renewal", DONE], "+ "),
        ],
    },
}


@pytest.fixture(scope="module")
def usable(shipped_study):
    """Scored usable rows of a study."""

    @cache
    def rows(name):
        instrument, _, made = shipped_study(name)
        read = SimpleNamespace(frame=made.answers, missing=made.missing, codebook=Codebook(), instrument=instrument)
        data = score(read)[(made.kind == "usable").to_numpy()]
        if name == J:
            data = data.assign(trial=(data["j_trial"] == 1).where(data["j_trial"].notna()).astype(float))
        return data

    return rows


def t_values(data, outcome, predictors):
    rows = data[[outcome, *predictors]].dropna().to_numpy(dtype=float)
    y, x = rows[:, 0], np.column_stack([np.ones(len(rows)), rows[:, 1:]])
    b, *_ = np.linalg.lstsq(x, y, rcond=None)
    error = np.sum((y - x @ b) ** 2) / (len(y) - x.shape[1])
    return (b / np.sqrt(error * np.diag(np.linalg.inv(x.T @ x))))[1:]


@pytest.mark.parametrize(("study", "claim"), [(study, claim) for study in CLAIMS for claim in CLAIMS[study]])
def test_every_path_of_a_hypothesis_has_its_sign(usable, study, claim):
    for outcome, predictors, signs in CLAIMS[study][claim]:
        for predictor, sign, t in zip(predictors, signs, t_values(usable(study), outcome, predictors), strict=True):
            if sign != " ":
                assert t * {"+": 1, "-": -1}[sign] > 2.5, (claim, outcome, predictor, t)


def test_needs_and_services_have_the_shares_of_the_paper(usable):
    data = usable(J)

    def of_cases(question, *codes):
        cases = data.filter(regex=f"^{question}__[a-z]+$").sum(axis=1) > 0
        chosen = np.any([data[f"{question}__{code}"] == 1 for code in codes], axis=0)
        return chosen[cases].mean()

    paper = {
        ("j_need", "greening", "sanitation"): 0.43,
        ("j_need", "facilities"): 0.40,
        ("j_need", "parking"): 0.29,
        ("j_service", "market"): 0.45,
        ("j_service", "canteen"): 0.40,
        ("j_service", "restaurant"): 0.38,
    }
    for named, share in paper.items():
        assert of_cases(*named) == pytest.approx(share, abs=2.5 * np.sqrt(share * (1 - share) / 2380)), named


@pytest.mark.parametrize(("study", "n"), [(J, 2380), (E, 1200)])
def test_there_are_as_many_usable_rows_as_told(shipped_study, study, n):
    instrument, _, made = shipped_study(study)
    assert (made.kind == "usable").sum() == n
    items = [item for scale in instrument.scales for item in scale.items]
    blank = (made.missing[items] == MISSING_KINDS.index("no_answer")).mean(axis=1)
    assert blank[made.kind == "usable"].max() < 0.2 < blank[made.kind == "incomplete"].min()


@pytest.mark.parametrize("study", [J, E])
def test_scales_are_as_reliable_as_published_ones(usable, shipped_study, study):
    data = usable(study)
    for scale in shipped_study(study)[0].scales:
        if scale.items:
            cov = data[item_columns(data, scale.id)].dropna().cov().to_numpy()
            k = len(cov)
            assert 0.70 < k / (k - 1) * (1 - np.trace(cov) / cov.sum()) < 0.90, scale.id


def test_lifts_stand_in_stairwells_of_twelve_estates(usable, shipped_study):
    data, made = usable(E), shipped_study(E)[2]
    assert data["e_estate"].nunique() == 12 and data["e_city"].nunique() == 4
    assert data["e_building"].nunique() == 60 and data.groupby("e_building")["e_estate"].nunique().max() == 1
    assert (data["e_floor"].isna() | data["e_floors"].isna() | (data["e_floor"] <= data["e_floors"])).all()
    stage = made.context["e_stage"]
    asked = made.missing["E_CR1"] != MISSING_KINDS.index("not_asked")
    assert not asked[~stage.isin([5, 6])].any() and asked[stage.isin([5, 6]) & (made.kind == "usable")].all()
    assert pd.Series(stage[made.kind == "usable"]).isin([5, 6]).mean() > 0.7


def test_shared_perceptions_differ_between_stairwells(usable):
    data = usable(E)

    def icc1(column):
        rows = data[[column, "e_building"]].dropna()
        groups = rows.groupby("e_building")[column]
        size = len(rows) / groups.ngroups
        between = (groups.size() * (groups.mean() - rows[column].mean()) ** 2).sum() / (groups.ngroups - 1)
        within = ((rows[column] - groups.transform("mean")) ** 2).sum() / (len(rows) - groups.ngroups)
        return (between - within) / (between + (size - 1) * within)

    assert 0.05 < icc1(LEADING) < 0.25 and 0.05 < icc1(FORMAL) < 0.25 and icc1("living_quality_demand") < 0.05


def test_shares_of_a_stairwell_and_the_subsidy_make_the_whole(usable, shipped_study):
    data, made = usable(E), shipped_study(E)[2]
    rows = data.join(made.context[["e_subsidy"]]).dropna(subset=["e_share_pct", "e_floor", "e_floors"])
    one = rows.drop_duplicates(["e_building", "e_floor"])
    whole = one.groupby("e_building").filter(lambda g: len(g) == g["e_floors"].iloc[0])
    total = 2 * whole.groupby("e_building")["e_share_pct"].sum() + whole.groupby("e_building")["e_subsidy"].first()
    assert len(total) > 10 and np.allclose(total, 100, atol=0.5)
