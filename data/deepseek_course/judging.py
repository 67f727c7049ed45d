"""Exercises and how an answer is judged: answers and mistakes are arithmetic over the tables."""

import math
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from . import language
from .amounts import money
from .answers import is_blank, is_percent, number_first, plain, read_number, read_picks, tidy
from .arithmetic import evaluate
from .feedback import Feedback, Progress, say
from .forecasting import is_open, judge_opinion, read_opinion
from .loading import table

HERE = Path(__file__).parent
CLOSE = 0.002  # how far a number may be off, relative to the answer, where the exercise does not say
NEAR = 0.05  # how far to be told "nearly"
DEFAULTS = {"level": "core", "facts": [], "hints": [], "mistakes": []}
OPINIONS = ("forecast", "percents", "ranges")  # kinds that have no key
LETTERS = {"ko": "가나다라마바사아", "en": "ABCDEFGH"}

_latest: dict[str, Feedback] = {}  # what progress() reports


@cache
def load() -> dict[str, dict]:
    """All exercises by id, as exercises/*.toml has them; the file's name is the lesson.

    Raises:
        ValueError: a file is no TOML, or not UTF-8; the message names it.
    """
    found = {}
    for path in sorted((HERE / "exercises").glob("*.toml")):
        try:
            read = tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"exercises/{path.name}: {error}") from None
        for exercise in read["exercise"]:
            exercise = DEFAULTS | {"lesson": path.stem} | exercise
            # What is done at will counts for nothing in a class's marks.
            found[exercise["id"]] = {"points": 0 if exercise["level"] == "stretch" else 1} | exercise
    return found


def exercises() -> pd.DataFrame:
    """All exercises: id, lesson, kind, level, points.

    kind: number, choice, choices, sequence; forecast, percents, ranges for what has no key.
    level: core, exit, stretch; forecast for what has no key.
    """
    return pd.DataFrame([{key: e[key] for key in ("id", "lesson", "kind", "level", "points")} for e in load().values()])


def get(exercise_id: str) -> dict:
    """One exercise. Raises ValueError where there is none of that id."""
    if exercise_id not in load():
        raise ValueError(f"There is no exercise {exercise_id!r}. The ids are in course.exercises().")
    return load()[exercise_id]


def known_values() -> dict[str, float]:
    """What any expression may name: each fact by its id, and each report's sums, such as kbthink_cost_usd."""
    values = pd.concat([table("facts")["value"], table("later_facts")["value"]]).dropna().to_dict()
    for column, sums in table("reports")[["usd", "krw"]].items():
        values |= sums.dropna().add_suffix(f"_{column}").to_dict()
    return values


def names_of(exercise: dict) -> dict:
    """What an exercise's expressions may name: the known values, the columns of its table if any, and `answer`."""
    names = known_values()
    if "table" in exercise:
        names |= dict(table(exercise["table"]).query(exercise["where"]).items())
    if exercise["kind"] == "number":
        names["answer"] = evaluate(exercise["answer"], names)
    return names


def fill(text: str, names: Mapping) -> str:
    """Put values into a text: {llama_hours / v3_hours:.1f}, {v3_cost:money}, {x:won}, {x:won~} to three digits."""

    def value(match: re.Match) -> str:
        number = evaluate(match[1], names)
        spec = (match[2] or "").removesuffix("~")
        if spec in ("money", "won"):
            amount = number if spec == match[2] else float(f"{number:.3g}")
            return money(amount, currency="KRW" if spec == "won" else "USD")
        return format(number, match[2] or ",.10g").replace("-", "−")

    return re.sub(r"\{([^{}:]+)(?::([^{}]*))?\}", value, text)


def check(exercise_id: str, value: object) -> Feedback:
    """Judge an answer and say what fits it.

    Args:
        exercise_id: such as "02-rate".
        value: whatever the learner has; `...` means not answered yet.

    Raises:
        ValueError: there is no exercise of that id. A bad answer raises nothing.
    """
    feedback = judge(exercise_id, plain(value))
    if not (exercise_id in _latest and _latest[exercise_id].passed):  # once solved, solved: one may go on trying
        _latest[exercise_id] = feedback
    return feedback


