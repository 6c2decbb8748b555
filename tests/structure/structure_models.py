"""The models of the reference scripts, fitted once, and lavaan's names of our measures."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.structure import Fit, fit

GOLDEN = Path(__file__).parent.parent / "golden"
M3 = "OB =~ OB1 + OB2 + OB3 + OB4\nOE =~ OE1 + OE2 + OE3 + OE4\nMO =~ MO1 + MO2 + MO3 + MO4"
M8 = (
    M3 + "\nSV =~ SV1 + SV2 + SV3 + SV4\nCW =~ CW1 + CW2 + CW3 + CW4\nCC =~ CC1 + CC2 + CC3 + CC4"
    "\nSAT =~ SAT1 + SAT2 + SAT3 + SAT4 + SAT5\nPAR =~ PAR1 + PAR2 + PAR3 + PAR4 + PAR5"
)
M1 = "G =~ " + " + ".join(f"{s}{i}" for s in ("OB", "OE", "MO") for i in range(1, 5))
OUTCOMES = "SAT =~ SAT1 + SAT2 + SAT3 + SAT4 + SAT5\nPAR =~ PAR1 + PAR2 + PAR3 + PAR4 + PAR5"
SAT = "SAT =~ SAT1 + SAT2 + SAT3 + SAT4 + SAT5"
METHOD = "SV =~ SV1 + SV2 + SV3 + SV4\nCW =~ CW1 + CW2 + CW3 + CW4\nSAT =~ SAT1 + SAT2 + SAT3 + SAT4 + SAT5"
METHOD_ITEMS = [f"{s}{i}" for s, k in (("SV", 4), ("CW", 4), ("SAT", 5)) for i in range(1, k + 1)]
EQUAL_CORRELATIONS = M3 + "\nOB ~~ r*OE\nOB ~~ r*MO\nOE ~~ r*MO"
TAU = "\n".join(
    f"{s} =~ " + " + ".join(f"{label}*{s}{i}" for i in range(1, 5))
    for s, label in (("OB", "a"), ("OE", "b"), ("MO", "c"))
)
MODELS: dict[str, tuple[str, dict[str, object]]] = {
    "m3.ML": (M3, {}),
    "m3.ML.std_lv": (M3, {"std_lv": True}),
    "m3.ML.observed": (M3, {"information": "observed"}),
    "m3.MLR": (M3, {"estimator": "MLR"}),
    "m3.MLM": (M3, {"estimator": "MLM"}),
    "m3.ML_wishart": (M3, {"likelihood": "wishart"}),
    "m3.GLS": (M3, {"estimator": "GLS"}),
    "m3.ULS": (M3, {"estimator": "ULS"}),
    "m8.ML": (M8, {}),
    "m8.MLR": (M8, {"estimator": "MLR"}),
    "m1.ML": (M1, {}),
    "m1.MLR": (M1, {"estimator": "MLR"}),
    "second_order.ML": (M3 + "\nLEAD =~ OB + OE + MO", {}),
    "outcomes.ML": (OUTCOMES, {}),
    "outcomes_rescov.ML": (OUTCOMES + "\nSAT1 ~~ SAT2", {}),
    "SAT_means.ML": (SAT, {"meanstructure": True}),
    "SAT.congeneric": (SAT, {"std_lv": True}),
    "SAT.tau": ("SAT =~ l*SAT1 + l*SAT2 + l*SAT3 + l*SAT4 + l*SAT5", {"std_lv": True}),
    "equal_correlations.MLR": (EQUAL_CORRELATIONS, {"estimator": "MLR", "std_lv": True}),
    "equal_correlations.MLM": (EQUAL_CORRELATIONS, {"estimator": "MLM", "std_lv": True}),
    "tau_equivalence.MLR": (TAU, {"estimator": "MLR", "std_lv": True}),
    "common_latent_factor.base": (METHOD, {"std_lv": True}),
    "common_latent_factor.ML": (
        METHOD
        + "\nCLF =~ "
        + " + ".join(f"m*{i}" for i in METHOD_ITEMS)
        + "\n"
        + "\n".join(f"CLF ~~ 0*{s}" for s in ("SV", "CW", "SAT")),
        {"std_lv": True},
    ),
}
RENAMED = {
    "pvalue": "p_value", "ntotal": "n", "logl": "log_likelihood", "unrestricted.logl": "log_likelihood_h1",
    "bic2": "sabic", "nnfi": "tli", "rmsea.ci.lower": "rmsea_low", "rmsea.ci.upper": "rmsea_high",
    "rmsea.pvalue": "rmsea_p", "rmsea.notclose.pvalue": "rmsea_p_notclose", "cn_05": "hoelter_05",
    "cn_01": "hoelter_01", "chisq.scaling.factor": "scaling_factor", "srmr_bentler": "srmr",
    "baseline.chisq.scaling.factor": "baseline_scaling_factor", "scaling.factor.h0": "scaling_factor_h0",
    "scaling.factor.h1": "scaling_factor_h1", "srmr_bentler_nomean": "srmr_nomean",
}  # fmt: skip
CONSTANTS = {"rmsea.ci.level": 0.9, "rmsea.close.h0": 0.05, "rmsea.notclose.h0": 0.08}


@cache
def scored() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "residents_scored.csv")


@cache
def fitted(name: str) -> Fit:
    model, options = MODELS[name]
    return fit(model, scored(), **options)  # type: ignore[arg-type]


def records(topic: str) -> dict[str, dict[str, object]]:
    return {r["id"]: r for r in json.loads((GOLDEN / f"{topic}.json").read_text(encoding="utf-8"))["values"]}


def ours(name: str) -> str:
    return RENAMED.get(name, name).replace(".", "_").replace("pvalue", "p_value")


def measure(found: dict[str, float], name: str, n: int) -> float:
    """Our value of lavaan's measure."""
    if name in CONSTANTS:
        return CONSTANTS[name]
    for end in ("scaled", "robust"):
        if name.endswith(f".{end}"):
            inner = name.removesuffix(f".{end}")
            return found[ours(inner) + f"_{end}"]
    return float(n) if name == "ntotal" else found[ours(name)]


