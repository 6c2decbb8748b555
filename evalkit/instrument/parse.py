"""The text of an instrument file in, a checked `Instrument` out, or every fault of it at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.contract.problems import InstrumentError, Place, Problem
from evalkit.instrument.checks import check_items, check_scales
from evalkit.instrument.choices import read_choices
from evalkit.instrument.definition import (
    FORMAT,
    FORMS,
    LANGUAGES,
    SCALE_KINDS,
    SCALE_LEVELS,
    SCALE_ROLES,
    SCORES,
    Instrument,
    Scale,
)
from evalkit.instrument.fields import Fields, Findings
from evalkit.instrument.questions import QuestionReader
from evalkit.instrument.source import Source, Span
from evalkit.instrument.toml_faults import toml_problem

_TOP_KEYS = ("format", "id", "version", "languages", "title", "choices", "items", "scales")
_SCALE_KEYS = (
    "id", "items", "parts", "reverse_parts", "score", "min_valid", "kind", "role", "level", "form", "zh", "en",
)  # fmt: skip
_MARK = "\ufeff"


def parse_instrument(text: str, name: str = "") -> Instrument:
    """Read an instrument.

    Parameters
    ----------
    text : str
        A TOML file of format `evalkit-instrument/1`.
    name : str
        Its file name, for messages and `Instrument.source`.

    Returns
    -------
    Instrument
        With warnings and notes in `problems`.

    Raises
    ------
    InstrumentError
        With every fault found, in the order of the file: line, what is wrong, the nearest valid name.

    Notes
    -----
    The file holds ``format``, ``id``, ``version``, ``languages`` (the first is the default) and ``title``, then

    - ``[choices]``: lists of options with ``code zh en alias fill exclusive missing``. A list may take over another::

          A5x = {extends = "A5", options = [{code = 8, zh = "不清楚", en = "Don't know", missing = "dont_know"}]}

    - ``[[items]]`` in the order of the questionnaire. Which keys an item may have depends on its ``type``
      (`questions.KEYS_OF`); a matrix has ``rows``, each an item of its own that inherits ``form``, ``role``,
      ``measure``, ``required`` and ``private`` and is asked if the matrix's and its own ``ask_if`` hold.
    - ``[[scales]]`` of ``items``, or of other scales as ``parts`` (turned round where in ``reverse_parts``).

    The ids of items, matrices, rows and scales form one set, because they become column names.
    """
    raw = _loaded(text.removeprefix(_MARK), name)
    findings = Findings(Source(text.removeprefix(_MARK), name))
    if text.startswith(_MARK):
        findings.add("N412", 1)
    # Keys before the first table header belong to the file itself.
    headers = [i for i, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith("[")]
    head = Fields(raw, _TOP_KEYS, name or FORMAT, findings, findings.source.whole)
    if head.text("format", required=True) not in ("", FORMAT):
        findings.add("E413", head.line("format"), found=raw["format"], expected=FORMAT)
        if str(raw["format"]).startswith("evalkit-"):  # another kind of file, e.g. a plan
            raise InstrumentError(findings.problems[-1])
    instrument = _instrument(head, findings, Span(1, headers[0] if headers else 1))
    errors = [problem for problem in findings.problems if problem.severity == "error"]
    if errors:
        raise InstrumentError(sorted(errors, key=lambda problem: problem.at.line if problem.at else 0))
    return _with_source(instrument, text, name, tuple(findings.problems))


def _loaded(text: str, name: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError(toml_problem(text, error, name)) from None
    except RecursionError:
        # tomllib goes down one Python call for each bracket.
        raise InstrumentError(Problem("E411", Place(name), {"detail": "nested too deeply"})) from None


def _instrument(head: Fields, findings: Findings, top: Span) -> Instrument:
    languages = head.some_of("languages", LANGUAGES)
    if not languages:
        languages = LANGUAGES
        if "languages" not in head.raw:
            findings.add("E415", top.first, key="languages", where=head.where)
    lists = read_choices(head.table("choices"), languages, findings)
    questions = QuestionReader(lists, languages, findings).read(head.tables("items", required=True))
    if "items" in head.raw and not questions.blocks:
        findings.add("E446", head.line("items"), where="items")
    scales = tuple(_scale(raw, index, languages, findings) for index, raw in enumerate(head.tables("scales")))
    instrument = Instrument(
        id=head.text("id", required=True),
        version=head.text("version", required=True),
        languages=languages,
        title=head.translations("title", languages),
        blocks=tuple(questions.blocks),
        scales=scales,
        choices=lists,
    )
    _check_head(instrument, head, findings)
    check_items(instrument, questions, findings)
    check_scales(instrument, findings)
    return instrument


def _check_head(instrument: Instrument, head: Fields, findings: Findings) -> None:
    if instrument.id and not instrument.id.replace("-", "_").isidentifier() or not instrument.id.isascii():
        findings.add("E439", head.line("id"), id=instrument.id)
    if "title" not in head.raw:
        findings.add("E415", 1, key="title", where=head.where)


def _scale(raw: Mapping[str, Any], index: int, languages: tuple[str, ...], findings: Findings) -> Scale:
    name = raw.get("id") if isinstance(raw.get("id"), str) else f"scales[{index + 1}]"
    span = findings.source.table("[[scales]]", index)
    if span == findings.source.whole:  # written as `scales = [{...}, ...]`
        span = Span(findings.source.value(str(name), span), span.last)
    fields = Fields(raw, _SCALE_KEYS, str(name), findings, span)
    scale = Scale(
        id=fields.text("id", required=True),
        items=fields.names("items"),
        parts=fields.names("parts"),
        reverse_parts=fields.names("reverse_parts"),
        score=fields.one_of("score", SCORES) or "mean",
        min_valid=fields.number("min_valid"),
        kind=fields.one_of("kind", SCALE_KINDS) or "reflective",
        role=fields.one_of("role", SCALE_ROLES) or None,
        level=fields.one_of("level", SCALE_LEVELS) or None,
        form=fields.some_of("form", FORMS),
        zh=fields.text("zh"),
        en=fields.text("en"),
        line=span.first,
    )
    if scale.id:
        findings.claim(scale.id, findings.source.value(scale.id, span))
    fields.need_texts({"zh": scale.zh, "en": scale.en}, languages)
    return scale


def _with_source(instrument: Instrument, text: str, name: str, problems: tuple[Problem, ...]) -> Instrument:
    return replace(instrument, source=name, sha256=hashlib.sha256(text.encode()).hexdigest(), problems=problems)
