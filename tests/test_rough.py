"""Rough handling: answers out of a word processor, invented answers and tables, cells out of order, odd places."""

import ast
import builtins
import html
import html.parser
import json
import os
import re
import unicodedata

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

import deepseek_course as course
from deepseek_class.build import learner, solved
from deepseek_class.source import ROOT, SOURCES, Lesson
from deepseek_course.language import LANGUAGES
from deepseek_course.lesson import notes
from deepseek_course.plain import plain
from deepseek_course.practice import judging
from deepseek_course.practice.numbers import Number
from deepseek_course.practice.opinions import Forecast
from deepseek_course.practice.picks import LETTERS
from deepseek_course.practice.read_letters import read_picks
from deepseek_course.practice.read_numbers import read_number
from deepseek_course.tables import reading
from samples import GOOD, IDS, KEYED, SCHEMA, languages, lessons, right_answer

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "8"))  # more by hand: HYPOTHESIS_EXAMPLES=500
invented = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="HYPOTHESIS_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


# Answers as a word processor leaves them.


def full_width(text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


TYPED = {
    "curly quotes": "“{}”".format,
    "single curly quotes": "‘{}’".format,
    "low quotes": "„{}“".format,
    "Korean brackets": "「{}」".format,
    "full width": full_width,
    "non-breaking spaces": lambda text: f"\u00a0{text}\u202f".replace(" ", "\u00a0"),
    "a wide space": "\u3000{}".format,
    "zero-width spaces": "\u200b".join,
    "a byte order mark": "\ufeff{}".format,
    "marks of direction": "\u200e{}\u200f".format,
    "a soft hyphen": "{}\u00ad".format,
    "non-breaking hyphens": lambda text: text.replace("-", "\u2011"),
    "dashes": lambda text: text.replace("-", "—"),
    "minus signs": lambda text: text.replace("-", "−"),
    "letters taken apart, as a Mac stores them": lambda text: unicodedata.normalize("NFD", text),
}


def typed(exercise, language):
    """The right answer as one would type it between quotation marks."""
    answer, letters = right_answer(exercise), LETTERS.in_language(language)
    if isinstance(exercise, Number):
        return f"{answer:,.10g}"
    picks = answer if isinstance(answer, list) else [answer]
    return " - ".join(letters[pick - 1] for pick in picks)


@languages
@pytest.mark.parametrize("exercise_id", KEYED)
def test_a_right_answer_out_of_a_word_processor_is_right(exercise_id, language):
    course.use(language)
    answer = typed(judging.get(exercise_id), language)
    assert course.check(exercise_id, answer).passed, answer
    at_once = full_width("“" + unicodedata.normalize("NFD", answer) + "”\u00a0").replace("－", "\u2011")
    for given_ in (at_once, "\u200b".join(f"\ufeff‘{answer}’".replace("-", "—"))):
        assert course.check(exercise_id, given_).passed, ascii(given_)


@pytest.mark.parametrize("how", TYPED)
def test_each_habit_of_word_processors_is_read(how):
    change = TYPED[how]
    assert read_number(change("-1,443.5")) == -1443.5 and read_number(change("78억 8000만 원")) == 7.88e9
    for answer in ("다-가, 나", "C - A, B", "ㄷㄱㄴ", "3-1-2"):
        assert read_picks(plain(change(answer)), 4) == [3, 1, 2], ascii(change(answer))
    forecast = next(id for id in IDS if isinstance(judging.get(id), Forecast))
    assert course.check(forecast, [25, change("C")]).passed


def test_what_cannot_be_seen_is_no_answer():
    for nothing in ("\u200b", "\ufeff \u00a0", ["\u00ad", ...]):
        assert course.check("02-verdict-loss", nothing).result == "open"


def test_the_questions_own_words_are_no_answer_in_full_width_either():
    assert not course.check("02-million", full_width("5.576 million")).passed


# Answers that Hypothesis invents.

leaves = (
    st.text()
    | st.text("0123456789,.-%eE조억만가나다abc $\n<>&\u200b", max_size=300)
    | st.lists(st.sampled_from([*"일이삼영십백천만억조/%-p ", "열", "여덟", "원", "프로", "17", "per"])).map("".join)
    | st.builds(np.float32, st.floats(width=32))
    | st.builds(lambda value: pd.Series([value]), st.floats() | st.text() | st.none())
    | st.sets(st.integers() | st.sampled_from("가나다ABC"))
    | st.floats()
    | st.integers()
    | st.complex_numbers()
    | st.decimals()
    | st.fractions()
    | st.booleans()
    | st.none()
    | st.just(...)
    | st.binary()
    | st.dates()
)
answers = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=8) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=40,
)
near = st.lists(st.floats(-1, 101) | st.integers(0, 9) | st.just(...) | st.sampled_from("가나다ABC"), max_size=6)


