"""Chance in charts: a learner's random numbers are left alone, and a picture is the same in each build."""

import nbformat
import numpy as np
import pytest

import deepseek_course as course
from deepseek_class.build import execute
from samples import languages

STRIPS = """import deepseek_course as course
import seaborn as sns
course.use("en")
sns.stripplot(x=[1, 1, 1, 1])
course.show(alt="four dots", source=[])"""


@languages
def test_the_learners_random_numbers_are_left_alone(language):
    np.random.seed(7)
    expected = np.random.random(3).tolist()
    np.random.seed(7)
    course.use(language)
    assert np.random.random(3).tolist() == expected


@pytest.mark.whole_way
def test_dots_that_are_scattered_by_chance_are_the_same_in_each_build(tmp_path):
    pictures = set()
    for _ in range(2):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(STRIPS)])
        (cell,) = execute(notebook, tmp_path, "09-dots.md").cells
        pictures.add(cell.outputs[-1].data["text/html"])
    assert len(pictures) == 1
