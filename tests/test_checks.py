"""A check says what fits the answer, whatever the answer is."""

import dataclasses
import json
import math
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import deepseek_course as course
from deepseek_course.language import LANGUAGES, Text, say
from deepseek_course.lesson import notes
from deepseek_course.lesson.article import Digest
from deepseek_course.lesson.charts import Figure
from deepseek_course.plain import is_plain, plain
from deepseek_course.practice import judging
from deepseek_course.practice.feedback import Progress
from deepseek_course.practice.numbers import Number
from deepseek_course.practice.picks import LETTERS, SequenceMistake
from deepseek_course.practice.read_letters import read_picks
from deepseek_course.practice.read_numbers import read_number, stated_number
from deepseek_course.tables import reading, texts
from deepseek_course.tables.arithmetic import evaluate
from deepseek_course.tables.texts import fill, known_values
from samples import IDS, KEYED, Hostile, first_wrong, right_answer, wrong_answers

NUMBERS = [id for id in IDS if isinstance(judging.get(id), Number)]
IN_PERCENT = [id for id in NUMBERS if 100 in judging.get(id).units]


ODD = {
    "None": None,
    "empty text": "",
    "a word": "모르겠습니다",
    "script": "<script>alert(1)</script>",
    "long text": "9" * 100_000,
    "NaN": math.nan,
    "infinity": -math.inf,
    "huge": 10**400,
    "zero": 0,
    "negative": -5,
    "boolean": True,
    "complex": 1j,
    "list": [1, "가", None, [2]],
    "empty list": [],
    "dict": {"a": 1},
    "function": len,
    "Series": pd.Series([1.0, 2.0]),
    "DataFrame": pd.DataFrame({"a": [1]}),
    "numpy array": np.arange(6).reshape(2, 3),
    "NaT": pd.NaT,
    "NA": pd.NA,
    "hostile": Hostile(),
}


@pytest.fixture(params=LANGUAGES, autouse=True)
def language(request):
    course.use(request.param)
    return request.param


@pytest.mark.parametrize("exercise_id", KEYED)
def test_an_open_answer_is_one_kind_line(exercise_id):
    feedback = course.check(exercise_id, ...)
    assert feedback.result == "open" and not feedback.passed
    assert feedback._repr_html_().count("<p>") == 1 and "<details>" not in feedback._repr_html_()


@pytest.fixture
def tries(monkeypatch):
    """As in a kernel that was just started."""
    monkeypatch.setattr(judging, "_tries", Counter())


@pytest.mark.parametrize("exercise_id", KEYED)
def test_each_run_of_a_wrong_answer_brings_more_help(exercise_id, tries, language):
    hints, solution = say("hint").in_language(language), say("solution").in_language(language)
    wrong = first_wrong(judging.get(exercise_id))
    shown = []
    for answer in (..., wrong, ..., wrong, wrong, wrong):
        html = course.check(exercise_id, answer)._repr_html_()
        if answer is not ...:
            shown.append((html.count(f"{hints} "), html.count(f"<summary>{solution}"), html.count("<small>")))
    assert shown == [(1, 0, 1), (2, 0, 1), (2, 1, 0), (2, 1, 0)]


def test_what_could_not_be_read_costs_no_hint(tries):
    for unread in ("lots", "17%", [1, 2]):
        assert "<details>" not in judging.check("02-rate", unread).html("en")
    assert judging.check("02-rate", 1).html("en").count("<details>") == 1


def test_the_page_of_a_class_has_all_the_help_at_once(tries):
    exercise = judging.get("02-rate")
    for answer in (..., 3):
        assert exercise.judge(plain(answer)).html("en").count("<details>") == 3


@pytest.mark.parametrize("exercise_id", IDS)
def test_the_right_answer_passes_and_hides_the_help(exercise_id):
    feedback = course.check(exercise_id, right_answer(judging.get(exercise_id)))
    assert feedback.result == "right" and feedback.passed, feedback
    assert "<details>" not in feedback._repr_html_()


