"""What learners wrote is shown without anything in it that runs or reaches out."""

import re

import nbformat
import pytest
from nbconvert.filters import markdown2html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from deepseek_class.preprocessors.defusing import Defuse


def shown(cell: nbformat.NotebookNode, language: str = "en") -> nbformat.NotebookNode:
    """A cell as it stands in a marked notebook of the course."""
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"deepseek_course": {"language": language}})
    return Defuse().preprocess(notebook, {})[0].cells[0]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src="https://example.org/spy.png">',
        "![x](https://example.org/spy.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        '<iframe src="https://example.org"></iframe>',
        '<svg onload="alert(1)"></svg>',
        '<p style="background: url(https://example.org/spy)">x</p>',
        "<style>@import url(https://example.org)</style>",
        '<form action="https://example.org"><input></form>',
        '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
        "`code`\n\n```\n\n[x](javascript:alert(1))\n\n```\n\n<b>x</b>",
        r"$\href{javascript:alert(1)}{x}$",
    ],
)
def test_nothing_runs_or_reaches_out_from_what_a_learner_wrote(text):
    cell = shown(new_markdown_cell(text, id="own-1"))
    page = markdown2html(cell.source)
    assert not re.search(r"<[^>]*\b(src|href|url|onload|action)\b|<(script|style|svg|form|iframe)", page)
    assert '</small><div class="tex2jax_ignore mathjax_ignore">' in page  # MathJax obeys \\href


def test_a_pasted_picture_and_ordinary_marks_stay():
    picture = "iVBORw0KGgo="
    cell = nbformat.v4.new_markdown_cell("**굵게** 3 < 5 [누리집](https://example.org)\n\n![그림](attachment:a.png)")
    cell.attachments, cell.id = {"a.png": {"image/png": picture}}, "own-1"
    page = markdown2html(shown(cell).source)
    assert "<strong>굵게</strong>" in page
    assert f'src="data:image/png;base64,{picture}"' in page
    assert 'href="https://example.org"' in page


def test_a_learners_own_text_cannot_look_like_a_bar_of_nbgraders():
    fake = "<div class='panel-heading' style='color: #fff'>The learner's answer · Points 2 / 2</div></div></div>"
    page = shown(new_markdown_cell(fake, id="own-1")).source
    assert page.startswith("<div class='own'><small>A cell of the learner's own</small><div")
    assert "panel" not in page and page.count("<div") == page.count("</div>")


def test_prose_in_a_question_of_the_teachers_own_is_cleaned_too():
    notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell("<script>alert(1)</script> 글")])
    assert "<script" not in Defuse().preprocess(notebook, {})[0].cells[0].source


def test_html_that_a_cell_shows_is_cleaned_and_text_stays():
    page = {"text/html": "<b>x</b><script>alert(1)</script>", "text/plain": "x", "application/javascript": "alert(2)"}
    cell = shown(new_code_cell("x", id="own-1", outputs=[new_output("display_data", page)]))
    assert cell.outputs[0].data.keys() == {"text/html", "text/plain"}
    assert "<b>x</b>" in cell.outputs[0].data["text/html"] and "<script" not in cell.outputs[0].data["text/html"]
