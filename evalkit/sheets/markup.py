"""XML parts in, parser events out. A document type is refused by the parser's own event, whatever hides it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

from evalkit.contract.problems import InputError, Place, Problem

# What the parser is given of one part at most: it takes some 20 s over either.
MAX_PARSED = 1 << 27  # bytes
MAX_TAGS = 9_000_000
MAX_TOKEN = 1 << 22  # bytes of one tag, comment or instruction; older expat takes quadratic time over longer ones

Attributes = Mapping[str, str]
Starts = Mapping[str, Callable[[Attributes], object]]
Ends = Mapping[str, Callable[[], object]]
Data = Callable[[str], object]

BREAKS = (expat.ExpatError, UnicodeError)


class _Handlers(dict[str, Callable[..., object]]):
    """Full name of an element (namespace, blank, local name) -> its handler, found once for each name.

    Elements of the root's namespace have one by their local name, whatever namespace that is: transitional and
    strict workbooks look the same. Others have one by their full name, or are passed over.
    """

    def __init__(self, by_local_name: Mapping[str, Callable[..., object]]) -> None:
        super().__init__()
        self.by_local_name = by_local_name
        self.namespace = ""

    def __missing__(self, name: str) -> Callable[..., object]:
        namespace, _, local = name.rpartition(" ")
        asked = local if namespace == self.namespace else name if namespace else ""
        self[name] = self.by_local_name.get(asked, _pass_over)
        return self[name]


def _pass_over(*_: object) -> None:
    """An element nobody asked for."""


class Markup:
    """A push parser of one part.

    Parameters
    ----------
    file, part : str
        For messages.
    starts, ends : mapping
        Local name of an element (with namespace and blank before it, where that is not the root's) -> what to call
        at its start (with its attributes) and end (with nothing). The key of an attribute with a namespace ends in
        a blank and its local name.
    data : callable, optional
        Gets pieces of text.

    Attributes
    ----------
    root : str
        Local name of the root element, once it has been seen.
    encoding : str
        As declared, in small letters; empty if the part does not say.
    """

    def __init__(
        self, file: str, part: str, starts: Starts, ends: Ends | None = None, data: Data | None = None
    ) -> None:
        self.file, self.part, self.encoding, self.root = file, part, "", ""
        self._fed = self._tags = 0
        self._starts, self._ends = _Handlers(starts), _Handlers(ends or {})
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)  # MAX_TOKEN bounds the work; deferral would delay events
        parser.StartDoctypeDeclHandler = self._refuse
        parser.XmlDeclHandler = self._declared
        parser.StartElementHandler = self._open_root
        if ends:
            parser.EndElementHandler = self._ended
        if data is not None:
            parser.CharacterDataHandler = data

    def feed(self, block: bytes | memoryview) -> None:
        """Parse the next bytes.

        Raises
        ------
        InputError
            E106 beyond MAX_PARSED bytes or MAX_TAGS elements, E107 for a document type, E108 for what is not
            well-formed or has a tag longer than MAX_TOKEN.
        """
        self._fed += len(block)
        if self._fed > MAX_PARSED:
            raise InputError(oversized(self.file, MAX_PARSED, self.part))
        self._parse(block, False)
        if self._tags > MAX_TAGS:
            raise InputError(oversized(self.file, MAX_PARSED, self.part))
        parsed = self._parser.CurrentByteIndex
        if parsed >= 0 and self._fed - parsed > MAX_TOKEN:
            raise InputError(Problem("E108", Place(self.file), {"part": self.part}))

    def close(self) -> None:
        """The part is complete."""
        self._parse(b"", True)

    def _parse(self, block: bytes | memoryview, final: bool) -> None:
        try:
            self._parser.Parse(block, final)
        except BREAKS as fault:
            raise InputError(Problem("E108", Place(self.file), {"part": self.part})) from fault

    def _refuse(self, *_: object) -> None:
        raise InputError(Problem("E107", Place(self.file), {"part": self.part}))

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self.encoding = (encoding or "").lower()

    def _open_root(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, self.root = name.rpartition(" ")
        self._starts.namespace = self._ends.namespace = namespace
        self._parser.StartElementHandler = self._started
        self._started(name, attributes)

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._tags += 1
        self._starts[name](attributes)

    def _ended(self, name: str) -> None:
        self._ends[name]()


class AllMarkup(Markup):
    """A push parser that tells of every element, whatever its namespace.

    Parameters
    ----------
    start : callable
        Gets the local name and the attributes of an element.
    end : callable
        Gets nothing.
    """

    def __init__(
        self,
        file: str,
        part: str,
        start: Callable[[str, Attributes], object],
        end: Callable[[], object],
        data: Data | None = None,
    ) -> None:
        super().__init__(file, part, {}, None, data)
        self._start, self._end = start, end
        self._parser.EndElementHandler = self._ended

    @property
    def line(self) -> int:
        """The line, from 1, at which the parser stands."""
        return self._parser.CurrentLineNumber

    def _open_root(self, name: str, attributes: dict[str, str]) -> None:
        self.root = name.rpartition(" ")[2]
        self._parser.StartElementHandler = self._started
        self._started(name, attributes)

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._tags += 1
        self._start(name.rpartition(" ")[2], attributes)

    def _ended(self, name: str) -> None:
        self._end()


def parse_part(blocks: Iterable[bytes], file: str, part: str, starts: Starts, ends: Ends | None = None) -> str:
    """Parse a whole part; local name of its root. Arguments and errors as for Markup."""
    markup = Markup(file, part, starts, ends)
    for block in blocks:
        markup.feed(block)
    markup.close()
    return markup.root


def oversized(file: str, limit: int, part: str = "", *, line: int = 0) -> Problem:
    """E106: a file, or a part or line inside it, of more than `limit` bytes."""
    return Problem("E106", Place(file, line=line), {"part": part or file, "limit": f"{limit >> 20} MB"})
