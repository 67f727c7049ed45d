"""What the class tools say: messages.toml, in the teacher's language or in a learner's."""

import os
from pathlib import Path

from deepseek_course.language import catalogue

_say = catalogue(Path(__file__).with_name("messages.toml"))


def say(key: str, *values: object, language: str | None = None) -> str:
    """A sentence of messages.toml with its values, in the language named or else in that of the system (run.py)."""
    return _say(key, *values).in_language(language or os.environ.get("COURSE_LANGUAGE", "en"))


def shortened(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f", … ({len(names)})" if len(names) > 5 else "")
