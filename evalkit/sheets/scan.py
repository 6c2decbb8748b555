"""Rows of plain sheet XML in, cells out, by array arithmetic on the bytes; anything unusual is left to the parser.

Plain is what Excel, WPS, LibreOffice, openpyxl and xlsxwriter write for nearly every row: `<row r="..">` with
`<c r="B2" s=".." t="..">` holding at most one `<v>` or `<is><t>`, no blanks between tags. Everything is checked;
a block that shows anything else is not taken, so both ways give the same cells (a test holds them together).
"""

from __future__ import annotations

import re
from xml.parsers import expat

import numpy as np

from evalkit.sheets.cells import MAX_COLUMN, MAX_ROW, NUMBER
from evalkit.sheets.readers import Readers, Tokens
from evalkit.sheets.store import SheetBuilder

MAX_ATTRIBUTES = 24  # bytes behind the reference in a plain `<c>` tag
SMALL = 100_000  # whole numbers below this have a table of their own

_PAD = bytes(64)  # lets every fixed-width look-ahead stay inside the array
_ATTRIBUTES = re.compile(rb'(?: (?:s|t)="[A-Za-z0-9]*")* ?')
_ATTRIBUTE = re.compile(rb' (s|t)="([A-Za-z0-9]*)"')
_ROW = re.compile(rb'<row r="([0-9]+)"([^<>]*)>')
_HIDDEN = re.compile(rb' hidden="(?:1|true)"')
_UNUSUAL = re.compile(rb"[&\r\x00-\x08\x0b-\x1f]|\xef\xbf[\xbe\xbf]")

# Kinds of tags, found by the two bytes behind `<`, with the length each must have (0: any).
ROW, ROW_END, CELL, CELL_END, VALUE, VALUE_END, INLINE, INLINE_END, TEXT, TEXT_END, FORMULA, FORMULA_END = range(1, 13)
_TAGS = {
    b"ro": (ROW, 0),
    b"/r": (ROW_END, 6),
    b"c ": (CELL, 0),
    b"c>": (CELL, 3),
    b"c/": (CELL, 4),
    b"/c": (CELL_END, 4),
    b"v>": (VALUE, 3),
    b"/v": (VALUE_END, 4),
    b"is": (INLINE, 4),
    b"/i": (INLINE_END, 5),
    b"t>": (TEXT, 3),
    b"t ": (TEXT, 0),
    b"/t": (TEXT_END, 4),
    b"f>": (FORMULA, 3),
    b"f ": (FORMULA, 0),
    b"/f": (FORMULA_END, 4),
}
_KIND = np.zeros(1 << 16, dtype=np.int8)
_LENGTH = np.zeros(1 << 16, dtype=np.int8)
for _start, (_kind, _length) in _TAGS.items():
    _KIND[_start[0] | _start[1] << 8] = _kind
    _LENGTH[_start[0] | _start[1] << 8] = _length
_HOLDS_TEXT = np.zeros(16, dtype=bool)
_HOLDS_TEXT[[VALUE, TEXT, FORMULA]] = True
_BYTES_KEPT = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)


class NotPlain(Exception):
    """The block needs the parser."""


def decoded(raw: bytes) -> str:
    """Character data as text: by the parser where it holds an entity, a carriage return or what XML forbids.

    Raises
    ------
    NotPlain
        If it is not well-formed.
    """
    try:
        if not _UNUSUAL.search(raw):
            return raw.decode("utf-8")
        pieces: list[str] = []
        parser = expat.ParserCreate("utf-8")
        parser.CharacterDataHandler = pieces.append
        parser.Parse(b"<t>" + raw + b"</t>", True)
        return "".join(pieces)
    except (UnicodeDecodeError, expat.ExpatError) as fault:
        raise NotPlain from fault


