"""A printable sheet a lesson, and the debate's cards, from the lessons' sources.

On a sheet stand the exercises of the class periods, each with the prose above it from the last heading or bold word on,
the charts, and the lesson's first task that is marked by hand. Where this does not do, a cell's metadata `sheet` rules:
in prose `true` (all of it), `false` (not even the exercise) or the numbers of its blocks; at code `true` (what it
shows, or a line for each open answer), `false` (not even its chart) or the code that is run after it to show something
else; at a task marked by hand the number of lines. So that no answer stands beside its question, prose may name its
`place`, which holds up to the next that does: `front`, the `foot` of the front, or the `back` of the period's sheet.
"""

import ast
import html
import re
import tempfile
from pathlib import Path

import pandas as pd
from markdown_it import MarkdownIt

from deepseek_course.practice import judging
from deepseek_course.tables.amounts import money
from deepseek_course.tables.reading import table

from .build import execute, learner
from .fonts import font_face
from .source import SOURCES, Lesson, in_language

CSS = Path(__file__).with_name("sheet.css")
PLACES = ("front", "foot", "back")
SECOND = re.compile(r"^## (?:2교시|Period 2)", re.MULTILINE)
HOME = re.compile(r"^## (?:3교시|숙제|더 해 보기|Period 3|Homework|Stretch)", re.MULTILINE)
SCREEN = re.compile(  # a sentence that speaks of the screen
    r"실행|따옴표|저장|\"로 바꿉니다|더 해 보기|위 목록|하는지 보고|NaN"
    r"|`(?:\.\.\.|#|about|better|market_value|reports|scope|value)`"
    r"|\b[Cc]ells?\b|\b[Rr]un (?:it|the)\b|quotation marks|change \"|\bsaves?\b|Stretch|Ctrl|of the list|the check says"
)
SMALL = (  # a chart as wide as a column, its letters as large as the text
    "plt.rcParams.update({'figure.figsize': (4.6, 2.9), 'font.size': 8, 'axes.titlesize': 9, 'axes.labelsize': 9,"
    " 'ytick.labelsize': 7.5, 'legend.fontsize': 7, 'legend.markerscale': 0.6})\n"
)
HEAD = re.compile(  # pandas gives the index's name a row of its own
    r"<th[^>]*></th>((?:(?!</tr>).)*)</tr>\s*<tr>\s*<th[^>]*>([^<]*)</th>\s*(?:<th[^>]*></th>\s*)+</tr>", re.DOTALL
)
DECADES = (  # where the axis is logarithmic: few labels, but a line for each power of ten
    "from matplotlib.ticker import LogLocator, NullFormatter\n"
    "axis = plt.gca().xaxis\n"
    "axis.get_major_locator().set_params(numticks=5)\n"
    "axis.set_minor_locator(LogLocator(numticks=20))\n"
    "axis.set_minor_formatter(NullFormatter())\n"
    "axis.grid(which='minor')\n"
)
LETTERS = {"ko": 18, "en": 40}  # of a model answer for each line to write on
WORDS = {
    "ko": {
        "name": ("반", "이름", "날짜"), "work": "셈", "answer": "답", "all": "답(모두)", "reason": "근거(번호)",
        "verdict": "판정(글자)", "why": "까닭", "knew": "○표: 가 앎 · 나 들어 봄 · 다 모름",
        "low": "부터", "high": "까지", "later": "1교시가 끝난 다음에 나누어 줍니다.",
        "cards": "토론 카드", "reveal": "04의 2교시가 끝난 뒤에 나누어 줍니다(2025년 1월 이후의 결과가 있습니다).",
        "before": "토론 전", "after": "토론 뒤", "use": "누구에게 이롭게 쓸 수 있습니까?",
        "silent": "무엇은 말해 주지 않습니까?", "questions": "다섯 물음",
        "habits": "앞으로도 지킬 습관", "percent": "%", "points": "점", "models": "개",
    },
    "en": {
        "name": ("Class", "Name", "Date"), "work": "Work", "answer": "Answer", "all": "Answer (all)",
        "reason": "Reason no.", "verdict": "Verdict letter", "why": "Reason",
        "knew": "Circle: A known · B heard of · C not", "low": "from", "high": "to",
        "later": "Hand out after period 1.", "cards": "Debate cards",
        "reveal": "Hand out after period 2 of lesson 04 (with outcomes after January 2025).",
        "before": "Before", "after": "After", "use": "For whom can it be used?", "silent": "What does it not say?",
        "questions": "The five questions", "habits": "Habits to keep", "percent": " percent", "points": " points",
        "models": " models",
    },
}  # fmt: skip


