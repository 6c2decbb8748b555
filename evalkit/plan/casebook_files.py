"""A casebook in, the same casebook in another form out: what `evalkit casebook` does."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from evalkit.contract import Problem, UsageError
from evalkit.contract.words import text_of
from evalkit.ingest.casebook import read_casebook
from evalkit.ingest.casebook.saving import save_casebook
from evalkit.report.coded_document import write_comments


def rewritten(options: Namespace, say: Callable[[str], None], report: Callable[..., None]) -> None:
    """Write a casebook as a workbook, a folder, a REFI-QDA project or Word files, by the target's suffix.

    Parameters
    ----------
    options : Namespace
        `file`, `out`, `word` (a folder of Word files), `source` (of a single Word file), `force`, `lang`, `json`.
    say : callable
        Takes a line of the account.
    report : callable
        Takes problems, the language and `as_json`.

    Raises
    ------
    InputError
        What is wrong with the casebook.
    UsageError, OutputError
        As `save_casebook` and `write_comments`; E578 for a source where no Word file is written.
    """
    out = Path(options.out)
    in_word = options.word or out.suffix.lower() == ".docx"
    if options.source is not None and not in_word:
        raise UsageError(Problem("E578", params={"names": ["--source"], "command": "evalkit casebook"}))
    book = read_casebook(options.file)
    if in_word:
        told = write_comments(book, out, source=options.source, force=options.force)
    else:
        told = save_casebook(book, out, lang=options.lang, force=options.force)
    report((*book.problems, *told), options.lang, as_json=options.json)
    say(text_of("cli.written", options.lang, path=options.out))
