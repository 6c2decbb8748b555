"""What came back: spreadsheet files and an instrument in, coded answers with their addresses out."""

from evalkit.contract.masking import masked, masked_text
from evalkit.ingest.personal_data import PersonalDataResult, find_personal_data
from evalkit.ingest.reading import read_responses
from evalkit.ingest.responses import Responses

__all__ = ["PersonalDataResult", "Responses", "find_personal_data", "masked", "masked_text", "read_responses"]
