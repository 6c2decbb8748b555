"""plan.toml 的分析用 Python 再做一遍：结果相同，便于改写。The analysis of plan.toml once more in Python, to build upon.

python script.py [文件夹 folder]
"""

import sys
from pathlib import Path

import evalkit as ek

HERE = Path(__file__).parent
CONTROLS = ["j_gender", "j_age", "j_party", "tenant"]
SCORES = [
    "party_core_function", "vision_consensus", "inclusive_deliberation", "stock_space_reuse", "benefit_compensation",
    "stakeholder_tension", "coproduction_network", "perceived_public_value", "renovation_satisfaction",
    "governance_community",
]  # fmt: skip


def usable_rows():
    """Scored answers without the rows that plan.toml excludes, and its derived variables."""
    instrument = ek.load_instrument("j-community-renovation")
    data = ek.flag(ek.score(ek.read_responses(HERE / "data.xlsx", instrument, form="R")))
    excluded = (
        (data["j_screen"] == 0)
        | (data["duration_s"] < 220)
        | (data["attention_failed"] > 0)
        | (data["missing_share"] > 0.2)
        | (data["duplicate"] == 1)
        | (data["duplicate_id"] == 1)
    )
    data = data[~excluded]
    occupancy, trial = data["j_tenure_type"], data["j_trial"]
    return data.assign(
        tenant=occupancy.isin([3, 4]).astype(float).where(occupancy.notna()),
        trial=(trial == 1).astype(float).where(trial.notna()),
    )


def results(data):
    """Every analysis by the name of its step in the plan."""

    def regress(outcome, *blocks):
        formula = f"{outcome} ~ {' + '.join(CONTROLS)}" + "".join(f" | + {block}" for block in blocks)
        return ek.regress(data, formula, cov="CR1", cluster="j_building")

    def mediate(x, m, y, kind=None, **options):
        roles = {"x": x, "m": m, "y": y, "kind": kind, "covariates": CONTROLS}
        return ek.mediate(data, **roles, cluster="j_building", seed=20260302, **options)

    party, network, value = "party_core_function", "coproduction_network", "perceived_public_value"
    triangle = ["vision_consensus", "inclusive_deliberation", "stock_space_reuse", "benefit_compensation"]
    return {
        "sample": ek.profile(data, items=["j_gender", "tenant", "j_ownerunit", "j_party", "j_hhsize", "j_zone"]),
        "needs": ek.profile(data, items=["j_need"]),
        "services": ek.profile(data, items=["j_service"]),
        "measures": ek.measures(data),
        "scores": ek.describe(data, SCORES),
        "reliability": ek.reliability(data, [s for s in SCORES if s not in (party, "stakeholder_tension")]),
        "correlations": ek.correlate(data, SCORES),
        "vision": regress("vision_consensus", party),
        "tension": regress("stakeholder_tension", party),
        "network": regress(network, party, "stakeholder_tension"),
        "value": regress(value, network),
        "participation": regress("participation_sense", "inclusive_deliberation"),
        "satisfaction": regress("renovation_satisfaction", "inclusive_deliberation"),
        "credibility": regress("government_credibility", "inclusive_deliberation"),
        "community": regress("governance_community", value),
        "via_tension": mediate(party, "stakeholder_tension", network),
        "via_triangle": mediate(party, triangle, network, "parallel"),
        "via_vision_network": mediate(party, ["vision_consensus", network], value, "serial"),
        "via_trust": mediate("trial", "provider_trust", "payment_willingness"),
        "via_information": mediate("political_guidance", "information_asymmetry", "vision_consensus"),
        "via_operations": mediate("benefit_compensation", "operational_tension", "renovation_satisfaction"),
        "vision_under_asymmetry": mediate(
            party, "vision_consensus", network, moderators={"information_asymmetry": "a"}
        ),
    }


def main(folder):
    """Write the tables in both languages and two figures."""
    folder.mkdir(parents=True, exist_ok=True)
    found = results(usable_rows())
    tables = [result.table() for result in found.values()]
    for lang in ("zh", "en"):
        ek.write(tables, folder / f"tables-{lang}.xlsx", lang=lang)
        ek.draw(found["needs"].figure(), folder / f"needs-{lang}.svg", lang=lang)
        ek.draw(found["via_tension"].figure(), folder / f"via_tension-{lang}.svg", lang=lang)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out-script")
