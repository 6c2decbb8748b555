"""Strategies that make instruments of every kind of question, option and scale."""

from __future__ import annotations

from hypothesis import strategies as st

from evalkit.formula import parse_expression
from evalkit.instrument import (
    FORMS,
    MEASURES,
    OPTION_KINDS,
    ROLES,
    SCALE_LEVELS,
    SCALE_ROLES,
    Block,
    Instrument,
    Item,
    Option,
    Scale,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() != ""
)
flags = st.booleans()
forms = st.lists(st.sampled_from(FORMS), unique=True, max_size=2).map(tuple)
translated = st.none() | st.tuples(texts, texts)


@st.composite
def option_lists(draw, exclusive: bool) -> tuple[Option, ...]:
    if draw(flags):
        codes = draw(st.lists(st.integers(-5, 99) | st.sampled_from([0.5, 1.25]), min_size=1, max_size=4, unique=True))
    else:
        codes = draw(
            st.lists(st.from_regex(r"[a-z][a-z0-9]{0,4}", fullmatch=True), min_size=1, max_size=4, unique=True)
        )
    return tuple(
        Option(
            code,
            zh=f"{draw(texts)}甲{i}",
            en=f"{draw(texts)}乙{i}",
            alias=tuple(f"{alias}丙{i}{j}" for j, alias in enumerate(draw(st.lists(texts, max_size=2)))),
            fill=draw(flags),
            exclusive=exclusive and draw(flags),
            missing=draw(st.none() | st.sampled_from(OPTION_KINDS)) if i else None,
        )
        for i, code in enumerate(codes)
    )


@st.composite
def items(
    draw, id: str, kind: str, lists: dict[str, tuple[Option, ...]], earlier: list[Item], matrix: str | None
) -> Item:
    hint = draw(translated)
    name = {"multi": "m", "single": "s", "rank": "s"}.get(kind, "")
    options = lists.get(name, ())
    number = kind in ("integer", "decimal")
    conditions = [f"answered({item.id})" for item in earlier if item.type != "note"]
    conditions += [f"{item.id} >= 1" for item in earlier if item.is_numeric]
    conditions += [
        f'chosen({item.id}, "{item.codes[0]}")'
        for item in earlier
        if item.type == "multi" and item.codes
        if isinstance(item.codes[0], str)
    ]
    asked = draw(st.none() | st.sampled_from(conditions)) if conditions else None
    answered = kind != "note"
    return Item(
        id=id,
        type=kind,
        zh=draw(texts),
        en=draw(texts),
        label={"zh": hint[1], "en": hint[0]} if hint and answered else {},
        hint={"zh": hint[0], "en": hint[1]} if hint else {},
        options=options,
        choices=name if options else "",
        ask_if=parse_expression(asked) if asked else None,
        end_if=parse_expression(f"answered({id})") if answered and not matrix and draw(flags) else None,
        required=answered and draw(flags),
        min=draw(st.none() | st.integers(0, 5).map(float)) if number else None,
        max=draw(st.none() | st.floats(6, 9)) if number else None,
        unit=draw(st.just("") | texts) if number else "",
        step=draw(st.none() | st.just(0.5)) if number else None,
        measure=draw(st.none() | st.sampled_from(MEASURES)) if answered else None,
        role=draw(st.none() | st.sampled_from(ROLES)) if answered else None,
        check={"equals": options[0].code} if kind == "single" and draw(flags) else None,
        reverse=kind == "single" and all(not isinstance(option.code, str) for option in options) and draw(flags),
        form=draw(forms),
        private=answered and draw(flags),
        max_choices=1 if kind in ("multi", "rank", "text") and draw(flags) else None,
        missing=draw(st.dictionaries(st.sampled_from([-1.0, 99.0, 0.5]), st.sampled_from(OPTION_KINDS)))
        if number
        else {},
        matrix=matrix,
    )


@st.composite
def instruments(draw) -> Instrument:
    lists = {"s": draw(option_lists(False)), "m": draw(option_lists(True))}
    kinds = ["single", "multi", "rank", "integer", "decimal", "text", "date", "region", "note", "meta", "matrix"]
    blocks: list[Block] = []
    earlier: list[Item] = []
    for index, kind in enumerate(draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=6))):
        if kind == "matrix":
            rows = tuple(
                draw(items(f"M{index}r{i}", "single", lists, earlier, f"M{index}"))
                for i in range(draw(st.integers(1, 3)))
            )
            hint = draw(translated)
            blocks.append(
                Block(f"M{index}", kind, draw(texts), draw(texts), rows, {"zh": hint[0], "en": hint[1]} if hint else {})
            )
        else:
            item = draw(items(f"q{index}", kind, lists, earlier, None))
            blocks.append(Block(item.id, kind, item.zh, item.en, (item,)))
        earlier += blocks[-1].items
    numeric = [item.id for item in earlier if item.is_numeric]
    scales = [
        Scale(
            f"scale{i}",
            items=tuple(numeric[: i + 1]),
            score=draw(st.sampled_from(["mean", "sum", "min"])),
            min_valid=draw(st.sampled_from([None, 1.0, 0.5])),
            kind=draw(st.sampled_from(["reflective", "formative"])),
            role=draw(st.none() | st.sampled_from(SCALE_ROLES)),
            level=draw(st.none() | st.sampled_from(SCALE_LEVELS)),
            form=draw(forms),
            zh=draw(texts),
            en=draw(texts),
        )
        for i in range(min(2, len(numeric)))
    ]
    if len(scales) == 2:
        parts = tuple(scale.id for scale in scales)
        scales.append(
            Scale("top", parts=parts, reverse_parts=parts[:1], score="product_z", zh=draw(texts), en=draw(texts))
        )
    title = {"zh": draw(texts), "en": draw(texts)}
    return Instrument("demo", draw(texts), ("zh", "en"), title, tuple(blocks), tuple(scales), lists)
