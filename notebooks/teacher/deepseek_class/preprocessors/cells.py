"""What the preprocessors know of a notebook's cells, and how they say something in its language."""

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum, is_grade, is_solution

from .. import messages

CODE, MARKDOWN = "code", "markdown"
OWN = "own-"  # begins the ids of a learner's own cells
NO_MATHS = 'class="tex2jax_ignore mathjax_ignore"'  # MathJax would obey commands in what a learner wrote
HASH = "submitted_sha256"  # in a notebook's metadata, to the end: of the file that it was made from


def about(notebook: NotebookNode) -> dict:
    """The course's own metadata of a notebook; empty for one that is not of this course."""
    found = notebook.metadata.get("deepseek_course")
    return found if isinstance(found, dict) else {}


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is one of nbgrader's tests, not an answer."""
    return cell.cell_type == CODE and is_grade(cell) and not is_solution(cell)


def is_hidden(cell: NotebookNode) -> bool:
    """Whether all of a test is hidden from learners: a release of ours goes without it."""
    text = cell.source.strip()
    return is_check(cell) and text.startswith("### BEGIN HIDDEN TESTS") and text.endswith("### END HIDDEN TESTS")


def is_untouched(cell: NotebookNode) -> bool:
    """Whether an answer cell is as it was handed out."""
    return cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)


def is_a_learners(cell: NotebookNode) -> bool:
    """Whether a learner wrote this text; the unchanged stub of a task is the teacher's, as is all other prose."""
    if is_solution(cell):
        return not is_untouched(cell)
    return cell.id.startswith(OWN)


def said(notebook: NotebookNode, key: str, *values: object) -> str:
    """A sentence of the tools' messages in a notebook's language, or in the teacher's where it has none."""
    return messages.say(key, *values, language=about(notebook).get("language"))


def note(notebook: NotebookNode, key: str, *values: object):
    """Adds a sentence to what was noticed while a notebook was marked."""
    about(notebook).setdefault("notes", []).append(said(notebook, key, *values))
