"""Nothing gives an outcome away before its time, and a flag alone makes no good forecaster."""

import html
import re

import matplotlib
import nbformat
import pandas as pd
import pytest

import deepseek_course as course
import figures
from deepseek_class.build import learner
from deepseek_class.source import ROOT, SOURCES, Lesson
from deepseek_course.language import LANGUAGES
from deepseek_course.lesson import notes
from deepseek_course.practice import judging
from deepseek_course.practice.opinions import Forecast
from deepseek_course.tables import reading
from deepseek_course.tables.texts import known_values
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
    pool = course.table("questions").query("topic != ''").index
    assert len(scored) == 9 and set(scored) <= set(TELLTALES)
    told = "\n".join(course.table(name).reset_index().to_csv() for name in LATER)
    missing = [question for question in pool if not re.search(TELLTALES[question], told)]
    assert not missing


@pytest.fixture
def pool():
    """The sixteen questions from which those of the lesson are drawn; the drawn ones have a number."""
    course.use("en")
    questions = course.table("questions")
    return questions[questions["topic"] != ""].join(course.table("outcomes")).sort_index()


def test_the_lot_chose_the_questions(pool):
    """Three of each topic, with the day's date as the seed; the first two of each for the class, the third for home."""
    (cell,) = (c.source for c in LESSON.cells if "random_state" in c.source)
    assert ".sample(3, random_state=20250131)" in cell and 'groupby("topic")' in cell and "sort_index()" in cell
    topics = [list(drawn.index) for _, drawn in pool.groupby("topic").sample(3, random_state=20250131).groupby("topic")]
    in_class, home = [one for drawn in topics for one in drawn[:2]], [drawn[2] for drawn in topics]
    numbered = pool[pool["number"] > 0].sort_values("number")
    assert list(numbered.index) == in_class + home and list(numbered["number"]) == list(range(1, 10))
    exercises = [judging.get(id) for id in exercises_in(learner(LESSON, "en").cells)]
    asked = [one.question for one in exercises if isinstance(one, Forecast) and one.level == "forecast"]
    assert asked == in_class + home


def penalties(pool, said) -> tuple[str, str]:
    """The mean penalties on the nine that were drawn and on the whole pool, as the lesson prints them."""
    penalty = (said - pool["outcome"]) ** 2
    return f"{penalty[pool['number'] > 0].mean():.3f}", f"{penalty.mean():.3f}"


@pytest.fixture
def forecasters(pool):
    """What those who follow a rule say to each question, by the rules as the lesson has them."""
    no_change = pd.Series(0.10, index=pool.index)
    no_change["meta-best-model-open-april-2026"] = 0.90
    often = {  # one more yes and one more no, so that 0 out of 5 is not 0 percent
        "cambricon-yearly-profit": (0 + 1) / (5 + 2),
        "asml-euv-to-china-2025": (0 + 1) / (5 + 2),
        "nvidia-15-percent-day-2025": (2 + 1) / (15 + 2),
        "h20-licence-by-june-2025": (3 + 1) / (5 + 2),
    }
    rates = pd.Series(28 / 124, index=pool.index)
    rates.update(pd.Series(often))
    said = {"always 50": 0.5, "nothing changes": no_change, "base rates": rates}
    for bold in (0.8, 0.6, 0.55):
        flag = pool["success_of"].map({"US": bold, "China": 1 - bold, "neither": 0.5})
        said |= {f"for the US {bold:.0%}": flag, f"for China {bold:.0%}": 1 - flag}
    return said


def cell_with(text, language):
    sources = [html.unescape(c.source) for c in LESSON.cells if c.metadata.get("lang") == language]
    (cell,) = (source for source in sources if text in source)
    return cell


def test_learners_see_the_scores_of_the_simulated_forecasters(pool, forecasters, monkeypatch, tmp_path):
    """The lesson's own cells, run, give the scores that are computed here anew."""
    monkeypatch.setenv(notes.FOLDER, str(tmp_path))
    matplotlib.use("agg")
    names = {}
    for cell in learner(LESSON, "en").cells:
        needed = (
            "import deepseek_course",
            "Read the sealed",
            "Table: my forecasts",
            "class_mean =",
            "Table: the forecasters'",
        )
        if cell.cell_type == "code" and any(text in cell.source for text in needed):
            exec(cell.source, names)
    shown = names["means"].map("{:.3f}".format).apply(tuple, axis=1).to_dict()
    assert shown == {name: penalties(pool, said) for name, said in forecasters.items()}


