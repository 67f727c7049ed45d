"""A lesson's source: what is written there is read, and each slip is one line with its file and line."""

import re

import jupytext
import pytest

from deepseek_class import source
from deepseek_class.build import exercise_file, learner
from deepseek_class.source import ROOT, Lesson, SourceError
from deepseek_course.plain import plain
from deepseek_course.practice import judging
from deepseek_course.tables.texts import known_values

HEAD = "---\nkernelspec: {name: python3, display_name: Python 3, language: python}\n---\n\n"
PAIR = '+++ {"lang": "ko"}\n\n가\n\n+++ {"lang": "en"}\n\na\n\n'
EXAMPLE = re.search(r"^````\n(.*?)^````$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S | re.M)[1]


def lesson(tmp_path, text: str, name: str = "02-numbers.md") -> Lesson:
    path = tmp_path / name
    path.write_text(HEAD + text, encoding="utf-8")
    return Lesson(path)


def test_the_exercise_in_contributing_is_one_place_and_works(tmp_path):
    assert EXAMPLE.count("02-apple") == 1
    made = lesson(tmp_path, EXAMPLE)
    assert jupytext.writes(jupytext.reads(made.text, fmt="md:myst"), fmt="md:myst").endswith(EXAMPLE)
    (task,) = made.tasks.values()
    known = known_values()
    assert task.exercise.judge(plain(known["apple_change_27"])).passed
    assert task.exercise.judge(plain(known["meta_change_27"])).message.en == "That is Meta."
    cell = learner(made, "en").cells[-1]
    assert cell.source == 'apple = ...\n\ncourse.check("02-apple", apple)'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (PAIR.replace("a\n", '<span class="screen">a\n'), 7, "a mark <span"),
        (PAIR + "```{code-cell} ipython3\n:tags: [sheet]\n\nx = (\n```\n", 12, "not Python"),
        (PAIR + "+++\n\nno language\n", 11, "needs its language"),
        (PAIR + '+++ {"lang": "ko"}\n\n나\n', 11, "no English twin"),
        (PAIR + '+++ {"lang": "en"}\n\nb\n', 11, "no Korean twin"),
        ('+++ {"lang": "ko", "facts": ["v3_costs"]}\n\n가\n\n+++ {"lang": "en"}\n\na\n', 3, "'v3_costs'"),
        (PAIR + 'x = 1\n\n```{code-cell}\ny = "[[가||a"\n```\n', None, "open or lacks"),
        (PAIR + "```{code-cell}\ny = (1\n```\n", 10, "not Python"),
        (PAIR + '```{raw-cell}\nkind = "number"\n```\n', 10, "the id of its exercise"),
        (PAIR + '+++ {"lang": "ko"\n\n나\n', 9, "bracket or a quotation mark"),
        (PAIR + '+++ {"lang": "ko", "facts": ["a}\n\n나\n', 9, "bracket or a quotation mark"),
        (PAIR + "```{raw-cell}\n:exercise: [02-rate\n\nx = 1\n```\n", 9, "bracket or a quotation mark"),
        (PAIR + '+++ {"lang": "ko", "written": "09-a"}\n\n나\n\n+++ {"lang": "en"}\n\nb\n', 11, "needs its points"),
        ("", None, "no cell"),
    ],
)
def test_a_mistake_in_a_source_is_one_line_with_its_place(tmp_path, text, line, says):
    with pytest.raises(SourceError) as caught:
        lesson(tmp_path, text)
    message = str(caught.value)
    assert says in message and "\n" not in message and message.startswith("02-numbers.md, line ")
    if line:
        assert message.startswith(f"02-numbers.md, line {line + HEAD.count(chr(10))}:")


def test_code_tagged_hide_input_is_folded(tmp_path):
    folded = "```{code-cell} ipython3\n:tags: [hide-input]\n\n# [[차트||Chart]]\nx = 1\n```\n\n"
    cells = learner(lesson(tmp_path, PAIR + folded + "```{code-cell} ipython3\nx = 2\n```\n"), "en").cells
    assert [cell.metadata.get("jupyter") for cell in cells] == [None, {"source_hidden": True}, None]


