"""The closing page: from what is kept, kind about what is missing, safe to open."""

import pytest

import deepseek_course as course
from deepseek_course.lesson import notes
from deepseek_course.practice import judging
from samples import right_answer


@pytest.fixture(params=["ko", "en"], autouse=True)
def folder(request, monkeypatch, tmp_path):
    course.use(request.param)
    monkeypatch.setenv(notes.FOLDER, str(tmp_path))
    monkeypatch.setattr(judging, "_latest", {})
    return tmp_path


def test_with_nothing_kept_it_says_where_each_thing_comes_from_and_writes_nothing(folder):
    shown = course.summary(who_what=..., compared=None)
    assert all(len(lines) == 1 for _, lines in shown.parts) and "04" in repr(shown)
    assert not list(folder.iterdir())


def test_forecasts_are_scored_as_lesson_04_does():
    happened = course.table("outcomes")["outcome"]
    course.keep(**{"deepseek-r2-2025": [25, "다"], "h20-licence-by-june-2025": [90, "B"]})
    course.keep(**{"openai-open-weights-2025": [97, "A"], "cambricon-yearly-profit": [..., "가"]})  # not scored
    course.keep(**{"three-scenarios-2026": [50, 30, 20], "live-questions": [55, 2, 85]})
    shown = repr(course.summary())
    penalties = [(0.25 - happened["deepseek-r2-2025"]) ** 2, (0.9 - happened["h20-licence-by-june-2025"]) ** 2]
    assert f"{sum(penalties) / 2:.3f}" in shown and "97" not in shown and "50%" in shown and "55% · 2% · 85%" in shown


def test_the_page_has_what_was_written_and_nothing_of_it_runs(folder):
    course.check("02-rate", right_answer(judging.get("02-rate")))
    course.keep(habit="<script>alert(1)</script>")
    shown = course.summary(who_what="V3 <b>cost</b> 5.576 million dollars.")
    page = (folder / notes.PAGE).read_text(encoding="utf-8")
    for html in (page, shown._repr_html_()):
        assert "&lt;script&gt;" in html and "&lt;b&gt;" in html and "<script" not in html
        assert "1/" in html or "02" in html
    course.forget()
    assert not list(folder.iterdir())


@pytest.mark.parametrize("odd", [3, [], [None, "C"], ["25", "C"], [25], {"a": 1}, [True, 3]])
def test_whatever_is_kept_the_page_is_made(odd):
    course.keep(
        habit="x", **{"live-question": odd, "live-questions": odd, "three-scenarios-2026": odd, "deepseek-r2-2025": odd}
    )
    assert "x" in repr(course.summary(who_what=3, compared=object()))


def test_a_folder_that_cannot_be_written_still_shows_the_page(folder, monkeypatch):
    course.keep(habit="x")
    (folder / notes.PAGE).mkdir()
    assert "x" in repr(course.summary())
