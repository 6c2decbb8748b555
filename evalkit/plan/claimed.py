"""A file of printed claims in, findings as lines and as a table out: what `evalkit claims` does."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable

from evalkit.contract.words import text_of
from evalkit.ingest.claims_sheet import read_claims
from evalkit.integrate.printed import check_claims
from evalkit.integrate.printed.result import Checked
from evalkit.plan.output import check_suffix

FORMATS = (".xlsx", ".docx", ".html", ".md")


def claimed(options: Namespace, say: Callable[[str], None], report: Callable[..., None]) -> bool:
    """Check the claims of a file: what needs a word as lines, the flags first, then the tally; all of it into `out`.

    Parameters
    ----------
    options : Namespace
        `file`, `out` (path or None), `lang`, and `json`: one object a row, those that fit too.
    say : callable
        Takes a line of the findings.
    report : callable
        Takes the problems of reading, the language and `as_json`.

    Returns
    -------
    bool
        Whether any claim does not fit.

    Raises
    ------
    InputError, UsageError, OutputError
    """
    from evalkit.report import write

    lang, out = options.lang, options.out
    if out is not None:
        check_suffix(out, *FORMATS)
    frame = read_claims(options.file)
    found = check_claims(frame)
    report((*frame.attrs["problems"], *found.notices), lang, as_json=options.json)
    if options.json:
        for row in found.rows:
            say(json.dumps(_record(row, lang), ensure_ascii=False))
    else:
        for row in found.told():
            say(_line(row, lang))
        say(found.table().notes[0].text(lang))
    if out is not None:
        write([found.table("claims_flagged"), found.table()], out, lang=lang)
        if not options.json:
            say(text_of("cli.written", lang, path=out))
    return "flag" in found.verdicts.values()


def _record(row: Checked, lang: str) -> dict[str, str]:
    finding = row.finding
    return {
        "claim": row.claim,
        "rule": row.rule,
        "value": row.value,
        "verdict": finding.verdict,
        "finding": row.said(lang),
    }


def _line(row: Checked, lang: str) -> str:
    return text_of(
        "cli.claims.line",
        lang,
        verdict=text_of(f"claims.verdict.{row.finding.verdict}", lang),
        claim=row.claim,
        label=row.label.text(lang),
        value=row.value,
        rule=row.rule or text_of("claims.by_hand", lang),
        said=row.said(lang),
    )
