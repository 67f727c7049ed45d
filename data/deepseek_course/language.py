"""The two languages of the course: texts that have both, and the one that the reader has chosen."""

import tomllib
from collections.abc import Callable
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


def catalogue(path: Path) -> Callable[..., Text]:
    """The function that says the sentences of one file, as `say` does those of messages.toml beside this module."""

    def say(key: str, *values: object, **named: object) -> Text:
        """A sentence by its key. Values go into its braces, by place or by name; a Text goes in in each language."""

        def filled(language: str) -> str:
            def own(value: object) -> object:
                return value.in_language(language) if isinstance(value, Text) else value

            texts = _read(path)[key][language]
            return texts.format(*map(own, values), **{name: own(value) for name, value in named.items()})

        return Text(filled("ko"), filled("en"))

    return say


@cache
def _read(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


say = catalogue(Path(__file__).with_name("messages.toml"))


def told(key: str, *values: object, **named: object) -> str:
    """The same sentence in the reader's language."""
    return str(say(key, *values, **named))
