"""Reference numbers and reference data for every test: `golden`, `residents`, `scored`, `analysis_sample`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Matrices of a few dozen rows: the threads of BLAS cost more than they save and fight those of parallel runs.
# It must stand before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

# Shared machines are slow at times, and a test that fails must fail again.
settings.register_profile("evalkit", deadline=None, derandomize=True)
settings.load_profile("evalkit")

GOLDEN = Path(__file__).parent / "golden"


class Close:
    """Equal to what lies within `abs + rel * |reference|` of the reference, element by element."""

    __array_ufunc__ = None  # numpy and pandas leave `==` to this class
    __pandas_priority__ = 10_000
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, reference: Any, absolute: float, relative: float) -> None:
        self.reference, self.absolute, self.relative = reference, absolute, relative

    def __eq__(self, other: object) -> bool:
        if isinstance(self.reference, (str, bool)):
            return bool(other == self.reference)
        ref, got = _numbers(self.reference), _numbers(_aligned(other, self.reference))
        if ref.shape != got.shape:
            return False
        with np.errstate(invalid="ignore"):
            near = np.abs(got - ref) <= self.absolute + self.relative * np.abs(ref)
        return bool(np.all(near | (got == ref) | (np.isnan(got) & np.isnan(ref))))

    def __repr__(self) -> str:
        return f"{self.reference!r} ± ({self.absolute:g} + {self.relative:g} * |.|)"


@dataclass(frozen=True, eq=False)
class Record:
    """One golden value: what R gave, by which call, and how near a tool must come.

    Attributes
    ----------
    estimate : float, str, bool, None, dict, list or DataFrame
        A scalar, a named vector (dict), an unnamed array (list), or a table or matrix (DataFrame; the index
        of a matrix holds its row names, that of a table with a `term` column holds the terms).
    """

    topic: str
    id: str
    type: str
    estimate: Any
    call: str
    absolute: float
    relative: float
    note: str | None

    def value(self, field: Any = None, column: Any = None) -> Any:
        """The whole estimate; one field of a vector, one place of an array; one cell of a table."""
        if field is None:
            return self.estimate
        if isinstance(self.estimate, pd.DataFrame):
            return self.estimate[field] if column is None else self.estimate.loc[field, column]
        return self.estimate[field]

    def approx(self, field: Any = None, column: Any = None) -> Close:
        """`assert x == record.approx("field")` holds within the record's own tolerance."""
        return Close(self.value(field, column), self.absolute, self.relative)

    @property
    def fields(self) -> list[Any]:
        """Names of a vector, places of an array, columns of a table."""
        if isinstance(self.estimate, pd.DataFrame):
            return list(self.estimate.columns)
        return list(self.estimate) if isinstance(self.estimate, dict) else list(range(len(self.estimate)))


class Golden:
    """Access to the records: `golden(topic, id)` is one, `golden.ids(topic, start)` names them."""

    def __call__(self, topic: str, id: str) -> Record:
        try:
            return _topic(topic)[id]
        except KeyError:
            near = [name for name in _topic(topic) if name.split(".")[0] == id.split(".")[0]]
            raise KeyError(f"no record {id!r} in {topic}; near: {near[:10]}") from None

    def ids(self, topic: str, start: str = "") -> list[str]:
        return [name for name in _topic(topic) if name.startswith(start)]


@pytest.fixture
def golden() -> Golden:
    """`golden("reliability", "alpha.list.SAT.total")` gives the Record."""
    return Golden()


@pytest.fixture
def residents() -> pd.DataFrame:
    """1200 residents, answers as given (reverse-keyed items not turned round)."""
    return _csv("residents.csv").copy()


@pytest.fixture
def scored() -> pd.DataFrame:
    """The residents with recoded items and scale scores OB OE MO SV CW CC SAT PAR, female, renter."""
    return _csv("residents_scored.csv").copy()


@pytest.fixture
def analysis_sample(scored: pd.DataFrame) -> pd.DataFrame:
    """The 1056 rows without a missing value in any model variable (`dr` of the reference scripts)."""
    return scored[scored["in_analysis_sample"] == 1].copy()


@pytest.fixture
def scale_items() -> dict[str, list[str]]:
    """Items of each reference scale, in order."""
    book = _csv("items_codebook.csv")
    return {str(scale): list(part["item"]) for scale, part in book.groupby("scale", sort=False)}


@cache
def _topic(name: str) -> dict[str, Record]:
    content = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return {entry["id"]: _record(name, entry) for entry in content["values"]}


def _record(topic: str, entry: Mapping[str, Any]) -> Record:
    estimate = _read(entry["estimate"])
    if entry["type"] == "matrix":
        estimate = pd.DataFrame(estimate, index=entry["rows"], columns=entry["cols"])
    elif entry["type"] == "table":
        estimate = pd.DataFrame(estimate)
        if "term" in estimate and estimate["term"].is_unique:
            estimate = estimate.set_index("term", drop=False)
    tol = entry["tol"]
    return Record(topic, entry["id"], entry["type"], estimate, entry["call"], tol["abs"], tol["rel"], entry.get("note"))


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _read(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_read(v) for v in value]
    if value is None:
        return np.nan
    return float(value) if value in ("Inf", "-Inf", "NaN") else value


@cache
def _csv(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / name)


def _aligned(got: Any, reference: Any) -> Any:
    """Names decide, not order, where both sides have names."""
    if isinstance(reference, dict) and isinstance(got, (Mapping, pd.Series)):
        return [got[name] for name in reference] if set(got.keys()) == set(reference) else []
    if isinstance(reference, pd.DataFrame) and isinstance(got, pd.DataFrame):
        return got.reindex(index=reference.index, columns=reference.columns)
    return got


def _numbers(value: Any) -> np.ndarray:
    if isinstance(value, Mapping):
        value = list(value.values())
    return np.asarray(value, dtype=float)