@pytest.mark.parametrize("exercise_id", KEYED)
def test_each_known_mistake_gets_its_own_feedback(exercise_id, language):
    exercise = judging.get(exercise_id)
    messages = [fill(mistake.message, exercise.names()).in_language(language) for mistake in exercise.mistakes]
    assert len(messages) >= 3 and len(set(messages)) == len(messages)
    for (mistake, answer), message in zip(wrong_answers(exercise), messages, strict=True):
        feedback = course.check(exercise_id, answer)
        assert not feedback.passed, f"the mistake {mistake} counts as right"
        assert str(feedback.message).endswith(message), f"the mistake {mistake} is answered with: {feedback}"


@pytest.mark.parametrize("exercise_id", IDS)
def test_whatever_is_given_gets_a_calm_sentence(exercise_id):
    for what, answer in ODD.items():
        feedback = course.check(exercise_id, answer)
        assert not feedback.passed and 0 < len(str(feedback.message)) < 400, what
        assert "<script" not in feedback._repr_html_(), what
        assert not re.search("Traceback|Error", str(feedback.message)), what


@pytest.mark.parametrize("exercise_id", NUMBERS)
def test_a_number_of_the_wrong_size_is_told_so(exercise_id):
    answer = right_answer(judging.get(exercise_id))
    feedback = course.check(exercise_id, answer * 10)
    assert not feedback.passed and feedback.message != course.check(exercise_id, answer * 3.7).message


@pytest.mark.parametrize(
    ("exercise_id", "form"),
    [
        ("02-million", lambda a: f"{a:,.0f}"),
        ("02-million", lambda a: f"{int(a // 1e4)}만 {int(a % 1e4)}달러"),
        ("02-million", lambda a: f"{a:,.0f}".translate(str.maketrans("0123456789,", "０１２３４５６７８９，"))),
        ("02-million", lambda a: Decimal(str(a))),
        ("02-million", np.float32),
        ("02-million", lambda a: pd.Series([a])),
        ("02-billion", lambda a: a / 1e8),
        ("02-billion", lambda a: f"{a / 1e8:,.0f}억"),
        ("02-billion", int),
        ("02-rate", lambda a: f"{a:.0f}원"),
        ("02-rate", lambda a: f"₩{a:,.0f}"),
        ("02-rate", lambda a: f"약 {a:,.0f}원입니다"),
        ("02-rate", lambda a: f"{a:.0f}원/달러"),
        ("02-rate", lambda a: f"{a:,.0f} KRW/USD"),
        ("02-rate", lambda a: f"{a:.0f} won per dollar"),
        ("02-rate", lambda a: "천사백사십삼 원"),
        ("02-million", lambda a: "오백오십칠만 육천 달러"),
        ("01-money", lambda a: "여덟 개"),
        ("01-money", lambda a: "8개"),
        ("01-money", lambda a: "eight"),
        ("00-count", lambda a: "열네 개"),
        ("04-threshold", lambda a: f"{a}%"),
        ("02-fall", lambda a: f"{a:.2f}%"),
        ("02-fall", lambda a: f"{a:.2f} 프로"),
        ("02-fall", lambda a: f"{a:.2f}퍼센트"),
        ("02-fall", lambda a: "17%p"),
        ("02-fall", lambda a: "17 percentage points"),
        ("02-fall", lambda a: -a),
        ("02-fall", lambda a: a / 100),
        ("02-fall", Fraction),
        ("02-rebuild", lambda a: round(a / 1e8)),
        ("02-rebuild", lambda a: f"{a / 1e9:.1f} billion"),
        ("02-fewer", lambda a: f"{a:.0f}%"),
        ("02-fewer", lambda a: Fraction(round(a), 100)),
        ("02-account", lambda a: "ABCD"[a - 1]),
        ("02-account", lambda a: "가나다라"[a - 1]),
        ("02-account", lambda a: "①②③④"[a - 1]),
        ("02-slips", lambda a: ", ".join("가나다라마바사아"[pick - 1] for pick in a)),
        ("02-slips", lambda a: {"abcdefgh"[pick - 1] for pick in a}),
        ("02-inside", lambda a: "가나다라마"[a[0] - 1]),
        ("02-verdict-loss", lambda a: (str(a[0]), "가나다라"[a[1] - 1])),
        ("02-verdict-cost", lambda a: ("가나다라"[a[1] - 1], a[0])),  # swapped
        ("02-verdict-tenth", lambda a: ("ABCD"[a[1] - 1], "①②③④"[a[0] - 1])),
        ("05-trust", lambda a: ["ㄱㄴㄷㄹ"[a[1] - 1], str(a[0])]),
    ],
)
def test_a_right_answer_in_another_form_is_right(exercise_id, form):
    answer = form(right_answer(judging.get(exercise_id)))
    assert course.check(exercise_id, answer).passed, answer


