"""Keys of a pooled row in, what they are called out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalkit.contract import Label
from evalkit.contract.words import has_text, text_of

_OWN = "imputation.statistic"
_STRUCTURES = ("structural", "reliability", "mediation")
_CAUSES = tuple(f"causal.{part}" for part in ("test", "group", "section", "method", "stage", "iv", "score", "series"))
_PLACES: Mapping[str, tuple[str, ...]] = {
    "CompareResult": ("descriptive.compare.effect",),
    "CriterionResult": ("descriptive.correlate",),
    "AggregationResult": ("aggregation",),
    "StructuralResult": _STRUCTURES,
    "LatentMediationResult": _STRUCTURES,
    "LongitudinalMediationResult": _STRUCTURES,
    "ValidityResult": ("validation", *_STRUCTURES),
    "NaturalResult": ("natural.term",),
    "MultilevelMediationResult": ("nested.effect", "nested.level", "nested.path"),
    "SurfaceResult": ("surface",),
    "InstrumentalResult": _CAUSES,
    "PropensityResult": _CAUSES,
    "DifferencesResult": _CAUSES,
    "InterruptedResult": _CAUSES,
}
"""Class of the pooled results -> where the words of its statistics stand, besides the labels of the data."""
_PREFIXES = ("model.", "test.")
_OF_PATHS = ("indirect", "interaction", "difference")


@dataclass(frozen=True)
class Naming:
    """The words of one pooled result.

    Attributes
    ----------
    source : str
        Class of the pooled results.
    """

    labels: Mapping[str, Label]
    source: str

    def word(self, name: str) -> Label:
        """A variable by its label, a statistic by its words, anything else as it is written."""
        known = self.labels.get(name) or self._statistic(name)
        if known is not None:
            return known
        kind, _, rest = name.partition(".")
        own = (*_OF_PATHS, "product") if self.source == "NaturalResult" else _OF_PATHS
        if kind in own and rest:
            path = self._joined(rest.replace(":", ".").split("."), " → " if kind == "indirect" else " × ")
            return Label(f"{_OWN}.{kind}", path=path)
        return self._joined(name.split(":"), " × ") if ":" in name else Label(zh=name, en=name)

    def row(self, row: Mapping[str, object], *, outcome: bool) -> Label:
        """The keys of a tidy row but its model, in words; the outcome where it is wanted or nothing else is there."""
        keys = ("outcome", "group", "term", "level")
        parts = [self.word(str(row[k])) for k in keys if given(row[k])]
        if self.source == "CompareResult" and given(row["level"]):
            parts[-1] = self.group_word(str(row["group"]), str(row["level"]))
        parts = parts if outcome or len(parts) < 2 or not given(row["outcome"]) else parts[1:]
        return Label(zh=" · ".join(p.text("zh") for p in parts), en=" · ".join(p.text("en") for p in parts))

    def group_word(self, group: str, name: str) -> Label:
        """A group, or two of them as `a:b`, of a grouping variable."""
        own = [self.labels.get(f"{group}={part}") or self.word(part) for part in name.split(":")]
        zh, en = (" − ".join(part.text(lang) for part in own) for lang in ("zh", "en"))
        return Label(zh=zh, en=en)

    def model(self, name: str) -> Label:
        """The heading of a model's rows."""
        own = f"imputation.models.{name}"
        known = Label(own) if has_text(own) else self.labels.get(name) or self._statistic(name)
        return known or Label("imputation.model", name=name)

    def _statistic(self, name: str) -> Label | None:
        plain = name
        for prefix in _PREFIXES:
            plain = plain.removeprefix(prefix)
        keys = (f"{place}.{plain}" for place in (_OWN, *_PLACES.get(self.source, ())))
        found = next((key for key in keys if has_text(key) and "{" not in text_of(key, "en")), None)
        return None if found is None else Label(found)

    def _joined(self, names: Sequence[str], between: str) -> Label:
        zh, en = (between.join(self.word(name).text(lang) for name in names) for lang in ("zh", "en"))
        return Label(zh=zh, en=en)


def given(value: object) -> bool:
    """Whether a key is used."""
    return value is not None and value == value
