"""Two versions of an instrument in, what changed between them out, one record a change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.contract.words import text_of
from evalkit.formula.tree import code_text
from evalkit.instrument.definition import Block, Instrument, Item, Option, Scale

_ROUTING = ("ask_if", "end_if")
_ITEM_KEYS = (
    "type", "matrix", "required", "min", "max", "unit", "step", "measure", "role", "check", "reverse", "form",
    "private", "max_choices", "missing",
)  # fmt: skip
_OPTION_KEYS = ("alias", "fill", "exclusive", "missing")
_SCALE_KEYS = ("items", "parts", "reverse_parts", "score", "min_valid", "kind", "role", "level", "form")


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes
    ----------
    kind : str
        `added removed renamed moved wording code routing key`.
    part : str
        `question`, `matrix`, `option`, `scale` or `head`.
    id : str
        Its id in the new version (in the old one where it was removed); of an option, `list.code`.
    key : str
        What changed of it, e.g. `zh`, `ask_if`, `min`.
    before, after : str
        What stood there and what stands there now; of a move, the question it followed and follows.
    """

    kind: str
    part: str
    id: str
    key: str = ""
    before: str = ""
    after: str = ""

    def text(self, lang: str) -> str:
        """The change in words."""
        named = {
            "what": text_of(f"instrument.part.{self.part}", lang),
            "id": self.id,
            "field": self.key,
            "before": self.before or "—",
            "after": self.after or "—",
        }
        return text_of(f"instrument.change.{self.kind}", lang, **named)


def differences(old: Instrument, new: Instrument) -> tuple[Change, ...]:
    """What changed from one version to the other.

    Returns
    -------
    tuple of Change
        Head, questions in their order, option lists, scales; empty where both ask the same. A question counts as
        renamed where one went and one came with the same words; an option's code as changed where its words stayed.
    """
    lists = [
        change
        for name in new.choices
        if name in old.choices
        for change in _options(name, old.choices[name], new.choices[name])
    ]
    return (*_head(old, new), *_questions(old, new), *lists, *_scales(old, new))


def _head(old: Instrument, new: Instrument) -> Iterator[Change]:
    for key in ("id", "version", "languages", "title"):
        yield from _key("head", new.id, key, getattr(old, key), getattr(new, key))


def _questions(old: Instrument, new: Instrument) -> Iterator[Change]:
    before, after = _parts(old), _parts(new)
    gone = [id for id in before if id not in after]
    come = [id for id in after if id not in before]
    renamed = _renamed({id: before[id] for id in gone}, {id: after[id] for id in come})
    for id in gone:
        if id not in renamed:
            yield Change("removed", _part(before[id]), id, before=_words(before[id]))
    origin = {now: was for was, now in renamed.items()} | {id: id for id in after if id in before}
    moved = _moved([origin[id] for id in after if id in origin], list(before))
    follows_now = dict(zip(after, ["", *after], strict=False))
    followed = dict(zip(before, ["", *before], strict=False))
    for id, part in after.items():
        was = origin.get(id)
        if was is None:
            yield Change("added", _part(part), id, before=follows_now[id], after=_words(part))
            continue
        if was != id:
            yield Change("renamed", _part(part), id, before=was, after=id)
        if was in moved:
            yield Change("moved", _part(part), id, before=followed[was], after=follows_now[id])
        yield from _changed(before[was], part, renamed)


def _parts(instrument: Instrument) -> dict[str, Block | Item]:
    """Matrices and questions by id, a matrix before its rows."""
    found: dict[str, Block | Item] = {}
    for block in instrument.blocks:
        if block.type == "matrix":
            found[block.id] = block
        found |= {item.id: item for item in block.items}
    return found


def _part(one: Block | Item) -> str:
    return "matrix" if isinstance(one, Block) else "question"


def _words(one: Block | Item | Option | Scale) -> str:
    return one.zh or one.en


def _renamed(gone: Mapping[str, Block | Item], come: Mapping[str, Block | Item]) -> dict[str, str]:
    """Old id -> new id, for pairs that share kind and words with no other."""

    def by_words(parts: Mapping[str, Block | Item]) -> dict[tuple[str, str, str], list[str]]:
        found: dict[tuple[str, str, str], list[str]] = {}
        for id, one in parts.items():
            found.setdefault((_part(one), one.zh, one.en), []).append(id)
        return found

    now = by_words(come)
    pairs = ((ids, now.get(words, [])) for words, ids in by_words(gone).items())
    return {was[0]: is_now[0] for was, is_now in pairs if len(was) == len(is_now) == 1}


