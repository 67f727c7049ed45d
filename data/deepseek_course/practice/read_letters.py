"""Letters read out of what a learner gave. Nothing here raises for a bad answer."""

import re
import unicodedata

from ..plain import tidy
from .read_numbers import QUOTES

_SIGNS = unicodedata.normalize("NFKC", "가나다라마바사아abcdefghㄱㄴㄷㄹㅁㅂㅅㅇ12345678")  # as `tidy` writes them
_LETTERS = dict(zip(_SIGNS, [*range(1, 9)] * 4, strict=True))
# What may stand before letters: It's A; 정답: 나. Here without quotation marks and apostrophes.
_LEAD = re.compile(
    r"^(?:(?:i think|its|it is|(?:the |my )?answer(?: is)?|options?|lines?|only|reason|verdict|question|report"
    r"|maybe|perhaps|probably|i (?:choose|pick|guess|say)|both)\b"
    r"|(?:정답|답|보기|근거|판정|질문|보도|[제내] 생각에)[은는]?(?![가-힣]))[\s:=]*",
    re.IGNORECASE,
)
_OPINION = re.compile(r"^([가나다라마바사아])(?:인 것 같\S*|이?라고 생각\S*|[가이] (?:정답|맞)\S*)$")
_NUMBERED = re.compile(r"(\d)(?:번|[.):])?\s*\(?[^\W\d]\D+")  # 3번 단위, 3 (unit)
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
_UNQUOTED = dict.fromkeys(map(ord, QUOTES.strip()))


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