class Tags(html.parser.HTMLParser):
    """Collects what a browser would take for tags and attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found |= {tag, *(name for name, _ in attrs)}


def look_at(feedback):
    assert 0 < len(str(feedback.message).strip()) < 600
    shown = feedback._repr_html_()
    assert Tags(shown).found <= {"div", "style", "p", "strong", "span", "br", "details", "summary", "small"}
    json.dumps([shown, repr(feedback)], ensure_ascii=False).encode()


@pytest.mark.parametrize("exercise_id", IDS)
def test_whatever_is_invented_gets_a_short_plain_sentence(exercise_id):
    @invented
    @given(answers | near | st.lists(near, max_size=5))
    def gets_one(answer):
        course.use(LANGUAGES[len(repr(answer)) % 2])
        look_at(course.check(exercise_id, answer))

    gets_one()


@pytest.mark.parametrize("answer", ["1e999", 5e-324, 1e308, -1e308, "0." + "0" * 190 + "1", "\ud800", "9" * 400, "1/0"])
@pytest.mark.parametrize("exercise_id", ["02-million", "02-fall", "02-verdict-loss", "05-implied"])
def test_the_ends_of_what_a_number_can_be(exercise_id, answer):
    look_at(course.check(exercise_id, answer))


# Tables that Hypothesis invents.

pieces = st.sampled_from(
    ["id", "name_ko", "value", "가", "1", "2.5", ",", "\n", "\r", "\r\n", '"', "\ufeff", "\0", "\u2028", " "]
)
spoilt = st.tuples(st.integers(0, len(GOOD)), st.integers(0, 6), pieces | st.text(max_size=4)).map(
    lambda change: GOOD[: change[0]] + change[2] + GOOD[change[0] + change[1] :]
)
cells = st.sampled_from(["", "a", "b", "1", "2.5", "nan", "1e999", "１", '"x\ny"', '"'])
header = st.permutations(["id", "name_ko", "value"]) | st.lists(st.sampled_from(["id", "name_ko", "value", ""]))
sheets = st.builds(
    lambda head, rows: "".join(",".join(row[: len(head)]) + "\n" for row in [head, *rows]),
    header | header.map(lambda head: [*head, "value"]),
    st.lists(st.lists(cells, min_size=4, max_size=4), max_size=3),
)
files = (
    st.binary(max_size=80)
    | sheets.map(str.encode)
    | st.lists(pieces).map("".join).map(str.encode)
    | st.builds(lambda text, code: text.encode(code), spoilt, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    | spoilt.map(lambda text: text.encode("cp949", "ignore"))
)


@settings(invented, max_examples=60 * EXAMPLES)
@given(content=files)
def test_an_invented_file_is_a_table_or_one_line_that_names_it(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "things.csv"
    path.write_bytes(content)
    try:
        frame = reading.read(path, SCHEMA)
    except course.TableError as error:
        assert str(error).startswith("things.csv, row ") and len(str(error).splitlines()) == 1
    else:
        assert isinstance(frame, pd.DataFrame) and list(frame) == ["id", "name_ko", "value"] and len(frame)


@settings(invented, max_examples=20 * EXAMPLES)
@given(answer=answers | near)
def test_whatever_is_invented_is_kept_or_named_and_the_file_stays_json(answer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(notes.FOLDER, str(folder))
        course.keep(fall=[10, 20])
        shown = course.keep(thing=answer)
        assert Tags(shown._repr_html_()).found <= {"div", "p", "br", "table", "tr", "td", "span"}
        assert course.kept().entries["fall"]["value"] == [10, 20]
        assert course.recall("thing", 3).message
        assert course.compare(answer, 3, "%").text and course.compare(3, answer)._repr_html_()
        text = (folder / notes.FILE).read_text(encoding="utf-8")
    json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))


# Cells out of order, and odd places.

CLOSED = """
import socket, sys

