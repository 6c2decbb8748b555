"""What only shows when items and scales are seen together: faults in a read instrument, noted in `Findings`."""

from __future__ import annotations

from evalkit.formula.tree import code_text
from evalkit.instrument.definition import Instrument, Item, Scale
from evalkit.instrument.fields import Findings
from evalkit.instrument.questions import Condition, Questions
from evalkit.instrument.source import Span

_UNCOMPARABLE = ("multi", "rank", "note", "file")


def check_items(instrument: Instrument, questions: Questions, findings: Findings) -> None:
    """Reverse keys, checks, bounds and options of every item; every condition."""
    for block in instrument.blocks:
        options = block.items[0].options if block.items else ()
        exclusive = [str(option.code) for option in options if option.exclusive]
        if exclusive and block.type not in ("multi", ""):
            line = findings.source.key("choices", questions.spans.get(block.id, findings.source.whole))
            findings.add("E425", line, where=block.id, codes=exclusive, choices=block.items[0].choices)
    for item in instrument.items:
        _check_item(item, questions.spans.get(item.id, findings.source.whole), findings)
        _check_partner(item, instrument, questions.spans.get(item.id, findings.source.whole), findings)
    for condition in questions.conditions:
        _check_condition(condition, instrument, findings)


def _check_item(item: Item, span: Span, findings: Findings) -> None:
    def line(key: str) -> int:
        return findings.source.key(key, span)

    unread = not item.type or (item.choices and not item.options)  # noted already
    if item.reverse and not unread and not (item.is_numeric and item.low is not None and item.high is not None):
        findings.add("E426", line("reverse"), id=item.id)
    if item.min is not None and item.max is not None and item.min > item.max:
        findings.add("E438", line("min"), id=item.id, low=f"{item.min:g}", high=f"{item.max:g}")
    if item.max_choices is not None and item.options and item.max_choices > len(item.options):
        findings.add("E441", line("max_choices"), id=item.id, n=item.max_choices, k=len(item.options))
    if item.told is not None and not _is_possible(item, item.told):
        findings.add("E427", line("check"), id=item.id, found=item.told, codes=_shown(item))


def _check_partner(item: Item, instrument: Instrument, span: Span, findings: Findings) -> None:
    """The item that this one asks again must be another one of the questionnaire, with one answer."""
    known = [other.id for other in instrument.items if other.id != item.id and other.type not in _UNCOMPARABLE]
    for key in ("same_as", "opposite_of"):
        name = (item.check or {}).get(key)
        if name is not None and name not in known:
            findings.unknown("E495", findings.source.key("check", span), str(name), known, where=item.id, key=key)


def _is_possible(item: Item, wanted: float | str) -> bool:
    """Whether the right answer of an attention check can be given."""
    if item.type == "single":
        return wanted in item.codes or not item.options
    if item.is_numeric:
        low = item.min if item.min is not None else float("-inf")
        high = item.max if item.max is not None else float("inf")
        return not isinstance(wanted, str) and low <= wanted <= high
    return isinstance(wanted, str)


def _check_condition(condition: Condition, instrument: Instrument, findings: Findings) -> None:
    expression, line = condition.expression, condition.expression.at.line if condition.expression.at else 0
    order = {item.id: i for i, item in enumerate(instrument.items)}
    matrices = {block.id: block for block in instrument.blocks if block.type == "matrix"}
    for name in dict.fromkeys([*expression.names, *(question for question, _ in expression.choices)]):
        if name in matrices:
            findings.add("E429", line, found=name, where=condition.owner, rows=[i.id for i in matrices[name].items])
        elif name not in order:
            findings.unknown("E428", line, name, order, where=condition.owner)
        elif order[name] >= condition.position:
            findings.add("E430", line, found=name, where=condition.owner, key=condition.key)
    answered = {name for name in expression.names if name in order} - {name for name, _, _ in expression.compared()}
    for name, sign, value in expression.compared():
        if name in order:
            _check_comparison(instrument.item(name), sign, value, condition.owner, line, findings)
    for name in answered:
        if instrument.item(name).type == "note":
            findings.add("E431", line, found=name, where=condition.owner)
    for question, code in expression.choices:
        if question in order:
            _check_chosen(instrument.item(question), code, condition.owner, line, findings)