def parameter_columns(got: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Our rows in the reference's order, under lavaan's column names."""
    names = {"est": "est", "est.std": "est", "se": "se", "z": "z", "pvalue": "p_value", "label": "label"}
    names |= {"ci.lower": "conf_low", "ci.upper": "conf_high"}
    groups = list(dict.fromkeys(got["group"]))
    rows = {}
    for _, row in got.iterrows():
        group = groups.index(row["group"]) + 1
        rows[row["lhs"], row["op"], row["rhs"], group] = row
        if row["op"] == "~~":
            rows[row["rhs"], "~~", row["lhs"], group] = row
    out = []
    for _, row in reference.iterrows():
        found = rows[row["lhs"], row["op"], row["rhs"] or "", int(row.get("group", 1))]
        out.append({c: found[names[c]] if c in names else row[c] for c in reference.columns})
    return pd.DataFrame(out)


def assert_table(got: pd.DataFrame, record: dict[str, object]) -> None:
    """Every number of a table within the record's tolerance."""
    reference = pd.DataFrame(record["estimate"])
    if "lhs" in reference and "op" not in reference:
        reference.insert(1, "op", "=~" if "rhs" in reference else "~1")
    if "rhs" not in reference:
        reference["rhs"] = ""
    mine = parameter_columns(got, reference)
    for column in reference.columns.difference(["lhs", "op", "rhs", "label", "group"]):
        assert_close(mine[column].to_numpy(float), reference[column].to_numpy(float), record, column)


def assert_close(got: object, reference: object, record: dict[str, object], what: object = "") -> None:
    tolerance = record["tol"]
    got, reference = np.asarray(got, dtype=float), np.asarray(reference, dtype=float)
    near = np.abs(got - reference) <= tolerance["abs"] + tolerance["rel"] * np.abs(reference)  # type: ignore[index]
    near |= np.isnan(got) & np.isnan(reference)
    assert near.all(), f"{what}: {got[~near][:6]} against {reference[~near][:6]}"
