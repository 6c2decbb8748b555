"""XML parts in, parser events out. A document type is refused by the parser's own event, whatever hides it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

from evalkit.contract.problems import InputError, Place, Problem

MAX_TOKEN = 1 << 22  # bytes of one tag, comment or instruction; older expat takes quadratic time over longer ones

Attributes = Mapping[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]
Data = Callable[[str], None]

BREAKS = (expat.ExpatError, UnicodeError)


class Markup:
    """A push parser of one part.

    Parameters
    ----------
    file, part : str
        For messages.
    start, end, data : callable
        Handlers of element starts (local name, attributes), ends and text. Elements of another namespace than
        the root's (extensions) are passed over, so transitional and strict workbooks look the same. The key of
        an attribute with a namespace ends in a blank and its local name.
    """

    def __init__(self, file: str, part: str, start: Start, end: End | None = None, data: Data | None = None) -> None:
        self.file, self.part, self.encoding = file, part, ""
        self._locals: dict[str, str] = {}
        self._namespace: str | None = None
        self._fed = 0
        self._start, self._end = start, end
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)  # MAX_TOKEN bounds the work; deferral would delay events
        parser.StartDoctypeDeclHandler = self._refuse
        parser.XmlDeclHandler = self._declared
        parser.StartElementHandler = self._started
        if end is not None:
            parser.EndElementHandler = self._ended
        if data is not None:
            parser.CharacterDataHandler = data

    def feed(self, block: bytes | memoryview) -> None:
        """Parse the next bytes.

        Raises
        ------
        InputError
            E107 for a document type, E108 for what is not well-formed or has a tag longer than MAX_TOKEN.
        """
        self._parse(block, False)
        self._fed += len(block)
        if self._fed - max(self._parser.CurrentByteIndex, 0) > MAX_TOKEN and self._parser.CurrentByteIndex >= 0:
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

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        local = self._locals.get(name)
        if local is None:
            local = self._local(name)
        if local:
            self._start(local, attributes)

    def _ended(self, name: str) -> None:
        local = self._locals[name]
        if local and self._end is not None:
            self._end(local)

    def _local(self, name: str) -> str:
        """Name without its namespace; empty if that is another than the root's."""
        namespace, _, local = name.rpartition(" ")
        if self._namespace is None:
            self._namespace = namespace
        self._locals[name] = local if namespace == self._namespace else ""
        return self._locals[name]


def parse_part(
    blocks: Iterable[bytes], file: str, part: str, start: Start, end: End | None = None, data: Data | None = None
) -> None:
    """Parse a whole part; arguments and errors as for Markup."""
    markup = Markup(file, part, start, end, data)
    for block in blocks:
        markup.feed(block)
    markup.close()