def as_text(number: float) -> str:
    return f"{number:.12f}".rstrip("0").rstrip(".")


@pytest.mark.parametrize("percent", ["%", " percent", "퍼센트", " 프로", "%p"])
@pytest.mark.parametrize("exercise_id", IN_PERCENT)
def test_a_percent_is_no_fraction_of_a_hundred(exercise_id, percent):
    answer = right_answer(judging.get(exercise_id))
    assert course.check(exercise_id, as_text(answer) + percent).passed
    assert course.check(exercise_id, as_text(answer / 100)).passed
    assert not course.check(exercise_id, as_text(answer / 100) + percent).passed
    assert not course.check(exercise_id, as_text(answer * 100) + percent).passed


@pytest.mark.parametrize("percent", ["%", " per cent", "퍼센트"])
@pytest.mark.parametrize("exercise_id", [id for id in NUMBERS if id not in (*IN_PERCENT, "04-threshold")])
def test_a_percent_is_no_answer_where_none_is_asked_and_is_told_so(exercise_id, percent):
    answer = right_answer(judging.get(exercise_id))
    for given in (answer, answer * 100, answer / 100):
        feedback = course.check(exercise_id, as_text(given) + percent)
        assert not feedback.passed and as_text(given) + percent in str(feedback.message)


def test_nearly_right_has_a_mark_of_its_own():
    answer = right_answer(judging.get("02-rate"))
    near = course.check("02-rate", answer * 1.03)
    assert repr(near).startswith("△") and "△" in near._repr_html_() and not near.passed
    assert repr(course.check("02-rate", answer * 2)).startswith("×")


@pytest.mark.parametrize(("given", "says"), [(0.4, "0"), (60, "0.6")])
def test_the_likeliest_slips_with_a_penalty_have_their_own_feedback(given, says):
    message = course.check("04-penalty", given).message
    assert message != say("wrong_number", read=f"{given:g}") and says in str(message)


def test_who_takes_the_rounded_sum_is_told_the_own_percent():
    assert "7.2" in str(course.check("05-rounding", (6.294 / 5.87 - 1) * 100).message)


def test_both_houses_figures_are_right_for_the_loss():
    known = known_values()
    for house in ("nvidia_loss_bloomberg", "nvidia_loss_lseg"):
        assert course.check("02-rebuild", known[house]).passed


def test_a_comma_that_split_a_number_is_explained():
    assert "2500" in str(course.check("02-rate", (1, 443)).message)


def test_what_is_echoed_is_escaped():
    html = course.check("02-rate", "<b>1 & 2</b>")._repr_html_()
    assert "&lt;b&gt;" in html and "<b>" not in html


def test_two_dollar_signs_do_not_stand_in_one_text():
    html = course.check("02-run", right_answer(judging.get("02-run")))._repr_html_()
    assert all(part.count("$") < 2 for part in html.replace("<span>", "\0").replace("</span>", "\0").split("\0"))


