"""The page that a learner gets back, and what is noticed while marking; no submission is run here."""

import json
import re
from copy import deepcopy

import build
import classroom
import marking
import nbformat
import pytest
from deepseek_course.answers import MIME
from marking import Defuse, Judge, Restore, identify
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.server_extensions.formgrader.handlers import template_path
from nbgrader.utils import compute_checksum

import deepseek_course as course
from deepseek_course import judging, language
from test_reporting import FAR, mark, opened

LESSONS = [build.Lesson(path) for path in sorted(build.SOURCES.glob("*.md"))]


def answered(answers: dict, solved: bool = True, code: str = "ko", errors: dict | None = None):
    """Lesson 02 as it leaves the sandbox: `answers` are what the checks yielded, by exercise.

    Args:
        solved: whether the answer cells have the solutions in them, or their stubs.
        errors: the name and the text of the error that an answer cell ended with, by exercise.
    """
    lesson = next(lesson for lesson in LESSONS if lesson.path.stem == "02-numbers")
    notebook = build.assignment(lesson, code)
    language.choose(code)
    stubs = {cell.id: cell.source for cell in build.learner(lesson, code).cells}
    written = {cell.id: cell.source for cell in build.solved(lesson, code).cells}
    for cell in notebook.cells:
        name = cell.id.removesuffix("-answer").removesuffix("-check")
        if cell.id.endswith("-answer"):
            cell.source = stubs[cell.id]
            cell.metadata.nbgrader.checksum = compute_checksum(cell)  # as nbgrader's OverwriteCells does
            cell.source = written[cell.id] if solved else stubs[cell.id]
            if name in (errors or {}):
                ename, evalue = errors[name]
                cell.outputs = [new_output("error", ename=ename, evalue=evalue, traceback=[])]
        if cell.id.endswith("-check") and name in answers:
            data = {"text/plain": "", MIME: course.plain(answers[name])}
            cell.outputs = [new_output("execute_result", data, execution_count=1)]
    return notebook


def judged(notebook):
    return Judge().preprocess(notebook, {})[0]


def place(notebook, cell_id):
    return next(n for n, cell in enumerate(notebook.cells) if cell.id == cell_id)


RIGHT = {"02-million": 5_576_000, "02-rate": 1443}


@pytest.mark.parametrize("code", build.LANGUAGES)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)
def test_a_solved_answer_cell_assigns_what_its_check_reads(lesson, code):
    solved = {cell.id: cell.source for cell in build.solved(lesson, code).cells}
    for cell_id, source in solved.items():
        if cell_id.endswith("-check"):
            answer, read = cell_id.replace("-check", "-answer"), marking.checked(source)
            assert marking.assigned(solved[answer]) & read, cell_id


def test_a_right_answer_that_does_not_come_from_its_answer_cell_is_noticed():
    assert not judged(answered(RIGHT)).metadata.deepseek_course.remarks
    (remark,) = judged(answered(RIGHT, solved=False)).metadata.deepseek_course.remarks
    assert "02-million, 02-rate" in remark and "답이 어느 칸에서" in remark
    again = answered(RIGHT)
    again.cells[place(again, "02-rate-answer")].source = "ratio = 1443"  # assigns something else
    assert judged(judged(again)).metadata.deepseek_course.remarks == judged(again).metadata.deepseek_course.remarks
    assert "02-rate" in again.metadata.deepseek_course.remarks[0]


def test_dots_are_no_answer():
    source = "a = ...\nb = [..., ...]\nc, d = 1, ...\ne: int = 2\nf = g = 3\nh = [..., 4]\nfor i in 'x': pass"
    assert marking.assigned(source) == set("cdefghi")
    assert marking.checked('course.check("x", [a, b + 1])') == {"a", "b"}


def test_text_beside_an_empty_answer_cell_is_noticed():
    notebook = answered({"02-million": 5_576_000, "02-rate": ...}, solved=False)
    notebook.cells[place(notebook, "02-million-answer")].source = "dollars = 5_576_000"
    for name in ("02-million", "02-rate", "02-fall"):
        notebook.cells.insert(place(notebook, f"{name}-answer") + 1, new_markdown_cell("16.97%", id=f"own-{name}"))
    (remark,) = judged(notebook).metadata.deepseek_course.remarks
    assert remark.endswith(": 02-rate, 02-fall")


@pytest.mark.parametrize("source", ["x" * 1_000_000, "(" * 5_000, "\0", "fall = 16.97%", "lambda: " * 2_000])
def test_no_answer_cell_stops_the_marking(source):
    notebook = answered({"02-fall": 16.97}, solved=False)
    notebook.cells[place(notebook, "02-fall-answer")].source = source
    assert "02-fall" in judged(notebook).metadata.deepseek_course.remarks[0]


def test_a_syntax_error_is_the_reason_why_no_answer_came_out():
    notebook = judged(answered({}, errors={"02-fall": ("SyntaxError", "invalid syntax (1.py, line 1)")}))
    said = notebook.cells[place(notebook, "02-fall-check")].metadata.deepseek_course.message
    assert "(invalid syntax)" in said and "따옴표" in said and said in notebook.cells[0].source
    notebook = judged(answered({}, code="en", errors={"02-rate": ("KeyError", "'usd'")}))
    assert "The error: KeyError: &#x27;usd&#x27;" in notebook.cells[0].source


