"""A figure (kind, tidy numbers, labels) in, SVG, PNG and alt text in one language out.

Each kind has a module here that says which columns its frame has and which labels it looks up:
`likert`, `multiple_response`, `heatmap`, `coefficients`, `path`, `upset`, `scree`, `structural`,
`category_curves`, `information`, `caterpillar`, `cross_level`, `event_study`, `conditional_effects`, `balance`,
`interrupted_series`, `accumulation`, `code_tree`, `power_curve`, `xy_plot`, `radar`, `network`, `calibration`,
`case_order`, `specification_curve`, `framework`, `flow`. Further columns are ignored.
The title is not drawn: it stands in the caption of the report. Notes are.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.contract import Figure, OutputError, Problem, UsageError
from evalkit.report.figures import render
from evalkit.report.figures.wording import Wording
from evalkit.report.styles import Style, load_style

KINDS = {
    "likert": "evalkit.report.figures.likert",
    "multiple_response": "evalkit.report.figures.multiple_response",
    "heatmap": "evalkit.report.figures.heatmap",
    "coefficients": "evalkit.report.figures.coefficients",
    "path": "evalkit.report.figures.path",
    "upset": "evalkit.report.figures.upset",
    "scree": "evalkit.report.figures.scree",
    "structural": "evalkit.report.figures.structural",
    "category_curves": "evalkit.report.figures.category_curves",
    "residuals": "evalkit.report.figures.residuals",
    "information": "evalkit.report.figures.information",
    "caterpillar": "evalkit.report.figures.caterpillar",
    "cross_level": "evalkit.report.figures.cross_level",
    "interaction": "evalkit.report.figures.interaction",
    "johnson_neyman": "evalkit.report.figures.johnson_neyman",
    "response_surface": "evalkit.report.figures.response_surface",
    "traces": "evalkit.report.figures.traces",
    "imputed_density": "evalkit.report.figures.imputed_density",
    "event_study": "evalkit.report.figures.event_study",
    "balance": "evalkit.report.figures.balance",
    "interrupted_series": "evalkit.report.figures.interrupted_series",
    "conditional_effects": "evalkit.report.figures.conditional_effects",
    "code_tree": "evalkit.report.figures.code_tree",
    "accumulation": "evalkit.report.figures.accumulation",
    "power_curve": "evalkit.report.figures.power_curve",
    "xy_plot": "evalkit.report.figures.xy_plot",
    "case_order": "evalkit.report.figures.case_order",
    "radar": "evalkit.report.figures.radar",
    "network": "evalkit.report.figures.network",
    "calibration": "evalkit.report.figures.calibration",
    "specification_curve": "evalkit.report.figures.specification_curve",
    "framework": "evalkit.report.figures.framework",
    "flow": "evalkit.report.figures.flow",
}
SUFFIXES = ("svg", "png")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One figure in one language.

    Parameters
    ----------
    svg, png : bytes
        The same drawing; text as outlines; the SVG has no prolog and may stand inside a page.
    alt : str
        One or two sentences with the key numbers.
    data : DataFrame
        The numbers drawn.
    notices : tuple of Problem
        W730 for each text with a character that the font lacks.
    width, height : float
        Size in points (1/72 inch).
    """

    id: str
    svg: bytes
    png: bytes
    alt: str
    data: pd.DataFrame
    notices: tuple[Problem, ...] = ()
    width: float = 0.0
    height: float = 0.0


def draw(figure: Figure, *, lang: str, style: Style | str | None = None) -> Drawn:
    """Draw one figure.

    Parameters
    ----------
    lang : str
        `zh` or `en`.
    style : Style or str, optional
        Gives the numbers their digits and stars; `cn` by default.

    Raises
    ------
    UsageError
        E731: the kind, E707: the language is not known.
    OutputError
        E733: the frame has no rows, or lacks a column that the kind needs.
    """
    module = _module(figure, lang)
    chosen = style if isinstance(style, Style) else load_style(style or "cn")
    wording = Wording(figure, lang, chosen)
    canvas, alt = module.draw(wording), module.alt(wording)
    notices = tuple(
        Problem("W730", params={"figure": figure.id, "character": f"U+{ord(character):04X}", "text": text})
        for character, text in canvas.missing.items()
    )
    return Drawn(
        figure.id,
        render.svg(canvas, f"{figure.id}-{lang}", alt),
        render.png(canvas),
        alt,
        figure.frame.copy(),
        notices,
        canvas.width,
        canvas.height,
    )


def draw_file(figure: Figure, path: str | Path, *, lang: str = "zh", style: Style | str | None = None) -> Drawn:
    """Draw one figure into a `.svg` or `.png` file; an existing file is replaced as a whole or not at all.

    Raises
    ------
    UsageError
        E732: the suffix is neither; and what `draw` raises.
    OutputError
        If the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower().removeprefix(".")
    if suffix not in SUFFIXES:
        raise UsageError(Problem("E732", params={"suffix": target.suffix or target.name, "known": list(SUFFIXES)}))
    from evalkit.sheets import write_bytes

    drawn = draw(figure, lang=lang, style=style)
    write_bytes(target, drawn.svg if suffix == "svg" else drawn.png)
    return drawn


def _module(figure: Figure, lang: str) -> Any:
    if figure.kind not in KINDS:
        raise UsageError(Problem("E731", params={"kind": figure.kind, "known": list(KINDS)}))
    if lang not in ("zh", "en"):
        raise UsageError(Problem("E707", params={"lang": lang}))
    module = importlib.import_module(KINDS[figure.kind])
    lacking = [name for name in module.COLUMNS if name not in figure.frame]
    if lacking or not len(figure.frame):
        raise OutputError(Problem("E733", params={"figure": figure.id, "columns": lacking or list(module.COLUMNS)}))
    return module
