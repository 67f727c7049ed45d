"""What a beginner types works, or one line says what to do: in a real IPython, with the cells that learners have."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from deepseek_class import build
from deepseek_class.source import Lesson
from deepseek_course.practice.typed import as_python
from samples import languages, lessons
from typed import TYPED, filled_in

USE = 'import deepseek_course as course\ncourse.use("en")'


@pytest.fixture
def shell():
    yield InteractiveShell.instance(colors="nocolor", config=Config(HistoryManager={"enabled": False}))
    InteractiveShell.clear_instance()


def run(shell, source: str) -> str:
    """What a person sees below a cell."""
    with capture_output() as seen:
        shell.run_cell(source, store_history=False)
    shown = [str(output.data["text/plain"]) for output in seen.outputs]
    return "\n".join([seen.stdout, *shown, seen.stderr]).removeprefix("Out[0]:").strip()


@languages
@lessons
def test_what_is_typed_gets_its_verdict_or_one_line_of_help(shell, language, source):
    cells = {cell.id: cell.source for cell in build.learner(Lesson(source), language).cells}
    run(shell, next(cell for cell in cells.values() if "course.use(" in cell))
    for exercise, typed, sign, says in TYPED[language]:
        if exercise.startswith(source.name[:2]):
            shown = run(shell, filled_in(cells[f"{exercise}-answer"], typed))
            assert shown.count(says) == 1, (exercise, typed, shown)
            if sign == "!":
                assert "Error: " in shown and shown[0] not in "✓△×…", (exercise, typed, shown)
            else:
                assert shown.startswith(sign) and "Error" not in shown, (exercise, typed, shown)


@pytest.mark.parametrize(
    "source",
    [
        "x = 5 % 3\ny = x % 2  # 17%",
        'print(f"{0.17:.0%} of 3조")',
        "text = '“78억”은 17%'",
        "%matplotlib inline\nx = 3조",
        "!echo 17%",
        "%%bash\necho 3조",
        "x = 1443조 +",
        "x = 3 if 2 else (5조",
        'x = max([3.49, 2.88])\ncourse.check("00-refute", x)',
        'x = sum([3.49]) - 2.88\ncourse.check("00-refute", x)',
        'x = prices.output_usd["o1"] / prices.output_usd["r1"]\ncourse.check("03-times", x)',
        'x = prices[prices.model == "R1"].output_usd.median()\ncourse.check("03-median", x)',
        'x = f"{100 * 0.17:.2f}"\ncourse.check("02-fall", x)',
        'x = a ^ 8\ncourse.check("02-fall", x)',
        'x = 100 - fall\ncourse.check("02-fall", x)',
        'x = (before - after) / before * 100\ncourse.check("02-fall", x)',
        'x = 3 / 7\ncourse.check("04-bayes", x)',
        'x = letters[2]\ncourse.check("02-account", x)',
        'x = [1, 3]\ncourse.check("02-inside", x)',
        'x = [70, 50, 30]\ncourse.check("04-words", x)',
        "1,443",
    ],
)
def test_python_and_what_would_not_become_python_stay_as_typed(source):
    lines = source.splitlines(keepends=True)
    assert as_python(lines) == lines


def test_texts_comments_and_code_around_an_amount_stay(shell):
    typed = "a = 7 % 4  # 17%, 3조\nb = '3조, “17%”'\nc = 3조 - 1e6\nd = (20%, 5)"
    made = "a = 7 % 4  # 17%, 3조\nb = '3조, “17%”'\nc = 3000000000000 - 1e6\nd = (\"20%\", 5)"
    assert "".join(as_python(typed.splitlines(keepends=True))) == made


@pytest.mark.parametrize("typed", ["CAB", "C A B", "가나가나가 나가나가나"])
def test_letters_in_a_row_need_no_quotation_marks_where_nothing_checks_them(shell, typed):
    run(shell, USE)
    assert run(shell, f"order = {typed}  # ?\norder") == repr(typed)


def test_a_range_may_be_typed_with_a_tilde(shell):
    run(shell, USE)
    assert run(shell, "risers = [0 ~ 2]\nrisers") == "[0, 2]"


def test_a_name_of_ones_own_is_no_row_of_letters(shell):
    run(shell, USE)
    assert run(shell, "face = 3\nx = face\nx") == "3"


def test_names_of_ones_own_stay_and_a_cell_that_runs_shows_nothing_more(shell):
    run(shell, "A = 3\n나 = 4")
    for _ in range(2):
        assert run(shell, USE) == ""
    assert run(shell, "(A, B, 가, 나)") == "(3, 'B', '가', 4)"
    assert shell.input_transformers_cleanup.count(as_python) == 1


def test_an_error_is_short_and_has_its_line_once(shell):
    run(shell, f"{USE}\n{USE}")
    run(shell, "def f():\n    return g()\n\ndef g():\n    return int('x')")
    error, line = filter(None, run(shell, "f()").splitlines())
    assert error.startswith("ValueError") and line.startswith("This cell could not run")


@pytest.mark.parametrize(
    "sentence",
    [
        "2025년 1월 27일 엔비디아의 시가총액이 5890억 달러 줄었습니다(블룸버그).",
        "기저율은 낮지만 새 소식이 있어 10%포인트 올렸습니다.",
        "DeepSeek's report puts the training of V3 at $5.576 million (V3 report).",
        'It "costs" 17% less, they say, but nobody has shown it.',
        "글에 없음",
        "80% 정도 확실하다",
        "68억 달러, 2025년 10월 기준",
        "The RBI",
        "177.0 on 27 November 2026",
    ],
)
def test_a_sentence_needs_no_quotation_marks(shell, sentence):
    run(shell, USE)
    assert not run(shell, f"why = {sentence}  # one sentence\nother = 17%")
    assert shell.user_ns["why"] == sentence and shell.user_ns["other"] == "17%"


def test_an_error_points_at_the_line_that_cannot_be_read(shell):
    run(shell, USE)
    shown = run(shell, "who = 한국은행이 어제 발표했다\nrate = 3조 / 2억\nagainst = (글에 없음")
    assert "against = " in shown and "한국은행" not in shown


@pytest.mark.parametrize("typed", ['"DeepSeek has made its model', "cost of one run * hours used (", "17 /"])
def test_what_is_no_sentence_is_not_taken_for_one(shell, typed):
    run(shell, USE)
    assert "SyntaxError" in run(shell, f"why = {typed}")


def test_no_answer_takes_long_to_read():
    for typed in (
        "가 나 " * 16 + "1",
        "가 나다 " * 14 + "?",
        "A > B " * 14 + "!",
        "1. A " * 18 + "?",
        "(" * 90,
        "1." * 45,
        "a" + " " * 15_000 + "b",
    ):
        as_python([f"x = {typed}\n", 'course.check("01-verbs", x)\n'])  # one that looked twice at each place took hours
