"""Multiple responses and rankings, in one cell or in a column an option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import Answers
from evalkit.ingest.choices import choices_of
from evalkit.ingest.fills import put_fills
from evalkit.ingest.findings import KIND, Decoded, Rules
from evalkit.ingest.quantities import number_in
from evalkit.ingest.segments import Cut, cut
from evalkit.ingest.sums import sets_by_sum
from evalkit.ingest.targets import Target, option_column
from evalkit.ingest.wording import clean, take_off, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Item

Part = tuple[Target, Answers]
MOST_COMPARED = 50
"""Wrong answers of one column for which the nearest option is looked up: comparing texts is slow."""
_TICKS = {
    "1", "√", "✓", "✔", "☑", "✅", "■", "○", "●", "◯", "v", "有", "对", "是", "true", "yes", "y", "x", "选中", "已选",
}  # fmt: skip
_NO_TICKS = {"0", "×", "✗", "✘", "☐", "□", "否", "false", "no", "n", "未选", "未选中"}


def decode_joined(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """A multiple response in one cell: 1 chosen, 0 shown and not chosen, nan with its kind."""
    answers = parts[0][1]
    cuts, kinds = _cuts(item, answers, rules, "joined", out)
    chosen = np.full((len(cuts), len(item.options)), np.nan)
    missing = np.repeat(kinds[:, None], len(item.options), axis=1)
    fills: dict[int, dict[int, str]] = {}
    for k, one in enumerate(cuts):
        if one is None:
            continue
        picked = [choice.position for choice in one.choices]
        chosen[k] = 0.0
        if one.unknown:
            # What the unread piece stood for is open: only the options that were read are sure.
            chosen[k], missing[k] = np.nan, KIND["invalid"]
        chosen[k, picked], missing[k, picked] = 1.0, 0
        for choice in one.choices:
            if choice.fill:
                fills.setdefault(choice.position, {})[k] = choice.fill
    values, missing = chosen[answers.index], missing[answers.index]
    values[answers.faulty], missing[answers.faulty] = np.nan, KIND["invalid"]
    put_fills(item, answers, fills, out)
    _finish_multi(item, values, missing, [answers] * len(item.options), out)


def decode_ranking(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """A ranking in one cell (`A→B→C`): the place of each option; not ranked = nan, no answer."""
    answers = parts[0][1]
    cuts, kinds = _cuts(item, answers, rules, "places", out)
    places = np.full((len(cuts), len(item.options)), np.nan)
    missing = np.repeat(np.where(kinds == 0, KIND["no_answer"], kinds)[:, None], len(item.options), axis=1)
    fills: dict[int, dict[int, str]] = {}
    for k, one in enumerate(cuts):
        if one is None:
            continue
        if one.unknown:
            missing[k] = KIND["invalid"]
            continue
        for place, choice in enumerate(one.choices, 1):
            if np.isnan(places[k, choice.position]):
                places[k, choice.position], missing[k, choice.position] = place, 0
            if choice.fill:
                fills.setdefault(choice.position, {})[k] = choice.fill
    twice = [k for k, one in enumerate(cuts) if one and len({c.position for c in one.choices}) < len(one.choices)]
    out.note_texts("E230", answers, twice, item, lambda k: {"value": tidy(answers.texts[k])})
    values, missing = places[answers.index], missing[answers.index]
    values[answers.faulty], missing[answers.faulty] = np.nan, KIND["invalid"]
    put_fills(item, answers, fills, out)
    _finish_ranking(item, values, missing, [answers] * len(item.options), out)


def decode_options(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """A multiple response with a column an option: 0/1, ticks, or the option's own text."""
    position = {option.code: k for k, option in enumerate(item.options)}
    n = parts[0][1].n
    values = np.full((n, len(item.options)), np.nan)
    missing = np.full((n, len(item.options)), KIND["not_in_file"], dtype=np.int8)
    sources: list[Answers | None] = [None] * len(item.options)
    unticked = False
    for target, answers in parts:
        k = position[target.code] if target.code is not None else -1
        ticked, kinds, fills, zeros = ticks(item, k, answers, rules, out)
        values[:, k], missing[:, k], sources[k] = ticked[answers.index], kinds[answers.index], answers
        values[answers.faulty, k], missing[answers.faulty, k] = np.nan, KIND["invalid"]
        unticked |= zeros
        put_fills(item, answers, {k: fills}, out, [k])
    if not unticked:
        # Only ticks and blanks: beside a tick, a blank is an option not chosen.
        blank = missing == KIND["no_answer"]
        beside = blank & (values == 1).any(axis=1)[:, None]
        values[beside], missing[beside] = 0.0, 0
    _finish_multi(item, values, missing, sources, out)


