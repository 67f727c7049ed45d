"""The data behind the lessons: `import deepseek_course as course`, then `course.use("ko")` or `course.use("en")`."""

import pandas as pd

from . import language
from .lesson import charts, notes
from .lesson import summary as closing
from .lesson.article import digest
from .lesson.brief import review
from .lesson.cards import cards
from .lesson.charts import kind, show
from .lesson.notes import Kept, compare, keep, kept, recall
from .lesson.summary import Summary
from .pages import tell
from .plain import Answer
from .practice import judging, shell
from .practice.feedback import Feedback, Progress
from .practice.judging import accepted
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
    "summary",
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


def check(exercise_id: str, value: object) -> Feedback:
    """Judge an answer, say what fits it, and keep that it is solved: see `practice.judging.check`."""
    feedback = judging.check(exercise_id, value)
    if feedback.passed:
        notes.note_solved(exercise_id)
    return feedback


def progress() -> Progress:
    """What is solved over all lessons and days, and what to look at again."""
    return judging.progress(notes.solved())


def summary(**sentences: object) -> Summary:
    """The closing page, with a brief's sentences: see `lesson.summary.summary`."""
    first, *lessons = progress().lines()
    return closing.summary([first, " · ".join(lessons)] if lessons else [first], **sentences)


def forget() -> Kept:
    """Delete all that is kept: see `lesson.notes.forget`."""
    judging.forget()
    return notes.forget()


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
