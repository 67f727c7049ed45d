"""Makes the notebooks from their bilingual sources: notebooks/source/*.md to notebooks/ko and notebooks/en.

python run.py build                       all lessons
python run.py build 02                    one lesson
python run.py build --solutions FOLDER    the solved notebooks, into FOLDER/ko and FOLDER/en
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbgrader.preprocessors import CheckCellMetadata, ClearSolutions, ComputeChecksums, LockCells
from traitlets.config import Config

from deepseek_class.layout import CONTENTS, framed, with_site_link, with_way
from deepseek_class.source import ROOT, Lesson, SourceError, Task, for_paper, in_language, on_screen, read_lessons
from deepseek_course.language import LANGUAGES
from deepseek_course.lesson.notes import FOLDER
from deepseek_course.practice.judging import EXERCISES
from deepseek_course.tables import reading

STUB = {
    "ko": "여기에 씁니다. (이 칸을 두 번 눌러 쓰고, 다 쓰면 Shift + Enter를 누릅니다.)",
    "en": "Write here. (Double-click this cell to write; press Shift + Enter when you are done.)",
}
README = {"ko": "README.ko.md", "en": "README.md"}
OPEN = r"(?:^.*= \.\.\.(?:  #.*)?\n)+(?=### BEGIN SOLUTION)"
SOLUTION = re.compile(rf"{OPEN}|^### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


def version() -> str:
    """The course's version, as pyproject.toml has it."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def grading(kind: str, name: str, points: int = 0) -> dict:
    """nbgrader's metadata for the cell of an exercise, the hidden cell below it, or a task marked by hand."""
    return {
        "schema_version": 3,
        "grade_id": f"{name}-answer" if kind == "answer" else name,
        "grade": kind != "answer",
        "solution": kind != "check",
        "locked": kind == "check",
        "task": False,
    } | ({} if kind == "answer" else {"points": points})


def teacher(lesson: Lesson, language: str, paper: bool = False) -> nbformat.NotebookNode:
    """The notebook in one language, its solutions inside, marked for nbgrader; not executed.

    Args:
        paper: with the cells that only a printed sheet has.
    """
    cells, used, prose = [], set(), framed(lesson, language)
    for n, cell in lesson.in_language(language):
        if for_paper(cell) and not paper:
            continue
        made, name = _task(lesson.tasks[n], language) if n in lesson.tasks else _cell(lesson, n, language)
        made.source = prose.get(n, made.source)
        made.metadata |= {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
        if "hide-input" in cell.metadata.get("tags", []):
            made.metadata["jupyter"] = {"source_hidden": True}
        while name in used:
            name += "x"
        used.add(name)
        made.id = name
        cells.append(made)
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "deepseek_course": {"lesson": lesson.number, "language": language, "version": version()},
        },
    )


def _task(task: Task, language: str) -> tuple[nbformat.NotebookNode, str]:
    """The one cell of an exercise: its answer, which nbgrader takes out for learners, and its check."""
    code, solved = (in_language(source.strip("\n"), language) for source in (task.code, task.solved))
    check = f'course.check("{task.exercise.id}", {task.variable})'
    made = nbformat.v4.new_code_cell(f"{code}\n### BEGIN SOLUTION\n{solved}\n### END SOLUTION\n{check}")
    made.metadata["nbgrader"] = grading("answer", task.exercise.id)
    return made, f"{task.exercise.id}-answer"


def _cell(lesson: Lesson, n: int, language: str) -> tuple[nbformat.NotebookNode, str]:
    """Prose, code, or a task that is marked by hand."""
    cell = lesson.cells[n]
    # Twins share their id, which hangs on the Korean text alone: other cells may change around it.
    twin = lesson.cells[n - 1] if cell.metadata.get("lang") == "en" else cell
    prose = cell.cell_type == "markdown"
    new = nbformat.v4.new_markdown_cell if prose else nbformat.v4.new_code_cell
    made = new(on_screen(cell.source) if prose else in_language(cell.source, language))
    if "written" not in cell.metadata:
        return made, hashlib.sha256(on_screen(twin.source).encode()).hexdigest()[:8]
    name = cell.metadata["written"]
    made.metadata["nbgrader"] = grading("written", name, cell.metadata["points"])
    return made, f"{name}-written"


