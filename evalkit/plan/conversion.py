"""A plan of one form in, the same plan in the other form out: TOML and workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.contract import EvalkitError, OutputError, Problem
from evalkit.instrument import Instrument, load_instrument
from evalkit.plan.canonical import to_toml
from evalkit.plan.drafts import read_draft
from evalkit.plan.output import check_suffix
from evalkit.plan.reader import read_plan
from evalkit.plan.workbook_writer import Name, write_workbook
from evalkit.sheets import write_bytes

_NO_VARIABLES = ("note", "file", "text", "meta")


def convert(source: Path, target: Path, *, lang: str, force: bool = False) -> tuple[Problem, ...]:
    """Write a plan as a workbook (.xlsx) or as TOML, by the target's suffix; comments are not carried.

    Parameters
    ----------
    lang : {"zh", "en"}
        Of a workbook's headings and words.
    force : bool
        Overwrite a file that is there.

    Returns
    -------
    tuple of Problem
        What was read with some doubt.

    Raises
    ------
    UsageError
        E574 for another suffix.
    PlanError
        If the plan has faults; E544 for what a cell cannot hold.
    OutputError
        E575 if the target is there, E131 if it cannot be written.
    """
    check_suffix(target, ".xlsx", ".toml")
    plan = read_plan(source)
    if target.exists() and (not force or target.samefile(source)):
        raise OutputError(Problem("E575", params={"path": target.name}))
    raw = read_draft(source).raw
    if target.suffix.lower() == ".xlsx":
        write_workbook(raw, target, lang=lang, names=names_in(raw, plan.folder, lang))
    else:
        write_bytes(target, to_toml(raw)[0].encode())
    return plan.notices


def names_in(raw: Mapping[str, Any], folder: Path, lang: str) -> list[Name]:
    """The scales and columns that a plan's steps may name, as far as plan and instrument tell without the data."""
    found = [*_own(raw, lang), *_of_instrument(_instrument(raw, folder), lang)]
    return list({name.id: name for name in reversed(found)}.values())[::-1]


def _own(raw: Mapping[str, Any], lang: str) -> Iterator[Name]:
    scales = raw.get("scales", [])
    for entry in (*scales, *raw.get("derive", [])):
        yield Name(entry["id"], str(entry.get(lang) or entry.get("zh") or entry.get("en") or ""))
    yield from (Name(item, "") for scale in scales for item in scale.get("items", []))


def _instrument(raw: Mapping[str, Any], folder: Path) -> Instrument | None:
    """The plan's instrument; one that cannot be read offers no names, and the run says why."""
    name = raw.get("instrument")
    if not isinstance(name, str):
        return None
    beside = folder / name
    try:
        return load_instrument(beside if beside.is_file() else name)
    except EvalkitError:
        return None


def _of_instrument(instrument: Instrument | None, lang: str) -> Iterator[Name]:
    if instrument is None:
        return
    for scale in instrument.scales:
        yield Name(scale.id, getattr(scale, lang) or scale.zh or scale.en)
    for item in instrument.items:
        if not item.private and item.type not in _NO_VARIABLES:
            yield Name(item.id, item.text(lang))
