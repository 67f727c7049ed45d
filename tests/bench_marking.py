"""How long marking takes, isolated and side by side, against stock nbgrader; run by hand, prints a ratio.

    .venv-dev/bin/python tests/bench_marking.py [30]

Stock `nbgrader autograde` marks the same submissions of lesson 02 one after another, without isolation; its check cells
yield the score, since it knows nothing of judging outside. Both times are of whole commands; the marks have to agree.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

import submissions
from deepseek_class.build import assignment
from deepseek_class.preprocessors.judging import check_line
from deepseek_class.source import SOURCES, Lesson

STOCK = "c = get_config()\nc.ClearSolutions.code_stub = {'python': ''}\n"


def classes(number: int) -> dict[str, nbformat.NotebookNode]:
    made = [submissions.notebook(), submissions.notebook(right=12), submissions.wrong()]
    kinds = [submissions.two_cells(one) for one in made]  # with the checks, which stock nbgrader cannot put back
    return {f"student{n:03}": kinds[n % 3] for n in range(number)}


def make_stock(folder: Path):
    """The same assignment for nbgrader as it is: a check cell's last value is its score."""
    (folder / "nbgrader_config.py").write_text(STOCK)
    notebook = assignment(Lesson(SOURCES / "02-numbers.md"), "ko")
    for cell in notebook.cells:
        if cell.id.endswith("-check"):
            grading = cell.metadata.nbgrader
            check = f"{check_line(grading.grade_id, cell.source)}.passed * {grading.points}"
            cell.source = f"### BEGIN HIDDEN TESTS\n{check}\n### END HIDDEN TESTS"
    path = folder / "source" / "02-ko" / submissions.NAME
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def seconds(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def marks(folder: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return {one.student_id: one.score for one in gradebook.assignment_submissions("02-ko")}


def main(number: str = "30"):
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # alembic
    with tempfile.TemporaryDirectory() as stock, tempfile.TemporaryDirectory() as ours:
        stock, ours = Path(stock), Path(ours)
        make_stock(stock)
        seconds(["-m", "nbgrader", "generate_assignment", "02-ko"], stock)
        ours_by = ["-m", "deepseek_class.commands"]
        seconds([*ours_by, "generate_assignment", "02-ko"], ours)
        for folder in (stock, ours):
            submissions.hand_in(folder, classes(int(number)))
        floor = seconds(["-m", "nbgrader", "autograde", "02-ko"], stock)
        isolated = seconds([*ours_by, "mark", "02-ko"], ours)
        assert marks(stock) == marks(ours), "the marks differ"
    print(
        f"{number} submissions, {os.cpu_count()} cores: stock {floor:.0f} s, isolated and side by side {isolated:.0f} s"
    )
    print(f"ratio {isolated / floor:.2f}, the same marks")


if __name__ == "__main__":
    main(*sys.argv[1:])
