"""Nothing gives an outcome away before its time, and a flag alone makes no good forecaster."""

import re

import nbformat
import pytest

import build
import deepseek_course as course
from deepseek_course import judging, loading

LATER = ("outcomes", "later_facts", "later_events", "later_sources")  # the tables that may tell
OPEN_LESSONS = ("00", "01", "02", "03", "04")
LANGUAGES = build.LANGUAGES

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
    "federal-device-law-2025": r"December 2025.{0,60}(?:defen[cs]e|NDAA)|국방수권법",
}
TELLTALE = re.compile("|".join(TELLTALES.values()))


def cells_before_the_reveal(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code" and 'course.table("outcomes")' in cell.source:
            return
        yield cell


def exercises_in(cells):
    return [cell.id.removesuffix("-check") for cell in cells if cell.id.endswith("-check")]


def opened(language):
    """The lessons up to the reveal, as a learner opens them."""
    for path in sorted((build.ROOT / "notebooks" / language).glob("*.ipynb")):
        if path.name[:2] in OPEN_LESSONS:
            yield path, list(cells_before_the_reveal(nbformat.read(path, 4)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_lesson_gives_an_outcome_away_before_the_reveal(language):
    found = []
    for path, cells in opened(language):
        for cell in cells:
            shown = cell.source + "".join(str(output) for output in cell.get("outputs", []))
            shown = re.sub(r"base64,[A-Za-z0-9+/=]+", "", shown)
            found += [f"{path.name}, {cell.id}: {match[0]}" for match in TELLTALE.finditer(shown)]
    assert not found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_feedback_gives_an_outcome_away_before_the_reveal(language):
    for _path, cells in opened(language):
        for exercise_id in exercises_in(cells):
            assert not TELLTALE.search(str(judging.get(exercise_id))), exercise_id


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_table_gives_an_outcome_away_but_those_that_are_named_later(language):
    course.use(language)
    for name in set(course.tables()) - set(LATER):
        text = course.table(name).reset_index().to_csv()
        assert not TELLTALE.search(text), f"{name}: {TELLTALE.search(text)[0]}"


def test_the_lessons_before_the_reveal_use_no_later_fact():
    later = set(course.table("later_facts").index)
    for path in sorted(build.SOURCES.glob("*.md")):
        if path.name[:2] not in OPEN_LESSONS:
            continue
        for cell in cells_before_the_reveal(build.Lesson(path)):
            named = set(re.findall(r"\w+", str(cell.metadata.get("facts", [])) + cell.source))
            assert not named & later, f"{path.name}: {named & later}"
            assert not re.search(r'table\("(outcomes|later_\w+)"\)', cell.source), path.name


def test_every_question_that_is_scored_has_its_telltale():
    """The scan above knows every question; and each pattern does find its outcome, where it may be told."""
    course.use("en")
    scored = course.table("questions").query("number > 0").index
    assert len(scored) == 12 and set(scored) <= set(TELLTALES)
    told = "\n".join(course.table(name).reset_index().to_csv() for name in LATER)
    missing = [question for question in scored if not re.search(TELLTALES[question], told)]
    assert not missing


def test_a_forecaster_who_knows_only_the_flag_does_badly():
    scored = course.table("questions").query("number > 0").join(course.table("outcomes"))
    said = scored["success_of"].map({"US": 0.8, "China": 0.2, "neither": 0.5})
    assert ((said - scored["outcome"]) ** 2).mean() >= 0.22


def test_the_tables_that_may_tell_say_so_in_their_titles():
    told = [r["name"] for r in loading.descriptor()["resources"] if "gives outcomes away" in r["title"]]
    assert sorted(told) == sorted(LATER)
