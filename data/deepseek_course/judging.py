"""Exercises and how an answer is judged: answers and mistakes are arithmetic over the tables, so they follow them."""

import ast
import html
import math
import operator
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from . import language
from .amounts import money
from .answers import plain, read_number, read_picks
from .loading import table

HERE = Path(__file__).parent
CLOSE = 0.002  # how far a number may be off, relative to the answer, where the exercise does not say
LETTERS = {"ko": "가나다라마바사아", "en": "ABCDEFGH"}

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
              ast.Pow: operator.pow, ast.Gt: operator.gt, ast.Lt: operator.lt, ast.NotEq: operator.ne}  # fmt: skip
_FUNCTIONS = {"median": pd.Series.median, "mean": pd.Series.mean, "sum": pd.Series.sum, "count": pd.Series.count}

_latest: dict[str, "Feedback"] = {}  # what progress() reports


@dataclass(frozen=True)
class Feedback:
    """What a check says. Shows itself as text and, with hints and the worked solution folded, as HTML."""

    attempted: bool
    passed: bool
    score: float  # 0 to 1
    message: str
    hints: tuple[str, ...] = ()
    solution: str = ""

    def __repr__(self) -> str:
        return f"{self._mark()} {self.message}"

    def _mark(self) -> str:
        return "✓" if self.passed else "×" if self.attempted else "…"

    def _repr_html_(self) -> str:
        colour = "#009E73" if self.passed else "#D55E00" if self.attempted else "#767676"
        folded = [(f"{say('hint')} {number}", text) for number, text in enumerate(self.hints, start=1)]
        folded += [(say("solution"), self.solution)] if self.solution else []
        details = "".join(
            f"<details><summary>{title}</summary><p>{_escaped(text)}</p></details>" for title, text in folded
        )
        return (f'<div style="border-left: 5px solid {colour}; padding: 2px 0 2px 12px; max-width: 46em">'
                f"<p><strong>{self._mark()}</strong> {_escaped(self.message)}</p>{details}</div>")


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


@dataclass(frozen=True)
class Progress:
    """How far a learner has come since the notebook was started."""

    checked: int
    passed: int
    again: tuple[str, ...]

    def __repr__(self) -> str:
        summary = say("progress", checked=self.checked, passed=self.passed)
        return summary + (f"\n{say('look_again')}: {', '.join(self.again)}" if self.again else "")

    def _repr_html_(self) -> str:
        lines = [f"<p>{say('progress', checked=self.checked, passed=self.passed)}</p>"]
        if self.again:
            items = "".join(f"<li>{html.escape(title)}</li>" for title in self.again)
            lines.append(f"<p><strong>{say('look_again')}</strong></p><ul>{items}</ul>")
        return "".join(lines)


def say(key: str, **values: object) -> str:
    """One of the course's general sentences (messages.toml) in the reader's language."""
    return _messages()[key][language.current()].format(**values)


@cache
def _messages() -> dict:
    return tomllib.loads((HERE / "messages.toml").read_text(encoding="utf-8"))


@cache
def load() -> dict[str, dict]:
    """All exercises by id, as exercises/*.toml has them; the file's name is the lesson."""
    found = {}
    for path in sorted((HERE / "exercises").glob("*.toml")):
        for exercise in tomllib.loads(path.read_text(encoding="utf-8"))["exercise"]:
            found[exercise["id"]] = {"lesson": path.stem, "level": "core", "points": 1, "facts": [], **exercise}
    return found


def exercises() -> pd.DataFrame:
    """All exercises: id, lesson, kind (number, choice, choices, sequence), level (core, exit, stretch), points."""
    return pd.DataFrame([{key: e[key] for key in ("id", "lesson", "kind", "level", "points")} for e in load().values()])


def get(exercise_id: str) -> dict:
    """One exercise. Raises ValueError where there is none of that id."""
    if exercise_id not in load():
        raise ValueError(f"There is no exercise {exercise_id!r}. The ids are in course.exercises().")
    return load()[exercise_id]


def evaluate(expression: str, names: Mapping) -> float:
    """The value of an arithmetic expression over names: + − × ÷ powers, and median, mean, sum, count of a column.

    Raises:
        ValueError: a name that is not there, or anything that is not arithmetic.
    """

    def value(node: ast.AST):
        match node:
            case ast.Expression(body=body):
                return value(body)
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](value(argument))
        raise ValueError(f"{ast.unparse(node)!r} in {expression!r} is no number, no fact and no arithmetic over them.")

    try:
        return value(ast.parse(expression.strip(), mode="eval"))
    except SyntaxError:
        raise ValueError(f"{expression!r} is not arithmetic.") from None


