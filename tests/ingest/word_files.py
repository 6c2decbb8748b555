"""Hand-made Word files for the tests: any XML, any part left out or put in its place."""

from __future__ import annotations

import zipfile
from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
W15 = "http://schemas.microsoft.com/office/word/2012/wordml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
EXTENDED = "http://schemas.microsoft.com/office/2011/relationships/commentsExtended"


def t(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*parts: str) -> str:
    return "<w:p>" + "".join(part if part.startswith("<") else t(part) for part in parts) + "</w:p>"


def marked(comment: int, *parts: str) -> str:
    inner = "".join(part if part.startswith("<") else t(part) for part in parts)
    return f'<w:commentRangeStart w:id="{comment}"/>{inner}<w:commentRangeEnd w:id="{comment}"/>{reference(comment)}'


def reference(comment: int) -> str:
    return f'<w:r><w:commentReference w:id="{comment}"/></w:r>'


def comment(number: int, author: str, *lines: str, key: str = "", date: str = "2021-03-06T09:12:00Z") -> str:
    body = "".join(f'<w:p w14:paraId="{key}"><w:r><w:t>{line}</w:t></w:r></w:p>' for line in lines)
    return f'<w:comment w:id="{number}" w:author="{author}" w:date="{date}" w:initials="x">{body}</w:comment>'


def write(path: Path, body: str, comments: str = "", extended: str = "", main: str = W, **parts: str | bytes) -> Path:
    """A Word file of these parts; others by name, or in the place of ours."""
    spaces = f'xmlns:w="{main}" xmlns:mc="{MC}" xmlns:w14="{W14}" xmlns:v="urn:schemas-microsoft-com:vml"'
    made: dict[str, str | bytes] = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="r1" Type="{OFFICE}/comments" Target="comments.xml"/>'
        f'<Relationship Id="r2" Type="{EXTENDED}" Target="commentsExtended.xml"/>'
        f'<Relationship Id="r3" Type="{OFFICE}/image" Target="http://192.0.2.1/x.png" TargetMode="External"/>'
        "</Relationships>",
        "word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>",
        "word/comments.xml": f"<w:comments {spaces}>{comments}</w:comments>",
        "word/commentsExtended.xml": f'<w15:commentsEx xmlns:w15="{W15}">{extended}</w15:commentsEx>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in (made | parts).items():
            target.writestr(name, content)
    return path
