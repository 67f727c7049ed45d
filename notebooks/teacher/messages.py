"""What the class tools say: messages.toml, in the teacher's language or in a learner's."""

import os
import tomllib
from functools import cache
from pathlib import Path


def say(key: str, *values: object, language: str | None = None) -> str:
    """A sentence of messages.toml with its values, in the language named or else in that of the system (run.py)."""
    return _messages()[key][language or os.environ.get("COURSE_LANGUAGE", "en")].format(*values)


def shortened(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f", … ({len(names)})" if len(names) > 5 else "")


@cache
def _messages() -> dict:
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))