def test_a_typing_error_in_a_key_is_said_as_such(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    monkeypatch.setitem(judging.load()["02-rate"], "answer", "no_such_fact")
    with pytest.raises(ValueError, match=r"The key of 02-rate has a mistake .*no_such_fact"):
        judged(answered(RIGHT))


def test_a_test_that_a_teacher_added_to_a_lesson_is_left_to_nbgrader():
    notebook = answered(RIGHT)
    grading = build.grading("check", "mine", 1)
    notebook.cells.append(new_code_cell("assert 0", id="mine", metadata={"nbgrader": grading}))
    assert judged(notebook).cells[-1].source == "assert 0" and ">mine</a>" in notebook.cells[0].source


def test_what_a_learner_writes_into_the_lessons_prose_is_kept():
    lesson = next(lesson for lesson in LESSONS if lesson.path.stem == "02-numbers")
    source, release = build.assignment(lesson, "ko"), build.learner(lesson, "ko")
    mine = deepcopy(release)
    at = place(mine, "02-rate-answer") - 1
    mine.cells[at].source += "\n\n답: 1443"
    known = identify(mine.cells, release.cells)
    for same in (True, False):
        merged = Restore().merge(deepcopy(source.cells), release.cells, deepcopy(mine.cells), known, same)
        assert [cell.id for cell in merged if cell.id.startswith("own-")] == [f"own-{mine.cells[at].id}"] * same


def test_a_learners_own_text_cannot_look_like_a_bar_of_nbgraders():
    language.choose("en")
    fake = "<div class='panel-heading' style='color: #fff'>The learner's answer · Points 2 / 2</div></div></div>"
    shown = Defuse().preprocess_cell(new_markdown_cell(fake, id="own-1"), {}, 0)[0].source
    assert shown.startswith("<div class='own'><small>A cell of the learner's own</small><div")
    assert "panel" not in shown and shown.count("<div") == shown.count("</div>")


def test_prose_in_a_question_of_the_teachers_own_is_cleaned_too():
    notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell("<script>alert(1)</script> 글")])
    assert "<script" not in Defuse().preprocess(notebook, {})[0].cells[0].source


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """What nbgrader gives back to two learners, one of each language, with no answers run."""
    folder = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COURSE_LANGUAGE", "ko")
        classroom.write_if_missing(folder / "nbgrader_config.py", classroom.CONFIG.format(tools=str(classroom.TOOLS)))
        with opened(folder) as gradebook:
            for student, assignment in (("one", "02-ko"), ("two", "02-en")):
                gradebook.add_student(student)
                mark(folder, gradebook, student, assignment, RIGHT | {"02-fall": 3}, notes=["알림 <b>"])
        for path in folder.glob("autograded/*/*/*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            at = place(notebook, "02-correction-written")
            notebook.cells.insert(at, new_markdown_cell("# $x$", id="own-3"))
            notebook.cells.insert(at, new_code_cell("1 + 1", id="own-4"))
            nbformat.write(Defuse().preprocess(judged(notebook), {})[0], path)
        with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
            grade = gradebook.find_grade("02-correction", "02-numbers", "02-en", "two")
            grade.manual_score, grade.needs_manual_grade = 1.5, False
            gradebook.db.commit()
        api = NbGraderAPI(config=classroom.load_config())
        for assignment in ("02-ko", "02-en"):
            done = api.generate_feedback(assignment)
            assert done["success"], done
        return {path.parts[-3]: path.read_text("utf-8") for path in folder.glob("feedback/*/*/*.html")}


def rows_of(page):
    table = page[page.index('class="glance"') :].partition("</table>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("<tr>")[2:]]


def test_the_page_opens_with_the_results_in_the_learners_language(pages):
    for student, title, wait in (("one", "점수 2 / 20", "아직 채점하지 않음"), ("two", "Points 3.5 / 20", "1.5 / 2")):
        body = pages[student][pages[student].index("<body") :]
        assert title in body[:300] and body.index('class="glance"') < body.index("panel-heading")
        rows = rows_of(pages[student])
        assert rows[-1][2] == wait and len(rows) == 26
        assert [row[1:3] for row in rows[:4]] == [["✓", "1 / 1"], ["▼", "0 / 1"], ["✓", "1 / 1"], ["×", "0 / 1"]]
        assert "0 / 0" not in body and "Test cell" not in body and "알림 &lt;b&gt;" in body
    assert "한눈에 보기" in pages["one"] and "환율" in rows_of(pages["one"])[2][0]
    assert "At a glance" in pages["two"] and '<html lang="en">' in pages["two"]


def test_a_row_leads_to_its_exercise(pages):
    for page in pages.values():
        targets = re.findall(r'<a href="#([^"]+)"', "".join(row[0] for row in rows_of(page)))
        assert len(targets) == 26 and all(f'id="{target}"' in page for target in targets)


def test_own_cells_are_marked_as_such(pages):
    for page, words in zip(
        (pages["one"], pages["two"]), ("학생이 만든 칸", "A cell of the learner's own"), strict=True
    ):
        assert len(re.findall(rf"class=.own.><small>{words}", page)) == 2


def test_the_page_fetches_nothing(pages):
    for page in pages.values():
        assert not FAR.search(page) and "MathJax" not in page


def test_formgraders_page_gets_no_mathjax_either(pages):
    page = HTMLExporter(template_name="formgrade", extra_template_basedirs=[template_path])
    macro = page.environment.get_template("mathjax.html.j2").module.mathjax()
    assert not FAR.search(macro) and "Interest" in macro  # what nbgrader's script calls


def test_what_the_pattern_finds():
    far = ['<script src="https://x.org/a.js">', "<link rel=stylesheet href=//x.org>", "@import 'a.css'"]
    far += ["url(http://x.org/a.woff)", 'import m from "https://x.org/m.mjs"', "await import('https://x.org/m')"]
    assert all(map(FAR.search, far))
    near = [
        '<a href="https://x.org">',
        '<img src="data:image/png;base64,AA">',
        json.dumps({"import": 1}),
        "url(data:a)",
    ]
    assert not any(map(FAR.search, near))
