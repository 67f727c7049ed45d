"""Nothing gives an outcome away before its time, and a flag alone makes no good forecaster."""

import re

import nbformat
import pandas as pd
import pytest

import deepseek_course as course
from deepseek_class.source import ROOT, SOURCES, Lesson
from deepseek_course.language import LANGUAGES
from deepseek_course.practice import judging
from deepseek_course.practice.opinions import Forecast
from deepseek_course.tables import reading
from samples import LESSONS, languages

LATER = ("outcomes", "later_facts", "later_events", "later_sources")  # the tables that may tell
OPEN_LESSONS = ("00", "01", "02", "03", "04")
LESSON = Lesson(SOURCES / "04-scenarios.md")

# Words and figures that would give an outcome away, question by question.
TELLTALES = {
    "deepseek-r2-2025": r"R1-0528|V3\.[12]\b|DeepSeek[- ]V4",
    "openai-open-weights-2025": r"gpt-?oss",
    "chinese-model-first-on-arena-jan-2026": r"Gemini 3|제미나이 3|1,?487",
    "meta-best-model-open-april-2026": r"Muse Spark|뮤즈 스파크|Llama 4|라마 4",
    "meta-capex-over-plan-2025": r"\b72\.2|722억|\b71\.4|714억",
    "open-downloads-china-2025": r"\b17\.1\b|\b15\.8\b|\b36\.5\b",
    "deepseek-outside-money-2025": r"\b7\.4 billion|(?<![\d,])74억 ?달러|50 billion yuan|500억 ?위안",
    "h20-licence-by-june-2025": r"\b5\.5 billion|55억 ?달러|\b4\.5 billion|45억 ?달러",
    "stronger-chip-for-china-by-jan-2026": r"H200",
    "cambricon-yearly-profit": r"\b2\.06 billion|20억 ?6000만|\b1\.85|18억 ?5000만",
    "korea-compute-partner-2025": r"Samsung SDS|삼성 ?SDS",
    "korea-notable-models-3": r"third place after 50|중국 30개에 이은|Korea.{0,40}\b(?:five|eight)\b",
    "nvidia-4-trillion-2025": r"5 trillion dollars|5조 ?달러|July 2025|2025년 7월",
    "entity-list-2025": r"June 2026|2026년 6월",
    "ai-index-2026-gap-under-2": r"\b2\.7 ?(?:%|percent)|\b39 points|\b39점",
    "korea-suspends-by-march-2025": r"15 February 2025|2025년 2월 15일|February 2025.{0,40}(?:stop|halt)",
    "nvidia-15-percent-day-2025": r"\b8\.7 ?(?:%|percent)|\b8\.69\b",
    "asml-euv-to-china-2025": r"11\.6 billion euros|116억 유로",
    "chatgpt-in-china-2025": r"Metaculus|메타큘러스",
    "korea-ai-act-put-off": r"grace period|계도 기간|과태료",
    "federal-device-law-2025": r"December 2025.{0,60}(?:defen[cs]e|NDAA)|국방수권법",
}
TELLTALE = re.compile("|".join(TELLTALES.values()))


