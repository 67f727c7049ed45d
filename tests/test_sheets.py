"""The printed sheets: two pages a period, every exercise of the class periods, no answers; and the debate's cards."""

import base64
import html
import io
import re
from functools import cache

import pytest
from fontTools.ttLib import TTFont

from chromium import CHROMIUM, MISSING, started
from deepseek_class import debate, fonts, sheets
from deepseek_class.build import learner
from deepseek_class.source import SOURCES as FOLDER
from deepseek_class.source import Lesson, SourceError
from deepseek_course.language import LANGUAGES
from deepseek_course.practice import judging
from deepseek_course.tables.reading import table
from deepseek_course.tables.texts import fill

SOURCES = sorted(FOLDER.glob("*.md"))
lessons = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
languages = pytest.mark.parametrize("language", LANGUAGES)
HOME = re.compile(r"^## (?:3교시|숙제|더 해 보기|Period 3|Homework|Stretch)", re.MULTILINE)
AT_THE_SCREEN = {"00-look"}  # on the web


@cache
def printed(source, language):
    return sheets.sheet(Lesson(source), language)


@cache
def cards(language):
    return debate.cards(Lesson(FOLDER / "04-scenarios.md"), language)


def text_of(document):
    """What can be read on paper."""
    body = re.sub(r"<style.*?</style>|<img[^>]*>", "", document, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body.replace("<wbr>", "")))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not CHROMIUM:
        pytest.skip(MISSING)
    with started(tmp_path_factory.mktemp("fonts")) as running:
        yield running


def pages(document, browser, folder):
    """How many a document has when it is printed."""
    path, page = folder / "sheet.html", browser.new_page()
    path.write_text(document, encoding="utf-8")
    page.goto(path.as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))


@lessons
@languages
def test_a_period_takes_two_pages(source, language, browser, tmp_path):
    document = printed(source, language)
    first, *second = re.split(r"(?=<section)", document.removesuffix("</body></html>"))[1:]
    assert len(second) == (source.stem[:2] in ("02", "04"))
    head = document[: document.index("<section")]
    for section in (first, *second):
        assert pages(head + section, browser, tmp_path) == 2


@languages
def test_a_page_needs_no_font_of_the_machine(language):
    for document in (printed(SOURCES[0], language), cards(language)):
        data = re.search(r'src: url\("data:font/woff;base64,([^"]+)"', document)[1]
        letters = TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()
        assert not [letter for letter in html.unescape(text_of(document)) if ord(letter) not in letters]
        assert f'font: 9.5pt/1.42 "{fonts.FAMILY}"' in document and len(document) < 500_000


@lessons
@languages
def test_every_exercise_of_the_periods_is_there_and_none_for_home(source, language):
    document, home, left_out = printed(source, language), False, False
    at_school, at_home = set(), set()
    for cell in Lesson(source).cells:
        if cell.cell_type == "markdown":
            home, left_out = home or bool(HOME.search(cell.source)), cell.metadata.get("sheet") is False
        if "exercise" in cell.metadata and not left_out:
            (at_home if home else at_school).add(cell.metadata["exercise"])
    asked = set(re.findall(r"<small>(\d\d-[a-z0-9-]+)</small>", document))
    forecasts = {name for name in at_school if judging.get(name).kind == "forecast"}
    assert asked == at_school - AT_THE_SCREEN - forecasts and not asked & at_home
    assert document.count("class='ring'") == len(forecasts)


@lessons
@languages
def test_no_answer_hint_or_model_text_is_there(source, language):
    lesson, shown = Lesson(source), text_of(printed(source, language))
    for word in ("SOLUTION", "course.check", "None", "NaN", "…", "도움말", "Hint 1", "답 보기", "Show the answers"):
        assert word not in shown.replace("‘…할", ""), word
    for exercise in judging.load().values():
        if exercise.lesson == source.stem[:2] and exercise.solution:
            names = exercise.names()
            for folded in (exercise.solution, *exercise.hints):
                assert text_of(getattr(fill(folded, names), language).strip()) not in shown
    for cell in lesson.cells:
        if cell.metadata.get("lang") == language:
            folds = re.findall(r"<details>.*?</details>", cell.source, re.DOTALL)
            models = [cell.source] if "written" in cell.metadata else []
            for passage in (*folds, *models):
                lines = [line.strip("-123. ") for line in text_of(passage).split(". ") if len(line) > 40]
                assert not [line for line in lines if line in shown and "①" not in line]


