"""Numbers read out of what a learner wrote. Nothing here raises for a bad answer."""

import re
import unicodedata

from ..plain import tidy

_SMALL = {"십": 10, "백": 100, "천": 1_000, "hundred": 100}
_LARGE = {"만": 10**4, "man": 10**4, "억": 10**8, "eok": 10**8, "조": 10**12, "jo": 10**12, "경": 10**16,
          "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "m": 10**6,
          "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12, "tn": 10**12,
          "lakh": 10**5, "crore": 10**7, "thousands": 10**3, "millions": 10**6, "밀리언": 10**6, "billions": 10**9,
          "빌리언": 10**9, "trillions": 10**12}  # fmt: skip
_DIGITS = {digit: value for value, digit in enumerate("영일이삼사오육칠팔구")}
_TENS = {"열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50,
         "예순": 60, "일흔": 70, "여든": 80, "아흔": 90}  # fmt: skip
_UNITS = {"하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4,
          "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}  # fmt: skip
_WORDS = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
          "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
          "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
          "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}  # fmt: skip
_IN_WORDS = re.compile(r"(\w+ty)[ -](\w+)")
_SPELT = re.compile(rf"^({'|'.join(_WORDS)})(?= (?:hundred|thousand|million|billion|trillion)s?\b)")  # five million
_GROUPED = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d\d)+,\d{3}"  # 1,250,000 or 12,50,000
_NUMBER = rf"{_GROUPED}|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+|[{''.join(_DIGITS)}]"
_SCALES = "|".join(sorted([*_SMALL, *_LARGE], key=len, reverse=True))
_TOKEN = re.compile(rf"({_NUMBER})|({_SCALES})(?![a-z])|(\s+)")
_BEFORE = re.compile(
    r"^(?:약|대략|거의|about|approximately|approx\.?|around|roughly|nearly|almost|over|some|up|plus"
    r"|(?:it )?rose|by"
    r"|[~≈≒∼=$₩¥€£₹]|us\$?|usd|krw|rmb|cny|rs\.?|\s)+(?![a-z])"
)
_MINUS = re.compile(
    unicodedata.normalize("NFKC", r"^(?:minus|(?:it )?(?:down|fell|dropped)(?: by)?|마이너스|ㅡ)\s*(?=[\d.$])")
)
_AFTER = re.compile(
    r"(?:\s|[.%/×]|%p|us|usd|krw|rmb|cny|dollars?|won|yuan|percent(?:age)?|per cent|pct|pc|pp|hours?|shares?|times"
    r"|gpu|(?<![a-z])x|as (?:much|many)|points?|per|to|a|the"
    r"|원|달러|불|위안|퍼센트|프로|포인트|시간|배|주|개|곳|건|번째|번|정도|쯤|가량|입니다|이다)+$"
)
_PERCENT = re.compile(r"%|퍼센트|프로|per ?cent|pct|\d ?p[cp]")
_COUNT = re.compile(rf"({'|'.join(_TENS)})?\s*({'|'.join(_UNITS)})?")
_TENTHS = re.compile(r"(\d+)\s*분의\s*(\d+)|(\d+)\s*/\s*(\d+)")
# What stands around a number that is said in a few words: 답: 6일 전, volume 645, 27% (96/356), 161-fold.
_SAID = re.compile(
    r"^(?:i think|it'?s|(?:the |my )?answer(?: is)?|정답은?|답은?|제|vol(?:ume)?|1?\s*달러당)[\s.:=]*(?=\S)"
)
_REMARK = re.compile(r"(?<=[\w%])\s+\([^()]*\)$|(?<=[\w%])\([^()]*\)$")
_UNIT = re.compile(r"(?<=[\d%])(?:-fold|[a-z가-힣]+)$")
_WORD = re.compile(r"(?:[a-z]\d|[a-z가-힣'’,.])+")
# No mere unit: numbers, and what looks like million. With a limit or a no, a number is not stated.
_COUNTS = re.compile(rf"(?:{'|'.join([*_WORDS, *_SMALL, *_LARGE])})$|[mbt]r?il|mio|mm$|[mb]ln|밀리|빌리")
_LIMITED = re.compile(
    r"미만|이상|이하|초과|보다|아니|아님|제곱|\b(?:not|squared)\b|\b(?:less|more|under|over|or|than)\b(?! so\b|$)"
)
MOST_WORDS = 4  # behind a number
QUOTES = "\"'`“”„‟‘’‚‛«»‹›「」『』 \t\n"


