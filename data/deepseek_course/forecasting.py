"""Answers that have no key: probabilities and ranges. What is judged is whether they can be scored later."""

from statistics import mean

from .answers import is_blank, number_first, read_picks, simple
from .feedback import say


def judge_opinion(exercise: dict, data: dict) -> tuple[bool, str | dict]:
    """Judge a forecast, several percents or a range.

    Args:
        exercise: of the kind "forecast" ([percent, how much one knew]), "percents" (`count` of them, which add up to
            `total` where that is given, and are scored at once against `truths` where these are) or "ranges" (`count`
            of [low, high], within `limits`).
        data: what `answers.plain` made of the answer.

    Returns:
        Whether it can be kept, and what to say.
    """
    kind = exercise["kind"]
    if kind == "forecast":
        data = number_first(data)
    items = data["value"] if data["kind"] == "list" else [data]
    count = 2 if kind == "forecast" else exercise["count"]
    if len(items) != count:
        return False, _percents_wanted(exercise) if kind == "percents" else say(f"{kind}_wanted", number=1)
    if kind == "forecast":
        return _judge_forecast(items)
    if kind == "ranges":
        return _judge_ranges(items, exercise)
    given = [item for item in items if not is_blank(item)]
    some = not exercise.keys() & {"total", "truths"}  # whoever knows an outcome leaves it open
    if len(given) < (1 if some else count):
        return False, _percents_wanted(exercise)
    return _judge_percents(given, exercise)


def is_open(exercise: dict, data: dict) -> bool:
    """Whether a forecast has no probability yet; whoever knows the outcome may leave it open and still has answered."""
    if exercise["kind"] != "forecast" or data["kind"] != "list" or len(data["value"]) != 2:
        return False
    percent, knew = number_first(data)["value"]
    return is_blank(percent) and read_picks(knew, 3) in ([2], [3])


def read_opinion(exercise: dict, data: dict) -> list:
    """What was given, as it is to be scored: plain numbers, and the number of the option; `...` for what is open.

    Args:
        exercise: of the kind "forecast", "percents" or "ranges".
        data: what `answers.plain` made of an answer that `judge_opinion` accepts.
    """
    if exercise["kind"] != "forecast":
        return simple(data) if data["kind"] == "list" else [simple(data)]
    percent, knew = number_first(data)["value"]
    return [simple(percent), read_picks(knew, 3)[0]]


def _percents_wanted(exercise: dict) -> str:
    least, most = (0, 100) if "truths" in exercise else (1, 99)
    return say("percents_wanted", count=exercise["count"], least=least, most=most)


def _judge_forecast(items: list[dict]) -> tuple[bool, str | dict]:
    percent, knew = items[0]["value"], read_picks(items[1], 3)
    if knew == [1] and is_blank(items[0]):
        return True, say("forecast_known")
    if items[0]["kind"] != "number" or not isinstance(percent, float) or not knew or len(knew) != 1:
        return False, say("forecast_wanted")
    if not 0 <= percent <= 100:
        return False, say("forecast_wanted")
    if 0 < percent < 1:
        return False, say("percent_as_fraction", percent=f"{percent * 100:g}", fraction=f"{percent:g}")
    if not 1 <= percent <= 99:
        return False, say("percent_certain")
    kept = say("forecast_taken", percent=f"{percent:g}")
    return True, kept + (" " + say("forecast_known") if knew == [1] else "")


def _numbers(items: list[dict]) -> list[float] | None:
    """The items' numbers, or None where one of them is something else."""
    values = [item["value"] for item in items if item["kind"] == "number"]
    return values if len(values) == len(items) and all(isinstance(value, float) for value in values) else None


def _judge_ranges(items: list[dict], exercise: dict) -> tuple[bool, str | dict]:
    for place, item in enumerate(items, start=1):
        if is_blank(item):
            continue
        ends = _numbers(item["value"]) if item["kind"] == "list" else None
        if not ends or len(ends) != 2:
            return False, say("ranges_wanted", number=place)
        if ends[0] >= ends[1]:
            return False, say("ranges_order", number=place, low=f"{ends[0]:g}", high=f"{ends[1]:g}")
        least, most = exercise["limits"][place - 1]
        if ends[0] < least or ends[1] > most:
            return False, say("ranges_limits", number=place, least=f"{least:,}", most=f"{most:,}")
    return True, exercise.get("ok") or say("ranges_taken")


def _judge_percents(items: list[dict], exercise: dict) -> tuple[bool, str | dict]:
    numbers = _numbers(items)
    if not numbers or not all(0 <= number <= 100 for number in numbers):
        return False, _percents_wanted(exercise)
    if any(0 < number < 1 for number in numbers):
        return False, say("percents_as_fractions")
    if "truths" in exercise and set(numbers) <= {0, 1} and 1 in numbers:
        return False, say("percents_true_false")
    if "truths" not in exercise and not all(1 <= number <= 99 for number in numbers):
        return False, say("percent_certain")
    total = exercise.get("total")
    if total and abs(sum(numbers) - total) > 0.5:
        return False, say("percents_total", total=total, found=f"{sum(numbers):g}")
    if "truths" not in exercise:
        return True, exercise.get("ok") or say("percents_taken")
    penalties = [(number / 100 - truth) ** 2 for number, truth in zip(numbers, exercise["truths"], strict=True)]
    worst = penalties.index(max(penalties))
    scored = say("percents_scored", mean=f"{mean(penalties):.2f}")
    if penalties[worst] >= 0.005:
        scored += " " + say("percents_worst", number=worst + 1, worst=f"{penalties[worst]:.2f}")
    return True, {language: f"{scored}\n{text}" for language, text in exercise["ok"].items()}
