"""The table of results on top of a marked notebook: what was noticed, and how each exercise went."""

import html
from collections.abc import Iterable

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.utils import is_grade, is_solution

from deepseek_course.pages import escaped
from deepseek_course.practice.feedback import MARKS

from .cells import NO_MATHS, about, said

STYLE = (  # nbgrader's pages hide the triangle of what is folded
    "summary { display: list-item; cursor: pointer }"
    " .glance :is(td, th) { padding: 2px 12px 2px 0; vertical-align: top }"
    " .glance .points { white-space: nowrap } .own { border: 1px dashed #999; padding: 0.4em 0.6em }"
)


def with_summary(nb: NotebookNode) -> NotebookNode:
    """The notebook with what was noticed and a table of the results on top, in place of an earlier one."""
    cells = [cell for cell in nb.cells if cell.id != "summary"]
    nb.cells = [new_markdown_cell(summary(nb, filter(is_grade, cells)), id="summary"), *cells]
    return nb


def noticed(about_it: dict) -> list[str]:
    """All that was noticed while a notebook was marked."""
    return [*about_it.get("notes", []), *about_it.get("remarks", [])]


def summary(nb: NotebookNode, cells: Iterable[NotebookNode]) -> str:
    """What was noticed, and a row for each cell with points: one block of HTML, so that no Markdown is read."""
    notes = "".join(f"<li>{html.escape(line)}</li>" for line in noticed(about(nb)))
    told = f"<h3>{said(nb, 'title')}</h3><ul>{notes}</ul>" if notes else ""
    head = "".join(
        f"<th>{said(nb, key)}</th>" for key in ("column_exercise", "column_result", "column_points", "column_said")
    )
    cells = list(cells)
    shown = [cell for cell in cells if not is_left_at_home(cell)]
    rows = "".join(row_of(nb, cell) for cell in shown)
    left = len(cells) - len(shown)
    below = f"<p>{said(nb, 'home_open', left)}</p>" if left else ""
    table = f"<h3>{said(nb, 'glance')}</h3><table class='glance'><tr>{head}</tr>{rows}</table>{below}"
    return f"<div {NO_MATHS}><style>{STYLE}</style>{told}{table}</div>"


def is_left_at_home(cell: NotebookNode) -> bool:
    """Whether an exercise without points was not done."""
    return not cell.metadata.nbgrader.points and cell.metadata.get("deepseek_course", {}).get("mark") == MARKS["open"]


def row_of(nb: NotebookNode, cell: NotebookNode) -> str:
    """A row of the table of results. The gradebook's points, where they are known, win over what was judged."""
    grading, result = cell.metadata.nbgrader, cell.metadata.get("deepseek_course", {})
    title = result.get("title") or (said(nb, "written", grading.grade_id) if is_solution(cell) else grading.grade_id)
    score = grading.get("score", result.get("score"))
    if not grading.points:
        points = "–"  # done at will
    elif score is None or grading.get("waiting"):
        points = said(nb, "page_waiting")
    else:
        points = f"{score:g} / {grading.points:g}"
    told = result.get("message") or grading.get("comment") or ""
    told = "" if told == "No response." else told  # nbgrader's own, of an empty cell
    return (
        f"<tr><td><a href='#{grading.grade_id}'>{html.escape(title)}</a></td><td>{result.get('mark', '')}</td>"
        f"<td class='points'>{points}</td><td>{escaped(told)}</td></tr>"
    )