def closed(*args, **rest):
    print("something asks the network:", args, file=sys.stderr)
    raise OSError("no network")

socket.getaddrinfo = socket.socket.connect = socket.socket.connect_ex = closed
"""
PICTURE = re.compile("data:image/png;base64,[A-Za-z0-9+/=]+")


class Learner:
    """A notebook in a kernel of its own; `run` runs one of its code cells and tells what went wrong there."""

    def __init__(self, source, language):
        path = ROOT / "notebooks" / language / f"{source}.ipynb"
        self.notebook, self.stored = nbformat.read(path, 4), nbformat.read(path, 4)
        self.code = [n for n, cell in enumerate(self.notebook.cells) if cell.cell_type == "code"]
        # On a busy machine two prints may arrive as two outputs.
        self.client = NotebookClient(
            self.notebook, kernel_name="python3", timeout=120, allow_errors=True, coalesce_streams=True
        )

    def started(self, folder, **variables):
        self.client.resources = {"metadata": {"path": str(folder)}}
        return self.client.setup_kernel(env=os.environ | variables)

    def run(self, n):
        cell = self.notebook.cells[n]
        self.client.execute_cell(cell, n)
        return [o.get("ename") or o.text for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"]

    def differs(self, n):
        """Whether a cell shows anything but what is stored; progress counts what was run, and may."""
        cell = self.notebook.cells[n]
        now, then = (
            [[o.get("text"), o.get("data")] for o in outs] for outs in (cell.outputs, self.stored.cells[n].outputs)
        )
        shown, kept = (PICTURE.sub("", json.dumps(outs, sort_keys=True)) for outs in (now, then))
        return shown != kept and "progress()" not in cell.source

    def run_all(self, times=1):
        for n in self.code:
            for _ in range(times):
                assert not self.run(n) and not self.differs(n), self.notebook.cells[n].source


@pytest.mark.whole_way
@pytest.mark.parametrize(("source", "language"), [("02-numbers", "ko"), ("04-scenarios", "en")])
def test_cells_run_backwards_and_twice_leave_all_right(source, language, tmp_path):
    learner = Learner(source, language)
    with learner.started(tmp_path):
        backwards = {wrong for n in reversed(learner.code) for wrong in learner.run(n)}
        assert backwards == {"NameError"}
        learner.run_all(times=2)


def made_in(code):
    """The names that a piece of code makes."""
    nodes = list(ast.walk(ast.parse(code)))
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    aliases = [alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    return names | {alias.asname or alias.name for alias in aliases}


@lessons
def test_no_cell_hangs_on_the_answer_to_another_exercise(source):
    """One answer cell that failed, or was passed over, spoils nothing but its own check."""
    cells = [cell for cell in solved(Lesson(source), "ko").cells if cell.cell_type == "code"]
    others = {name for cell in cells if not cell.id.endswith("-answer") for name in made_in(cell.source)}
    for cell in cells:
        nodes = ast.walk(ast.parse(cell.source))
        used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        missing = used - others - made_in(cell.source) - set(dir(builtins))
        assert not missing, cell.source


def run(cells, folder):
    """Run the cells in a kernel that keeps its files in the folder; what went wrong, and all that shows."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, kernel_name="python3", timeout=120, allow_errors=True)
    client.execute(env=os.environ | {notes.FOLDER: str(folder)})
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    wrong = {cell.id: o.ename for cell in code for o in cell.outputs if o.output_type == "error"}
    return wrong, "".join(str(cell.outputs) for cell in code)


PERIOD_2 = {"ko": "## 2교시", "en": "## Period 2"}


