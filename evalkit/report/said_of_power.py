"""Sentences about power by simulation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed

MOST = 6
"""Effects spoken of one by one."""


def simulate_power(result: Any, voice: Voice) -> Iterator[Label]:
    """How many people it takes, or the power at the largest sample; effects that need most; clusters and losses."""
    aimed = list(result.aimed)
    reached = [e for e in aimed if computed(result.needed[e].n)]
    power = voice.number(result.target, "power")
    if len(reached) == len(aimed):
        most = max(reached, key=lambda e: result.needed[e].n)
        found = result.needed[most]
        groups = result.survey.n_clusters(int(found.n))
        yield Label(
            "power.say.needed" if len(aimed) == 1 else "power.say.needed_all",
            effect=result.label(result.tested[most]),
            power=power,
            n=int(found.n),
            low=int(found.low),
            high=int(found.high),
            k=len(aimed),
            ref=voice.ref(_row(result, most, "needed"), "n_obs"),
        )
        if groups is not None:
            yield Label("power.say.clusters", n=int(found.n), clusters=groups)
    else:
        yield Label("power.say.not_reached", power=power, high=result.points[-1].n)
    last = result.points[-1]
    for e in aimed[:MOST]:
        share = float(last.hits[e]) / result.draws
        yield Label(
            "power.say.at",
            effect=result.label(result.tested[e]),
            true=voice.number(float(result.true[e]), "effect"),
            n=last.n,
            power=voice.number(share, "power"),
            ref=voice.ref(_row(result, e, str(last.n))),
        )
    lost = 1 - result.survey.kept
    if lost > 0:
        yield Label("power.say.lost", percent=voice.number(100 * lost, "percent"))
    names = [p.params["names"] for p in result.notices if p.code == "N6350"]
    if names:
        yield Label("power.say.pilot", n=result.n_obs, names=listed(Label(zh=n, en=n) for n in names[0][:MOST]))


def _row(result: Any, e: int, group: str) -> dict[str, Any]:
    effect = result.tested[e]
    return {"outcome": effect.outcome, "group": group, "term": effect.term, "level": effect.level}
