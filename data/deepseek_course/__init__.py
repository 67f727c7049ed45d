"""The data behind the lessons: `import deepseek_course as course`, then `course.use("ko")` or `course.use("en")`."""

from .amounts import money
from .answers import plain
from .charts import show, use
from .judging import check, exercises, judge, progress
from .loading import TableError, table, tables

__all__ = ["TableError", "check", "exercises", "judge", "money", "plain", "progress", "show", "table", "tables", "use"]
