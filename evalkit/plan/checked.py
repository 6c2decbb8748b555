"""What `evalkit check` does: a data file, a casebook, or at the collection desk a folder of what was sent."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from evalkit.contract import Label, Problem, UsageError
from evalkit.contract.words import text_of
from evalkit.ingest import masked_text
from evalkit.ingest.casebook import inspect_casebook
from evalkit.ingest.casebook.recognising import book_of, is_casebook
from evalkit.plan.check import check
from evalkit.plan.output import check_suffix
from evalkit.sheets import problem_workbook

_AT_THE_DESK = ("community", "form", "force")
_OF_DATA = ("sheet", "dialect", "mapping", "against")


def checked(
    options: Namespace, say: Callable[[str], None], report: Callable[..., None], progress: Callable[[str], None]
) -> bool:
    """Check what the options name.

    Parameters
    ----------
    options : Namespace
        Of `evalkit check`, with `lang` and `json`.
    say : callable
        Takes a line of the account.
    report : callable
        Takes problems, the language and `as_json`.

    Returns
    -------
    bool
        Whether anything has to be mended.

    Raises
    ------
    InputError, InstrumentError, UsageError, OutputError
    """
    path = Path(options.data)
    desk = options.roster or options.since
    if not desk and options.instrument is None and is_casebook(path):
        return _casebook(options, path, say, report)
    if desk or path.is_dir():
        from evalkit.plan.reception import at_the_desk

        told = at_the_desk(options, say, progress)
        report(told, options.lang, as_json=options.json)
        return any(problem.severity != "note" for problem in told)
    if unused := _given(options, _AT_THE_DESK):
        raise UsageError(Problem("E578", params={"names": unused, "command": "evalkit check"}))
    if options.out:
        check_suffix(Path(options.out), ".xlsx")
    given = {name: getattr(options, name) for name in _OF_DATA}
    found = check(path, options.instrument, **given)
    report(found.problems, options.lang, as_json=options.json)
    if options.out:
        found.write(Path(options.out), lang=options.lang)
        say(text_of("cli.written", options.lang, path=options.out))
    say(found.summary.text(options.lang))
    return found.has_errors


def _given(options: Namespace, names: Sequence[str]) -> list[str]:
    """Options of these names that were set."""
    return [f"--{name}" for name in names if getattr(options, name) not in (None, "auto")]


def _casebook(options: Namespace, path: Path, say: Callable[[str], None], report: Callable[..., None]) -> bool:
    """Every problem of a casebook with its address; into `out` a workbook with the cells in trouble marked."""
    if unused := _given(options, (*_AT_THE_DESK, *_OF_DATA)):
        raise UsageError(Problem("E2194", params={"names": unused, "file": path.name}))
    if options.out:
        check_suffix(Path(options.out), ".xlsx")
    found = inspect_casebook(path)
    report(found.problems, options.lang, as_json=options.json)
    if options.out:
        book, problems = book_of(path, found.problems)
        problem_workbook(book, problems, Path(options.out), options.lang, cover=masked_text)
        say(text_of("cli.written", options.lang, path=options.out))
    errors = sum(problem.severity == "error" for problem in found.problems)
    notes = len(found.problems) - errors
    held = Label("casebook.holds", sheets=found.counts(), texts=len(found.texts))
    say(Label("check.casebook", held=held, errors=errors, notes=notes).text(options.lang))
    return errors > 0
