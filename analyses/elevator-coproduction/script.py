"""plan.toml 的分析用 Python 再做一遍：结果相同，便于改写。The analysis of plan.toml once more in Python, to build upon.

python script.py [文件夹 folder]
"""

import sys
from pathlib import Path

import pandas as pd

import evalkit as ek

HERE = Path(__file__).parent
CONTROLS = ["e_gender", "e_age", "e_edu", "owner", "e_party", "floor_position"]
SCORES = [
    "party_building_leadership", "formal_leadership", "informal_leadership", "coproduction_willingness",
    "coproduction_capability", "negative_emotion", "coproduction_behaviour", "community_renewal",
    "renewal_satisfaction",
]  # fmt: skip


def usable_rows():
    """Scored answers without the rows that plan.toml excludes, the register's columns and derived variables."""
    instrument = ek.load_instrument("elevator-coproduction")
    data = ek.flag(ek.score(ek.read_responses(HERE / "data.xlsx", instrument, form="R")))
    excluded = (
        data["e_screen"].isin([0, 2])
        | (data["duration_s"] < 280)
        | (data["attention_failed"] > 0)
        | (data["missing_share"] > 0.2)
        | (data["duplicate"] == 1)
        | (data["duplicate_id"] == 1)
    )
    data = data[~excluded]
    register = pd.read_csv(HERE / "register.csv", index_col="e_building")
    tenure = data["e_owner"]
    return data.assign(
        e_installed=data["e_building"].map(register["e_installed"]).astype(float),
        floor_position=(data["e_floor"] - 1) / (data["e_floors"] - 1),
        owner=(tenure != 1).astype(float).where(tenure.notna()),
    )


def results(data):
    """Every analysis by the name of its step in the plan."""

    def regress(outcome, *blocks):
        formula = f"{outcome} ~ {' + '.join([*CONTROLS, 'e_installed'])}" + "".join(f" | + {b}" for b in blocks)
        return ek.regress(data, formula, cov="CR1", cluster="e_building")

    def mediate(x, m, y, kind=None, more=(), **options):
        roles = {"x": x, "m": m, "y": y, "kind": kind, "covariates": [*more, *CONTROLS]}
        return ek.mediate(data, **roles, cluster="e_building", seed=20260316, **options)

    def moderate(y, x, w):
        controls = [name for name in CONTROLS if name != w]
        return ek.moderate(data, y=y, x=x, w=w, covariates=controls, cov="CR1", cluster="e_building")

    leading, formal, informal = "party_building_leadership", "formal_leadership", "informal_leadership"
    done, willing, renewal = "coproduction_behaviour", "coproduction_willingness", "community_renewal"
    return {
        "sample": ek.profile(data, items=["e_city", "e_gender", "e_edu", "e_income", "e_party", "e_will_now"]),
        "concerns": ek.profile(data, items=["e_object"]),
        "compensation": ek.profile(data, items=["e_comp"]),
        "measures": ek.measures(data),
        "scores": ek.describe(data, SCORES),
        "reliability": ek.reliability(data, [s for s in SCORES if s not in (leading, formal, informal)]),
        "correlations": ek.correlate(data, SCORES),
        "willingness": regress(willing, "living_quality_demand + mobiliser_traits + enterprise_willingness"),
        "capability": regress("coproduction_capability", "public_efficacy + power_imbalance + policy_impasse"),
        "behaviour": regress(done, leading, f"{formal} + {informal}"),
        "formal_chain": mediate(leading, [formal, done], renewal, "serial"),
        "informal_chain": mediate(leading, [informal, done], renewal, "serial"),
        "two_leaderships": mediate(leading, [formal, informal], done, "parallel"),
        "direct_path": mediate("direct_leading", formal, done, more=["embedded_leading"]),
        "embedded_path": mediate("embedded_leading", informal, done, more=["direct_leading"]),
        "platform": mediate(formal, informal, willing),
        "formal_roles": mediate("multi_party_coordinator", "formal_deliberation_organiser", "shared_vision_promoter"),
        "informal_roles": mediate("opinion_leader", "action_leader", "community_elite"),
        "feelings": mediate("interest_co_construction", "negative_emotion", willing),
        "renewal": mediate(done, renewal, "renewal_satisfaction"),
        "willing_and_able": moderate(done, willing, "coproduction_capability"),
        "interests_by_floor": moderate(willing, "interest_co_construction", "floor_position"),
        "opinion_and_power": mediate("opinion_leader", willing, done, moderators={"power_imbalance": "b"}),
        **from_casebook(),
    }


def from_casebook():
    """The simulated casebook: codes, coders, paths to a lift and to failure, network, and the estates side by side.

    The set ACTIVE is left out: the plan joins the survey's means to the cases, here they would be joined by hand.
    """
    book = ek.read_casebook(HERE / "casebook-simulated")
    texts = {"sources": book.sources, "codebook": book.codebook}
    rules = book.conditions[~book.conditions["from"].str.startswith("survey:")]
    sets = ek.calibrate_sets(book.cases, calibration=rules, case="case_id", codings=book.codings, **texts)

    def paths(outcome, *conditions, **expected):
        hopes = expected or {name: sets.expectations[name] for name in conditions}
        cuts = {"consistency": 0.8, "pri": 0.7, "frequency": 1}
        return ek.qca(sets.data, outcome=outcome, conditions=conditions, case="case_id", expectations=hopes, **cuts)

    lift = paths("LIFT", "DIRECT", "EMBED", "FORMAL", "INFORM")
    influence = ek.network(book.ties, weight="weight", actors=book.actors, group="role", seed=20260316)
    return {
        "codes": ek.code_profile(book.codings, **texts, printed={"concept": 45, "subcategory": 24, "category": 10}),
        "coders": ek.agreement(book.codings, units=book.units, codebook=book.codebook, level="subcategory"),
        "sets": sets,
        "leading_paths": lift,
        "interest_failures": paths(
            "~LIFT", "FORMAL", "INFORM", "COMP", "OBJECT", FORMAL=0, INFORM=0, COMP=0, OBJECT=1
        ),
        "influence": influence,
        "estates": ek.joint_display(
            book.cases, kind="cases", case="case_id", codings=book.codings, fit=book.fit, actors=book.actors, **texts,
            codes=["E.4", "E.5", "E.6", "E.7", "E.8", "E.9"], configurations=lift, network=influence,
            belongs="case_id", lead={"role": "党组织"},
        ),
    }  # fmt: skip


def main(folder):
    """Write the tables in both languages and two figures."""
    folder.mkdir(parents=True, exist_ok=True)
    found = results(usable_rows())
    tables = [result.table() for result in found.values()]
    for lang in ("zh", "en"):
        ek.write(tables, folder / f"tables-{lang}.xlsx", lang=lang)
        ek.draw(found["concerns"].figure(), folder / f"concerns-{lang}.svg", lang=lang)
        ek.draw(found["two_leaderships"].figure(), folder / f"two_leaderships-{lang}.svg", lang=lang)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out-script")
