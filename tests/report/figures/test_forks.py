"""Letters stay whole when two processes draw at once."""

from __future__ import annotations

import numpy as np

from evalkit.plan.parallel import together
from evalkit.report.figures.lettering import glyph


def outlines(first: int) -> list[tuple[float, int]]:
    """Advance and vertex sum of many characters that nobody has drawn yet."""
    found = [glyph(chr(code)) for code in range(first, first + 400)]
    return [(g.advance, int(np.asarray(g.vertices).sum())) for g in found]


def test_two_processes_read_the_same_letters():
    glyph("一")  # the font is open before the fork
    here, there = together([lambda: outlines(0x5000), lambda: outlines(0x5000)])
    glyph.cache_clear()
    assert here == there == outlines(0x5000)
