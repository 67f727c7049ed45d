"""The article to read: our digest, and beside it the article's own text where a teacher has put it."""

import codecs
import hashlib
import re
import unicodedata
from pathlib import Path

from .. import language
from ..language import told
from ..pages import block, escaped
from ..tables.reading import table
from .notes import own_folder

# SHA-256 of the article's text without white space, as on the card in seeds/README.md.
FINGERPRINT = "69027e1ad322951683365fc31d60c553571e150da4052970258b938386279cd5"
HEADINGS = re.compile(r"\n(?=[📣🔥🏆⚔💡🎯])")  # the article opens each of its sections with one of these


def fingerprint(text: str) -> str:
    """The SHA-256 of a text with all white space taken out: line breaks do not matter."""
    return hashlib.sha256("".join(unicodedata.normalize("NFC", text).split()).encode()).hexdigest()


def decoded(content: bytes) -> str:
    """A text file's text: UTF-8, UTF-16 with its mark (Notepad's "Unicode") or CP949 (a Korean Windows's "ANSI").

    Raises:
        UnicodeDecodeError: it is none of these.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp949")


class Digest:
    """The sections of the digest as a notebook shows them, beside the article's own where it is there."""

    def __init__(self, sections: list[tuple[str, list[str]]], own: list[str], note: str):
        self.sections, self.own, self.note = sections, own, note

    def __repr__(self) -> str:
        return "\n".join([self.note, *(f"{title}\n" + "\n".join(texts) for title, texts in self.sections)])

    def _repr_html_(self) -> str:
        rows = []
        for number, (title, texts) in enumerate(self.sections):
            cells = [f"<h4>{escaped(title)}</h4>" + "".join(f"<p>{escaped(text)}</p>" for text in texts)]
            cells += [f"<p>{escaped(self.own[number])}</p>"] if self.own else []
            rows.append(f'<div style="display: flex; gap: 2em">{"".join(map(_column, cells))}</div>')
        return block(f"<p>{escaped(self.note)}</p>{''.join(rows)}")


def _column(content: str) -> str:
    return f'<div style="flex: 1; max-width: 46em">{content}</div>'


def _seeds() -> Path:
    """The course's folder seeds/: above this module, or above the notebook where the module was copied elsewhere."""
    beside = Path(__file__).parents[3] / "seeds"
    return beside if beside.is_dir() else Path("..", "..", "seeds")


def digest() -> Digest:
    """The article retold, section by section; the article's own text beside it where seeds/article.txt has it.

    A text that is not the one retold is shown too, and said to be another; a file that cannot be read is told.
    """
    numbered: dict[str, list[str]] = {}
    for number, row in enumerate(table("article", language.current()).itertuples(), start=1):
        numbered.setdefault(row.section, []).append(f"{number}. {row.text}")
    sections = list(numbered.items())
    path = own_folder(_seeds()) / "article.txt"
    try:
        text = decoded(path.read_bytes())
    except FileNotFoundError:
        return Digest(sections, [], told("digest_alone"))
    except (OSError, UnicodeDecodeError):
        return Digest(sections, [], f"{told('digest_alone')} {told('digest_unreadable')}")
    own = [re.sub(r"\s*\n\s*", "\n", part).strip() for part in HEADINGS.split(text)]
    own = own if len(own) == len(sections) else ["\n".join(own), *[""] * (len(sections) - 1)]
    return Digest(sections, own, told("digest_beside" if fingerprint(text) == FINGERPRINT else "digest_other"))