def cells_before_the_reveal(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code" and 'course.table("outcomes")' in cell.source:
            return
        yield cell


def exercises_in(cells):
    return [cell.id.removesuffix("-answer") for cell in cells if cell.id.endswith("-answer")]


def opened(language):
    """The lessons up to the reveal, as a learner opens them."""
    for path in sorted((ROOT / "notebooks" / language).glob("*.ipynb")):
        if path.name[:2] in OPEN_LESSONS:
            yield path, list(cells_before_the_reveal(nbformat.read(path, 4)))


@languages
def test_no_lesson_gives_an_outcome_away_before_the_reveal(language):
    found = []
    for path, cells in opened(language):
        for cell in cells:
            shown = cell.source + "".join(str(output) for output in cell.get("outputs", []))
            shown = re.sub(r"base64,[A-Za-z0-9+/=]+", "", shown)
            found += [f"{path.name}, {cell.id}: {match[0]}" for match in TELLTALE.finditer(shown)]
    assert not found


@languages
def test_no_feedback_gives_an_outcome_away_before_the_reveal(language):
    for _path, cells in opened(language):
        for exercise_id in exercises_in(cells):
            assert not TELLTALE.search(str(judging.get(exercise_id))), exercise_id


@languages
def test_no_table_gives_an_outcome_away_but_those_that_are_named_later(language):
    course.use(language)
    for name in set(course.tables()) - set(LATER):
        text = course.table(name).reset_index().to_csv()
        assert not TELLTALE.search(text), f"{name}: {TELLTALE.search(text)[0]}"


def test_the_lessons_before_the_reveal_use_no_later_fact():
    later = set(course.table("later_facts").index)
    for path in LESSONS:
        if path.name[:2] not in OPEN_LESSONS:
            continue
        for cell in cells_before_the_reveal(Lesson(path)):
            named = set(re.findall(r"\w+", str(cell.metadata.get("facts", [])) + cell.source))
            assert not named & later, f"{path.name}: {named & later}"
            assert not re.search(r'table\("(outcomes|later_\w+)"\)', cell.source), path.name


def test_every_question_that_is_scored_has_its_telltale():
    """The scan above knows every question; and each pattern does find its outcome, where it may be told."""
    course.use("en")
    scored = course.table("questions").query("number > 0").index
    assert len(scored) == 16 and set(scored) <= set(TELLTALES)
    told = "\n".join(course.table(name).reset_index().to_csv() for name in LATER)
    missing = [question for question in scored if not re.search(TELLTALES[question], told)]
    assert not missing


@pytest.fixture
def scored():
    course.use("en")
    return course.table("questions").query("number > 0").join(course.table("outcomes"))


def means(said, questions):
    """The mean penalty on the twelve of the class, on the four at home, and on all."""
    penalty, home = (said - questions["outcome"]) ** 2, questions["number"] > 12
    return penalty[~home].mean(), penalty[home].mean(), penalty.mean()


def test_base_rates_lose_where_news_was_picked_and_win_where_nothing_changed(scored):
    """What the lesson prints of its baselines, computed anew."""
    no_change = pd.Series(0.10, index=scored.index)
    no_change["meta-best-model-open-april-2026"] = 0.90
    twelve, four, _all = means(no_change, scored)
    assert means(0.5, scored) == (0.25, 0.25, 0.25) and four < 0.25 < twelve
    later = course.table("later_facts")["value"]
    yes, asked = later["forecast_sites_yes"], later["forecast_sites_settled"]
    elsewhere = (yes * 0.9**2 + (asked - yes) * 0.1**2) / asked
    numbers = {f"{yes:.0f}", f"{asked:.0f}", f"{yes / asked * 100:.0f}"}
    printed = {f"{twelve:.3f}", f"{four:.3f}", f"{elsewhere:.2f}"} | numbers
    for language in LANGUAGES:
        (cell,) = (c.source for c in LESSON.cells if c.metadata.get("lang") == language and f"{twelve:.3f}" in c.source)
        assert printed <= set(re.findall(r"\d+(?:\.\d+)?", cell))


def test_either_flag_costs_more_than_always_50(scored):
    said = scored["success_of"].map({"US": 0.8, "China": 0.2, "neither": 0.5})
    for forecaster in (said, 1 - said):
        assert min(means(forecaster, scored)) > 0.25


def test_one_number_for_all_is_the_share_that_happened(scored):
    exercise = judging.get("04-constant")
    assert set(re.findall(r"'([^']+)'", exercise.where)) == set(scored.index)
    share = scored["outcome"].mean() * 100
    assert course.check("04-constant", share).passed and not course.check("04-constant", 50).passed


@languages
def test_a_question_reads_in_the_lesson_as_it_is_settled(language):
    """The wording decides, so it is the same wherever it stands, and so is its hint."""
    course.use(language)
    questions = course.table("questions")
    places = {task.exercise.id: n for n, task in LESSON.tasks.items()}
    for exercise_id, exercise in judging.load().items():
        if isinstance(exercise, Forecast):
            question = questions.loc[exercise.question]
            number = f"{question['number']:.0f}. " if question["number"] > 0 else ""
            above = LESSON.cells[places[exercise_id] - 2 + LANGUAGES.index(language)].source.split("\n\n")
            asked = above.index(f"{number}{question['question']}")
            assert str(exercise.title).lower().endswith(f"{number}{question['title']}".lower())
            assert above[asked + 1].endswith(f"*: {question['hint']}"), exercise_id


def test_the_misprint_of_lesson_05_can_be_looked_up():
    page = course.table("later_sources")["url"][course.table("later_facts")["source"]["round_misprint_usd"]]
    lesson = (SOURCES / "05-brief.md").read_text(encoding="utf-8")
    assert page.startswith("https://") and lesson.count(f"]({page})") == len(LANGUAGES)


def test_the_tables_that_may_tell_say_so_in_their_titles():
    told = [r["name"] for r in reading.descriptor()["resources"] if "gives outcomes away" in r["title"]]
    assert sorted(told) == sorted(LATER)