class _RawTokens(dict[bytes, int]):
    """Bytes of a value -> token, decoded and read once for each distinct value."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.tokens = tokens

    def __missing__(self, raw: bytes) -> int:
        token = self[raw] = self.tokens.texts.add(*self.tokens.read(decoded(raw)))
        return token


class PlainRows:
    """Takes blocks of whole rows of one sheet and adds their cells to its builder.

    Attributes
    ----------
    last_row : int
        Number of the row of the last cell taken.
    """

    def __init__(self, builder: SheetBuilder, readers: Readers) -> None:
        self.builder, self.readers = builder, readers
        self.last_row = 0
        self._ways: dict[bytes, str] = {}
        self._tokens: dict[str, _RawTokens] = {}
        self._small = np.full(SMALL, -1, dtype=np.int32)

    def take(self, block: bytes) -> bool:
        """Read a block of whole rows; False, and no cell added, if it is not plain."""
        try:
            rows, columns, tokens, formulas = self._cells(block)
        except NotPlain:
            return False
        if b"hidden" in block:
            self.builder.hidden_rows |= {int(r) for r, rest in _ROW.findall(block) if _HIDDEN.search(rest)}
        if len(rows):
            self.last_row = int(rows[-1])
            self.builder.add(rows, columns, tokens)
            self.builder.add_formulas(rows[formulas], columns[formulas])
        return True

    def _cells(self, block: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        data = np.frombuffer(block + _PAD, dtype=np.uint8)
        begins, ends, kinds = _tags(data, len(block))
        cells = np.flatnonzero(kinds == CELL)
        rows, columns, after = _addresses(data, begins, kinds, cells)
        empty = data[ends - 1] == ord("/")  # <c .../>, <f .../>, <t .../>
        closed = empty[cells]
        ways, names = self._ways_of(block, data, after, ends[cells] - closed)

        values = np.flatnonzero(((kinds == VALUE) | (kinds == TEXT)) & ~empty)
        owners, formulas = _owners(cells, values), _owners(cells, np.flatnonzero(kinds == FORMULA))
        _require(not closed[owners].any() and not closed[formulas].any())
        tokens = np.full(len(cells), self.readers.texts.blank, dtype=np.int32)
        first, last = ends[values] + 1, begins[values + 1] if len(values) else values
        for code, way in enumerate(names):
            here = np.flatnonzero(ways[owners] == code)
            if len(here):
                tokens[owners[here]] = self._tokens_of(way, block, data, first[here], last[here])
        # A formula without a stored value is a finding: the parser's way makes it.
        _require(not (tokens[formulas] == self.readers.texts.blank).any())
        return rows, columns, tokens, formulas

    def _ways_of(
        self, block: bytes, data: np.ndarray, first: np.ndarray, last: np.ndarray
    ) -> tuple[np.ndarray, list[str]]:
        """How each cell is read, by the bytes of its attributes: position in a list of ways (see Readers.way)."""
        lengths = last - first
        _require(not (lengths > MAX_ATTRIBUTES).any() and not (lengths < 0).any())
        # Overlapping 8-byte words, one at each byte: attributes are compared as three whole numbers.
        words = np.ndarray((len(data) - 8,), dtype="<u8", buffer=data.data, strides=(1,))
        parts = [words[first + k] & _BYTES_KEPT[np.clip(lengths - k, 0, 8)] for k in (0, 8, 16)]
        mixed = parts[0] * np.uint64(0x9E3779B97F4A7C15) + parts[1] * np.uint64(0xC2B2AE3D27D4EB4F) + parts[2]
        _, example, index = np.unique(mixed, return_index=True, return_inverse=True)
        _require(all((part == part[example][index]).all() for part in parts))
        found = [self._way(block[first[k] : last[k]]) for k in example.tolist()]
        names = list(dict.fromkeys(found))
        codes: np.ndarray = np.array([names.index(way) for way in found], dtype=np.int8)[index]
        return codes, names

    def _way(self, attributes: bytes) -> str:
        if attributes not in self._ways:
            _require(_ATTRIBUTES.fullmatch(attributes) is not None)
            named = {key: value.decode() for key, value in _ATTRIBUTE.findall(attributes)}
            self._ways[attributes] = self.readers.way(named.get(b"t", ""), named.get(b"s", ""))
        return self._ways[attributes]

    def _tokens_of(self, way: str, block: bytes, data: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        lengths = last - first
        if way == "s":
            place, digits_only = _whole_numbers(data, first, lengths, 9)
            _require(bool(digits_only.all()) and not (place >= len(self.readers.shared)).any())
            shared: np.ndarray = self.readers.shared[place]
            return shared
        if way not in self._tokens:
            self._tokens[way] = _RawTokens(self.readers.tokens(way))
        tokens = np.empty(len(first), dtype=np.int32)
        short = np.zeros(len(first), dtype=bool)
        if way == "number":
            numbers, short = _whole_numbers(data, first, lengths, 5)
            tokens[short] = self._small_numbers(numbers[short])
        rest = np.flatnonzero(~short)
        known = self._tokens[way]
        spans = zip(first[rest].tolist(), last[rest].tolist(), strict=True)
        tokens[rest] = [known[block[start:end]] for start, end in spans]
        return tokens

    def _small_numbers(self, numbers: np.ndarray) -> np.ndarray:
        unseen = np.unique(numbers[self._small[numbers] < 0])
        for value in unseen.tolist():
            self._small[value] = self.readers.texts.add(str(value), NUMBER)
        tokens: np.ndarray = self._small[numbers]
        return tokens


def _require(holds: bool) -> None:
    if not holds:
        raise NotPlain


def _tags(data: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of each tag's `<` and `>`, and its kind; every tag is known and no text stands where none belongs."""
    begins, ends = np.flatnonzero(data == ord("<")), np.flatnonzero(data == ord(">"))
    _require(len(begins) == len(ends) and len(begins) > 0 and begins[0] == 0 and ends[-1] == size - 1)
    between = begins[1:] - ends[:-1] - 1
    _require(bool((ends > begins).all()) and bool((between >= 0).all()))
    opening = data[begins + 1] | data[begins + 2].astype(np.uint16) << 8
    kinds, lengths = _KIND[opening], _LENGTH[opening]
    _require(bool(kinds.all()) and bool(((lengths == 0) | (lengths == ends - begins + 1)).all()))
    _require(not between[~_HOLDS_TEXT[kinds[:-1]]].any())
    rows = begins[kinds == ROW]
    _require(bool((data[rows + 3] == ord("w")).all()) and bool((data[rows + 4] == ord(" ")).all()))
    # Values, texts and formulas are closed at once: nothing stands inside.
    holding = np.flatnonzero(_HOLDS_TEXT[kinds] & (data[ends - 1] != ord("/")))
    _require(
        not len(holding) or (holding[-1] < len(kinds) - 1 and bool((kinds[holding + 1] == kinds[holding] + 1).all()))
    )
    return begins, ends, kinds


