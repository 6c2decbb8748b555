"""Numbers of PROCESS templates in, shape of the model and moderated paths out.

The numbers are those of Hayes (2022), Introduction to Mediation, Moderation, and Conditional Process Analysis, 3rd
edition, appendix A; 23-27 and 30-57 are those of PROCESS 2 (templates.pdf of Hayes 2013), whose second-stage
moderators are v and q.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalkit.contract import AnalysisError, Problem

ROLES = ("w", "z", "v", "q")


@dataclass(frozen=True)
class Template:
    """One template.

    Attributes
    ----------
    shape : str
        A key of `shapes.SHAPES`, or `none` (no mediator).
    moderated : mapping
        Path (`a`, `b`, `c'`, `d21`, ...) -> its moderators: `w + z` both, `w*z` both and their product; `x` is x
        itself, and makes the effects natural ones.
    fewest, most : int
        Mediators.
    """

    shape: str
    moderated: Mapping[str, str] = field(default_factory=dict)
    fewest: int = 1
    most: int = 10

    @property
    def roles(self) -> tuple[str, ...]:
        """Moderator roles that need a variable."""
        used = "".join(self.moderated.values())
        return tuple(role for role in ROLES if role in used)


def _one(**paths: str) -> Template:
    return Template("parallel", _named(paths))


def _none(c: str) -> Template:
    return Template("none", {"c'": c}, fewest=0, most=0)


def _serial(**paths: str) -> Template:
    return Template("serial", _named(paths), fewest=2, most=2)


def _named(paths: Mapping[str, str]) -> dict[str, str]:
    return {"c'" if path == "c" else path: group for path, group in paths.items()}


# fmt: off
TEMPLATES: dict[int, Template] = {
    1: _none("w"), 2: _none("w + z"), 3: _none("w*z"),
    4: _one(), 5: _one(c="w"), 6: Template("serial", fewest=2, most=10),
    7: _one(a="w"), 8: _one(a="w", c="w"),
    9: _one(a="w + z"), 10: _one(a="w + z", c="w + z"),
    11: _one(a="w*z"), 12: _one(a="w*z", c="w*z"), 13: _one(a="w*z", c="w"),
    14: _one(b="w"), 15: _one(b="w", c="w"),
    16: _one(b="w + z"), 17: _one(b="w + z", c="w + z"),
    18: _one(b="w*z"), 19: _one(b="w*z", c="w*z"), 20: _one(b="w*z", c="w"),
    21: _one(a="w", b="z"), 22: _one(a="w", b="z", c="w"),
    23: _one(a="w + z", b="v"), 24: _one(a="w + z", b="v", c="w + z"),
    25: _one(a="w*z", b="v"), 26: _one(a="w*z", b="v", c="w*z"), 27: _one(a="w*z", b="v", c="w"),
    28: _one(a="w", b="z", c="z"), 29: _one(a="w", b="z", c="w + z"),
    30: _one(a="w + z", b="v", c="v"), 31: _one(a="w + z", b="v", c="w + z + v"),
    32: _one(a="w*z", b="v", c="v"), 33: _one(a="w*z", b="v", c="w*z + v"), 34: _one(a="w*z", b="v", c="w + v"),
    35: _one(a="w", b="v + q"), 36: _one(a="w", b="v + q", c="v + q"),
    37: _one(a="w", b="v*q"), 38: _one(a="w", b="v*q", c="v*q"), 39: _one(a="w", b="v*q", c="v"),
    40: _one(a="w", b="v + q", c="w"), 41: _one(a="w", b="v + q", c="w + v + q"),
    42: _one(a="w", b="v*q", c="w"), 43: _one(a="w", b="v*q", c="w + v*q"), 44: _one(a="w", b="v*q", c="w + v"),
    45: _one(a="w + z", b="v + q"), 46: _one(a="w*z", b="v + q"),
    47: _one(a="w + z", b="v*q"), 48: _one(a="w*z", b="v*q"),
    49: _one(a="w + z", b="v + q", c="w + z"), 50: _one(a="w + z", b="v + q", c="v + q"),
    51: _one(a="w*z", b="v + q", c="w*z"), 52: _one(a="w*z", b="v + q", c="v + q"),
    53: _one(a="w + z", b="v*q", c="w + z"), 54: _one(a="w + z", b="v*q", c="v*q"),
    55: _one(a="w*z", b="v*q", c="w*z"), 56: _one(a="w*z", b="v*q", c="v*q"),
    57: _one(a="w*z", b="v*q", c="w*z + v*q"),
    58: _one(a="w", b="w"), 59: _one(a="w", b="w", c="w"),
    60: _one(a="w + z", b="w"), 61: _one(a="w + z", b="w", c="w"),
    62: _one(a="w + z", b="w", c="z"), 63: _one(a="w + z", b="w", c="w + z"),
    64: _one(a="w", b="w + z"), 65: _one(a="w", b="w + z", c="w"),
    66: _one(a="w", b="w + z", c="z"), 67: _one(a="w", b="w + z", c="w + z"),
    68: _one(a="w*z", b="w"), 69: _one(a="w*z", b="w", c="w*z"),
    70: _one(a="w", b="w*z"), 71: _one(a="w", b="w*z", c="w*z"),
    72: _one(a="w*z", b="w*z"), 73: _one(a="w*z", b="w*z", c="w*z"),
    74: _one(b="x"), 75: _one(a="w + z", b="w + z"), 76: _one(a="w + z", b="w + z", c="w + z"),
    80: Template("converging", fewest=3), 81: Template("diverging", fewest=3),
    82: Template("two_chains", fewest=4, most=4),
    83: _serial(a1="w"), 84: _serial(a1="w", a2="w"), 85: _serial(a1="w", a2="w", c="w"), 86: _serial(a1="w", c="w"),
    87: _serial(b2="w"), 88: _serial(b1="w", b2="w"), 89: _serial(b1="w", b2="w", c="w"), 90: _serial(b2="w", c="w"),
    91: _serial(d21="w"), 92: _serial(a1="w", a2="w", b1="w", b2="w", d21="w", c="w"),
}
# fmt: on


def template_of(number: int, n_mediators: int, given: Mapping[str, str | None]) -> Template:
    """The template of a number, checked against the mediators and moderators of the call.

    Raises
    ------
    AnalysisError
        E6154 for a number that is none (it names the nearest), E6156 for a moderator that is missing, E6157 for one
        too many, E6158 for a wrong number of mediators.
    """
    if number not in TEMPLATES:
        nearest = min(TEMPLATES, key=lambda known: (abs(known - number), known))
        raise AnalysisError(Problem("E6154", params={"number": number, "nearest": nearest}))
    template = TEMPLATES[number]
    named = [role for role in ROLES if given.get(role)]
    missing = [role for role in template.roles if role not in named]
    idle = [role for role in named if role not in template.roles]
    problems = [Problem("E6156", params={"number": number, "roles": missing})] if missing else []
    problems += [Problem("E6157", params={"number": number, "roles": idle})] if idle else []
    if not template.fewest <= n_mediators <= template.most:
        bounds = {"least": template.fewest, "most": template.most}
        problems.append(Problem("E6158", params={"number": number, "n": n_mediators} | bounds))
    if problems:
        raise AnalysisError(problems)
    return template