def decode_choices(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """A multiple response in columns that each name one option chosen; what no column names was not chosen."""
    choices = choices_of(item.options)
    n = parts[0][1].n
    chosen = np.zeros((n, len(item.options)), dtype=bool)
    kinds, unread = np.full(n, KIND["no_answer"], dtype=np.int8), np.zeros(n, dtype=bool)
    for _, answers in parts:
        found = [choices.find(text, rules.by) if clean(text) else None for text in answers.texts]
        marks = np.array([rules.mark(clean(text)) if clean(text) else 0 for text in answers.texts], dtype=np.int8)
        unknown = [t for t, text in enumerate(answers.texts) if clean(text) and found[t] is None and not marks[t]]
        position = np.array([-1 if choice is None else choice.position for choice in found])[answers.index]
        position[answers.faulty] = -1
        rows = np.flatnonzero(position >= 0)
        chosen[rows, position[rows]] = True
        told = marks[answers.index]
        kinds = np.where((kinds == KIND["no_answer"]) & (told > 0), told, kinds)
        unread |= answers.faulty | np.isin(answers.index, unknown)
        near = {t: choices.nearest(answers.texts[t]) for t in unknown[:MOST_COMPARED]}
        out.note_texts(
            "E220",
            answers,
            unknown,
            item,
            lambda t, a=answers, near=near: {"value": tidy(a.texts[t]), "near": near.get(t) or "—"},
        )
    kinds[unread] = KIND["invalid"]
    # What an unread cell stood for is open: only the options that were read are sure.
    sure = chosen | (chosen.any(axis=1) & ~unread)[:, None]
    values = np.where(sure, chosen.astype(float), np.nan)
    missing = np.where(sure, 0, kinds[:, None]).astype(np.int8)
    _finish_multi(item, values, missing, [parts[0][1]] * len(item.options), out)


def decode_summed(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """A multiple response of which the sum of the options' scores is given, where one set of options alone makes it."""
    answers = parts[0][1]
    sets = sets_by_sum(item)
    chosen = np.full((len(answers.texts), len(item.options)), np.nan)
    kinds = np.full(len(answers.texts), KIND["invalid"], dtype=np.int8)
    unknown: dict[str, list[int]] = {"E229": [], "E238": []}
    for k, text in enumerate(answers.texts):
        line = clean(text)
        if not line or rules.mark(line):
            kinds[k] = rules.mark(line) if line else KIND["no_answer"]
            continue
        total = number_in(line)
        found = () if total is None else sets.get(round(total, 9), ()) if sets else None
        if found:
            chosen[k], kinds[k] = 0.0, 0
            chosen[k, list(found)] = 1.0
        else:
            unknown["E229" if found is None else "E238"].append(k)
    for code, texts in unknown.items():
        out.note_texts(code, answers, texts, item, lambda k: {"value": tidy(answers.texts[k])})
    values = chosen[answers.index]
    missing = np.repeat(kinds[answers.index][:, None], len(item.options), axis=1)
    values[answers.faulty], missing[answers.faulty] = np.nan, KIND["invalid"]
    _finish_multi(item, values, missing, [answers] * len(item.options), out)


def decode_places(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """A ranking with a column an option that holds its place."""
    position = {option.code: k for k, option in enumerate(item.options)}
    n = parts[0][1].n
    values = np.full((n, len(item.options)), np.nan)
    missing = np.full((n, len(item.options)), KIND["not_in_file"], dtype=np.int8)
    sources: list[Answers | None] = [None] * len(item.options)
    for target, answers in parts:
        k = position[target.code] if target.code is not None else -1
        places, kinds = np.full(len(answers.texts), np.nan), np.full(len(answers.texts), KIND["no_answer"], np.int8)
        unknown = []
        for t, text in enumerate(answers.texts):
            line = clean(text).removesuffix(".0")
            if rules.mark(line):
                kinds[t] = rules.mark(line)
            elif line.isdecimal() and 1 <= int(line) <= len(item.options):
                places[t], kinds[t] = int(line), 0
            elif line not in ("", "0", "-1", "-2"):
                kinds[t] = KIND["invalid"]
                unknown.append(t)
        values[:, k], missing[:, k], sources[k] = places[answers.index], kinds[answers.index], answers
        values[answers.faulty, k], missing[answers.faulty, k] = np.nan, KIND["invalid"]
        _note_places(item, answers, unknown, out)
    ordered = np.sort(np.where(np.isnan(values), np.inf, values), axis=1)
    same = np.isfinite(ordered[:, 1:]) & (ordered[:, 1:] == ordered[:, :-1])
    twice = np.flatnonzero(same.any(axis=1))
    out.note_rows(
        "E230", parts[0][1], twice, item, lambda k: {"value": ", ".join(str(int(v)) for v in values[k] if v == v)}
    )
    _finish_ranking(item, values, missing, sources, out)


def decode_ranked(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """A ranking with a column a place that holds the option put there; not ranked = nan, no answer."""
    choices = choices_of(item.options)
    n = parts[0][1].n
    values = np.full((n, len(item.options)), np.nan)
    missing = np.full((n, len(item.options)), KIND["no_answer"], dtype=np.int8)
    unread, twice = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for target, answers in parts:
        found = [choices.find(text, rules.by) if clean(text) else None for text in answers.texts]
        unknown = [t for t, text in enumerate(answers.texts) if clean(text) and found[t] is None]
        position = np.array([-1 if choice is None else choice.position for choice in found])[answers.index]
        position[answers.faulty] = -1
        rows = np.flatnonzero(position >= 0)
        again = ~np.isnan(values[rows, position[rows]])
        twice[rows[again]] = True
        rows = rows[~again]
        values[rows, position[rows]], missing[rows, position[rows]] = float(target.code or 0), 0
        unread |= answers.faulty | np.isin(answers.index, unknown)
        near = {t: choices.nearest(answers.texts[t]) for t in unknown[:MOST_COMPARED]}
        said = {t: {"value": tidy(answers.texts[t]), "near": near.get(t) or "—"} for t in unknown}
        out.note_texts("E220", answers, unknown, item, said.__getitem__)
    # Which option stood in an unread cell is open, so it may be any that has no place.
    missing[unread[:, None] & np.isnan(values)] = KIND["invalid"]
    out.note_rows("E230", parts[0][1], np.flatnonzero(twice), item, lambda k: {"value": ", ".join(_row(parts, k))})
    _finish_ranking(item, values, missing, [parts[0][1]] * len(item.options), out)


def _row(parts: Sequence[Part], k: int) -> list[str]:
    """The texts of one respondent in these columns."""
    return [tidy(answers.texts[answers.index[k]]) for _, answers in parts]


def _note_places(item: Item, answers: Answers, unknown: list[int], out: Decoded) -> None:
    bounds = {"low": 1, "high": len(item.options)}
    out.note_texts("E223", answers, unknown, item, lambda t: {"value": tidy(answers.texts[t]), **bounds})


def _cuts(item: Item, answers: Answers, rules: Rules, kind: str, out: Decoded) -> tuple[list[Cut | None], np.ndarray]:
    """Each distinct text cut into options, and its missing kind where it names none; unknown pieces are listed."""
    cuts: list[Cut | None] = [None] * len(answers.texts)
    kinds = np.zeros(len(answers.texts), dtype=np.int8)
    unknown: dict[int, tuple[str, ...]] = {}
    for k, text in enumerate(answers.texts):
        line = clean(text)
        kinds[k] = rules.mark(line) if line else KIND["no_answer"]
        if kinds[k]:
            continue
        one = cut(text, item.options, rules.by, kind)
        if one.unknown:
            unknown[k] = one.unknown
        cuts[k] = one if one.choices else None
        kinds[k] = 0 if one.choices else KIND["invalid"]
    choices = choices_of(item.options)
    near = {k: choices.nearest(unknown[k][0]) for k in list(unknown)[:MOST_COMPARED]}
    out.note_texts(
        "E220", answers, unknown, item, lambda k: {"value": "、".join(unknown[k]), "near": near.get(k) or "—"}
    )
    return cuts, kinds


def ticks(
    item: Item, position: int, answers: Answers, rules: Rules, out: Decoded
) -> tuple[np.ndarray, np.ndarray, dict[int, str], bool]:
    """One option's column: ticked or not, missing kinds, texts beside it, and whether "not ticked" is ever written."""
    ticked, kinds = np.full(len(answers.texts), np.nan), np.zeros(len(answers.texts), dtype=np.int8)
    choices = choices_of((item.options[position],))
    fills: dict[int, str] = {}
    unknown, zeros = [], False
    for t, text in enumerate(answers.texts):
        line = clean(text).casefold().removesuffix(".0")
        base, fill = take_off(text)
        base = clean(base).casefold().removesuffix(".0")
        if fill:
            fills[t] = fill
        if not line:
            kinds[t] = KIND["no_answer"]
        elif rules.mark(line):
            kinds[t] = rules.mark(line)
        elif base in _NO_TICKS:
            ticked[t], zeros = 0.0, True
        elif base in _TICKS or (rules.by != "index" and choices.find(base, "text")):
            ticked[t] = 1.0
        elif rules.own_words and fill is None and item.options[position].fill and not base.isdecimal():
            ticked[t], fills[t] = 1.0, text.strip()
        else:
            kinds[t] = KIND["invalid"]
            unknown.append(t)
    option = words(item, position)
    out.note_texts("E240", answers, unknown, item, lambda t: {"value": tidy(answers.texts[t]), "option": option})
    return ticked, kinds, fills, zeros


def _finish_multi(
    item: Item, values: np.ndarray, missing: np.ndarray, sources: Sequence[Answers | None], out: Decoded
) -> None:
    """Options that mean "don't know" turn a row missing; limits are checked; one column an option is kept."""
    real = [k for k, option in enumerate(item.options) if option.missing is None]
    for k, option in enumerate(item.options):
        if option.missing:
            alone = (values[:, k] == 1) & ~(values[:, real] == 1).any(axis=1)
            values[np.ix_(alone, real)], missing[np.ix_(alone, real)] = np.nan, KIND[option.missing]
    ticked = values == 1
    first = next(source for source in sources if source is not None)
    single = [k for k, option in enumerate(item.options) if option.exclusive or option.missing]
    for k in single:
        said = {"option": words(item, k)}
        rows = np.flatnonzero(ticked[:, k] & (ticked.sum(axis=1) > 1))
        out.note_rows("E227", sources[k] or first, rows, item, lambda _, said=said: said)
    _check_limit(item, ticked.sum(axis=1), first, out)
    _put(item, real, values, missing, [source or first for source in sources], out)


def _finish_ranking(
    item: Item, values: np.ndarray, missing: np.ndarray, sources: Sequence[Answers | None], out: Decoded
) -> None:
    first = next(source for source in sources if source is not None)
    _check_limit(item, np.isfinite(values).sum(axis=1), first, out)
    real = [k for k, option in enumerate(item.options) if option.missing is None]
    _put(item, real, values, missing, [source or first for source in sources], out)


def _check_limit(item: Item, chosen: np.ndarray, source: Answers, out: Decoded) -> None:
    if item.max_choices:
        most = item.max_choices
        rows = np.flatnonzero(chosen > most)
        out.note_rows("E228", source, rows, item, lambda k: {"n": int(chosen[k]), "max": most})


def _put(
    item: Item, real: list[int], values: np.ndarray, missing: np.ndarray, sources: Sequence[Answers], out: Decoded
) -> None:
    for k in real:
        name = option_column(item.id, item.options[k].code)
        out.put(name, values[:, k].copy(), missing[:, k], sources[k])


def words(item: Item, position: int) -> dict[str, str]:
    """One option's wording in both languages, for a message."""
    return {lang: item.options[position].text(lang) for lang in ("zh", "en")}
