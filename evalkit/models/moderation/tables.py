"""A moderation in, its tables out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.models.linear_table import errors_of
from evalkit.models.matrix import joined
from evalkit.models.moderation.result import ModerationResult

NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


def moderation_table(result: ModerationResult, template: str) -> Table:
    """One of the result's tables; E652 for an unknown template."""
    if template not in result.templates:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(result.templates)}))
    return {"T17": _models, "T17.slopes": _slopes, "T17.contrasts": _contrasts}[template](result)


def _models(result: ModerationResult) -> Table:
    found = result.series.table("T13")
    several = len(result.rows("interaction")) > 1  # a single product is the last block, whose change stands there
    rows = (*found.rows, *(_change_rows(result, found.n_columns) if several else ()))
    said = (*entry_notes(result), *([change_note(result)] if several else []))
    notes = (*found.notes, *(Note("general", label) for label in said))
    title = Label("moderation.title", **variables(result))
    return replace(found, id="moderation", template="T17", title=title, rows=rows, notes=notes)


def variables(result: ModerationResult) -> dict[str, Label]:
    """Words for y, x and the moderators together."""
    moderators = [one.label for role, one in result.roles.items() if role != "x"]
    return {
        "y": result.labels[result.outcome],
        "x": result.roles["x"].label,
        "w": joined(moderators, " × ") if result.interaction == "three_way" else joined(moderators, "、"),
    }


def _change_rows(result: ModerationResult, width: int) -> Iterator[Row]:
    """What each product adds, in the column of the last model: change of R squared, then its test."""
    linear = result.family == "linear"
    for _, row in result.rows("interaction").iterrows():
        name = product_label(result, str(row["term"]))
        empty = [Cell("", "text")] * (width - 2)
        key = str(row["term"])
        kind = "r_squared_change" if linear else "mcfadden"
        change = _number(row, "estimate", kind, key)
        test = _number(row, "statistic", "f_change" if linear else "chi2_change", key, p=row["p_value"])
        label = Label("moderation.change" if linear else "moderation.change_mcfadden", product=name)
        yield Row((Cell(label, "label"), *empty, change), role="stat")
        label = Label("moderation.change_f" if linear else "moderation.change_chi2", product=name)
        yield Row((Cell(label, "label"), *empty, test), role="stat")


def product_label(result: ModerationResult, term: str) -> Label:
    """`interaction.x:w` in words."""
    own = term.removeprefix("interaction.")
    if own == "all":
        return Label("moderation.all_products")
    ids = {"_".join(one.name.split()): one.label for one in result.roles.values()}
    return joined([ids[part] for part in own.split(":")], " × ")


def entry_notes(result: ModerationResult) -> list[Label]:
    """How the variables entered."""
    numbers = [one.label for one in result.roles.values() if one.kind == "number"]
    others = [one.label for one in result.roles.values() if one.kind != "number"]
    notes = []
    if numbers:
        notes.append(Label(f"moderation.centre_{result.centre}", names=_listed(numbers)))
    if others:
        notes.append(Label("moderation.not_centred", names=_listed(others)))
    return notes


def _listed(labels: list[Label]) -> Label:
    return Label(zh="、".join(x.text("zh") for x in labels), en=", ".join(x.text("en") for x in labels))


def change_note(result: ModerationResult) -> Label:
    """What the test of the products is."""
    if result.family != "linear":
        return Label("moderation.note_change_link")
    return Label("moderation.note_change" if result.series.cov == "classical" else "moderation.note_change_wald")


def _slopes(result: ModerationResult) -> Table:
    rows = [*_slope_rows(result), *_joint_rows(result), *_difference_rows(result), *_product_rows(result)]
    for regions, prefix in ((result.regions, "jn"), (result.regions_fdr, "jn_fdr")):
        rows += _bound_rows(result, regions, prefix)
    t = "t" if np.isfinite(result.series.models[-1].fit.df) else "z"
    return Table(
        id="moderation",
        template="T17.slopes",
        title=Label("moderation.title_slopes", **variables(result)),
        header=(
            (
                Head("moderation.level"),
                *(Head(Label("moderation.value", variable=one.label)) for r, one in result.roles.items() if r != "x"),
                Head("moderation.slope"),
                *(Head(Label(f"moderation.{n}")) for n in ("se", t, "p", "low_end", "high_end")),
            ),
        ),
        rows=tuple(rows),
        notes=tuple(Note("general", label) for label in _slope_notes(result)),
    )


def _slope_notes(result: ModerationResult) -> Iterator[Label]:
    yield errors_note(result)
    yield from entry_notes(result)
    if any(one.kind == "number" for role, one in result.roles.items() if role != "x"):
        if result.points == "percentile":
            weighted = result.series.weighted
            key = "percentile_weighted" if weighted else "percentile_plain"
            yield Label(f"moderation.note_{key}", **({} if weighted else {"type": result.quantile_type}))
        elif result.points == "sd":
            yield Label("moderation.note_sd")
    if result.regions:
        alpha = f"{1 - result.conf_level:.3g}"
        yield Label("moderation.note_jn", alpha=alpha)
        if not any(r.inside for r in result.regions):
            yield Label("moderation.note_no_bound")
    if result.regions_fdr:
        yield Label("moderation.note_fdr")
    if len(result.rows("difference")) > 1:
        yield Label("moderation.note_holm")
    if result.family != "linear":
        yield Label("moderation.note_link")


