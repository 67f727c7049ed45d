"""The reader's language: one setting that tables, feedback and charts share."""

LANGUAGES = ("ko", "en")

_current = "ko"


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
