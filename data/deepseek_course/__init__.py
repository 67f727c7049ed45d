"""The data behind the lessons: `import deepseek_course as course`, then `course.use("ko")` or `course.use("en")`."""

from .amounts import money
from .answers import Answer, plain
from .brief import review
from .cards import cards
from .charts import kind, show, use
from .judging import accepted, check, exercises, judge, progress
from .keeping import forget, keep, kept, recall
from .loading import TableError, table, tables
from .reading import digest

__all__ = [
    "Answer",
    "TableError",
    "accepted",
    "cards",
    "check",
    "digest",
    "exercises",
    "forget",
    "judge",
    "keep",
    "kept",
    "kind",
    "money",
    "plain",
    "progress",
    "recall",
    "review",
    "show",
    "table",
    "tables",
    "use",
]
