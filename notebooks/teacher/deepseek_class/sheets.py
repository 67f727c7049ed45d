"""A printable sheet a lesson, from the lesson's source.

On a sheet stand the exercises of the class periods, each with the prose above it, the charts, and the lesson's first
task that is marked by hand. What of the prose is not printed is marked `<span class="screen">`, a whole passage `<div
class="screen">`, a diagram `<div class="parts screen">`; what is folded is never printed. A cell tagged `sheet` stands
on paper alone: it is run after the cell above it and shows its table, its list, or a line for each open answer.
Metadata rules the rest: `sheet: true` prints what else would not be (at prose without an exercise, at code), `sheet:
false` prints nothing (at prose, not the exercise either); `period` says that a period begins, `home` that what follows
is done at home; `lines` is the room at a task marked by hand. So that no answer stands beside its question, prose may
name its `place`, which holds up to the next that does: `front`, the `foot` of the front, or the `back` of the period's
sheet.
"""

import html
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from deepseek_course.practice.exercises import Exercise

from .build import execute, learner
from .fonts import font_face
from .source import SOURCES, Lesson, SourceError, for_paper

CSS = Path(__file__).with_name("sheet.css")
CHARTS = Path(__file__).with_name("sheet.mplstyle")
PLACES = ("front", "foot", "back")
LETTERS = {"ko": 18, "en": 40}  # of a model answer for each line to write on
BOX = "<span class='box'></span>"
PARTS = {  # room for each part of an answer
    "number": "{work} <i></i> {answer} <u></u>",
    "letter": f"{{answer}} {BOX}",
    "letters": "{all} <u></u>",
    "reason": f"{{reason}} {BOX} ",
    "verdict": f"{{verdict}} {BOX}",
    "place": f"<span class='part'>{{n}} {BOX}</span>",
    "percent": "<span class='part'>{n}. <u></u> %</span>",
    "range": "<span class='part'>{n}. <u></u> {low} <u></u> {high}</span>",
    "chance": "<span>{knew}</span><span>3 10 25 50 75 90 97 %</span>",
}
WORDS = {
    "ko": {
        "name": ("반", "이름", "날짜"), "work": "셈", "answer": "답", "all": "답(모두)", "reason": "근거(번호)",
        "verdict": "판정(글자)", "knew": "○표: 가 앎 · 나 들어 봄 · 다 모름",
        "low": "부터", "high": "까지", "later": "1교시가 끝난 다음에 나누어 줍니다.",
    },
    "en": {
        "name": ("Class", "Name", "Date"), "work": "Work", "answer": "Answer", "all": "Answer (all)",
        "reason": "Reason no.", "verdict": "Verdict letter",
        "knew": "Circle: A known · B heard of · C not", "low": "from", "high": "to",
        "later": "Hand out after period 1.",
    },
}  # fmt: skip


@dataclass
class Period:
    """What the sheet of one period has, place by place."""

    title: str = ""
    places: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PLACES, ""))


def sheet(lesson: Lesson, language: str) -> str:
    """One HTML document to print on A4, both sides: two pages a period, and the second period begins on page 3.

    Raises:
        SourceError: a cell of the lesson fails when it is run, or what the sheet needs is not in it.
    """
    words, title = WORDS[language], find(r"^# (.*)$", lesson, language)
    name = "".join(f"<span>{word}<i></i></span>" for word in words["name"])
    body = ""
    for number, period in enumerate(_periods(lesson, language), start=1):
        later = f"<p class='later'>{words['later']}</p>" if number == 2 else ""
        head = f"<h1>{title}</h1><p class='name'>{name}</p><p class='period'>{period.title}</p>{later}"
        front, back = period.places["front"] + period.places["foot"], period.places["back"]
        card = f"<aside>{five_questions(language)}</aside>"
        body += f"<section><header>{head}</header><main>{front}</main><main>{back}</main>{card}</section>"
    return document(title, body, language)


def five_questions(language: str) -> str:
    """The card of the five questions, as lesson 00 has it.

    Raises:
        SourceError: the lesson has no quotation with a line for each of them.
    """
    lesson = Lesson(SOURCES / "00-start.md")
    card = BeautifulSoup(MarkdownIt().render(_prose(lesson, language)), "html.parser").select("blockquote li")
    questions = [line.get_text(strip=True) for line in card]
    if "".join(question[:1] for question in questions) != "①②③④⑤":
        raise SourceError(f"{lesson.path.name}: no quotation (>) has the five questions, a line each ({language}).")
    return "<ul class='five'>" + "".join(f"<li>{question}</li>" for question in questions) + "</ul>"


def document(title: str, body: str, language: str) -> str:
    """A page to print that needs nothing else."""
    style = font_face(title + body) + CSS.read_text(encoding="utf-8")
    head = f"<meta charset='utf-8'><title>{title}</title><style>{style}</style>"
    return f"<!DOCTYPE html><html lang='{language}'><head>{head}</head><body>{body}</body></html>"


def find(pattern: str, lesson: Lesson, language: str) -> str:
    """What a pattern's group has in a lesson's prose.

    Raises:
        SourceError: the pattern fits nowhere.
    """
    found = re.search(pattern, _prose(lesson, language), re.MULTILINE)
    if not found:
        raise SourceError(f"{lesson.path.name}: the sheets look in it for {pattern}, which is not there ({language}).")
    return found[1]