def _addresses(
    data: np.ndarray, begins: np.ndarray, kinds: np.ndarray, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row numbers, column numbers, and where the other attributes begin; all cells have a reference or none has."""
    behind = begins[cells] + len("<c")
    named = _matches(data, behind, b' r="')
    if not named.any():
        tags = np.flatnonzero(kinds == ROW)
        owners = np.searchsorted(tags, cells) - 1
        _require(not len(cells) or owners[0] >= 0)
        at = begins[tags] + len("<row")
        _require(bool(_matches(data, at, b' r="').all()))
        numbers, _ = _digits(data, at + 4)
        columns = np.arange(len(cells)) - np.searchsorted(cells, tags)[owners] + 1
        _require(bool((columns <= MAX_COLUMN).all()))
        return numbers[owners], columns.astype(np.int16), behind
    _require(bool(named.all()))
    at, columns = behind + 4, np.zeros(len(cells), dtype=np.int32)
    for _ in range(3):
        letter = data[at] - np.uint8(65)  # wraps: what is no capital becomes large
        is_letter = letter < 26
        columns = np.where(is_letter, columns * 26 + letter + 1, columns)
        at = at + is_letter
    _require(columns.min() > 0 and columns.max() <= MAX_COLUMN)
    rows, after = _digits(data, at)
    return rows, columns.astype(np.int16), after


def _matches(data: np.ndarray, at: np.ndarray, text: bytes) -> np.ndarray:
    """Whether the bytes at each position are these."""
    found = np.ones(len(at), dtype=bool)
    for k, byte in enumerate(text):
        found &= data[at + k] == byte
    return found


def _digits(data: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row number at each position, and the position behind its closing quote."""
    row = np.zeros(len(at), dtype=np.int32)
    for _ in range(7):
        digit = data[at] - np.uint8(48)
        is_digit = digit < 10
        row = np.where(is_digit, row * 10 + digit, row)
        at = at + is_digit
    _require(bool((data[at] == ord('"')).all()))
    _require(not len(at) or (row.min() > 0 and row.max() <= MAX_ROW))
    return row, at + 1


def _owners(cells: np.ndarray, tags: np.ndarray) -> np.ndarray:
    """Position among the cells of the one each tag stands in; a cell has at most one tag of a sort."""
    owners = np.searchsorted(cells, tags) - 1
    _require(not len(owners) or (owners[0] >= 0 and bool((np.diff(owners) > 0).all())))
    return owners


def _whole_numbers(
    data: np.ndarray, first: np.ndarray, lengths: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Values of texts of 1 to `most` digits, and where the text is nothing else."""
    plain = (lengths > 0) & (lengths <= most)
    value = np.zeros(len(first), dtype=np.int32)
    for k in range(min(most, int(lengths.max(initial=0)))):
        digit = data[first + k] - np.uint8(48)
        inside = lengths > k
        plain &= ~inside | (digit < 10)
        value = np.where(inside & plain, value * 10 + digit, value)
    return value, plain