@lessons
@languages
def test_nothing_on_paper_speaks_of_the_screen(source, language):
    shown = text_of(printed(source, language))
    assert not re.search(r"실행|Shift|Ctrl|따옴표|\bcells?\b|quotation marks|\*\*|\[\[|`", shown)


@lessons
@languages
def test_a_notebook_has_all_of_the_prose_without_marks_and_no_cell_for_paper(source, language):
    lesson = Lesson(source)
    cells = [cell for _, cell in lesson.in_language(language) if cell.metadata.get("tags") != ["sheet"]]
    shown = learner(lesson, language).cells
    assert [cell.cell_type == "markdown" for cell in shown] == [cell.cell_type == "markdown" for cell in cells]
    for cell, made in zip(cells, shown, strict=True):
        if cell.cell_type == "markdown" and "written" not in cell.metadata:
            assert 'class="screen"' not in made.source
            on_page = made.source.replace("<span>&dollar;</span>", "$")
            unframed = re.sub(r'(<div class="(?:task|predict)">\n\n)\*\*.*\*\*', r"\1", on_page)
            assert text_of(cell.source).replace(" ", "") == text_of(unframed).replace(" ", "")


@lessons
def test_twins_agree_on_what_is_printed(source):
    prose = [cell for cell in Lesson(source).cells if cell.cell_type == "markdown"]
    for korean, english in zip(prose[::2], prose[1::2], strict=True):
        for key in ("sheet", "place", "home", "period"):
            assert korean.metadata.get(key) == english.metadata.get(key)
        assert korean.metadata.get("place", "front") in sheets.PLACES


@languages
def test_what_shows_an_answer_is_not_on_the_page_of_its_question(language):
    first, second = printed(FOLDER / "02-numbers.md", language).split("<section>")[1:]
    assert "<img" not in first  # the day's changes, 02-fall
    front, back = second.split("<main>")[1:]
    assert "02-slips" in front and (front.count("<img"), back.count("<img")) == (2, 0)  # the ladder and two rulers
    front, back = printed(FOLDER / "03-contrast.md", language).split("<main>")[1:]
    assert "03-times" in front and {"ko": "27분의", "en": "twenty-seventh"}[language] in back
    assert front.index("03-blind") < front.index("03-times") < front.index("03-rungs")


@lessons
@languages
def test_the_lessons_task_for_the_teacher_and_the_five_questions_are_there(source, language):
    document = printed(source, language)
    assert all(sign in text_of(document) for sign in "①②③④⑤")
    if source.stem[:2] != "00":
        assert document.count("class='lines'") >= 1


@languages
def test_nothing_later_than_january_2025_is_on_the_first_sheet_of_04(language):
    first = printed(FOLDER / "04-scenarios.md", language).split("<section>")[1]
    later = table("outcomes", language)["resolution"]
    assert not [told for told in later if told in text_of(first)]


@languages
def test_the_debate_has_six_roles_eighteen_facts_and_two_pages_to_cut_out(language, browser, tmp_path):
    document = cards(language)
    articles = re.findall(r"<article>.*?</article>", document, re.DOTALL)
    roles = [card for card in articles if "class='chances'" in card]
    facts = [card for card in articles if "class='source'" in card]
    assert (len(roles), len(facts), len(articles)) == (6, 18, 40)
    assert debate.WORDS[language]["reveal"] in document and not re.search(r"\bnan\b", text_of(document))
    assert pages(document, browser, tmp_path) == 5


@languages
def test_the_card_has_a_line_for_each_question(language):
    assert re.findall("<li>(.)", sheets.five_questions(language)) == list("①②③④⑤")


def test_a_card_with_a_question_missing_is_told(tmp_path, monkeypatch):
    text = SOURCES[0].read_text(encoding="utf-8").replace("> - **③ Unit, rate, date?**\n", "")
    (tmp_path / "00-start.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sheets, "SOURCES", tmp_path)
    assert sheets.five_questions("ko")
    with pytest.raises(SourceError, match=r"00-start\.md: .* five questions"):
        sheets.five_questions("en")


def test_a_lesson_without_what_a_sheet_looks_for_is_told(tmp_path):
    text = SOURCES[0].read_text(encoding="utf-8").replace("\n# 00", "\n## 00")
    (tmp_path / "00-start.md").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"00-start\.md: .* not there"):
        sheets.sheet(Lesson(tmp_path / "00-start.md"), "en")
