"""A question for the person at the terminal where a file could have come from two platforms."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable

from evalkit.contract import InputError
from evalkit.contract.words import say_all, text_of

DOUBTFUL = "E312"
MOST_TRIES = 3


def again(error: InputError, options: Namespace, tell: Callable[[str], None]) -> int:
    """The command's exit code once more, with the platform that the person chose.

    Parameters
    ----------
    options : Namespace
        Of the command; asked is only where its `dialect` is `auto`.
    tell : callable
        Puts a line on stderr.

    Raises
    ------
    InputError
        The error itself: where it is about something else, where nobody is at a terminal to ask (or `--json` or
        `--quiet` says so), and where no number of the list is given.
    """
    doubtful = [problem for problem in error.problems if problem.code == DOUBTFUL]
    asked = getattr(options, "dialect", "") == "auto" and not (options.json or options.quiet)
    if len(doubtful) != len(error.problems) or not asked or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise error
    names = [str(name) for name in doubtful[0].params["dialects"]]
    for line in say_all(doubtful[:1], options.lang):
        tell(line)
    for number, name in enumerate(names, 1):
        tell(f"  {number}  {name}")
    for _ in range(MOST_TRIES):
        tell(text_of("cli.which", options.lang, n=len(names)))
        answer = sys.stdin.readline().strip()
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(names):
            options.dialect = names[int(answer) - 1]
            return int(options.command(options))
        if not answer:
            break
    raise error