def test_free_text_is_shown_as_it_stands_wherever_it_is_shown():
    text = "<b>from $1 to $2</b>"
    frame = pd.DataFrame({"front": [text], "back": [text]})
    tables = [course.cards(frame, "front"), course.cards(frame, "front", ["back"])]
    for shown in [
        *tables,
        Progress({}, 0, (Text(text, text),)),
        Figure(b"", 1, "", text),
        Digest([(text, [text])], [text], text),
    ]:
        html = shown._repr_html_()
        assert "<b>" not in html and "&lt;b&gt;" in html
        assert all(part.count("$") < 2 for part in html.replace("<span>", "\0").split("\0")), html
    assert "mathjax_ignore" in frame._repr_html_()


def test_an_unknown_exercise_is_the_teachers_mistake():
    with pytest.raises(ValueError, match="02-nothing"):
        course.check("02-nothing", 1)


@pytest.mark.parametrize("what", ODD)
def test_plain_data_is_plain(what):
    data = plain(ODD[what])
    assert data["kind"] in {"number", "text", "list", "blank", "none", "other"}
    assert len(json.dumps(data, allow_nan=False)) < 10_000
    for exercise_id in IDS:
        assert not judging.get(exercise_id).judge(json.loads(json.dumps(data))).passed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,443", 1443),
        ("1 443", 1443),
        ("78억 8000만 원", 7.88e9),
        ("7천300억원", 7.3e11),
        ("1조 달러", 1e12),
        ("백만", 1e6),
        ("약 0.07위안", 0.07),
        ("RMB 0.07", 0.07),
        ("0.07 CNY", 0.07),
        ("¥0.07", 0.07),
        ("$5.576 million", 5_576_000),
        ("US$83.8 billion", 83.8e9),
        ("10분의 1", 0.1),
        ("1/10", 0.1),
        ("5,890 eok", 5.89e11),
        ("5,890 hundred million", 5.89e11),
        ("104x", 104),
        ("−9.56 %", -9.56),
        ("2.788 million hours", 2_788_000),
        ("1,44", None),
        ("12 34", None),
        ("스물", 20),
        ("스물다섯", 25),
        ("열여덟 개", 18),
        ("일곱", 7),
        ("이십오", 25),
        ("오백오십칠만 육천", 5_576_000),
        ("천사백사십삼조", 1443e12),
        ("5백만", 5e6),
        ("0억", 0),
        ("만 원", 10_000),
        ("17%p", 17),
        ("1,443 won to the dollar", 1443),
        ("twelve", 12),
        ("일이삼", None),
        ("b", None),
        ("m", None),
        ("조", None),
        ("억 원", None),
        ("a million", None),
        ("1/0", None),
        ("", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text, number):
    assert read_number(text) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6일 전", 6),
        ("제645권", 645),
        ("답은 6일입니다.", 6),
        ("27% (96/356)", 27),
        ("27.4 times R1's", 27.4),
        ("161-fold", 161),
        ("$ 5,576,000", 5_576_000),
        ("USD 5,576,000", 5_576_000),
        ("Rs 55,76,000", 5_576_000),
        ("3.2 crore", 32_000_000),
        ("twenty-seven", 27),
        ("six", 6),
        ("up 293%", 293),
        ("마이너스 9.56%", -9.56),
        ("16. 97", 16.97),
        ("10분의 1 정도", 0.1),
        ("five million", 5e6),
        ("6백만 달러쯤", 6e6),
        ("13 일", 13),
        ("838만불", 8_380_000),
        ("557만 6천불", 5_576_000),
        ("593 millions", 593e6),
        ("593 milion", None),
        ("593mil", None),
        ("83.8빌리언", 83.8e9),
        ("It fell by 16.97%", -16.97),
        ("3/7 (43%)", 3 / 7),
        ("답: 5576000", 5_576_000),
        ("17 or so", 17),
        ("25 or 50", None),
        ("557만 6000 미만", None),
        ("1443원보다 작다", None),
        ("less than 17%", None),
        ("0.6 squared", None),
        ("zero point six", None),
        ("5 and million", None),
        ("17이나 18", None),
        ("3 in 7", None),
        ("not 17", None),
        ("17 아님", None),
        ("3.49 - 2.88조", None),
        ("100 - fall", None),
        ("100-fall", None),
        ("5576000/78억", None),
        ("0.6²", None),
        ("아주 많이", None),
    ],
)
def test_a_number_in_a_few_words_is_read_and_two_are_not(text, number):
    assert stated_number(text) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("answer", "picks"),
    [
        ("나", [2]),
        ("정답은 나", [2]),
        ("나(물가), 라(평가)", [2, 4]),
        ("나. 다만 가는 아님", [2]),
        ("나 말고 다", None),
        ("라, 아니면 다", None),
        ("It's B", [2]),
        ("b because it can be checked", [2]),
        ("a, c", [1, 3]),
        ("a report", None),
        ("B. It is not allowed, or so it says", [2]),
        ("B or C", None),
        ("B is wrong", None),
        ("나 틀림", None),
        ("maybe B", [2]),
        ("나인 것 같다", [2]),
        ("B (captain) and D (decapitate)", [2, 4]),
        ("나(물가)와 라(평가)", [2, 4]),
        ("나랑 라", [2, 4]),
        ("B plus D", [2, 4]),
        ("나 물가 라. 평가", None),
        ("A, B, D. C is independent", None),
        ("A, B, D (C measures many firms)", None),
        ("3 (unit)", [3]),
        ("③ 단위", [3]),
        ("2번 근거", [2]),
        ("4,1,3입니다", [4, 1, 3]),
        ("1-4 2-1 3-3", [4, 1, 3]),
        ("lines A and C", [1, 3]),
        ("1-4, 2-1, 3-3", [4, 1, 3]),
        ("다→가 - 나", [3, 1, 2]),
        ("b)", [2]),
        ("(가)", [1]),
        ("가와 다", [1, 3]),
        ("A and C", [1, 3]),
        ("ㄱㄴ", [1, 2]),
        (312, [3, 1, 2]),
        ("마", None),
        (9, None),
        (2.5, None),
        ("딥", None),
    ],
)
def test_letters_are_read_as_people_write_them(answer, picks):
    assert read_picks(plain(answer), 4) == picks