def known_values() -> dict[str, float]:
    """What any expression may name: each fact by its id, and each report's sums, such as kbthink_cost_usd."""
    values = table("facts")["value"].dropna().to_dict()
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
    """Put values into a text: {v3_cost:money}, {llama_hours / v3_hours:.1f}."""

    def value(match: re.Match) -> str:
        number = evaluate(match[1], names)
        if match[2] in ("money", "won"):
            return money(number, currency="KRW" if match[2] == "won" else "USD")
        return format(number, match[2] or ",.10g")

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
    _latest[exercise_id] = feedback
    return feedback


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
    if data["kind"] == "list" and data["value"] and all(item["kind"] == "blank" for item in data["value"]):
        data = data["value"][0]
    attempted = data["kind"] != "blank"
    if data["kind"] in ("blank", "none"):
        passed, message = False, say(data["kind"])
    else:
        judged = _judge_number if exercise["kind"] == "number" else _judge_picks
        passed, message = judged(exercise, data, names)

    def fit(texts: dict) -> str:
        return fill(texts[language.current()].strip(), names)

    if isinstance(message, dict):
        message = fit(message)
    if passed:
        return Feedback(True, True, 1.0, message)
    return Feedback(attempted, False, 0.0, message, tuple(map(fit, exercise["hints"])), fit(exercise["solution"]))


def _judge_number(exercise: dict, data: dict, names: dict) -> tuple[bool, str | dict]:
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
        for mistake in exercise["mistakes"]:
            if mistake.get("text", "\0") in data["value"].lower():
                return False, mistake
        number = read_number(data["value"])
        if number is None:
            return False, say("unreadable", found=data["value"][:40])
    return _judge_size(exercise, number, names)


def _judge_size(exercise: dict, number: float, names: dict) -> tuple[bool, str | dict]:
    """Right, a known mistake, the digits right and the size wrong, or simply not yet."""
    forms = [number, *(number * unit for unit in exercise.get("units", []))]  # 5890 (억) says 589000000000
    if exercise.get("signless"):
        forms = [abs(form) for form in forms]
    answer = names["answer"]
    low, high = (evaluate(end, names) for end in exercise.get("between", ["answer", "answer"]))
    slack = exercise.get("tolerance", CLOSE) * abs(answer)
    if any(low - slack <= form <= high + slack for form in forms):
        return True, exercise.get("ok") or say("right")
    for mistake in exercise["mistakes"]:
        if "value" in mistake:
            wrong = evaluate(mistake["value"], names)
            if any(math.isclose(form, wrong, rel_tol=mistake.get("tolerance", 0.005)) for form in forms):
                return False, mistake
    read = f"{number:,.10g}"
    ratio = forms[-1] / answer
    if math.isclose(ratio, -1, rel_tol=CLOSE):
        return False, say("wrong_sign")
    power = round(math.log10(ratio)) if ratio > 0 else 0
    if power and math.isclose(ratio, 10.0**power, rel_tol=0.005):
        return False, say("too_large" if power > 0 else "too_small", read=read, times=f"{10 ** abs(power):,}")
    return False, say("wrong_number", read=read)


def _judge_picks(exercise: dict, data: dict, names: dict) -> tuple[bool, str | dict]:
    kind, options, answer = exercise["kind"], exercise["options"], exercise["answer"]
    picks = read_picks(data, options)
    letters = ", ".join(LETTERS[language.current()][:options])
    if kind == "choice":
        if picks is None or len(picks) != 1:
            return False, say("one_letter", letters=letters)
        passed, fits = picks[0] == answer, lambda m: m["value"] == picks[0]
    elif kind == "choices":
        if picks is None:
            return False, say("some_letters", letters=letters)
        passed, fits = set(picks) == set(answer), lambda m: m.get("has") in picks or m.get("lacks", picks[0]) not in picks
    else:
        if picks is None or len(picks) != len(answer[0]):
            return False, say("letters_in_order", letters=letters, count=len(answer[0]))
        passed = picks in answer
        fits = lambda m: all(wanted in (0, pick) for wanted, pick in zip(m["value"], picks, strict=True))  # noqa: E731
    if passed:
        return True, exercise.get("ok") or say("right")
    return False, next((m for m in exercise["mistakes"] if fits(m)), say("wrong_choice"))
