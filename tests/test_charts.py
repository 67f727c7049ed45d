"""What a learner sees: tables in the reader's words, ticks on a log axis; and random numbers are left alone."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import deepseek_course as course
from deepseek_course.language import LANGUAGES
from deepseek_course.lesson.showing import html
from deepseek_course.tables.reading import descriptor, rows
from deepseek_course.tables.words import heading, measured
from samples import languages


def shown(frame):
    """The texts of a table as a notebook shows it, row by row."""
    return [[cell.text for cell in row(["th", "td"])] for row in BeautifulSoup(html(frame), "html.parser")("tr")]


def of_facts(language):
    course.use(language)
    return course.table("facts").loc[["v3_cost", "r1_licence", "fx_0124"], ["metric", "value", "unit", "as_of"]]


@languages
def test_the_learners_random_numbers_are_left_alone(language):
    np.random.seed(7)
    expected = np.random.random(3).tolist()
    np.random.seed(7)
    course.use(language)
    assert np.random.random(3).tolist() == expected


def test_a_table_speaks_the_readers_language():
    korean, english = (shown(of_facts(language)) for language in LANGUAGES)
    assert korean[0] == ["항목", "값", "기준일"] and english[0] == ["item", "value", "as of"]
    assert [row[1] for row in korean[1:]] == ["557만 6000달러", "", "1달러에 1,431.3원"]
    assert [row[1] for row in english[1:]] == ["$5.576 million", "", "1,431.3 won to the dollar"]


@languages
def test_the_table_itself_keeps_its_names_and_numbers(language):
    facts = of_facts(language)
    html(facts)
    assert list(facts) == ["metric", "value", "unit", "as_of"] and facts.value["v3_cost"] == 5.576e6


def test_what_the_course_does_not_know_stays_as_it_is():
    course.use("ko")
    mine = pd.DataFrame({"my_column": [1, None], "value": [True, False], "unit": ["furlongs", ""]}, index=["a", "b"])
    assert shown(mine) == [["", "my_column", "값"], ["a", "1", "예"], ["b", "", "아니요"]]
    assert measured(3.0, "furlongs", "ko") == "3 furlongs"


@languages
def test_any_frame_is_shown(language):
    course.use(language)
    odd = [
        pd.DataFrame(),
        pd.DataFrame({"value": []}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame({("a", "b"): [1]}),
        pd.DataFrame([range(30)]),
        pd.DataFrame({"value": ["<b>", [1, 2], None], "unit": [None, "USD", "USD"], 3: [pd.NaT, "x", 2]}),
        pd.DataFrame({"usd": ["five", 5, float("inf")]}, index=pd.Index([1.5, None, "x"], name="value")),
        *map(course.table, course.tables()),
    ]
    for frame in odd:
        assert "<table" in html(frame) and "<b>" not in html(frame)


def test_every_column_has_a_heading_and_every_unit_its_words():
    names = {field["name"] for resource in descriptor()["resources"] for field in resource["schema"]["fields"]}
    bases = {name.removesuffix("_ko").removesuffix("_en") for name in names}
    units = {unit for table in ("facts", "later_facts") for unit in rows(table)["unit"] if unit}
    for language in LANGUAGES:
        assert not [name for name in bases if heading(name, language) == name and language == "ko"]
        assert not [
            unit for unit in units - {"FLOP"} if measured(2.0, unit, language) == f"2 {unit}" and language == "ko"
        ]


def test_numbers_stand_at_the_right_and_texts_at_the_left():
    page = BeautifulSoup(html(of_facts("en").reset_index(drop=True)), "html.parser")
    _, metric, value, as_of = page("tr")[1](["th", "td"])
    assert metric.get("style") == "text-align: left" and not value.get("style")
    assert "text-align: left" in as_of.get("style")


def test_a_date_does_not_break_at_its_hyphen():
    page = BeautifulSoup(html(of_facts("en").reset_index(drop=True)), "html.parser")
    for cell in page("td"):
        assert ("nowrap" in cell.get("style", "")) == cell.text.startswith("202")
    assert "2025-" in page.text  # the table has some


@pytest.mark.parametrize(("low", "high", "least"), [(1, 20, 4), (1, 10**6, 3)])
def test_a_log_axis_has_labels_enough(low, high, least):
    course.use("en")
    plt.plot([low, high], [1, 2])
    plt.xscale("log")
    axes = plt.gca()
    course.show(alt="a line", source=[])
    left, right = axes.get_xlim()
    assert least <= len([tick for tick in axes.get_xticks() if left <= tick <= right]) <= 8