def errors_note(result: ModerationResult) -> Label:
    """Standard errors and interval."""
    return Label(
        "moderation.note_errors", errors=errors_of(result.series), level=f"{100 * result.conf_level:g}", n=result.n_obs
    )


def place_label(result: ModerationResult, id: str) -> Label:
    """`low.1` in words: the moderators and where they are held."""
    roles = [role for role in ("w", "z") if role in result.roles]
    for cut in range(1, len(id) + 1):
        parts = [id] if len(roles) == 1 else [id[:cut], id[cut + 1 :]]
        keys = [f"{role}.{part}" for role, part in zip(roles, parts, strict=True)]
        if all(key in result.labels for key in keys):
            pieces = [
                Label("moderation.at", variable=result.roles[r].label, place=spoken(result, k))
                for r, k in zip(roles, keys, strict=True)
            ]
            return Label(zh="，".join(p.text("zh") for p in pieces), en=", ".join(p.text("en") for p in pieces))
    return Label(zh=id, en=id)


def spoken(result: ModerationResult, key: str) -> Label:
    """The words of a value: `low`, a category, or the number itself."""
    label = result.labels[key]
    return Label(zh=key[2:], en=key[2:]) if label == Label("moderation.given") else label


def _section(result: ModerationResult, key: str, row: pd.Series, **params: Label) -> Row:
    """A heading; with the dummy of x and the category of the outcome where there are several."""
    label = Label(key, **params)
    extra = [result.labels.get(row["group"] or "", None), result.labels.get(f"category.{row['level']}", None)]
    parts = [label, *(e for e in extra if e is not None)]
    whole = Label(zh="；".join(p.text("zh") for p in parts), en="; ".join(p.text("en") for p in parts))
    return Row((Cell(whole, "label"),), role="section")


