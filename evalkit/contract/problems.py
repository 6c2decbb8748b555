"""What can be wrong, without prose: a code, a place and parameters. The catalogue in `words` says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class Place:
    """Where something is: a cell of a sheet, a line of a text file, a paragraph or comment of a document, from 1."""

    file: str = ""
    sheet: str = ""
    cell: str = ""
    line: int = 0
    paragraph: int = 0
    comment: int = 0


@dataclass(frozen=True)
class Problem:
    """One finding.

    Parameters
    ----------
    code : str
        `E` (error), `W` (warning) or `N` (note) and three digits: 1xx file, 2xx cell, 3xx matching,
        4xx instrument, 5xx plan, 6xx analysis, 7xx output.
    at : Place, optional
    params : mapping
        What the catalogue's sentence needs. Values of a private column never stand here.
    """

    code: str
    at: Place | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """`error`, `warning` or `note`."""
        return {"E": "error", "W": "warning", "N": "note"}[self.code[0]]

    def __hash__(self) -> int:
        return hash((self.code, self.at, tuple(sorted((k, repr(v)) for k, v in self.params.items()))))


class EvalkitError(Exception):
    """A fault that stops the work. Carries every problem found, not just the first."""

    exit_code: ClassVar[int] = 70

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        from evalkit.contract.words import say

        return "\n".join(say(problem) for problem in self.problems)


class UsageError(EvalkitError):
    """The command or call does not make sense as it stands."""

    exit_code = 2


class OutputError(EvalkitError):
    """The target cannot be written, or writing would destroy somebody's work."""

    exit_code = 2


class InputError(EvalkitError):
    """The data file cannot be read or matched."""

    exit_code = 3


class PlanError(EvalkitError):
    """The plan says something that cannot be carried out."""

    exit_code = 4


class InstrumentError(EvalkitError):
    """The instrument is not a valid questionnaire definition."""

    exit_code = 4


class AnalysisError(EvalkitError):
    """A call that cannot mean anything, e.g. x and m being the same variable."""

    exit_code = 5
