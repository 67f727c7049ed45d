"""Answers that have no key: probabilities and ranges. What is judged is whether they can be scored later."""

from statistics import mean

from .answers import read_picks
from .feedback import say


def judge_opinion(exercise: dict, data: dict) -> tuple[bool, str | dict]:
    """Judge a forecast, several percents or a range.

    Args:
        exercise: of the kind "forecast" ([percent, how much one knew]), "percents" (`count` of them, which add up to
            `total` where that is given, and are scored at once against `truths` where these are) or "range".
        data: what `answers.plain` made of the answer.

    Returns:
        Whether it can be kept, and what to say.
    """
    items = data["value"] if data["kind"] == "list" else [data]
    count = {"forecast": 2, "range": 2}.get(exercise["kind"]) or exercise["count"]
    if len(items) != count or any(item["kind"] == "blank" for item in items):
        return False, say(f"{exercise['kind']}_wanted", count=count)
    if exercise["kind"] == "forecast":
        return _judge_forecast(items, exercise)
    numbers = [item["value"] for item in items if item["kind"] == "number" and isinstance(item["value"], float)]
    if len(numbers) != count:
        return False, say(f"{exercise['kind']}_wanted", count=count)
    return (_judge_range if exercise["kind"] == "range" else _judge_percents)(numbers, exercise)


def _judge_forecast(items: list[dict], exercise: dict) -> tuple[bool, str | dict]:
    percent, knew = items[0]["value"], read_picks(items[1], 3)
    if items[0]["kind"] != "number" or not isinstance(percent, float) or not knew or len(knew) != 1:
        return False, say("forecast_wanted")
    if 0 < percent < 1:
        return False, say("percent_as_fraction", percent=f"{percent * 100:g}", fraction=f"{percent:g}")
    if not 0 < percent < 100:
        return False, say("percent_certain")
    kept = say("forecast_taken", percent=f"{percent:g}")
    return True, kept + (" " + say("forecast_known") if knew == [1] else "")


def _judge_range(numbers: list[float], exercise: dict) -> tuple[bool, str | dict]:
    low, high = numbers
    if low >= high:
        return False, say("range_order", low=f"{low:g}", high=f"{high:g}")
    return True, say("range_taken", low=f"{low:g}", high=f"{high:g}")


def _judge_percents(numbers: list[float], exercise: dict) -> tuple[bool, str | dict]:
    if not all(0 <= number <= 100 for number in numbers):
        return False, say("percents_wanted", count=len(numbers))
    if sum(numbers) and all(number <= 1 for number in numbers):
        return False, say("percents_as_fractions")
    total = exercise.get("total")
    if total and abs(sum(numbers) - total) > 0.5:
        return False, say("percents_total", total=total, found=f"{sum(numbers):g}")
    if "truths" not in exercise:
        return True, exercise["ok"] if "ok" in exercise else say("percents_taken")
    penalties = [(number / 100 - truth) ** 2 for number, truth in zip(numbers, exercise["truths"], strict=True)]
    worst = penalties.index(max(penalties))
    scored = say("percents_scored", mean=f"{mean(penalties):.2f}", number=worst + 1, worst=f"{penalties[worst]:.2f}")
    return True, {language: f"{scored}\n{text}" for language, text in exercise["ok"].items()}
