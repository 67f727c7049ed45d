"""The page that a learner gets back, in the learner's language; no submission is run here."""

import json
import re

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.server_extensions.formgrader.handlers import template_path
from nbgrader.utils import is_grade

from class_helpers import FAR, RIGHT, answered, mark, opened, place
from deepseek_class.folder import CONFIG, TOOLS, write_if_missing
from deepseek_class.preprocessors.defusing import Defuse
from deepseek_class.preprocessors.judging import Judge
from deepseek_class.preprocessors.results import summary
from deepseek_class.workers import load_config


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """What nbgrader gives back to two learners, one of each language, with no answers run."""
    folder = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COURSE_LANGUAGE", "ko")
        write_if_missing(folder / "nbgrader_config.py", CONFIG.format(tools=str(TOOLS)))
        with opened(folder) as gradebook:
            for student, assignment in (("one", "02-ko"), ("two", "02-en")):
                gradebook.add_student(student)
                mark(folder, gradebook, student, assignment, RIGHT | {"02-fall": 3}, notes=["알림 <b>"])
        for path in folder.glob("autograded/*/*/*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            at = place(notebook, "02-correction-written")
            notebook.cells.insert(at, new_markdown_cell("# $x$", id="own-3"))
            notebook.cells.insert(at, new_code_cell("1 + 1", id="own-4"))
            nbformat.write(Defuse().preprocess(Judge().preprocess(notebook, {})[0], {})[0], path)
        with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
            grade = gradebook.find_grade("02-correction", "02-numbers", "02-en", "two")
            grade.manual_score, grade.needs_manual_grade = 1.5, False
            gradebook.db.commit()
        api = NbGraderAPI(config=load_config())
        for assignment in ("02-ko", "02-en"):
            done = api.generate_feedback(assignment)
            assert done["success"], done
        return {path.parts[-3]: path.read_text("utf-8") for path in folder.glob("feedback/*/*/*.html")}


def rows_of(page):
    table = page[page.index('class="glance"') :].partition("</table>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("<tr>")[2:]]


def test_the_page_opens_with_the_results_in_the_learners_language(pages):
    for student, title, wait in (("one", "점수 2 / 15", "아직 채점하지 않음"), ("two", "Points 3.5 / 15", "1.5 / 2")):
        body = pages[student][pages[student].index("<body") :]
        assert title in body[:300] and body.index('class="glance"') < body.index("panel-heading")
        rows = rows_of(pages[student])
        assert rows[-1][2] == wait and len(rows) == 27
        assert [row[1:3] for row in rows[:4]] == [["✓", "1 / 1"], ["✓", "1 / 1"], ["×", "0 / 1"], ["▼", "0 / 1"]]
        assert "0 / 0" not in body and "Test cell" not in body and "알림 &lt;b&gt;" in body
    assert "한눈에 보기" in pages["one"] and "환율" in rows_of(pages["one"])[1][0]
    assert "At a glance" in pages["two"] and '<html lang="en">' in pages["two"]


def test_a_row_leads_to_its_exercise(pages):
    for page in pages.values():
        targets = re.findall(r'<a href="#([^"]+)"', "".join(row[0] for row in rows_of(page)))
        assert len(targets) == 27 and all(f'id="{target}"' in page for target in targets)


def test_what_is_done_at_will_and_was_left_open_is_one_line():
    notebook = answered({}, solved=False)
    for name in ("02-rent", "02-log", "02-million"):
        notebook.cells[place(notebook, f"{name}-check")].metadata["deepseek_course"] = {"mark": "…", "message": "open"}
    shown = summary(notebook, filter(is_grade, notebook.cells))
    assert "#02-million" in shown and "#02-rent" not in shown and "#02-log" not in shown
    assert "문제 2개는 답하지 않았습니다" in shown


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
