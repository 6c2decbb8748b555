"""A TOML file that cannot be read in, the reason in plain words out (for plans and instruments alike)."""

from __future__ import annotations

import codecs
import re
import tomllib

from evalkit.contract.problems import Place, Problem
from evalkit.formula.tokens import HALF_WIDTH

_CLOSED_STRING = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'[^']*'")
_KEY = re.compile(r"(?:^|[{,])\s*([^\s=\[\]{}\"'#,]+)\s*=")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def decode_toml(data: bytes, file: str) -> str | Problem:
    """The text of a file saved as UTF-8 (a byte-order mark stays), or the problem that names its encoding."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")):
        if data.startswith(mark):
            return Problem("E401", Place(file, line=1), {"encoding": encoding})
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return Problem("E401", Place(file, line=line), {"encoding": "?"})
    return Problem("E401", Place(file, line=line), {"encoding": "GBK / ANSI"})


def toml_problem(text: str, error: tomllib.TOMLDecodeError, file: str) -> Problem:
    """Why a text is not TOML: line, what is wrong and what to write instead.

    Parameters
    ----------
    text : str
        The whole file.
    error : TOMLDecodeError
        What `tomllib.loads(text)` raised.
    file : str
        Its name, for the place.
    """
    lines = text.splitlines() or [""]
    found = _PLACE.search(str(error))
    if found:
        line, column = int(found.group(1)), int(found.group(2))
    else:  # at the end of the file: most often a quote opened further up
        line = next((i for i, content in enumerate(lines, 1) if _is_open(_bare(content))), len(lines))
        column = len(lines[line - 1]) + 1
    content = lines[min(line, len(lines)) - 1]
    code, params = _reason(content, column, str(error))
    return Problem(code, Place(file, line=line), params)


def _reason(content: str, column: int, message: str) -> tuple[str, dict[str, object]]:
    if "Unescaped '\\'" in message or "hex value" in message or "escape" in message:
        return "E404", {}
    if "overwrite" in message or "twice" in message or "Duplicate" in message or "mutate" in message:
        return "E407", {}
    bare = _bare(content)
    wide = next((c for c in bare if c in HALF_WIDTH), None)
    if wide:
        return "E403", {"found": wide, "use": HALF_WIDTH[wide]}
    key = next((k for k in _KEY.findall(bare) if not re.fullmatch(r"[A-Za-z0-9_.-]+", k)), None)
    if key:
        return "E405", {"key": key}
    colon = re.match(r"\s*[\"']?([\w-]+)[\"']?\s*:", bare)
    if colon:
        return "E406", {"key": colon.group(1)}
    if content[column - 1 : column] in ("}", "") and "{" in bare and "key" in message:
        return "E409", {}
    if _is_open(bare):
        return "E408", {}
    value = re.search(r"=\s*([^\s\"'\[{,}\]][^,}\]]*)", bare[: column + 200])
    if value and "value" in message:
        return "E410", {"found": value.group(1).strip()}
    return "E411", {"detail": _PLACE.sub("", message).strip()}


def _bare(content: str) -> str:
    """A line with its closed strings emptied and its comment cut off."""
    bare = _CLOSED_STRING.sub(lambda match: '"' + " " * (len(match.group()) - 2) + '"', content)
    return re.sub(r"""^((?:[^"'#]|" *")*)#.*""", r"\1", bare)


def _is_open(bare: str) -> bool:
    """Whether a quote is left without its partner."""
    return any(quote in re.sub(r'" *"', "", bare) for quote in "\"'")
