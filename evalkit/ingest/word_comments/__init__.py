"""A Word document in, its text and its comments with their places in that text out."""

from evalkit.ingest.word_comments.document import Document, Remark, read_document

__all__ = ["Document", "Remark", "read_document"]
