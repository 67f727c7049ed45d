"""What the build adds to a lesson's prose: the frame around a task, and the way to the other lessons."""

import re
import tomllib
from pathlib import Path

import nbformat

from deepseek_course.language import LANGUAGES

from .source import ROOT, SOURCES, Lesson, on_screen

CONTENTS = SOURCES / "contents" / "index.md"  # in a folder of its own, so that each *.md beside it is a lesson
WORDS = {
    "ko": {"task": "문제", "predict": "예측", "vote": "투표", "contents": "목차"},
    "en": {"task": "Task", "predict": "Prediction", "vote": "Vote", "contents": "Contents"},
}
IN_BROWSER = {"ko": "브라우저에서 열기", "en": "Open in the browser"}
OPEN = "lite/notebooks/index.html?path="  # where the site opens a lesson
SITE_LINK = re.compile(r"(?<=<!-- site -->\n).*(?=<!-- /site -->)", re.DOTALL)
PART_OF_TASK = re.compile(r"[-*|] |\d+\. |\*[^*]")  # a list, a table, a hint in italics: the question stands above


def framed(lesson: Lesson, language: str) -> dict[int, str]:
    """The prose above each exercise or written task, by the cell's number, as a notebook has it.

    Its last paragraph, with the list or the hint that belongs to it, becomes a callout with a word at its head: a
    vote or a prediction where there is no key, else a task, which is numbered.
    """
    found, number, above = {}, 0, None
    for n, cell in lesson.in_language(language):
        if n in lesson.tasks or "written" in cell.metadata:
            exercise = lesson.tasks[n].exercise if n in lesson.tasks else None
            kind = "predict" if exercise and exercise.level == "forecast" else "task"
            number += kind == "task"
            if above is not None:
                said = "vote" if exercise and exercise.kind == "vote" else kind
                word = WORDS[language][said] + (f" {number}" if kind == "task" else "")
                found[above] = _framed(on_screen(lesson.cells[above].source), kind, word)
            above = None
        elif cell.cell_type == "markdown":
            above = n
    return found


def _framed(prose: str, kind: str, word: str) -> str:
    parts = prose.split("\n\n")
    start = len(parts) - 1
    if parts[start] == "</details>":  # what is folded below a question belongs to it
        start = max(n for n, part in enumerate(parts) if part.startswith("<details")) - 1
    while start and PART_OF_TASK.match(parts[start]) and not parts[start - 1].startswith(("#", "<", "---")):
        start -= 1
    if parts[start].startswith(("#", "<")):
        return prose
    frame = [f'<div class="{kind}">', f"**{word}**", *parts[start:], "</div>"]
    return "\n\n".join(parts[:start] + frame)


def with_way(notebook: nbformat.NotebookNode, path: Path, language: str) -> nbformat.NotebookNode:
    """The notebook with previous, contents and next at its head and foot; the contents page stays as it is."""
    if path == CONTENTS:
        return notebook
    lessons = sorted(SOURCES.glob("*.md"))
    at = lessons.index(path)
    links = [f"[← {_title(lessons[at - 1], language)}]({lessons[at - 1].stem}.ipynb)"] if at else []
    links.append(f"[{WORDS[language]['contents']}]({CONTENTS.stem}.ipynb)")
    if at + 1 < len(lessons):
        links.append(f"[{_title(lessons[at + 1], language)} →]({lessons[at + 1].stem}.ipynb)")
    head, foot = (nbformat.v4.new_markdown_cell(" · ".join(links), id=f"way-{place}") for place in ("head", "foot"))
    if site():
        head.source += f"\n\n[{IN_BROWSER[language]}]({site()}/{OPEN}{language}/{path.stem}.ipynb)"
    notebook.cells = [head, *notebook.cells, foot]
    return notebook


def site() -> str:
    """The site's address, as pyproject.toml has it; "" where the lessons are nowhere yet."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["deepseek-course"]
    return settings["site"].rstrip("/")


def with_site_link(readme: str, language: str) -> str:
    """A README with the link to the site between its two marks, where there is a site."""
    line = f"**[{IN_BROWSER[language]}]({site()}/#{language})**\n" if site() else ""
    return SITE_LINK.sub(lambda _: line, readme)


def is_way(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell has these links: known by what it says, for some programs take the ids of cells away."""
    return cell.cell_type == "markdown" and f"]({CONTENTS.stem}.ipynb)" in cell.source


def _title(path: Path, language: str) -> str:
    return re.findall(r"^# (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[LANGUAGES.index(language)]
