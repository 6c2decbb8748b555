"""Who was to be asked, by community, and what is known of the population: one object, however it was written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.contract import Place, Problem

if TYPE_CHECKING:
    from evalkit.sampling.sheet_sizes import SamplingSizesResult

EVERYBODY = ""
"""Stands for all communities together."""


@dataclass(frozen=True)
class Community:
    """One line of the sampling sheet; None is what it does not say. `population` counts households or people."""

    code: str
    name: str
    population: float | None = None
    planned: int | None = None
    issued: int | None = None
    returned: int | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Margin:
    """How one variable is distributed in the population of a community (`EVERYBODY`: of all).

    `values`: category (code or wording) -> people, or their share (`shares`; summing to 1). `place` is the cell of
    its first category.
    """

    community: str
    variable: str
    values: Mapping[str, float]
    shares: bool
    place: Place | None = None


@dataclass(frozen=True, eq=False)
class SamplingSheet:
    """A sampling sheet as read, its totals checked.

    `problems` holds what is doubtful but did not stop the reading.
    """

    file: str
    communities: tuple[Community, ...]
    margins: tuple[Margin, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def issued(self) -> Mapping[str, int]:
        """Community code -> questionnaires handed out, where the sheet says so."""
        return {c.code: c.issued for c in self.communities if c.issued is not None}

    @property
    def returned(self) -> Mapping[str, int]:
        """Community code -> questionnaires that came back, where the sheet says so."""
        return {c.code: c.returned for c in self.communities if c.returned is not None}

    @property
    def population(self) -> float | None:
        """Of all communities; None unless each has its number."""
        return total_of([c.population for c in self.communities])

    def margins_of(self, community: str = EVERYBODY) -> Mapping[str, Mapping[str, float]]:
        """Variable -> category -> people or share, as `rake` takes them.

        Parameters
        ----------
        community : str
            Code; without it the margins of all. A variable that has none of its own there is added up, if every
            community has its counts.
        """
        found = {m.variable: m.values for m in self.margins if m.community == community}
        if community == EVERYBODY:
            for variable in dict.fromkeys(m.variable for m in self.margins):
                added = added_up(self.margins, variable, [c.code for c in self.communities])
                if variable not in found and added:
                    found[variable] = added
        return found

    def place_of(self, variable: str) -> Place | None:
        """Where the margins of a variable begin."""
        return next((m.place for m in self.margins if m.variable == variable), None)

    def sizes(
        self,
        *,
        error: float = 0.05,
        deff: float = 1.0,
        proportion: float = 0.5,
        conf_level: float = 0.95,
        basis: str = "returned",
    ) -> SamplingSizesResult:
        """How many respondents each community and all together take, and which error the sheet's numbers give.

        Parameters
        ----------
        error : float
            Half width of the interval of a proportion, as a share.
        deff : float
            Design effect.
        proportion : float
            Expected proportion.
        conf_level : float
            Coverage of the interval.
        basis : {"returned", "issued", "planned"}
            Which number of the sheet the achieved error belongs to.

        Returns
        -------
        SamplingSizesResult

        Raises
        ------
        AnalysisError
            E696 for an argument out of range.

        Notes
        -----
        See `sample_size`. All communities together count as one simple random sample; unequal shares of the
        communities have a design effect of their own, which belongs into `deff`.
        """
        from evalkit.sampling.sheet_sizes import sizes_of

        return sizes_of(self, error=error, deff=deff, proportion=proportion, conf_level=conf_level, basis=basis)


def added_up(margins: tuple[Margin, ...], variable: str, codes: list[str]) -> dict[str, float]:
    """The counts of a variable over all communities; nothing unless each has them."""
    own = {m.community: m for m in margins if m.variable == variable and m.community != EVERYBODY}
    if not codes or any(code not in own or own[code].shares for code in codes):
        return {}
    totals: dict[str, float] = {}
    for code in codes:
        for category, n in own[code].values.items():
            totals[category] = totals.get(category, 0.0) + n
    return totals


def total_of(numbers: list[float | None]) -> float | None:
    """Their sum; None if one is not known."""
    known = [n for n in numbers if n is not None]
    return float(sum(known)) if known and len(known) == len(numbers) else None