SLIPS = {
    "a quotation mark forgotten": ('answer = "apple_change_27"', "answer = apple_change_27", "Invalid value"),
    "a field misspelt": ("answer = ", "anwser = ", "no field anwser"),
    "a kind misspelt": ('"number"', '"numbr"', "no kind 'numbr'"),
    "a level misspelt": ('"stretch"', '"strech"', "level is 'strech'"),
    "another kind of value": ("units = [100]", "units = 100", "units is 100, which is not a list"),
    "a field of another kind": ("units = [100]", "options = 4", "no field options"),
    "a mistake's field misspelt": ('value = "dow', 'vlaue = "dow', "no field mistakes[2].vlaue"),
    "English forgotten": ('en = "That is Meta."\n', "", "mistakes[1].en is missing"),
    "a fact that is not there": ('"meta_change_27"', '"meta_change"', "'meta_change'"),
    "a fact that is not there, in a text": ("{answer:.0f}%를", "{anwser:.0f}%를", "'anwser'"),
    "a format that is none": ("{answer:.0f} percent", "{answer:2x} percent", "Unknown format code"),
    "no variable": ('variable = "apple"\n', "", "variable is missing"),
    "no solution": ("solved = 'apple = facts.value[\"apple_change_27\"]'\n", "", "solved is missing"),
    "code that is none": ("solved = 'apple = ", "solved = 'apple == = ", "not Python"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_in_an_exercise_is_one_line_with_its_place(tmp_path, name):
    right, wrong, says = SLIPS[name]
    assert right in EXAMPLE
    with pytest.raises(SourceError) as caught:
        lesson(tmp_path, EXAMPLE.replace(right, wrong, 1))
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert re.match(r"02-numbers\.md, line \d+: (?:exercise '02-apple': |not Python)", str(caught.value))


def test_a_source_that_is_cut_inside_a_character_or_of_another_encoding_is_told_with_its_line(tmp_path):
    path, whole = tmp_path / "09-cut.md", (HEAD + PAIR).encode()
    for data in (whole[: whole.index("가".encode()) + 1], (HEAD + PAIR).encode("cp949")):
        path.write_bytes(data)
        with pytest.raises(SourceError, match=r"^09-cut\.md, line 7: not UTF-8"):
            Lesson(path)
    path.unlink()
    with pytest.raises(SourceError, match=r"^09-cut\.md: cannot be read \(No such file"):
        Lesson(path)


def test_what_a_windows_editor_adds_to_a_source_is_passed_over(tmp_path):
    saved = tmp_path / "09-saved.md"
    saved.write_bytes(b"\xef\xbb\xbf" + (HEAD + EXAMPLE).replace("\n", "\r\n").encode())
    both = Lesson(saved), lesson(tmp_path, EXAMPLE)
    cells = [[(cell.source, cell.metadata) for cell in each.cells] for each in both]
    assert cells[0] == cells[1]


def test_an_exercise_that_stands_in_two_lessons_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "SOURCES", tmp_path)
    lesson(tmp_path, EXAMPLE)
    lesson(tmp_path, EXAMPLE, "03-contrast.md")
    with pytest.raises(SourceError, match=r"^03-contrast\.md, line \d+: .*'02-apple' stands in 02-numbers\.md already"):
        source.read_lessons()


def test_an_exercise_that_stands_twice_is_told(tmp_path):
    with pytest.raises(SourceError, match=r"02-numbers\.md, line \d+: the exercise '02-apple' stands in line \d+"):
        lesson(tmp_path, EXAMPLE + "\n" + EXAMPLE)


def test_the_data_module_ships_the_exercises_of_the_sources():
    made = {f"{each.number}.json": exercise_file(each) for each in source.read_lessons()}
    shipped = {path.name: path.read_text(encoding="utf-8") for path in judging.EXERCISES.glob("*.json")}
    changed = [name for name in made.keys() | shipped.keys() if made.get(name) != shipped.get(name)]
    assert not changed, "run: python run.py build"