def _prose(lesson: Lesson, language: str) -> str:
    return "\n\n".join(cell.source for cell in lesson.cells if cell.metadata.get("lang") == language)


def _periods(lesson: Lesson, language: str) -> list[Period]:
    periods, home, place = [Period()], False, "front"
    by_hand = next((n for n, cell in lesson.in_language(language) if "written" in cell.metadata), None)
    for prose, group in _groups(lesson, language):
        home = home or prose.metadata.get("home", False)
        if prose.metadata.get("period", 1) > len(periods):
            periods.append(Period())
            place = "front"
        if "period" in prose.metadata:
            periods[-1].title = _heading(lesson, prose)
        place = prose.metadata.get("place", place)
        if prose.metadata.get("sheet") is not False:
            periods[-1].places[place] += _passage(lesson, prose, group, home, by_hand, language)
    return periods


def _groups(lesson: Lesson, language: str) -> list[tuple]:
    """Each prose cell, and what follows it up to the next: a cell's number, the cell, and the cell when run."""
    groups = []
    for (n, cell), printed in zip(lesson.in_language(language), _run(lesson, language), strict=True):
        if cell.cell_type == "markdown" and "written" not in cell.metadata:
            groups.append((cell, []))
        else:
            groups[-1][1].append((n, cell, printed))
    return groups


def _heading(lesson: Lesson, prose) -> str:
    heading = BeautifulSoup(MarkdownIt().render(prose.source), "html.parser").h2
    if not heading:
        raise SourceError(f"{lesson.path.name}: where period {prose.metadata['period']} begins there is no heading ##.")
    return heading.decode_contents()


def _passage(lesson: Lesson, prose, group: list[tuple], home: bool, by_hand: int | None, language: str) -> str:
    """A prose cell and what belongs to it, as far as it is printed."""
    below, asked, kind = "", False, "other"
    for n, cell, printed in group:
        task = lesson.tasks.get(n)
        if n == by_hand:
            below, asked = below + _written(cell, printed, language), True
        elif task and not home and task.exercise.level != "stretch":
            below, asked, kind = below + _blank(task.exercise, language), True, "exercise"
        elif _is_shown(cell, home):
            below += _shown(printed)
    text = (markdown(prose.source) if prose.metadata.get("sheet", asked) else "") + below
    return f"<div class='{kind}'>{text}</div>" if text else ""


def _is_shown(cell, home: bool) -> bool:
    chart = "course.show(" in cell.source and not home
    return cell.cell_type == "code" and (for_paper(cell) or cell.metadata.get("sheet", chart))


def _run(lesson: Lesson, language: str) -> list:
    """The cells of the learners' notebook and those for paper, run, with charts as wide as a column."""
    notebook = learner(lesson, language, paper=True)
    at = next(at for at, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code")
    style = f"import matplotlib.pyplot\nmatplotlib.pyplot.style.use({str(CHARTS)!r})"
    notebook.cells.insert(at, nbformat.v4.new_code_cell(style))  # below the one that sets up the course
    with tempfile.TemporaryDirectory() as folder:
        cells = execute(notebook, Path(folder) / language, lesson.path.name).cells
    return cells[:at] + cells[at + 1 :]


def markdown(text: str) -> str:
    """Prose as it is printed: without what is for the screen, what is folded, and lines across."""
    page = BeautifulSoup(MarkdownIt().enable("table").render(text), "html.parser")
    for part in page.select(".screen, details, hr"):
        part.decompose()
    for part in page.select("p, li"):
        if not part.get_text(strip=True):
            part.decompose()
    for letter in page.select("li > strong:first-child, li > p:first-child > strong:first-child"):
        if len(letter.text) == 1:  # an option
            letter.find_parent("li")["class"] = "option"
    return str(page)


def _shown(printed) -> str:
    """Lines for the answers that a cell leaves open; if there are none, its table, list or chart."""
    room = "".join(lines(label, 2) for label in _open(printed.source))
    outputs = [output["data"]["text/html"] for output in printed.outputs if "text/html" in output.get("data", {})]
    return room or "".join(f"<div class='shown'>{_table(output)}</div>" for output in outputs)


def _table(output: str) -> str:
    """A cell's output without the style that pandas gives a table."""
    page = BeautifulSoup(output, "html.parser")
    for style in page("style"):
        style.decompose()
    return str(page)


def _open(source: str) -> list[str]:
    """The notes behind the answers that a cell leaves open."""
    notes = re.findall(r"^\w+ = \.\.\.(?:  # (.*))?$", source, re.MULTILINE)
    return [note.replace('"', "") for note in notes]


def lines(label: str, number: int) -> str:
    """Lines to write on."""
    return f"<div class='lines'><b>{html.escape(label)}</b>{'<i></i>' * number}</div>"


def _written(cell, printed, language: str) -> str:
    """Room for a task marked by hand: for its slots, or as its model answer needs it."""
    if cell.cell_type == "code":
        return "".join(lines(label, 4) for label in _open(printed.source))
    return lines("", cell.metadata.get("lines", len(cell.source) // LETTERS[language] + 2))


def _blank(exercise: Exercise, language: str) -> str:
    """What to write in instead of an answer cell."""
    parts = exercise.parts()
    blank = "".join(PARTS[part].format(n=n, **WORDS[language]) for n, part in enumerate(parts, start=1))
    if parts == ["chance"]:
        return f"<p class='ring'>{blank}</p>"
    return f"<div class='answer'><small>{exercise.id}</small>{blank}</div>"
