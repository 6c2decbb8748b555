"""An instrument in, the lines out that tell an analyst what it holds."""

from __future__ import annotations

from collections import Counter

from evalkit.contract.words import text_of
from evalkit.instrument.definition import Instrument, Scale


def summary(instrument: Instrument, lang: str) -> list[str]:
    """What an instrument holds, line by line.

    Parameters
    ----------
    lang : str
        `zh` or `en`.

    Returns
    -------
    list of str
        Title, numbers of questions, each scale with its items and reverse items, attention checks, routing.
    """
    title = instrument.title.get(lang) or next(iter(instrument.title.values()), instrument.id)
    lines = [f"{instrument.id} {instrument.version} {title}", *_counts(instrument, lang)]
    if instrument.scales:
        lines.append(text_of("instrument.scales", lang))
        lines += [f"  {_scale_line(instrument, scale, lang)}" for scale in instrument.scales]
    checks = [item.id for item in instrument.items if item.told is not None]
    if checks:
        lines.append(text_of("instrument.checks", lang, ids=checks))
    routes = _routes(instrument, lang)
    if routes:
        lines.append(text_of("instrument.routing", lang))
        lines += [f"  {route}" for route in routes]
    return lines


def _counts(instrument: Instrument, lang: str) -> list[str]:
    scored = {id for scale in instrument.scales for id in scale.items}
    reverse = [item.id for item in instrument.items if item.reverse]
    first = [scale for scale in instrument.scales if scale.items]
    types = Counter(block.type for block in instrument.blocks)
    kinds = [f"{text_of(f'instrument.type.{kind}', lang)} {n}" for kind, n in types.items()]
    numbers = {
        "items": len(scored),
        "reverse": len(reverse),
        "others": len(instrument.items) - len(scored),
        "first": len(first),
        "higher": len(instrument.scales) - len(first),
    }
    return [
        text_of("instrument.counts", lang, **numbers),
        text_of("instrument.blocks", lang, n=len(instrument.blocks), kinds=kinds),
    ]


def _scale_line(instrument: Instrument, scale: Scale, lang: str) -> str:
    names = scale.items or tuple(f"-{part}" if part in scale.reverse_parts else part for part in scale.parts)
    known = {item.id for item in instrument.items if item.reverse}
    turned = [id for id in scale.items if id in known]
    parts = [
        text_of("instrument.scale", lang, id=scale.id, name=scale.text(lang), k=len(names), names=_short(names)),
        text_of(f"instrument.score.{scale.score}", lang),
    ]
    if scale.min_valid is not None:
        parts.append(text_of("instrument.min_valid", lang, n=f"{scale.min_valid:g}"))
    if turned:
        parts.append(text_of("instrument.reverse", lang, ids=turned))
    return ("；" if lang == "zh" else "; ").join(parts)


def _short(names: tuple[str, ...]) -> str:
    """`J_PG1–J_PG3` for a run of numbered items, else the names."""
    stem = names[0].rstrip("0123456789")
    run = [f"{stem}{int(names[0][len(stem) :]) + i}" for i in range(len(names))] if names[0] != stem else []
    return f"{names[0]}–{names[-1]}" if len(names) > 2 and list(names) == run else " + ".join(names)


def _routes(instrument: Instrument, lang: str) -> list[str]:
    """One line a condition, with the blocks or items it holds for."""
    asked: dict[str, list[str]] = {}
    ends: dict[str, list[str]] = {}
    for block in instrument.blocks:
        shared = len({item.ask_if for item in block.items}) == 1
        for item in block.items[:1] if shared else block.items:
            if item.ask_if is not None:
                asked.setdefault(item.ask_if.text, []).append(block.id if shared else item.id)
            if item.end_if is not None:
                ends.setdefault(item.end_if.text, []).append(item.id)
    lines = [text_of("instrument.end_if", lang, ids=ids, condition=text) for text, ids in ends.items()]
    return lines + [text_of("instrument.ask_if", lang, ids=ids, condition=text) for text, ids in asked.items()]