def sheet(lesson: Lesson, language: str) -> str:
    """One HTML document to print on A4, both sides: two pages a period, and the second period begins on page 3.

    Raises:
        SourceError: a cell of the lesson fails when it is run.
    """
    words, title = WORDS[language], _find(r"^# (.*)$", lesson, language)
    name = "".join(f"<span>{word}<i></i></span>" for word in words["name"])
    body = ""
    for number, places in enumerate(_periods(lesson, language), start=1):
        period = _find(rf"^## ((?:{number}교시|Period {number}) .*)$", lesson, language)
        later = f"<p class='later'>{words['later']}</p>" if number == 2 else ""
        head = f"<header><h1>{title}</h1><p class='name'>{name}</p><p class='period'>{period}</p>{later}</header>"
        front, back = "".join(places["front"] + places["foot"]), "".join(places["back"])
        card = f"<aside>{five_questions(language)}</aside>"
        body += f"<section>{head}<main>{front}</main><main>{back}</main>{card}</section>"
    return _document(title, body, language)


def debate_cards(lesson: Lesson, language: str) -> str:
    """One HTML document with the cards of lesson 04's debate, eight to a page: roles, evidence, questions, habits."""
    words, evidence = WORDS[language], _evidence(lesson, language)
    facts = pd.concat([table("facts", language), table("later_facts", language)])
    outlets = pd.concat([table("sources", language), table("later_sources", language)])["publisher"]
    question = _find(r"\*\*([^*]*AI [^*]*\?)\*\*", lesson, language)
    question = question[:1].upper() + question[1:]
    blanks = "".join(f"<span>{name}<i></i>%</span>" for name in table("scenarios", language)["name"])
    chances = "".join(f"<p class='chances'><b>{words[when]}</b>{blanks}</p>" for when in ("before", "after"))
    roles = [f"<h2>{role}</h2><p>{question}</p>{chances}" for role in evidence]
    proofs = [_proof(facts.loc[id], outlets, role, language) for role, ids in evidence.items() for id in ids]
    five = f"<h2>{words['questions']}</h2>{five_questions(language)}"
    last = Lesson(SOURCES / "05-brief.md")
    habits = f"<h2>{words['habits']}</h2>" + _markdown(_find(r"((?:^- .*\n){6})", last, language))
    body = ""
    for cards, head in ((roles + proofs, words["reveal"]), ([five] * 8, ""), ([habits] * 8, "")):
        for start in range(0, len(cards), 8):
            page = "".join(f"<article>{card}</article>" for card in cards[start : start + 8])
            body += f"<section class='cards'><p class='head'>{head}</p><div>{page}</div></section>"
    return _document(words["cards"], body, language)


def five_questions(language: str) -> str:
    """The card of the five questions, as lesson 00 has it, as a list."""
    card = _find(r"^> \*\*(①.*)\*\*$", Lesson(SOURCES / "00-start.md"), language)
    return "<ul class='five'>" + "".join(f"<li>{part}</li>" for part in re.findall("[①-⑤][^①-⑤]*", card)) + "</ul>"


def _document(title: str, body: str, language: str) -> str:
    style = font_face(title + body) + CSS.read_text(encoding="utf-8")
    head = f"<meta charset='utf-8'><title>{title}</title><style>{style}</style>"
    return f"<!DOCTYPE html><html lang='{language}'><head>{head}</head><body>{body}</body></html>"


def _find(pattern: str, lesson: Lesson, language: str) -> str:
    prose = "\n\n".join(cell.source for cell in lesson.cells if cell.metadata.get("lang") == language)
    found = re.search(pattern, prose, re.MULTILINE)
    return found[1] if found else ""