def accepted(exercise_id: str, value: object) -> list:
    """An answer that has no key, as its check reads it: what is to be kept and scored.

    Args:
        exercise_id: of the kind "forecast", "percents" or "ranges".
        value: whatever the learner has.

    Returns:
        [25, "C"] for a forecast, or [None, "A"] where one who knows the outcome left the probability open;
        [50, 40, 10] for percents, [[3, 8], [1, 2]] for ranges; `...` in each place where the check does not accept it.

    Raises:
        ValueError: there is no such exercise of these kinds.
    """
    exercise, data = get(exercise_id), plain(value)
    if exercise["kind"] not in OPINIONS:
        raise ValueError(f"{exercise_id} is neither a forecast nor percents nor ranges.")
    if not judge(exercise_id, data).passed:
        return [...] * exercise.get("count", 2)
    read = read_opinion(exercise, data)
    if exercise["kind"] != "forecast":
        return read
    percent, knew = read
    return [None if percent is ... else percent, LETTERS[language.current()][knew - 1]]


def progress() -> Progress:
    """What was solved since the notebook was started, and what to look at again."""
    again = [get(id)["title"][language.current()] for id, feedback in _latest.items() if not feedback.passed]
    return Progress(len(_latest), len(_latest) - len(again), tuple(again))


def judge(exercise_id: str, data: dict) -> Feedback:
    """Judge plain data as `answers.plain` makes it. A pure function of the exercise, the tables and the language.

    Returns:
        A Feedback; open and wrong answers carry the hints and the worked solution.
    """
    exercise = get(exercise_id)
    names = names_of(exercise)
    if is_blank(data) or is_open(exercise, data):
        data = plain(...)
    attempted = data["kind"] != "blank"
    if data["kind"] in ("blank", "none"):
        passed, message = False, say(data["kind"])
    elif exercise["kind"] in OPINIONS:
        passed, message = judge_opinion(exercise, data)
    else:
        judged = _judge_number if exercise["kind"] == "number" else _judge_picks
        passed, message = judged(exercise, data, names)

    def fit(texts: dict) -> str:
        return fill(texts[language.current()].strip(), names)

    if isinstance(message, dict):
        message = fit(message)
    if passed:
        return Feedback(True, True, 1.0, message)
    solution = fit(exercise["solution"]) if "solution" in exercise else ""
    near = passed is None
    return Feedback(attempted, False, 0.0, message, tuple(map(fit, exercise["hints"])), solution, near)


def _judge_number(exercise: dict, data: dict, names: dict) -> tuple[bool | None, str | dict]:
    """Whether the answer is right, None where it nearly is; and what to say."""
    if data["kind"] == "list":
        parts = [item["value"] for item in data["value"]]
        split = len(parts) > 1 and all(isinstance(part, float) and 0 <= part < 1000 for part in parts)
        return False, say("comma" if split else "list_found")
    if data["kind"] == "other":
        return False, say("number_wanted", found=data["value"])
    if isinstance(data["value"], float):
        number = data["value"]
    elif data["kind"] == "number":
        return False, say("not_finite", found=data["value"])
    else:
        number = read_number(data["value"])
        if number is None or not math.isfinite(number):
            return False, say("unreadable", found=data["value"][:40])
    percent, units = data["kind"] == "text" and is_percent(data["value"]), exercise.get("units", [])
    if percent and not exercise.get("percent", 100 in units):
        return False, say("percent_not_wanted", found=data["value"][:40])
    if percent:  # 0.17 says 17 percent, "0.17%" does not
        exercise = exercise | {"units": [unit for unit in units if unit != 100]}
    passed, message = _judge_size(exercise, number, names)
    if passed and data["kind"] == "text":  # the question's own words given back
        echoes = [m for m in exercise["mistakes"] if m.get("text", "\0") in tidy(data["value"]).lower()]
        passed, message = (False, echoes[0]) if echoes else (passed, message)
    return passed, message