def _moved(order: Sequence[str], before: Sequence[str]) -> set[str]:
    """The fewest that must have moved: all but a longest run that kept its order."""
    place = {id: i for i, id in enumerate(before)}
    tails: list[int] = []
    ends: list[str] = []
    earlier: dict[str, str] = {}
    for id in order:
        at = bisect_left(tails, place[id])
        if at:
            earlier[id] = ends[at - 1]
        tails[at : at + 1] = [place[id]]
        ends[at : at + 1] = [id]
    kept: set[str] = set()
    last = ends[-1] if ends else ""
    while last:
        kept.add(last)
        last = earlier.get(last, "")
    return set(order) - kept


def _changed(old: Block | Item, new: Block | Item, renamed: Mapping[str, str]) -> Iterator[Change]:
    part = _part(new)
    yield from _wordings(part, new.id, old, new)
    yield from _translations(part, new.id, "hint", old.hint, new.hint)
    if isinstance(old, Block) or isinstance(new, Block):
        yield from _key(part, new.id, "type", old.type, new.type)
        return
    yield from _translations(part, new.id, "label", old.label, new.label)
    for key in _ROUTING:
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield Change("routing", part, new.id, key, str(was or ""), str(now or ""))
    for key in _ITEM_KEYS:
        was = getattr(old, key)
        was = renamed.get(was, was) if key == "matrix" else was
        yield from _key(part, new.id, key, was, getattr(new, key))
    if old.choices != new.choices and old.options != new.options:
        yield Change("key", part, new.id, "choices", old.choices, new.choices)


def _options(name: str, old: Sequence[Option], new: Sequence[Option]) -> Iterator[Change]:
    before, after = {o.code: o for o in old}, {o.code: o for o in new}
    words = {(o.zh, o.en): o.code for o in old}
    found = {option.code: words.get((option.zh, option.en), option.code) for option in new}
    recoded = {code: was for code, was in found.items() if was != code}
    for code in before:
        if code not in after and code not in recoded.values():
            yield Change("removed", "option", f"{name}.{code_text(code)}", before=_words(before[code]))
    origin = recoded | {code: code for code in after if code in before and code not in recoded}
    moved = _moved([str(origin[c]) for c in after if c in origin], [str(c) for c in before])
    for i, (code, option) in enumerate(after.items()):
        id = f"{name}.{code_text(code)}"
        if code not in origin:
            yield Change("added", "option", id, after=_words(option))
            continue
        was_option = before[origin[code]]
        if code in recoded:
            yield Change("code", "option", id, _words(option), code_text(recoded[code]), code_text(code))
        if str(origin[code]) in moved:
            at = old.index(was_option)
            followed, follows = (_words(old[at - 1]) if at else ""), (_words(new[i - 1]) if i else "")
            yield Change("moved", "option", id, before=followed, after=follows)
        yield from _wordings("option", id, was_option, option)
        for key in _OPTION_KEYS:
            yield from _key("option", id, key, getattr(was_option, key), getattr(option, key))


def _scales(old: Instrument, new: Instrument) -> Iterator[Change]:
    before, after = {s.id: s for s in old.scales}, {s.id: s for s in new.scales}
    for id in before:
        if id not in after:
            yield Change("removed", "scale", id, before=_words(before[id]))
    for id, scale in after.items():
        if id not in before:
            yield Change("added", "scale", id, after=_words(scale))
            continue
        yield from _wordings("scale", id, before[id], scale)
        for key in _SCALE_KEYS:
            yield from _key("scale", id, key, getattr(before[id], key), getattr(scale, key))


def _wordings(part: str, id: str, old: Any, new: Any) -> Iterator[Change]:
    for lang in ("zh", "en"):
        if getattr(old, lang) != getattr(new, lang):
            yield Change("wording", part, id, lang, getattr(old, lang), getattr(new, lang))


def _translations(part: str, id: str, key: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for lang in ("zh", "en"):
        if old.get(lang, "") != new.get(lang, ""):
            yield Change("wording", part, id, f"{key}.{lang}", old.get(lang, ""), new.get(lang, ""))


def _key(part: str, id: str, key: str, old: Any, new: Any) -> Iterator[Change]:
    if old != new:
        yield Change("key", part, id, key, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_shown(one)}" for key, one in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    return code_text(value) if isinstance(value, (int, float)) else str(value)
