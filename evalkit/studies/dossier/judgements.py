"""Results of the parts in; every judgement with its value and rule out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.contract import Label
from evalkit.measurement.aggregation_result import middle
from evalkit.measurement.reported_fit import reported
from evalkit.studies.dossier.rules import Rule

Finding = tuple[str, str, Label, float]
"""Rule id, id of what is judged, its wording, value."""


@dataclass(frozen=True)
class Judgement:
    """One value held against one rule; `met` is None where there is no value."""

    rule: Rule
    about: str
    label: Label
    value: float

    @property
    def met(self) -> bool | None:
        return self.rule.met(self.value)


def judged(found: Mapping[str, Any], rules: Mapping[str, Rule]) -> tuple[Judgement, ...]:
    """Every judgement that the results of the parts (by part id) allow, in the order of the rules."""
    findings = [finding for part, read in READERS.items() if part in found for finding in read(found[part])]
    order = {id: i for i, id in enumerate(rules)}
    made = [Judgement(rules[rule], about, label, value) for rule, about, label, value in findings]
    return tuple(sorted(made, key=lambda judgement: order[judgement.rule.id]))


def _of_reliability(result: Any) -> Iterator[Finding]:
    for scale in result.scales:
        if scale.reason != "reliability.reason_one_item":
            yield "alpha", scale.id, scale.label, scale.alpha
        if len(scale.items) > 2:
            yield "omega", scale.id, scale.label, scale.omega
        if len(scale.items) > 1:
            for item in scale.items:
                yield "item_rest", item.name, item.label, item.item_rest


def _of_dimension(result: Any) -> Iterator[Finding]:
    for id, found in result.scales.items():
        yield "kmo", id, result.labels[id], found.adequacy.kmo if found else float("nan")
        yield "n_factors", id, result.labels[id], float(found.parallel.n_factors) if found else float("nan")


def _of_validity(result: Any) -> Iterator[Finding]:
    whole = Label("dossier.whole_model")
    measures = reported(result.measures)
    for name in ("chisq_df", "cfi", "tli", "rmsea", "srmr"):
        yield name, "model", whole, measures[name]
    for r in result.loadings.itertuples():
        yield "loading", r.item, result.labels[r.item], abs(float(r.beta))
    for factor in result.known:
        label = result.labels[factor.name]
        yield "composite_reliability", factor.name, label, factor.composite_reliability
        yield "ave", factor.name, label, factor.ave
        if len(result.factors) > 1:
            yield "fornell_larcker", factor.name, label, factor.ave - factor.msv
    yield from _of_ratios(result)


def _of_ratios(result: Any) -> Iterator[Finding]:
    """HTMT of every pair."""
    if "htmt" not in result.ratios:
        return
    found = result.ratios["htmt"].estimate
    for i, one in enumerate(result.factors):
        for j, other in enumerate(result.factors[:i]):
            pair = Label("validation.between", one=result.labels[other.name], other=result.labels[one.name])
            yield "htmt", f"{other.name}.{one.name}", pair, float(found[i, j])


def _of_method(result: Any) -> Iterator[Finding]:
    whole = Label("dossier.all_items")
    yield "harman", "items", whole, result.harman.share
    factor = Label("dossier.method_factor")
    for name in ("cfi", "tli", "rmsea"):
        yield f"method_{name}", "method", factor, result.change(name)
    for name, value in result.vif.items():
        yield "vif", name, result.labels[name], value


def _of_rivals(result: Any) -> Iterator[Finding]:
    known = result.models[0].fitted
    yield "rivals", "model", Label("dossier.whole_model"), float(len(result.rivals)) if known else float("nan")


def _of_invariance(result: Any) -> Iterator[Finding]:
    for f in result.ladders:
        label = Label("dossier.over", scale=f.label, by=result.labels[f.by])
        yield "invariance", f"{f.scale}.{f.by}", label, f.fall


def _of_aggregation(result: Any) -> Iterator[Finding]:
    for v in result.variables:
        yield "rwg", v.name, v.label, middle(v.nulls[0].rwg_j)
        yield "icc1", v.name, v.label, v.between.icc1()
        yield "icc1_p", v.name, v.label, v.between.p_value
        yield "icc2", v.name, v.label, v.between.icc2


READERS: Mapping[str, Callable[[Any], Iterator[Finding]]] = {
    "reliability": _of_reliability,
    "dimension": _of_dimension,
    "validity": _of_validity,
    "method": _of_method,
    "rivals": _of_rivals,
    "invariance": _of_invariance,
    "aggregation": _of_aggregation,
}