def _judge_size(exercise: dict, number: float, names: dict) -> tuple[bool | None, str | dict]:
    """Right, a known mistake, the digits right and the size wrong, nearly (None), or simply not yet."""
    forms = [number, *(number * unit for unit in exercise.get("units", []))]  # 5890 (억) says 589000000000
    if exercise.get("signless"):
        forms = [abs(form) for form in forms]
    answer = names["answer"]
    low, high = (evaluate(end, names) for end in exercise.get("between", ["answer", "answer"]))
    slack = exercise.get("tolerance", CLOSE) * abs(answer)
    if any(abs(form - answer) <= slack or low <= form <= high for form in forms):
        return True, exercise.get("ok") or say("right")
    for mistake in exercise["mistakes"]:
        if "value" in mistake:
            wrong = evaluate(mistake["value"], names)
            if any(math.isclose(form, wrong, rel_tol=mistake.get("tolerance", 0.005)) for form in forms):
                return False, mistake
    read = f"{number:,.0f}" if 1e4 <= abs(number) < 1e16 else f"{number:,.6g}"
    ratios = [form / answer for form in forms] if answer else []
    ratios = [ratio for ratio in ratios if ratio and math.isfinite(ratio)]
    ratio = min(ratios, key=lambda r: abs(math.log10(abs(r))), default=0)
    if math.isclose(ratio, -1, rel_tol=CLOSE):
        return False, say("wrong_sign")
    power = round(math.log10(ratio)) if ratio > 0 else 0
    if 0 < abs(power) < 16 and math.isclose(ratio, 10.0**power, rel_tol=0.005):
        return False, say("too_large" if power > 0 else "too_small", read=read, times=f"{10 ** abs(power):,}")
    if math.isclose(ratio, 1, rel_tol=NEAR):
        return None, say("nearly", read=read)
    return False, say("wrong_number", read=read)


def _judge_picks(exercise: dict, data: dict, names: dict) -> tuple[bool, str | dict]:
    kind, answer = exercise["kind"], exercise["answer"]
    wanted = {"choice": 1, "choices": None}[kind] if kind in ("choice", "choices") else len(answer[0])
    picks = read_picks(number_first(data) if kind == "sequence" else data, exercise["options"])
    if picks is None or (wanted and len(picks) != wanted):
        asked = {"choice": "one_letter", "choices": "some_letters"}.get(kind)
        asked = asked or ("reason_and_verdict" if wanted == 2 else "letters_in_order")
        return False, say(
            asked,
            letters=", ".join(exercise.get("letters", LETTERS[language.current()])[: exercise["options"]]),
            count=wanted,
            found=len(picks or []),
        )
    if _is_right(kind, answer, picks):
        return True, exercise.get("ok") or say("right")
    made = (mistake for mistake in exercise["mistakes"] if _is_made(kind, mistake, picks))
    message = next(made, say("wrong_choice"))
    if kind != "sequence" or wanted == 2:
        return False, message
    nearest = max(answer, key=lambda right: sum(map(int.__eq__, right, picks)))
    return False, _with_places(message, nearest, picks)


def _with_places(message: str | dict, answer: list[int], picks: list[int]) -> dict:
    """The message, and before it how many of a long sequence are right and where to look again."""
    wrong = [place for place, (right, pick) in enumerate(zip(answer, picks, strict=True), start=1) if right != pick]
    text = message[language.current()] if isinstance(message, dict) else message
    places = ", ".join(map(str, wrong))
    right = say("some_right", count=len(answer), right=len(answer) - len(wrong), places=places)
    return {language.current(): f"{right}\n{text}"}


def _is_right(kind: str, answer: int | list, picks: list[int]) -> bool:
    if kind == "choice":
        return picks == [answer]
    return set(picks) == set(answer) if kind == "choices" else picks in answer


def _is_made(kind: str, mistake: dict, picks: list[int]) -> bool:
    """Whether the picks make this mistake; in a sequence 0 stands for any pick, and `at` names one place."""
    if kind == "choice":
        return picks == [mistake["value"]]
    if kind == "choices":
        return mistake["has"] in picks if "has" in mistake else mistake["lacks"] not in picks
    if "at" in mistake:
        return picks[mistake["at"] - 1] == mistake["value"]
    return all(wrong in (0, pick) for wrong, pick in zip(mistake["value"], picks, strict=True))
