"""The data behind the lessons: `import deepseek_course as course`, then `course.use("ko")` or `course.use("en")`."""

import pandas as pd

from . import language
from .lesson import charts
from .lesson.article import digest
from .lesson.brief import review
from .lesson.cards import cards
from .lesson.charts import kind, show
from .lesson.notes import compare, forget, keep, kept, recall
from .pages import tell
from .plain import Answer
from .practice import shell
from .practice.judging import accepted, check, progress
from .tables import amounts, reading
from .tables.reading import TableError, tables

__all__ = [
    "Answer",
    "TableError",
    "accepted",
    "cards",
    "check",
    "compare",
    "digest",
    "forget",
    "keep",
    "kept",
    "kind",
    "money",
    "progress",
    "recall",
    "review",
    "show",
    "table",
    "tables",
    "tell",
    "use",
]


def use(code: str) -> None:
    """Set the language of labels, feedback, numbers and charts, and let cells be typed as beginners type.

    Args:
        code: "ko" or "en".

    Raises:
        ValueError: any other code; the message names both.
    """
    charts.use(code)
    shell.install()


def table(name: str) -> pd.DataFrame:
    """A table, typed, in the reader's language: see `tables.reading.table`."""
    return reading.table(name, language.current())


def money(amount: float, pos: object = None, *, currency: str = "USD") -> str:
    """An amount as the reader would write it, for text and for axes.

    Args:
        amount: in dollars, won or yuan.
        pos: not used; matplotlib gives a tick's position here, so that the function serves as a formatter.
        currency: "USD", "KRW" or "CNY".

    Returns:
        Such as "557만 6000달러" or "$5.576 million".
    """
    return amounts.money(amount, language.current(), currency=currency)
