"""What argparse says in, a parser that speaks the user's language out."""

from __future__ import annotations

import argparse
import difflib
import re
from functools import partial
from typing import Any, NoReturn

from evalkit.contract.problems import Problem, UsageError
from evalkit.contract.words import text_of


class UserParser(argparse.ArgumentParser):
    """Help and faults in the user's language; a fault is a UsageError, not an exit."""

    def __init__(self, *given: Any, lang: str, **named: Any) -> None:
        super().__init__(*given, add_help=False, formatter_class=partial(_Help, lang=lang), **named)
        self.add_argument("-h", "--help", action="help", help=text_of("cli.help", lang))
        self._positionals.title, self._optionals.title = (text_of(f"cli.{k}", lang) for k in ("given", "options"))

    def error(self, message: str) -> NoReturn:
        for code, pattern in USAGE_FAULTS.items():
            found = re.search(pattern, message)
            if found:
                params: dict[str, Any] = found.groupdict()
                if "known" in params:
                    known = re.findall(r"[\w-]+", params["known"])
                    params["known"] = difflib.get_close_matches(params["found"], known, 1, 0.5) or known
                raise UsageError(Problem(code, params={**params, "command": self.prog}))
        raise UsageError(Problem("E581", params={"detail": message, "command": self.prog}))


class _Help(argparse.HelpFormatter):
    def __init__(self, prog: str, *, lang: str) -> None:
        super().__init__(prog)
        self._lang = lang

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, text_of("cli.usage", self._lang) if prefix is None else prefix)


USAGE_FAULTS = {
    "E577": r"the following arguments are required: (?P<names>.+)",
    "E578": r"unrecognized arguments: (?P<names>.+)",
    "E579": r"argument (?P<name>.+): invalid choice: '?(?P<found>.*?)'? \(choose from (?P<known>.+)\)",
    "E580": r"argument (?P<name>.+): (?:expected one argument|invalid int value.*)",
}
"""What argparse says -> message; anything else is E581, in its own words."""