@pytest.mark.parametrize("answer", ["C (B is too strong)", "C because B is wrong", "다. 나는 다르다"])
def test_where_one_letter_is_asked_for_a_reason_may_have_letters_in_it(answer):
    assert read_picks(plain(answer), 4, one=True) == [3]


def test_a_changed_table_changes_answers_and_feedback(monkeypatch):
    before = right_answer(judging.get("02-fall"))

    def changed(name):
        frame = reading.rows(name).copy()
        if name == "facts":
            frame.loc["nvidia_close_27", "value"] = frame.loc["nvidia_close_24", "value"] * 0.7
        return frame

    assert course.check("02-fall", before).passed
    monkeypatch.setattr(texts, "rows", changed)
    monkeypatch.setattr(texts, "_known_values", texts._known_values.__wrapped__)  # as after a new start
    assert not course.check("02-fall", before).passed
    now = course.check("02-fall", 30)
    assert now.passed and "30.00" in str(now.message)


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A notebook that was just started, in a folder where nothing is kept; the folder."""
    monkeypatch.setattr(judging, "_latest", {})
    monkeypatch.setenv(notes.FOLDER, str(tmp_path))
    return tmp_path


def solve(*ids):
    return [course.check(id, right_answer(judging.get(id))) for id in ids]


def test_progress_names_what_to_look_at_again(fresh, language):
    solve("02-rate", "02-median")
    for tried, answer in (("02-fall", "?"), ("02-log", ...), ("02-far", "?")):  # wrong, open, and wrong at will
        course.check(tried, answer)
    progress = course.progress()
    assert progress.lessons["02"][0] == progress.solved == 1 and progress.more == 1
    assert progress.again == (judging.get("02-fall").title,)
    title = judging.get("02-fall").title.in_language(language)
    assert title in repr(progress) and title in progress._repr_html_()


def test_progress_goes_on_in_another_notebook_and_on_another_day(fresh, monkeypatch):
    solve("00-fact")
    monkeypatch.setattr(judging, "_latest", {})  # another kernel
    solve("02-rate", "02-rate")
    assert {lesson: done for lesson, (done, _) in course.progress().lessons.items() if done} == {"00": 1, "02": 1}
    course.keep(r2=25)
    assert "02-rate" not in repr(course.kept())  # how many there are, no ids
    course.forget()
    assert not course.progress().solved and not list(fresh.iterdir())


def test_two_notebooks_at_once_lose_nothing(fresh):
    program = "import sys, deepseek_course as course\nfor id, answer in eval(sys.argv[1]): course.check(id, answer)"
    given = [(id, right_answer(judging.get(id))) for id in IDS if judging.get(id).kind == "choice"]
    started = [subprocess.Popen([sys.executable, "-c", program, repr(half)]) for half in (given[::2], given[1::2])]
    assert [notebook.wait() for notebook in started] == [0, 0]
    assert sorted(notes.solved()) == sorted(id for id, _ in given)


def test_a_check_writes_only_what_is_news(fresh):
    solve("02-rate")
    before = (fresh / notes.FILE).stat().st_ino  # each writing makes a new file
    solve("02-rate")
    course.check("02-rate", "?")
    assert (fresh / notes.FILE).stat().st_ino == before


@pytest.mark.parametrize("damage", ["{", None])
def test_a_check_after_damage_loses_no_entry(fresh, damage):
    course.keep(r2=25)
    solve("02-rate")
    path = fresh / notes.FILE
    path.write_text(damage) if damage else path.unlink()
    solve("02-million")
    assert course.kept().entries["r2"]["value"] == 25 and "02-million" in notes.solved() and not course.kept().trouble
    assert [file.read_text() for file in fresh.glob("my-course-damaged-*.json")] == [damage] * bool(damage)


@pytest.mark.parametrize("content", ["{", "[]", '{"solved-exercises": {"value": [1, {}, "gone"], "when": ""}}', None])
def test_no_state_of_the_file_stops_a_check(fresh, monkeypatch, content):
    if content is None:
        monkeypatch.setenv(notes.FOLDER, str(fresh / "not" / "there"))
    else:
        (fresh / notes.FILE).write_text(content)
    assert all(feedback.passed for feedback in solve("02-rate", "02-fall"))
    assert course.progress().solved == 2


def test_where_answers_are_marked_nothing_is_noted(fresh, monkeypatch):
    monkeypatch.setenv(notes.MARKING, "1")
    solve("02-rate")
    assert course.progress().solved == 1 and not list(fresh.iterdir())


def test_amounts_are_in_the_readers_units(language):
    amounts = [5.576e6, 589e9, 2.19, 294_000, 0, -1e12]
    korean = ["557만 6000달러", "5890억 달러", "2.19달러", "29만 4000달러", "0달러", "−1조 달러"]
    english = ["$5.576 million", "$589 billion", "$2.19", "$294,000", "$0", "−$1 trillion"]
    assert [course.money(amount) for amount in amounts] == {"ko": korean, "en": english}[language]
    won = {"ko": "1443조 원", "en": "1,443 trillion won"}[language]
    assert course.money(1443e12, currency="KRW") == won


@pytest.mark.parametrize(
    "expression", ["v3_costs", "__import__('os')", "v3_cost.value", "1 +", "'a'", "len(v3_cost)", "\0", "(" * 999]
)
def test_only_arithmetic_over_facts_is_evaluated(expression):
    with pytest.raises(ValueError, match=r"arithmetic"):
        evaluate(expression, known_values())


@pytest.mark.parametrize("expression", ["1 / 0", "median(v3_cost)", "9.9 ** 999", "(0 - 1) ** 0.5", "usd", "1e999"])
def test_what_gives_no_number_names_the_expression(expression):
    names = known_values() | dict(course.table("reports").items())
    with pytest.raises(ValueError, match=re.escape(repr(expression))):
        evaluate(expression, names)


def test_an_answer_of_nought_can_be_missed():
    exercise = dataclasses.replace(judging.get("02-far"), answer="0")
    assert exercise.judge(plain(0)).passed
    assert not exercise.judge(plain(3)).passed and not exercise.judge(plain(-3)).passed


def test_a_mistakes_text_in_a_long_sequence_is_filled():
    mistake = SequenceMistake(at=1, value=2, ko="{v3_cost:money}", en="{v3_cost:money}")
    exercise = dataclasses.replace(judging.get("00-colours"), mistakes=(mistake,))
    message = exercise.judge(plain([2, *exercise.answer[0][1:]])).message
    assert course.money(known_values()["v3_cost"]) in str(message)


def test_a_long_sequence_says_where_to_look_again():
    right = right_answer(judging.get("00-colours"))
    feedback = course.check("00-colours", [right[0] % 3 + 1, *right[1:-1], right[-1] % 3 + 1])
    assert "6" in str(feedback.message) and "1, 8" in str(feedback.message)


@pytest.mark.parametrize(
    ("exercise_id", "answer", "says"),
    [
        ("00-ranges", [[1, 2]] * 2 + [[9, 3]], "3"),
        ("00-ranges", [[-8, -3]] + [[..., ...]] * 2, "5"),
        ("00-ranges", [[1, 2]] + ["3~8"] * 2, "2"),
        ("00-chances", [0.5, 0.1, 0.9], "0.7"),
        ("00-chances", [50, 10, 100], "1"),
        ("00-chances", [50, 10, "0.9%"], "0.7"),
        ("00-chances", [50, 10, "90%나 80%"], "99"),
    ],
)
def test_a_prediction_that_could_not_be_scored_is_told_why(exercise_id, answer, says):
    feedback = course.check(exercise_id, answer)
    assert not feedback.passed and says in str(feedback.message)


@pytest.mark.parametrize("flag", ["A", "A.", " a ", "1", 1, "①", ["A"], "가", "(가)"])
def test_a_flag_is_kept_as_the_check_reads_it(flag, language):
    known = {"ko": "가", "en": "A"}[language]
    assert course.accepted("04-r2", [25, flag]) == [25, known]
    assert course.accepted("04-r2", [..., flag]) == [None, known]


@pytest.mark.parametrize(
    "answer", [[25, ...], [..., "C"], [99.5, "C"], [0.25, "C"], [{25}, "C"], ["25 or 50", "C"], 25, None, ["C", ...]]
)
def test_what_the_check_does_not_accept_is_not_kept(answer):
    assert not course.check("04-r2", answer).passed
    assert course.accepted("04-r2", answer) == [..., ...]


@pytest.mark.parametrize("answer", [["C", 25], ["다", "25%"], ["(c)", np.int64(25)]])
def test_a_swapped_forecast_is_recognised(answer, language):
    assert course.check("04-r2", answer).passed
    assert course.accepted("04-r2", answer) == [25, LETTERS.in_language(language)[2]]
    assert course.accepted("04-r2", ["가", ...]) == [None, LETTERS.in_language(language)[0]]


def test_ranges_are_kept_as_the_check_reads_them():
    answer = [(np.int64(1), 2.0), {25, 5}, [10, Decimal(50)]]
    assert course.check("00-ranges", answer).passed
    assert course.accepted("00-ranges", answer) == [[1, 2], [5, 25], [10, 50]]
    assert course.accepted("00-ranges", [[..., ...], *answer[1:]])[0] is ...
    assert course.accepted("00-ranges", [[1, 2]] * 2 + ["3~8"]) == [...] * 3
    assert course.accepted("00-ranges", [["5%", "25%"]] * 3) == [...] * 3  # not so many firms
    assert course.accepted("00-chances", [50, "150%", 25]) == [...] * 3


@pytest.mark.parametrize("percent", ["50%", "50", " ５０ ％", "50 percent", "50 퍼센트"])
def test_a_percent_may_be_a_text(percent):
    assert course.accepted("00-chances", [50, percent, 25]) == [50, 50, 25]
    assert course.accepted("04-r2", [percent, "C"])[0] == 50
    assert course.accepted("00-ranges", [..., [3, percent], ...])[1] == [3, 50]


def test_what_is_right_in_a_wrong_choice_is_said_first(language):
    feedback = course.check("02-inside", "ACD")
    said = {"ko": "적은 답: 가, 다, 라. 맞게 고른 것: 가.", "en": "You answered A, C, D. Right so far: A."}[language]
    assert str(feedback.message).startswith(said + "\n") and feedback.result == "wrong"
    assert course.check("02-slips", "BE").result == course.check("02-slips", "BEHA").result == "near"
    assert course.check("05-remarks", "4153").result == "near"
    assert str(course.check("02-verdict-loss", [1, "B"]).message).startswith(
        {"ko": "적은 답: 1, 나.", "en": "You answered 1, B."}[language]
    )


@pytest.mark.parametrize("vote", ["C", "다", "ㄷ", 3, "③", ["c"], " C. "])
def test_a_vote_is_kept_as_the_readers_letter(vote, language):
    assert course.check("00-money", vote).passed
    assert course.accepted("00-money", vote) == [LETTERS.in_language(language)[2]]


@pytest.mark.parametrize("vote", ["E", "A, B", 5, 0, None, [], "nobody's", ...])
def test_what_is_no_vote_is_not_kept(vote):
    assert not course.check("00-money", vote).passed
    assert course.accepted("00-money", vote) == [...]


def test_what_is_kept_is_plain():
    kept = course.accepted("04-scenarios", (np.int64(50), 40.0, Decimal(10)))
    assert kept == [50, 40, 10] and {type(number) for number in kept} == {int}
    assert course.accepted("04-scenarios", [50, 40, 20]) == [..., ..., ...]
    with pytest.raises(ValueError, match="04-when"):
        course.accepted("04-when", "B, D")


@pytest.mark.parametrize("answer", [[..., "C"], [..., "나"]])
def test_a_forecast_without_a_probability_is_open(answer):
    assert course.check("04-r2", answer).result == "open"


def test_a_round_of_zeros_and_ones_is_told_to_use_percent():
    statements = judging.get("04-confidence-1").count
    assert "100" in str(course.check("04-confidence-1", [1] * statements).message)
    assert course.check("04-confidence-1", [0] * statements).passed


def test_what_one_knows_already_may_stay_open():
    assert course.check("00-ranges", [[1, 2]] + [[..., ...]] * 2).passed
    assert course.check("00-chances", [..., 10, ...]).passed


@pytest.mark.parametrize("answer", ["나가가가", "나가나가"])
def test_a_card_that_fits_models_of_both_countries_is_right_with_either(answer):
    assert course.check("03-blind", answer).passed


@pytest.mark.parametrize("answer", [1.77, 1.8, 2, "2%", 0.0177])
def test_a_share_may_be_rounded_to_whole_percent(answer):
    assert course.check("02-traded", answer).passed


def test_exercises_are_enough_and_graded():
    exercises = judging.load().values()
    assert len(exercises) >= 60
    levels = [exercise.level for exercise in exercises if exercise.lesson == "02"]
    assert len(levels) >= 18 and levels.count("stretch") >= 2
    for exercise in exercises:
        assert (exercise.points == 0) == (exercise.level == "stretch")  # what is done at will gives no marks
        assert not (exercise.level == "forecast" and exercise.has_key), exercise.id


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"kind": "text"},
        {"kind": "full", "value": 1},
        {"kind": "number", "value": "9"},
        {"kind": "number", "value": True},
        {"kind": "text", "value": "a" * 201},
        {"kind": "text", "value": "\ud800"},
        {"kind": "list", "value": [{"kind": "list", "value": [{"kind": "list", "value": []}]}]},
        {"kind": "list", "value": [1]},
    ],
)
def test_what_plain_never_makes_is_no_answer(data):
    assert not is_plain(data)


@pytest.mark.parametrize(
    "value", [..., None, 3, 2.5, 1e999, True, "가", "", [1, ["b", ...]], {"a"}, object(), "\ud800"]
)
def test_what_plain_makes_is_an_answer(value):
    assert is_plain(json.loads(json.dumps(plain(value))))