def _periods(lesson: Lesson, language: str) -> list[dict[str, list[str]]]:
    """What the sheet has, period by period and place by place."""
    periods, home, place = [{place: [] for place in PLACES}], False, "front"
    cells = [cell for cell in lesson.cells if cell.metadata.get("lang", language) == language]
    by_hand = next((cell.metadata["written"] for cell in cells if "written" in cell.metadata), "")
    groups = []  # prose, and what follows it up to the next prose
    for cell, printed in zip(cells, _printed(lesson, language), strict=True):
        if cell.cell_type == "markdown" and "written" not in cell.metadata:
            groups.append((cell, []))
        groups[-1][1].append((cell, printed))
    for prose, group in groups:
        home = home or bool(HOME.search(prose.source))
        if SECOND.search(prose.source):
            periods.append({place: [] for place in PLACES})
            place = "front"
        place = prose.metadata.get("place", place)
        if prose.metadata.get("sheet") is not False:
            tasks = [(cell, printed) for cell, printed in group[1:] if _is_task(cell, home, by_hand)]
            text = _prose(prose, bool(tasks))
            text += "".join(_shown(printed) for cell, printed in group[1:] if _is_shown(cell, home))
            text += "".join(_blank(cell, printed.source, language) for cell, printed in tasks)
            whole = any("exercise" in cell.metadata for cell, _ in tasks)
            periods[-1][place].append(f"<div class='{'exercise' if whole else 'other'}'>{text}</div>" if text else "")
    return periods


def _is_shown(cell, home: bool) -> bool:
    chart = "course.show(" in cell.source and not home
    return cell.cell_type == "code" and bool(cell.metadata.get("sheet", chart))


def _is_task(cell, home: bool, by_hand: str) -> bool:
    if "exercise" in cell.metadata:
        return not home and judging.get(cell.metadata["exercise"]).level != "stretch"
    return "written" in cell.metadata and cell.metadata["written"] == by_hand


def _printed(lesson: Lesson, language: str) -> list:
    """The learners' notebook, run: with logarithmic axes, to which they change on the screen."""
    notebook = learner(lesson, language)
    cells = [cell for cell in lesson.cells if cell.metadata.get("lang", language) == language]
    for cell, printed in zip(cells, notebook.cells, strict=True):
        if cell.cell_type == "code":
            instead = cell.metadata.get("sheet")
            printed.source = printed.source.replace('"linear"', '"log"')
            if "course.show(" in printed.source:
                printed.source = SMALL + re.sub(r"plt\.figure\(.*\)\n", "", printed.source)
                if '"log"' in printed.source:
                    printed.source = printed.source.replace("course.show(", DECADES + "course.show(")
            printed.source += f"\n{in_language(instead, language)}" if isinstance(instead, str) else ""
    with tempfile.TemporaryDirectory() as folder:
        return execute(notebook, Path(folder) / language, lesson.path.name).cells


def _prose(cell, asked: bool) -> str:
    unfolded = re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)
    blocks = [block for block in re.split(r"\n\s*\n", unfolded.strip()) if block.strip("- ")]
    wanted = cell.metadata.get("sheet")
    if isinstance(wanted, list):
        blocks = [blocks[number - 1] for number in wanted]
    elif wanted is None:
        headings = [n for n, block in enumerate(blocks) if block.startswith("#")]
        bold = [n for n, block in enumerate(blocks) if block.startswith("**")]
        blocks = blocks[headings[-1] if headings else min(bold, default=0) :] if asked else []
    return _markdown("\n\n".join("\n".join(map(_off_screen, block.split("\n"))) for block in blocks))


def _off_screen(line: str) -> str:
    """A line without its sentences on what to do at the screen, the exercise's id and the names of variables."""
    line = re.sub(r"\*\*\d\d-[a-z0-9-]+\*\* · |`\w+` · |\(`\*\*\w+\*\*`\)|★ ", "", line)
    return " ".join(part for part in re.split(r"(?<=[.?!])\s+", line) if not SCREEN.search(part))