@languages
def test_the_lesson_says_of_the_forecasters_what_their_scores_bear_out(pool, forecasters, language):
    scores = {name: penalties(pool, said) for name, said in forecasters.items()}
    cell = cell_with(scores["nothing changes"][0], language)
    bold = "for the US 80%"  # first on the nine, worse than a coin on the pool
    assert min(scores, key=lambda name: scores[name][0]) == bold and scores[bold][1] > "0.250"
    assert min(scores["nothing changes"][0], scores["base rates"][0]) > "0.250"
    later = course.table("later_facts")["value"]
    asked, yes = later["forecast_sites_2025_settled"], later["forecast_sites_2025_yes"]
    elsewhere = (yes * 0.77**2 + (asked - yes) * 0.23**2) / asked
    printed = {
        *scores[bold],
        scores["for the US 60%"][1],
        scores["nothing changes"][0],
        scores["base rates"][0],
        f"{elsewhere:.3f}",
    }
    assert printed | {"124", "28", "23", "93", "19"} <= set(re.findall(r"\d+(?:\.\d+)?", cell))
    drawn = pool[(pool["number"] > 0) & (pool["success_of"] != "neither")]
    right = (drawn["success_of"] == "US") == (drawn["outcome"] == 1)
    assert (len(drawn), right.sum()) == (5, 4)  # a coin does as well in 6 of 32 cases


def test_in_the_whole_pool_either_flag_costs_more_than_always_50(pool, forecasters):
    for name in ("for the US 80%", "for China 80%"):
        assert penalties(pool, forecasters[name])[1] > "0.250"


def test_one_number_for_all_is_the_share_that_happened(pool):
    exercise, scored = judging.get("04-constant"), pool[pool["number"] > 0]
    assert set(re.findall(r"'([^']+)'", exercise.where)) == set(scored.index)
    share = scored["outcome"].mean() * 100
    assert course.check("04-constant", share).passed and not course.check("04-constant", 50).passed


@languages
def test_the_statements_read_in_the_lesson_as_in_the_table_and_are_scored_by_it(language):
    course.use(language)
    table = course.table("confidence")
    blocks = table.groupby((table["number"] - 1) // 5)
    assert len(table) == 25 and 10 <= table["truth"].sum() <= 15
    for number, (_, block) in enumerate(blocks, start=1):
        assert cell_with("\n".join(f"{n}. {said}" for n, said in enumerate(block["statement"], start=1)), language)
        assert list(judging.get(f"04-confidence-{number}").truths) == list(block["truth"])
        true = [str(n) for n, is_true in enumerate(block["truth"], start=1) if is_true]
        assert re.findall(r"\d+", str(judging.get(f"04-confidence-{number}").ok)) == true


@languages
def test_the_figures_of_the_statements_reasons_are_those_of_their_facts(language):
    course.use(language)
    facts, known = course.table("facts"), known_values()
    names = figures.names([facts])
    for row in course.table("confidence").itertuples():
        named = row.facts.split("; ")
        known_then = [name for name in named if name in facts.index]
        dates = [day.lstrip("0") for name in known_then for day in re.findall(r"\d+", facts["as_of"][name])]
        expressions = [name for name in named if name and (name in known or name not in facts.index)]
        assert not figures.orphans(row.because, expressions + dates, known, facts, names), row.because


def test_the_base_rate_without_nvidia_is_that_of_the_table():
    course.use("en")
    rates = course.table("base_rates")
    times = rates["times"]["large_38"] - rates["times"]["nvidia_38"]
    of = rates["of"]["large_38"] - rates["of"]["nvidia_38"]
    assert course.check("04-without", times / of * 100).passed and course.check("04-without", 27).passed
    for wrong in (44, 28.3, 96 / 371 * 100, 105 / 356 * 100):
        assert not course.check("04-without", wrong).passed


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
            above = LESSON.cells[places[exercise_id] - 2 + LANGUAGES.index(language)].source
            above = html.unescape(above).split("\n\n")
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