def second_period(source, language):
    """The lesson's first code cell, and all that stands below the heading of its second period."""
    cells = learner(Lesson(SOURCES / f"{source}.md"), language).cells
    (heading,) = (n for n, cell in enumerate(cells) if f"\n{PERIOD_2[language]}" in f"\n{cell.source}")
    return [next(cell for cell in cells if cell.cell_type == "code"), *cells[heading:]]


@pytest.mark.whole_way
@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "nothing sealed"])
@languages
def test_period_2_of_lesson_04_needs_the_first_cell_and_the_sealed_file_alone(language, sealed, tmp_path, monkeypatch):
    course.use(language)
    monkeypatch.setenv(notes.FOLDER, str(tmp_path))
    questions, happened = course.table("questions"), course.table("outcomes")["resolution"]
    nine = list(questions.sort_values("number").index[:9])
    known, said = LETTERS.in_language(language)[0], LETTERS.in_language(language)[2]
    if sealed:
        course.keep(**{question: [75, said] for question in nine[1:]})
        course.keep(**{nine[0]: [None, known], "three-scenarios-2026": [50, 40, 10]})
    wrong, shown = run(second_period("04-scenarios", language), tmp_path)
    assert not wrong
    assert ("[50, 40, 10]" in shown) == sealed
    assert {"ko": "봉인한 것: 10개", "en": "Sealed: 10"}[language] in shown or not sealed
    assert {"ko": "봉인한 것이 없습니다", "en": "Nothing is sealed"}[language] in shown or sealed
    for question in questions.query("topic == 'models' and number > 0").index:  # what one knows already opens too
        assert (html.escape(happened[question], quote=False) in shown) == sealed, question


@pytest.mark.whole_way
@pytest.mark.parametrize("source", ["00-start", "04-scenarios"])
def test_answer_cells_that_fail_spoil_no_other_cell(source, tmp_path, monkeypatch):
    """An answer that is none ends its cell: what is kept and sealed below, is kept and sealed without it."""
    cells = solved(Lesson(SOURCES / f"{source}.md"), "ko").cells
    asked = [cell for cell in cells if cell.id.endswith("-answer")]
    good = next(cell for cell in asked if cell.id in ("00-ranges-answer", "04-r2-answer"))
    for cell in asked:
        cell.source = cell.source if cell is good else "answer = 80 +"
    wrong, _ = run(cells, tmp_path)
    assert wrong and all(cell.endswith("-answer") for cell in wrong), wrong
    monkeypatch.setenv(notes.FOLDER, str(tmp_path))
    kept = {"risers", "hours", "us_open"} if source == "00-start" else {"deepseek-r2-2025"}
    assert course.kept().entries.keys() - {notes.SOLVED} == kept


@pytest.mark.whole_way
def test_what_a_check_refuses_is_not_kept(tmp_path, monkeypatch):
    cells = solved(Lesson(SOURCES / "00-start.md"), "ko").cells
    for cell in cells:
        cell.source = cell.source.replace("meta_capex = 50", 'meta_capex = "반반"')
    wrong, _ = run(cells, tmp_path)
    monkeypatch.setenv(notes.FOLDER, str(tmp_path))
    assert not wrong
    assert course.kept().entries.keys() - {notes.SOLVED} == {"money", "risers", "hours", "us_open"}


ODD_PLACES = {
    "C": {"LC_ALL": "C"},
    "a Korean system": {"LC_ALL": "ko_KR.UTF-8"},
    "a German system": {"LC_ALL": "de_DE"},
}


@pytest.mark.whole_way
@pytest.mark.parametrize("place", ODD_PLACES)
def test_a_lesson_is_right_in_an_odd_folder_and_locale_without_a_network(place, tmp_path):
    """A folder with Hangul and spaces that is not the course's."""
    folder = tmp_path / "내 수업 폴더 (사본)"
    folder.mkdir()
    learner = Learner("00-start" if place == "C" else "03-contrast", "ko")
    with learner.started(folder, **ODD_PLACES[place]):
        learner.client.kc.execute(CLOSED)
        learner.run_all()


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no folder that is in use")
def test_a_folder_that_is_gone_is_told(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv(notes.FOLDER)
    folder.rmdir()
    assert notes.FILE in course.keep(fall=[10, 20]).message
    assert not course.kept().entries and course.recall("fall", 3).message and course.forget().message
