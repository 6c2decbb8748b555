"""The collection desk: what many communities sent in one folder in, an account of it and one data set out."""

from evalkit.ingest.desk.appending import Appended, append
from evalkit.ingest.desk.collection import Collection, collect
from evalkit.ingest.desk.roster import Member, Roster, read_roster

__all__ = ["Appended", "Collection", "Member", "Roster", "append", "collect", "read_roster"]
