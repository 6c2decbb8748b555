"""Results in, printed pages out: styles, formatting, sentences, and one writer a format."""

from __future__ import annotations

from evalkit.report.formatting import cell_text
from evalkit.report.styles import Style, load_style

__all__ = ["Style", "cell_text", "load_style"]