def _groups(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Rows of one dummy and one category together."""
    keys = rows["group"].fillna("").astype(str) + "/" + rows["level"].fillna("").astype(str)
    for key in dict.fromkeys(keys):
        yield rows[keys == key]


def _slope_rows(result: ModerationResult) -> Iterator[Row]:
    names = {"x": result.roles["x"].label, "y": result.labels[result.outcome]}
    for part in _groups(result.rows("slope")):
        yield _section(result, "moderation.section_slopes", part.iloc[0], **names)
        for _, row in part.iterrows():
            label = place_label(result, row["term"].removeprefix("slope."))
            yield _tested_row(row, label, _values(result, row))


def _values(result: ModerationResult, row: pd.Series | None = None) -> list[Cell]:
    """One cell a moderator: its value, a dash for categories; blank without a row."""
    names = [n for n, role in (("moderator_value", "w"), ("second_value", "z")) if role in result.roles]
    if row is None:
        return [Cell("", "text")] * len(names)
    return [Cell(float(row[n]) if np.isfinite(row[n]) else None, "moderator_value") for n in names]


def _tested_row(row: pd.Series, label: Label, values: Sequence[Cell]) -> Row:
    """Label, values, estimate, standard error, statistic, p, interval."""
    key = result_key(row)
    cells = [_number(row, "estimate", "estimate", key, p=row["p_value"])]
    cells += [_number(row, name, name, key) for name in NUMBERS[1:]]
    return Row((Cell(label, "label"), *values, *cells), indent=1)


def result_key(row: pd.Series) -> str:
    """Start of the result ids of a row."""
    return "/".join(str(row[k]) for k in ("group", "term", "level") if isinstance(row[k], str) and row[k])


def _number(row: pd.Series, name: str, kind: str, key: str, p: float | None = None) -> Cell:
    value = float(row[name])
    reason = "moderation.why_unknown" if np.isnan(value) else None
    return Cell(value, kind, p=None if p is None else float(p), id=f"{key}#{name}", reason=reason)


def _joint_rows(result: ModerationResult) -> Iterator[Row]:
    """All dummies of x together: F with its p in place of a slope."""
    rows = result.rows("effect")
    if not len(rows):
        return
    for part in _groups(rows):
        key = "moderation.section_joint" if np.isfinite(part.iloc[0]["df2"]) else "moderation.section_joint_chi2"
        yield _section(result, key, part.iloc[0], x=result.roles["x"].label)
        for _, row in part.iterrows():
            label = place_label(result, row["term"].removeprefix("effect."))
            none = Cell(None, "text")
            id = result_key(row)
            yield Row(
                (
                    Cell(label, "label"),
                    *_values(result, row),
                    none,
                    none,
                    _number(row, "statistic", "statistic", id, p=row["p_value"]),
                    _number(row, "p_value", "p_value", id),
                    none,
                    none,
                ),
                indent=1,
            )


def _difference_rows(result: ModerationResult) -> Iterator[Row]:
    for part in _groups(result.rows("difference")):
        yield _section(result, "moderation.section_differences", part.iloc[0])
        for _, row in part.iterrows():
            high, low = row["term"].removeprefix("difference."), ""
            high, low = _apart(result, high)
            label = Label("moderation.less", high=place_label(result, high), low=place_label(result, low))
            yield _tested_row(row, label, _values(result))


def _apart(result: ModerationResult, pair: str) -> tuple[str, str]:
    """`high-low` as its two places; values and codes may hold a minus of their own."""
    places = {row.removeprefix("slope.") for row in result.rows("slope")["term"]}
    cuts = [i for i, sign in enumerate(pair) if sign == "-"]
    return next((pair[:i], pair[i + 1 :]) for i in cuts if pair[:i] in places and pair[i + 1 :] in places)


def _product_rows(result: ModerationResult) -> Iterator[Row]:
    rows = result.rows("product")
    if not len(rows):
        return
    names = {"x": result.roles["x"].label, "w": result.roles["w"].label}
    for part in _groups(rows):
        yield _section(result, "moderation.section_products", part.iloc[0], **names)
        for _, row in part.iterrows():
            key = "z." + row["term"].removeprefix("product.")
            label = Label("moderation.at", variable=result.roles["z"].label, place=spoken(result, key))
            yield _tested_row(row, label, _values(result, row))


def _bound_rows(result: ModerationResult, regions: tuple, prefix: str) -> Iterator[Row]:  # type: ignore[type-arg]
    """Bounds within the data, each with the slope there and the share of cases beyond it."""
    shown = [r for r in regions if r.inside]
    for one in shown:
        moderator = result.labels[one.moderator]
        head = pd.Series({"group": one.term if len(_columns(result)) > 1 else None, "level": one.level})
        row = _section(result, f"moderation.section_{prefix}", head, w=moderator)
        other = other_label(result, one.level)
        if other is not None:
            first = row.cells[0].value
            both = Label(zh=f"{first.text('zh')}；{other.text('zh')}", en=f"{first.text('en')}; {other.text('en')}")
            row = replace(row, cells=(Cell(both, "label"),))
        yield row
        for _, edge in one.edges.iterrows():
            if not one.low <= edge["at"] <= one.high:
                continue
            lower = edge["at"] == one.lower
            side, share = ("lower", one.below) if lower else ("upper", one.above)
            keys = pd.Series({"group": head["group"], "term": f"{prefix}.{side}", "level": one.level})
            id = result_key(keys)
            numbers = [Cell(float(edge[n]), n) for n in NUMBERS]
            label = Cell(Label("moderation.bound"), "label")
            at = Cell(float(edge["at"]), "moderator_value", id=f"{id}#estimate")
            along = [r for r in ("w", "z") if r in result.roles].index(_role(result, one.moderator))
            blank = _values(result)
            yield Row((label, *blank[:along], at, *blank[along + 1 :], *numbers), indent=1)
            label = Cell(Label(f"moderation.share_{'below' if lower else 'above'}"), "label")
            none = [Cell("", "text")] * len(NUMBERS)
            own = Cell(float(share), "share", id=f"{id}#share")
            yield Row((label, *blank[:along], own, *blank[along + 1 :], *none), indent=1)


def _role(result: ModerationResult, name: str) -> str:
    return next(role for role, one in result.roles.items() if role != "x" and one.name == name)


def _columns(result: ModerationResult) -> set[str]:
    return {r.term for r in result.regions}


def other_label(result: ModerationResult, level: str) -> Label | None:
    """The value of the other moderator that a region is about, in words."""
    for role in ("z", "w"):
        key = f"{role}.{level.rpartition('.')[2] if f'{role}.{level}' not in result.labels else level}"
        if role in result.roles and key in result.labels and len(result.roles) > 2:
            return Label("moderation.at", variable=result.roles[role].label, place=spoken(result, key))
    return None


def _contrasts(result: ModerationResult) -> Table:
    """Expected outcomes at low and high x, and their difference, at each place."""
    rows = result.rows("contrast")
    body: list[Row] = []
    for part in _groups(rows):
        body.append(_section(result, "moderation.section_contrasts", part.iloc[0], x=result.roles["x"].label))
        for _, row in part.iterrows():
            own = row["term"].removeprefix("contrast.")
            if f"slope.{own}" in set(result.rows("slope")["term"]):
                label = place_label(result, own)
            else:
                high, low = _apart(result, own)
                label = Label("moderation.less", high=place_label(result, high), low=place_label(result, low))
            body.append(_tested_row(row, label, ()))
    return Table(
        id="moderation",
        template="T17.contrasts",
        title=Label("moderation.title_contrasts", **variables(result)),
        header=(
            (
                Head("moderation.level"),
                Head("moderation.difference"),
                *(Head(Label(f"moderation.{n}")) for n in ("se", "z", "p", "low_end", "high_end")),
            ),
        ),
        rows=tuple(body),
        notes=tuple(
            Note("general", label)
            for label in (
                errors_note(result),
                Label("moderation.note_contrasts_nominal")
                if result.roles["x"].kind != "number"
                else Label("moderation.note_contrasts"),
            )
        ),
    )
