"""A model in, people out: where they live, what they are, and what they think (latent scores)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from evalkit.formula import compute, parse_expression
from evalkit.resample import Stream, child_seed
from evalkit.simulation.model import Model

_LEAST_REST = 1e-3
"""Every liability keeps at least this share of its variance for what the model does not explain."""
_ENOUGH = 100
"""People from whom a variance can be judged; among fewer it may pass 1 by chance, and is cut back."""


class People:
    """Columns of `n` people, drawn one after the other in an order in which everything they need exists.

    Every variable and latent is a liability of variance 1: the weighted standardised things that act on it, an
    effect of the places it varies by, and a rest. A latent is that liability; a variable cuts or maps it.
    Each name has a random stream of its own, so that adding one leaves the others as they were.
    """

    def __init__(self, model: Model, n: int, seed: int) -> None:
        self.model, self.n, self.seed = model, n, seed
        self.columns: dict[str, np.ndarray] = {}
        self.latents: dict[str, np.ndarray] = {}
        self._place: dict[str, np.ndarray] = {}
        self._n_places: dict[str, int] = {}
        for entry in model.places:
            self._settle(entry)
        self._draw_all()

    def stream(self, name: str) -> Stream:
        """Random numbers that belong to one name."""
        return Stream(child_seed(self.seed, name))

    def liability(self, name: str, on: Mapping[str, float], places: Mapping[str, float] | None = None) -> np.ndarray:
        """Standard normal in the population: `on` acts on it, `places` are shares of its variance."""
        explained = np.zeros(self.n)
        for term, weight in on.items():
            explained += weight * self._term(name, term)
        explained -= explained.mean()
        local = np.zeros(self.n)
        for place, share in (places or {}).items():
            if place not in self._place:
                raise self.model.unknown(name, place, self._place)
            effects = self.stream(f"place {place} {name}").normal(self._n_places[place])
            local += np.sqrt(share) * effects[self._place[place]]
        shared = sum((places or {}).values())
        variance = float(explained.var()) + shared
        if variance > 1 - _LEAST_REST:
            if self.n >= _ENOUGH or shared > 1 - _LEAST_REST:
                raise self.model.fault("E853", name=name, variance=variance)
            explained *= np.sqrt((1 - _LEAST_REST - shared) / explained.var())
            variance = 1 - _LEAST_REST
        return explained + local + np.sqrt(1 - variance) * self.stream(f"rest {name}").normal(self.n)

    def _settle(self, entry: Mapping[str, Any]) -> None:
        """Give everyone a place of this level; `within` a place of the level above."""
        name = entry["id"]
        upper = entry.get("within")
        if "rows" in entry:
            chosen = np.minimum((self.stream(f"where {name}").uniform(self.n) * len(entry["rows"])).astype(int),
                                len(entry["rows"]) - 1)  # fmt: skip
            for position, column in enumerate(entry["columns"]):
                self.columns[column] = _column([row[position] for row in entry["rows"]])[chosen]
            self._place[name], self._n_places[name] = chosen, len(entry["rows"])
        elif "shares" in entry:
            codes = _column([_code(key) for key in entry["shares"]])
            ends = np.cumsum(list(entry["shares"].values()))
            chosen = np.searchsorted(ends[:-1], self.stream(f"where {name}").uniform(self.n) * ends[-1], side="right")
            self.columns[name] = codes[chosen]
            self._place[name], self._n_places[name] = chosen, len(codes)
        else:
            count = int(entry["count"])
            if upper is not None and upper not in self._place:
                raise self.model.unknown(f"[[places]] {name}", upper, self._place)
            above = self._place[upper] if upper else np.zeros(self.n, dtype=int)
            number = np.minimum((self.stream(f"where {name}").uniform(self.n) * count).astype(int), count - 1)
            self._place[name] = above * count + number
            self._n_places[name] = (self._n_places[upper] if upper else 1) * count
            label = entry.get("label", "{n}")
            self.columns[name] = self._labels(label, {"n": number + 1})

    def _labels(self, label: str, more: Mapping[str, np.ndarray]) -> np.ndarray:
        known = {key: column for key, column in self.columns.items() if "{" + key in label} | dict(more)
        names = list(known)
        rows = zip(*(known[key] for key in names), strict=True) if names else ((),) * self.n
        return np.array([label.format(**dict(zip(names, map(_plain, row), strict=True))) for row in rows], dtype=object)

    def _draw_all(self) -> None:
        """Variables and latents, each after what it needs."""
        waiting: dict[str, tuple[str, Mapping[str, Any]]] = {e["id"]: ("variable", e) for e in self.model.variables}
        waiting |= {name: ("latent", entry) for name, entry in self.model.latents.items()}
        while waiting:
            ready = [name for name, (_, entry) in waiting.items() if not _needs(entry) & waiting.keys()]
            if not ready:
                raise self.model.fault("E854", names=list(waiting))
            for name in ready:
                kind, entry = waiting.pop(name)
                if kind == "latent":
                    drawn = self.liability(name, entry.get("on", {}), entry.get("places"))
                    self.latents[name] = drawn
                else:
                    self.columns[name] = self._variable(entry)

    def _variable(self, entry: Mapping[str, Any]) -> np.ndarray:
        name = entry["id"]
        if "label" in entry:
            return self._labels(entry["label"], {})
        if "compute" in entry:
            values = compute(entry["compute"]).evaluate(lambda column: self._known(name, column))
            return _tidy(values + entry.get("noise", 0.0) * self.stream(f"rest {name}").normal(self.n), entry)
        if "at" in entry:
            if entry["at"] not in self._place:
                raise self.model.unknown(name, entry["at"], self._place)
            liability = self.stream(f"rest {name}").normal(self._n_places[entry["at"]])[self._place[entry["at"]]]
        else:
            liability = self.liability(name, entry.get("on", {}))
        if "shares" in entry:
            codes = _column([_code(key) for key in entry["shares"]])
            return codes[cut(liability, list(entry["shares"].values()))]
        if "texts" in entry:
            texts = np.array(entry["texts"], dtype=object)
            return texts[np.minimum((ndtr(liability) * len(texts)).astype(int), len(texts) - 1)]
        return _tidy(self._number(entry, liability), entry)

    def _number(self, entry: Mapping[str, Any], liability: np.ndarray) -> np.ndarray:
        if "normal" in entry:
            return _truncated_normal(liability, **entry["normal"])
        if "lognormal" in entry:
            return entry["lognormal"]["median"] * np.exp(entry["lognormal"]["spread"] * liability)
        ends = [entry["uniform"]["low"], entry["uniform"]["high"]]
        low, high = (self._known(entry["id"], end) if isinstance(end, str) else np.full(self.n, end) for end in ends)
        return np.minimum(low + np.floor(ndtr(liability) * (high - low + 1)), high)

    def _known(self, user: str, name: str) -> np.ndarray:
        if name in self.columns:
            return self.columns[name]
        if name in self.latents:
            return self.latents[name]
        raise self.model.unknown(user, name, [*self.columns, *self.latents])

    def _term(self, user: str, term: str) -> np.ndarray:
        """What a key of `on` means: a name, a product `a:b`, or a condition; mean 0 and variance 1 (a:b: about)."""
        if _is_condition(term):
            holds = parse_expression(term).evaluate(lambda name: self._known(user, name), self.n)
            return _standard(holds.astype(float))
        product = np.ones(self.n)
        for name in term.split(":"):
            product = product * _standard(np.asarray(self._known(user, name.strip()), dtype=float))
        return product


def cut(liability: np.ndarray, shares: Iterable[float]) -> np.ndarray:
    """Positions 0 .. k - 1 with the given shares where the liability is standard normal."""
    ends = np.cumsum(list(shares))
    return np.searchsorted(ndtri(ends[:-1] / ends[-1]), liability, side="right")


def _needs(entry: Mapping[str, Any]) -> set[str]:
    names: set[str] = set()
    for term in entry.get("on", {}):
        names |= set(parse_expression(term).names) if _is_condition(term) else {p.strip() for p in term.split(":")}
    if "compute" in entry:
        names |= set(compute(entry["compute"]).names)
    names |= {end for end in entry.get("uniform", {}).values() if isinstance(end, str)}
    return names | {part for _, part, _, _ in Formatter().parse(entry.get("label", "")) if part}


def _is_condition(term: str) -> bool:
    return any(sign in term for sign in ("=", "<", ">", " in ", "("))


def _standard(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))


def _truncated_normal(
    liability: np.ndarray, mean: float, sd: float, min: float = -np.inf, max: float = np.inf
) -> np.ndarray:
    low, high = ndtr((min - mean) / sd), ndtr((max - mean) / sd)
    return mean + sd * ndtri(low + (high - low) * ndtr(liability))


def _tidy(values: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
    """Rounded to `step` and kept between `min` and `max`."""
    if "step" in entry:
        # The second rounding takes away what 0.1 cannot hold in binary.
        values = np.round(np.round(values / entry["step"]) * entry["step"], 6)
    return np.clip(values, entry.get("min", -np.inf), entry.get("max", np.inf))


def _code(key: str) -> float | str:
    try:
        return float(key)
    except ValueError:
        return key


def _column(values: list[Any]) -> np.ndarray:
    numeric = all(isinstance(v, (int, float)) for v in values)
    return np.array(values, dtype=float if numeric else object)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, (float, np.floating)) and value == int(value) else value
