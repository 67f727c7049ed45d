"""The reader's words for what the tables name: headings of columns, amounts with their unit, words for short names."""

import tomllib
from functools import cache
from pathlib import Path

from .amounts import money
from .reading import rows

CURRENCIES = {"usd": "USD", "krw": "KRW"}  # the last part of a column's name, where it holds amounts


@cache
def _words() -> dict:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def heading(column: object, language: str) -> object:
    """What stands above a column, in "ko" or "en"; a name that is not known stays as it is."""
    known = _words()["headings"].get(column) if isinstance(column, str) else None
    return known[language] if known else column


def word(column: object, name: str, language: str) -> str:
    """What a short name in a column means, such as "imprecise" in verdict; any other text stays as it is."""
    known = _words()["words"].get(column, {}).get(name) if isinstance(column, str) else None
    return known[language] if known else name


def number(value: float) -> str:
    """A number with commas, to six digits unless it is a whole one."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"


def measured(value: float, unit: str, language: str) -> str:
    """A value with its unit, such as "5조 달러" or "48.4%"; a unit that is not known stands behind it."""
    known = _words()["units"].get(unit)
    if not known:
        return f"{number(value)} {unit}".strip()
    currency = known.get("currency")
    return known[language].format(money(value, language, currency=currency) if currency else number(value))


def kept_name(name: str, language: str) -> str:
    """What an entry is called that a learner has kept: a question by its number and title."""
    if name in (questions := rows("questions")).index:
        question = questions.loc[name]
        place = "" if question["number"] != question["number"] else f"{question['number']:.0f}. "
        return place + question[f"title_{language}"]
    known = _words()["kept"].get(name)
    return known[language] if known else name
