"""Numbers and letters read out of what a learner gave. Nothing here raises for a bad answer."""

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
_SIGNS = unicodedata.normalize("NFKC", "가나다라마바사아abcdefghㄱㄴㄷㄹㅁㅂㅅㅇ12345678")  # as `tidy` writes them
_LETTERS = dict(zip(_SIGNS, [*range(1, 9)] * 4, strict=True))
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
# What may stand before letters: It's A; 정답: 나. Here without quotation marks and apostrophes.
_LEAD = re.compile(
    r"^(?:(?:i think|its|it is|(?:the |my )?answer(?: is)?|options?|lines?|only|reason|verdict|question|report"
    r"|maybe|perhaps|probably|i (?:choose|pick|guess|say)|both)\b"
    r"|(?:정답|답|보기|근거|판정|질문|보도|[제내] 생각에)[은는]?(?![가-힣]))[\s:=]*",
    re.IGNORECASE,
)
_OPINION = re.compile(r"^([가나다라마바사아])(?:인 것 같\S*|이?라고 생각\S*|[가이] (?:정답|맞)\S*)$")
_NUMBERED = re.compile(r"(\d)(?:번|[.):])?\s*[^\W\d(]?\(?(?:\s*[^\d\s,]{2,})+\)?")  # 3번 단위, 3 (unit)
_PAIR = re.compile(r"\s*(\d)(?:번은?|[.)])?\s*[-:→]?>?\s*(\d)\s*")
# Letters as they are written: 나, 나다가, (나), 1나, 2) 다., b., 나번, 다입니다; an option's words may stand behind.
_LETTER = re.compile(
    r"\(?(?:\d{1,2}(?:번|[.):-])*)?\(?([가나다라마바사아A-H]*|[a-h](?=[.:)]))\)?번?(?:입니다|이다|요)?[.:)!?]*"
)
_THEN = re.compile(
    r"->|[,;/&>→+]|(?<=\w)[ \t]*-[ \t]*(?=[가-힣A-H]\b)|(?<=\))(?:와|과|랑)\s"
    r"|\b(?:and|plus)\s+(?=\(?[A-H]\s*(?:[(,:.&+]|and\b|$))"
)
_LONE = re.compile(r"\(?(?:[B-H]|[가나다라마바사아][.:)])[.:)]?")
_AND = re.compile(r"and|그리고|및", re.IGNORECASE)
_NOT = re.compile(r"\(?(?:not|no|isnt|아니.*|아님|말고|빼고|제외|틀.*)\)?", re.IGNORECASE)
_DENIED = re.compile(r"[A-H] (?:is|was) (?:wrong|false|not|incorrect)\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:or|또는|혹은)\s+[A-H가나다라마바사아]\b", re.IGNORECASE)
_SMALL_LETTER = re.compile(r"^(?:[b-h](?=\W)|a(?=\s*[^\w\s]|\s+(?:because|since|as|is)\b))")
_ARTICLE = re.compile(r"\s*[Aa]\s+(?!(?:and|or|only|because|since|as|is)\b)[a-z]{2}")
_QUOTES = "\"'`“”„‟‘’‚‛«»‹›「」『』 \t\n"
_UNQUOTED = dict.fromkeys(map(ord, _QUOTES.strip()))


def read_number(text: str) -> float | None:
    """The number that a text states, in Korean or English, or None.

    Commas, units, 만·억·조, million and billion, full-width digits, a sign, fractions and numerals are understood:
    "78억 8000만 원" is 7.88e9, "$5.576 million" 5576000.0, "10분의 1" 0.1, "여덟 개" 8.0, "1,443 KRW/USD" 1443.0.
    A percent sign is passed over: `is_percent` tells of it.
    """
    text = tidy(text).lower().strip(_QUOTES)
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
    text = re.sub(r"(?<=\d)\. (?=\d)", ".", tidy(text).lower().strip(_QUOTES + ".!"))
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


def number_first(data: dict) -> dict:
    """An answer in two parts, one of them a letter, with the letter last: many give them the other way round."""
    if data["kind"] != "list" or len(data["value"]) != 2:
        return data
    first, second = data["value"]
    swapped = _is_letter(first) and not _is_letter(second) and second["kind"] in ("number", "text", "blank")
    return {"kind": "list", "value": [second, first]} if swapped else data


def _is_letter(data: dict) -> bool:
    return data["kind"] == "text" and not re.search(r"\d", tidy(data["value"])) and len(read_picks(data, 8) or []) == 1


def read_picks(data: dict, options: int, one: bool = False) -> list[int] | None:
    """The options picked, counted from 1, in the order given; None where anything else stands there.

    Args:
        data: what `plain` made of an answer: "나", "b", 2, "가, 다", ["ㄱ", "ㄴ"].
        options: how many options there are.
        one: whether one is asked for; behind it may then stand anything, such as a reason with letters in it.
    """
    if data["kind"] == "list":
        picks = [pick for item in data["value"] for pick in read_picks(item, options, one) or [0]]
    elif data["kind"] == "number":
        picks = [int(mark) if mark.isdigit() else 0 for mark in str(data["value"]).removesuffix(".0")]
    elif data["kind"] == "text":
        text = tidy(data["value"]).translate(_UNQUOTED).strip()
        while text != (text := _LEAD.sub("", text)):
            pass
        text = _OPINION.sub(r"\1", _in_places(re.sub(r"입니다\.?$", "", text)))
        if number := _NUMBERED.fullmatch(text):
            text = number[1]
        marks = _letters(text, one) or re.sub(r"[^\w~]|_|번|와|과|랑|하고|\band\b", "", text)
        picks = [_LETTERS.get(tidy(mark).lower(), 0) for mark in marks]
    else:
        return None
    return [int(pick) for pick in picks] if picks and all(pick in range(1, options + 1) for pick in picks) else None


def _in_places(text: str) -> str:
    """The numbers 4 1 5 of 1-4, 2-1, 3-5; any other text as it is."""
    pairs = [_PAIR.fullmatch(part) for part in re.split(r",|(?<=\d)\s+(?=\d\s*-)", text)]
    in_order = len(pairs) > 1 and all(pair and int(pair[1]) == n for n, pair in enumerate(pairs, start=1))
    return " ".join(pair[2] for pair in pairs) if in_order else text


def _letters(text: str, one: bool) -> str:
    """The letters of 나다가, 1나 2다, 나. 보고서, B and E; none where a word stands before them, or says or, or not.

    Behind a letter and a word nothing is a letter any more, up to the next comma. Where several may be asked for, one
    that stands there all the same makes it none: nobody knows how it is meant.
    """
    if not re.search(r"[^\Wa-h]", re.sub(r"\d|and", "", text)):  # small letters count where there is nothing else
        text = re.sub(r"\band\b", " ", text).upper()
    text = _SMALL_LETTER.sub(lambda match: match[0].upper(), text)
    if _ARTICLE.match(text) or _OTHER.search(text) or _DENIED.match(text):
        return ""
    found = ""
    for part in _THEN.split(re.sub(r"(?<=\w)\(", " (", text)):
        here, words = "", part.split()
        for place, word in enumerate(words):
            match = _LETTER.fullmatch(word)
            if match and not (one and found + here and word.startswith("(")):
                here += match[1]
            elif not (found or here) or _NOT.fullmatch(word):
                return ""
            elif not _AND.fullmatch(word):
                if not one and (len(here) > 1 or any(map(_LONE.fullmatch, words[place + 1 :]))):
                    return ""
                break
        found += here
    return found