def read_number(text: str) -> float | None:
    """The number that a text states, in Korean or English, or None.

    Commas, units, 만·억·조, million and billion, full-width digits, a sign, fractions and numerals are understood:
    "78억 8000만 원" is 7.88e9, "$5.576 million" 5576000.0, "10분의 1" 0.1, "여덟 개" 8.0, "1,443 KRW/USD" 1443.0.
    A percent sign is passed over: `is_percent` tells of it.
    """
    text = tidy(text).lower().strip(QUOTES)
    text = _MINUS.sub("-", _AFTER.sub("", _BEFORE.sub("", text)))
    sign = -1 if text.startswith("-") else 1
    text = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", _BEFORE.sub("", text.lstrip("+-")))
    text = _SPELT.sub(lambda match: str(_WORDS[match[1]]), text)
    if match := _IN_WORDS.fullmatch(text):
        tens, ones = (_WORDS.get(word, 0) for word in match.groups())
        return sign * float(tens + ones) if tens and 0 < ones < 10 else None
    if match := _TENTHS.fullmatch(text):
        below, above, over, under = (int(part) if part else None for part in match.groups())
        top, bottom = (above, below) if over is None else (over, under)
        return sign * top / bottom if bottom else None
    if text in _WORDS:
        return sign * float(_WORDS[text])
    if text and (match := _COUNT.fullmatch(text)):
        return sign * float(_TENS.get(match[1], 0) + _UNITS.get(match[2], 0))
    tokens, end = [], 0
    for match in _TOKEN.finditer(text):
        if match.start() != end or (match[1] and tokens and tokens[-1][0]):
            return None  # a word that is no unit, or two numbers side by side
        end = match.end()
        tokens += [(match[1], match[2])] if not match[3] else []
    bare = len(tokens) == 1 and tokens[0][1] in _LARGE.keys() - {"만"}  # 조 or b by itself: of what?
    return sign * _add_up(tokens) if tokens and end == len(text) and not bare else None


def stated_number(text: str) -> float | None:
    """The number that a learner's few words state, whatever its unit: "6일 전", "27% (96/356)", "volume 645"; or None.

    Two numbers, or a calculation, are none.
    """
    text = re.sub(r"(?<=\d)\. (?=\d)", ".", tidy(text).lower().strip(QUOTES + ".!"))
    said = _BEFORE.sub("", _REMARK.sub("", _SAID.sub("", text)))
    words = [] if _LIMITED.search(said) else said.split()
    for end in range(len(words), max(len(words) - MOST_WORDS, 1) - 1, -1):
        if not all(_WORD.fullmatch(word) and not _COUNTS.match(word) for word in words[end:]):
            return None
        whole = " ".join(words[:end])
        unit = _UNIT.search(whole)
        for form in (whole, "" if unit and _COUNTS.match(unit[0]) else _UNIT.sub("", whole)):
            if (number := read_number(form)) is not None and (form == said or "/" not in form):
                return number
    return None


def is_percent(text: str) -> bool:
    """Whether a text that states a number states it in percent: "17%", "17 프로", "17%p", "17 percent"."""
    return bool(_PERCENT.search(_REMARK.sub("", tidy(text).lower().strip())))


def _add_up(tokens: list[tuple[str | None, str | None]]) -> float:
    """Add numbers and their scales as Korean does: 7천300억 is (7 × 1,000 + 300) × 억."""
    total = 0.0
    section = waiting = None  # what waits for 만·억·조, and the digits that may wait for 십·백·천
    for digits, scale in tokens:
        if digits:
            waiting = float(_DIGITS[digits] if digits in _DIGITS else digits.replace(",", ""))
        elif scale in _SMALL:
            section = (section or 0) + (1 if waiting is None else waiting) * _SMALL[scale]
            waiting = None
        else:
            several = 1 if section is None and waiting is None else (section or 0) + (waiting or 0)
            total += several * _LARGE[scale]
            section = waiting = None
    return total + (section or 0) + (waiting or 0)
