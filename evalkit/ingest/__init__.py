"""What came back: spreadsheet files and an instrument in, coded answers with their addresses out."""

from evalkit.ingest.reading import read_responses
from evalkit.ingest.responses import Responses

__all__ = ["Responses", "read_responses"]