def _check_comparison(item: Item, sign: str, value: float | str, owner: str, line: int, findings: Findings) -> None:
    if item.type in _UNCOMPARABLE:
        findings.add("E431", line, found=item.id, where=owner)
    elif item.type == "single" and item.options:
        if sign in ("==", "!=", "in") and value not in item.codes:
            findings.add("E432", line, found=item.id, value=_code(value), where=owner, codes=_shown(item))
    elif item.type in ("integer", "decimal") and isinstance(value, str):
        findings.add("E432", line, found=item.id, value=value, where=owner, codes=_shown(item))


def _check_chosen(item: Item, code: float | str, owner: str, line: int, findings: Findings) -> None:
    if item.type not in ("multi", ""):
        findings.add("E431", line, found=item.id, where=owner)
    elif item.options and code not in item.codes:
        findings.add("E432", line, found=item.id, value=_code(code), where=owner, codes=_shown(item))


def check_scales(instrument: Instrument, findings: Findings) -> None:
    """Names, cycles, counts and ranges of every scale."""
    items = {item.id: item for item in instrument.items}
    scales = {scale.id: scale for scale in instrument.scales}
    for scale in instrument.scales:
        line = scale.line
        span = Span(line, findings.source.whole.last)
        if bool(scale.items) == bool(scale.parts):
            findings.add("E434", line, id=scale.id)
        for key, names, known in (("items", scale.items, list(items)), ("parts", scale.parts, list(scales))):
            at = findings.source.key(key, span) if names else line
            for name in dict.fromkeys(names):
                if name not in known:
                    findings.unknown("E443", at, name, known, where=scale.id, key=key)
            for name in sorted({name for name in names if names.count(name) > 1}):
                findings.add("E447", at, where=scale.id, id=name)
        for name in (name for name in scale.reverse_parts if name not in scale.parts):
            findings.unknown("E437", findings.source.key("reverse_parts", span), name, scale.parts, where=scale.id)
        _check_counts(scale, line, findings)
        _check_ranges(scale, [items[name] for name in scale.items if name in items], line, findings)
    _check_cycles(scales, findings)


def _check_counts(scale: Scale, line: int, findings: Findings) -> None:
    k = len(scale.items or scale.parts)
    wanted = scale.min_valid
    if wanted is not None and (wanted <= 0 or wanted > k or (wanted > 1 and wanted != int(wanted))):
        findings.add("E435", line, id=scale.id, found=f"{wanted:g}", k=k)
    if scale.score in ("product_z", "absdiff_z") and k != 2:
        findings.add("E436", line, id=scale.id, score=scale.score, k=k)


def _check_ranges(scale: Scale, items: list[Item], line: int, findings: Findings) -> None:
    for item in items:
        if not item.is_numeric and (item.options or item.type != "single"):
            findings.add("E449", line, id=item.id, where=scale.id)
    ranges = {(item.low, item.high) for item in items if item.is_numeric}
    if len(ranges) > 1 and scale.score in ("mean", "sum", "min"):
        shown = [f"{item.id} {_end(item.low)}–{_end(item.high)}" for item in items if item.is_numeric]
        findings.add("W448", line, id=scale.id, ranges=shown)


def _check_cycles(scales: dict[str, Scale], findings: Findings) -> None:
    """Note each circle of parts once, at its first scale."""
    done: set[str] = set()
    for start in scales:
        path: list[str] = []
        _follow(start, path, scales, done, findings)


def _follow(id: str, path: list[str], scales: dict[str, Scale], done: set[str], findings: Findings) -> None:
    if id in path:
        findings.add("E433", scales[id].line, cycle=[*path[path.index(id) :], id])
        return
    if id in done or id not in scales:
        return
    for part in dict.fromkeys(scales[id].parts):
        _follow(part, [*path, id], scales, done, findings)
    done.add(id)


def _shown(item: Item) -> list[str]:
    if item.options:
        return [str(code) for code in item.codes]
    return [f"{_end(item.min)}–{_end(item.max)}"]


def _end(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"


def _code(value: float | str) -> str:
    return value if isinstance(value, str) else code_text(value)