def assignment(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """The notebook that nbgrader makes a release from: below each exercise a hidden cell hands the answer out.

    The release has these cells no more; `Restore` puts them in again when a submission is marked.
    """
    notebook, tasks = teacher(lesson, language), {f"{t.exercise.id}-answer": t for t in lesson.tasks.values()}
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if task := tasks.get(cell.id):
            hidden = f"### BEGIN HIDDEN TESTS\ncourse.Answer({task.variable})\n### END HIDDEN TESTS"
            cells.append(nbformat.v4.new_code_cell(hidden, id=f"{task.exercise.id}-check"))
            cells[-1].metadata["nbgrader"] = grading("check", task.exercise.id, task.exercise.points)
    notebook.cells = cells
    return notebook


def learner(lesson: Lesson, language: str, paper: bool = False) -> nbformat.NotebookNode:
    """The notebook that learners open: solutions cleared, checks locked; not executed."""
    notebook = teacher(lesson, language, paper)
    config = Config()
    config.ClearSolutions.code_stub = {"python": ""}
    config.ClearSolutions.text_stub = STUB[language]
    for preprocessor in (LockCells, ClearSolutions, CheckCellMetadata, ComputeChecksums):
        notebook, _ = preprocessor(config=config).preprocess(notebook, {})
    for cell in notebook.cells:
        cell.source = cell.source.rstrip()
    return notebook


def stored(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """The learners' notebook as notebooks/ has it, with the way to the others; not executed."""
    return with_way(learner(lesson, language), lesson.path, language)


def solved(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """The notebook with the solutions in place of the open answers; not executed."""
    notebook = teacher(lesson, language)
    for cell in notebook.cells:
        cell.source = SOLUTION.sub("", cell.source).rstrip()
        cell.metadata.pop("nbgrader", None)
    return notebook


def execute(notebook: nbformat.NotebookNode, folder: Path, name: str) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in its folder and keep what it prints."""
    folder.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # on a busy machine two prints may arrive as two outputs
        timeout=120,
        extra_arguments=["--log-level=ERROR"],  # a kernel on this machine alone needs no encryption
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with tempfile.TemporaryDirectory() as empty:  # the maintainer's own entries are no part of a lesson
            client.execute(env=os.environ | {FOLDER: empty})
    except CellExecutionError as error:
        raise SourceError(f"{name}, for {folder.name}: a cell fails.\n{error}") from None
    notebook.metadata["language_info"] = {"name": "python"}  # without this machine's version
    return notebook


def until_run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook as learners open it: nothing counted, each output hidden until its cell is run."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = 0  # shown as [ ]; where there is no count, nbval takes the outputs for none
            for output in cell.outputs:
                cell.metadata.setdefault("jupyter", {})["outputs_hidden"] = True
                if output.output_type == "execute_result":
                    output.execution_count = None
    return notebook


def digest(language: str) -> str:
    """The article retold, as seeds/digest.*.md has it: the table article as a page."""
    title = {"ko": "# 기사를 우리 문장으로 다시 쓴 글", "en": "# The article retold"}[language]
    note = {
        "ko": "글의 내용을 문단마다 우리 문장으로 옮겼습니다. `data/deepseek_course/tables/article.csv`에서 만듭니다.",
        "en": "The text paragraph by paragraph, in our own words. Made from `data/deepseek_course/tables/article.csv`.",
    }[language]
    lines, section = [title, "", note], None
    for number, row in enumerate(reading.table("article", language).itertuples(), start=1):
        lines += [] if row.section == section else ["", f"## {row.section}"]
        lines += ["", f"**{number}.** {row.text}"]
        section = row.section
    return "\n".join(lines) + "\n"


def exercise_file(lesson: Lesson) -> str:
    """A lesson's exercises as the data module ships them."""
    said = {task.exercise.id: task.said for task in lesson.tasks.values()}
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def main():
    parser = argparse.ArgumentParser(
        prog="python run.py build", description="Makes the notebooks from notebooks/source."
    )
    parser.add_argument("lessons", nargs="*", help="such as 02; all if none is named")
    parser.add_argument("--solutions", type=Path, metavar="FOLDER", help="write the solved notebooks there instead")
    options = parser.parse_args()
    try:
        build(options.lessons, options.solutions)
    except SourceError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename}: cannot be written ({error.strerror}).")


def build(numbers: list[str], solutions: Path | None):
    """Makes the notebooks of the lessons named, of all if none is; where a lesson fails nothing has changed.

    Raises:
        SourceError: a mistake in a source, or a lesson that is not there.
    """
    lessons = read_lessons()
    if unknown := set(numbers) - {lesson.number for lesson in lessons}:
        there = ", ".join(lesson.number for lesson in lessons)
        raise SourceError(f"There is no lesson {' '.join(sorted(unknown))}; there are {there}.")
    with exercises_written(lessons, for_good=not solutions):
        wanted = [lesson for lesson in lessons if not numbers or lesson.number in numbers]
        wanted += [] if numbers or solutions else [Lesson(CONTENTS)]
        make, folder = (solved, solutions.resolve()) if solutions else (stored, ROOT / "notebooks")
        made = {
            folder / language / f"{lesson.path.stem}.ipynb": execute(
                make(lesson, language), folder / language, lesson.path.name
            )
            for lesson in wanted
            for language in LANGUAGES
        }
    for path, notebook in made.items():
        nbformat.write(notebook if solutions else until_run(notebook), path)
        print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    if not solutions:
        for language in LANGUAGES:
            (ROOT / "seeds" / f"digest.{language}.md").write_text(digest(language), encoding="utf-8")
            readme = ROOT / README[language]
            readme.write_text(with_site_link(readme.read_text(encoding="utf-8"), language), encoding="utf-8")


@contextmanager
def exercises_written(lessons: list[Lesson], for_good: bool) -> Iterator[None]:
    """The data module's exercises as the sources have them, for the lessons to run with.

    Afterwards they are as before where the lessons fail, and where this is not for good.
    """
    files = {EXERCISES / f"{lesson.number}.json": exercise_file(lesson) for lesson in lessons}
    before = {path: path.read_text(encoding="utf-8") for path in EXERCISES.glob("*.json")}
    EXERCISES.mkdir(exist_ok=True)
    try:
        write_exercises(files)
        yield
    except BaseException:
        for_good = False
        raise
    finally:
        if not for_good:
            write_exercises(before)


def write_exercises(files: dict[Path, str]):
    for path in EXERCISES.glob("*.json"):
        if path not in files:
            path.unlink()
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:  # a lesson may be running meanwhile
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