def _markdown(text: str) -> str:
    shown = MarkdownIt().enable("table").render(text)
    return re.sub(r"<li>\s*(?=<strong>[가-아A-H]\b)", "<li class='option'>", shown)


def _shown(printed) -> str:
    """Lines for the answers that a cell leaves open; if there are none, its table, list or chart."""
    lines = "".join(_lines(label, 2) for label in _open(printed.source))
    outputs = [output["data"]["text/html"] for output in printed.outputs if "text/html" in output.get("data", {})]
    shown = re.sub(r"<style.*?</style>", "", "".join(outputs), flags=re.DOTALL)
    if "<table" in shown:
        shown = HEAD.sub(r"<th>\2</th>\1</tr>", shown).replace("_", "_<wbr>")
    return lines or f"<div class='shown'>{shown}</div>"


def _open(source: str) -> list[str]:
    """The notes behind the answers that a cell leaves open, without how to type."""
    notes = re.findall(r"^\w+ = \.\.\.(?:  # (.*))?$", source, re.MULTILINE)
    return [re.sub(r",? ?(?:따옴표 안에.*|in quotation marks)|\"", "", note) for note in notes]


def _lines(label: str, number: int) -> str:
    return f"<div class='lines'><b>{html.escape(label)}</b>{'<i></i>' * number}</div>"


def _blank(cell, source: str, language: str) -> str:
    """What to write in instead of an answer cell; a task marked by hand has room for its model answer."""
    if "written" in cell.metadata and cell.cell_type == "code":
        return "".join(_lines(label, 4) for label in _open(source))
    if "written" in cell.metadata:
        return _lines("", cell.metadata.get("sheet", len(cell.source) // LETTERS[language] + 2))
    exercise, words = judging.get(cell.metadata["exercise"]), WORDS[language]
    box, kind = "<span class='box'></span>", exercise.kind
    if kind == "forecast":
        why = _lines(words["why"], 2) if "_why = " in source else ""
        return f"<p class='ring'><span>{words['knew']}</span><span>3 10 25 50 75 90 97 %</span></p>{why}"
    if kind in ("percents", "ranges"):
        one = f"<u></u> {words['low']} <u></u> {words['high']}" if kind == "ranges" else "<u></u> %"
        blank = "".join(f"<span class='part'>{n}. {one}</span>" for n in range(1, exercise.count + 1))
    elif kind == "sequence" and len(exercise.answer[0]) > 2:
        blank = "".join(f"<span class='part'>{n} {box}</span>" for n in range(1, len(exercise.answer[0]) + 1))
    elif kind == "sequence":
        blank = f"{words['reason']} {box} {words['verdict']} {box}"
    elif kind == "number":
        blank = f"{words['work']} <i></i> {words['answer']} <u></u>"
    else:
        blank = f"{words['answer']} {box}" if kind == "choice" else f"{words['all']} <u></u>"
    return f"<div class='answer'><small>{exercise.id}</small>{blank}</div>"


def _evidence(lesson: Lesson, language: str) -> dict[str, list[str]]:
    """The roles of the debate, each with the ids of its facts, as the cell of the lesson has them."""
    source = next(cell.source for cell in lesson.cells if re.search(r"^evidence = ", cell.source, re.MULTILINE))
    statements = ast.parse(in_language(source, language)).body
    return next(ast.literal_eval(s.value) for s in statements if ast.unparse(s).startswith("evidence = "))


def _proof(fact: pd.Series, outlets: pd.Series, role: str, language: str) -> str:
    words = WORDS[language]
    unit = fact["unit"]
    if pd.isna(fact["value"]):
        value = ""
    elif unit in ("USD", "KRW", "CNY"):
        value = money(fact["value"], language, currency=unit)
    else:
        value = f"{fact['value']:,g}{words[unit]}"
    caveat = "" if pd.isna(fact["caveat"]) else fact["caveat"]
    return (
        f"<small>{role}</small><h2>{fact['entity']}</h2><p>{fact['metric']} <b>{value}</b></p>"
        f"<p class='source'>{fact['as_of']} · {outlets[fact['source']]}</p><p class='caveat'>{caveat}</p>"
        f"{_lines(words['use'], 2)}{_lines(words['silent'], 2)}"
    )
