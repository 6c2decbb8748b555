"""A drafted instrument in, the text of a plan out that loads at once and waits to be corrected."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.contract import Label
from evalkit.ingest.draft.scales import Proposal
from evalkit.instrument import Instrument

MOST_BACKGROUND = 12


def plan_text(
    instrument: Instrument, proposals: list[Proposal], *, file: str, instrument_name: str, name: str, mapping: str = ""
) -> str:
    """A commented plan in TOML.

    Parameters
    ----------
    file, instrument_name : str
        Names of the data file and the drafted instrument, beside the plan.
    name : str
        Title.
    mapping : str
        Name of a drafted mapping beside the plan, where the file needs one.

    Returns
    -------
    str
        Steps: profile of background and choice questions, then of the scales describe, reliability and correlate;
        a regression as a comment, since only the author knows what is to be explained.
    """
    scales = [proposal.scale.id for proposal in proposals]
    lines = [
        *_comment(Label("draft.plan_head")),
        'format = "evalkit-plan/1"',
        f"title = {{zh = {_text(name)}, en = {_text(name)}}}",
        'language = ["zh", "en"]',
        'style = "cn"',
        "seed = 20260101",
        f"instrument = {_text('./' + instrument_name)}",
        "",
        "[data]",
        f"file = {_text(file)}",
        *([f"mapping = {_text(mapping)}"] if mapping else []),
        "",
        *_comment(Label("draft.plan_exclude")),
        "# [[exclude]]",
        '# when = "duration_s < 60"',
        '# reason = {zh = "作答过快（少于60秒）", en = "too fast (below 60 s)"}',
        "",
    ]
    asked = _profiled(instrument)
    if asked:
        lines += _step("sample", "profile", {"items": asked}, Label("draft.plan_profile"))
    numbers = [item.id for item in instrument.items if item.type in ("integer", "decimal") and not item.private]
    if scales or numbers:
        lines += _step("scores", "describe", {"variables": [*scales, *numbers]}, Label("draft.plan_describe"))
    for proposal in proposals:
        keys = {"items": proposal.scale.id}
        lines += _step(f"reliability_{proposal.scale.id}", "reliability", keys, Label("draft.plan_reliability"))
    if len(scales) >= 2:
        lines += _step("correlations", "correlate", {"variables": scales}, Label("draft.plan_correlate"))
    lines += _regression(instrument, scales)
    return "\n".join(lines).rstrip("\n") + "\n"


def _profiled(instrument: Instrument) -> list[str]:
    """Background questions, else the first choice questions."""
    choices = [
        item
        for item in instrument.items
        if item.type in ("single", "multi") and item.matrix is None and not item.private
    ]
    scaled = {item for scale in instrument.scales for item in instrument.scale_items(scale.id)}
    background = [item.id for item in choices if item.role == "background"]
    others = [item.id for item in choices if item.role != "background" and item.id not in scaled]
    return [*background, *others][:MOST_BACKGROUND]


def _regression(instrument: Instrument, scales: list[str]) -> list[str]:
    """A regression of the last scale on the others and the background, as a comment."""
    background = [i.id for i in instrument.items if i.role == "background" and i.type == "single" and not i.private]
    if len(scales) < 2:
        numbers = [i.id for i in instrument.items if i.type in ("integer", "decimal") and not i.private]
        outcome = [*scales, *numbers][:1]
        predictors = background
    else:
        outcome, predictors = scales[-1:], scales[:-1]
    if not outcome or not predictors:
        return []
    first = " + ".join(background) if background and len(scales) >= 2 else ""
    formula = (
        f"{outcome[0]} ~ {first} | + {' + '.join(predictors)}" if first else f"{outcome[0]} ~ {' + '.join(predictors)}"
    )
    step = _step("regression", "regress", {"formula": formula, "cov": "HC3"}, None)
    return [*_comment(Label("draft.plan_regress")), *(f"# {line}" if line else "" for line in step)]


def _step(id: str, do: str, keys: Mapping[str, str | list[str]], comment: Label | None) -> list[str]:
    body = [f"{key} = {_value(value)}" for key, value in keys.items()]
    return [*(_comment(comment) if comment else []), "[[step]]", f'id = "{id}"', f'do = "{do}"', *body, ""]


def _comment(label: Label) -> list[str]:
    return [f"# {line}" for lang in ("zh", "en") for line in label.text(lang).splitlines()]


def _value(value: str | list[str]) -> str:
    return _text(value) if isinstance(value, str) else "[" + ", ".join(map(_text, value)) + "]"


def _text(value: str) -> str:
    """A TOML string; a file name with a backslash or quote stands escaped."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in escaped) + '"'
