"""The two languages of the course: texts that have both, and the one that the reader has chosen."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("ko", "en")

_current = "ko"


@dataclass(frozen=True)
class Text:
    """A text in both languages; as a `str` it is in the reader's."""

    ko: str
    en: str

    def __str__(self) -> str:
        return self.in_language(_current)

    def in_language(self, language: str) -> str:
        """The text in "ko" or "en"."""
        return getattr(self, language)

    def then(self, more: "Text") -> "Text":
        """This text, and another in the same line."""
        return Text(f"{self.ko} {more.ko}", f"{self.en} {more.en}")

    def after(self, first: "Text") -> "Text":
        """Another text, and this one on a line below it."""
        return Text(f"{first.ko}\n{self.ko}", f"{first.en}\n{self.en}")


def current() -> str:
    """The language in force, "ko" or "en"."""
    return _current


def choose(language: str) -> None:
    """Set the language.

    Raises:
        ValueError: the language is neither "ko" nor "en".
    """
    global _current
    if language not in LANGUAGES:
        raise ValueError(f"The course speaks 'ko' (한국어) and 'en' (English), not {language!r}.")
    _current = language


def say(key: str, **values: object) -> Text:
    """One of the course's sentences, by its key in messages.toml.

    Args:
        key: such as "blank".
        values: what stands in the sentence's braces; a Text goes in in each language.
    """

    def filled(language: str) -> str:
        own = {name: v.in_language(language) if isinstance(v, Text) else v for name, v in values.items()}
        return _messages()[key][language].format(**own)

    return Text(filled("ko"), filled("en"))


@cache
def _messages() -> dict:
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))
