"""Colours that survive grey print and colour blindness; nothing is said by colour alone."""

from __future__ import annotations

from collections.abc import Sequence

INK = "#1A1A1A"
SOFT = "#555555"
RULE = "#8A8A8A"
GRID = "#D9D9D9"
PAPER = "#FFFFFF"
BLANK = "#F4F4F4"

NEGATIVE = ("#F7C890", "#B84F08")
"""Below the middle, from weak to strong: orange."""
POSITIVE = ("#8DBADF", "#0B3F7F")
"""Above the middle, from weak to strong: blue, and darker than the orange, so that grey tells the sides apart."""
NEUTRAL = "#F0F0F0"

LINES = ("#0B3F7F", "#C2570C", "#1B7F5C", "#7B3294", "#4D4D4D")
"""Colours of thin marks; a marker's shape says the same."""
FILLS = ("#0B3F7F", "#F0A255", "#C9DCEE", "#8C4A10", "#8FA8A0", "#5B7FA8")
"""Colours of bars: neighbours differ in lightness."""


def rgb(colour: str) -> tuple[float, float, float]:
    """`#RRGGBB` as three shares."""
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def lightness(colour: str) -> float:
    """CIE L*, 0 black to 100 white: what is left of a colour in grey print."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on this ground."""
    return PAPER if lightness(colour) < 58 else INK


def between(ends: Sequence[str], share: float) -> str:
    """The colour at `share` (0-1) of the way between two."""
    a, b = (rgb(end) for end in ends)
    return "#" + "".join(f"{round(255 * (x + (y - x) * share)):02X}" for x, y in zip(a, b, strict=True))


def levels(n: int) -> list[str]:
    """One colour an answer level, from the lowest to the highest; an odd number has a neutral middle."""
    half = n // 2
    steps = [i / (half - 1) if half > 1 else 1.0 for i in range(half)]
    low = [between(NEGATIVE, step) for step in reversed(steps)]
    high = [between(POSITIVE, step) for step in steps]
    return [*low, *([NEUTRAL] if n % 2 else []), *high]


def signed(value: float) -> str:
    """Ground of a coefficient between -1 and 1: white at 0, stronger with its size."""
    size = min(abs(value), 1.0)
    return between((PAPER, (POSITIVE if value > 0 else NEGATIVE)[1]), size)
