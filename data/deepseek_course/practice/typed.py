"""What a beginner types becomes Python: `78억 / 5576000`, `1.5 million`, `17%`, curly quotes, a sentence."""

import ast
import re
from collections.abc import Callable

from ..plain import tidy
from .answers import is_percent, read_number

LONGEST = 100  # characters of an amount, or of letters with what stands beside them

_QUOTES = str.maketrans("“”„‟‘’‚‛", "\"\"\"\"''''")
_SIGNS = str.maketrans("×÷", "*/")
_APART = re.compile(  # texts and comments, which stay as they are
    r"""('''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\#[^\n]*)""", re.DOTALL
)
# A number and the words behind it: 557만 6000달러, $5.576 million, -17%, 1,443. None is the end of a name.
_AMOUNT = re.compile(r"(?<![\w.)\]])[-+]?[$₩€£]?\d(?:[\w.]|,(?=\d{3}(?!\d))|[ \t]+(?=\w))*(?:[ \t]*%p?(?!\w))?")
# Letters or small numbers in a row: BCA, c d a, B > C > A, B-C-A, 4 1 5 2, 80% 60% 30%.
_CAPITAL = "[A-H가나다라마바사아]"
_SIGN = f"(?:{_CAPITAL}|[a-h])"
_THEN = r"(?:[ \t]*(?:->|[>→])[ \t]*|[ \t]*)"
_ROW = re.compile(
    rf"^((\w+)[ \t]*=[ \t]*)(?:({_SIGN}(?:{_THEN}{_SIGN})+|{_CAPITAL}(?:[ \t]*[-–][ \t]*{_CAPITAL}){{2,}})"
    r"|(\d\d?%?(?:[ \t]+\d\d?%?)+))(?=[ \t]*(?:#|$))",
    re.MULTILINE,
)
# As on paper: "about", and letters with their numbers, a full stop or the option behind them.
_ABOUT = re.compile(
    r"(?:^|(?<=[\[,])[ \t]*)(?:약|대략|about|around|roughly|approximately|approx\.?)[ \t]*(?=[$₩]?\d)"
    r"|[ \t]*(?:정도|쯤|가량|or so)$",
    re.IGNORECASE,
)
_ONLY = re.compile(rf"(?:{_SIGN}|[ \t,])+")
_ITEM = re.compile(  # 1번 나, 2) 다 (예측), 가 사실
    rf"(?:\(?\d{{1,2}}[ \t]*(?:번|[.):-])*[ \t]*)?({_CAPITAL})(?:[ \t]*\([^()]*\)|[ \t]+[^\W\d_]{{2,}})?"
    r"[ \t]*[,./;&]?[ \t]*"
)
_LETTER = re.compile(
    rf"({_SIGN}(?:[ \t]*,[ \t]*{_SIGN})*)[.)]|([①-⑧])[ \t]+[^\W\d].*"
    rf"|({_CAPITAL})(?:[ \t]*\([^()]*\)|입니다\.?|이다|요|번?(?:[ \t]*[.:)]|[ \t]+[-–])[ \t]*(?!{_SIGN}\b)[^,/;]+"
    rf"|번?[ \t]*,[ \t]*(?!{_SIGN}\b)[^\W\d][^,/;]*)"
)
# Commas in a sum: (30,840,000 - 2,788,000) / 30,840,000
_SUM = re.compile(r"[\d.,()\s]+(?:[-+*/×÷][\d.,()\s]+)+")
# `why = ` and what stands behind it, up to a comment.
_ASSIGNED = re.compile(r"^(\w+[ \t]*=[ \t]*)(\S.*?)([ \t]{2,}#.*)?$", re.MULTILINE)


def as_python(lines: list[str]) -> list[str]:
    """The lines of a cell as Python reads them, for IPython's list of input transformers.

    Args:
        lines: with their line ends. What is Python already, or would not become Python, comes back as it is.
    """
    source = "".join(lines)
    checked = set(re.findall(r"\w+", "".join(source.split("course.check(")[1:])))
    source = _ASSIGNED.sub(lambda match: _as_on_paper(match, checked), source)
    source = _ROW.sub(lambda match: _row(match, checked), source)
    if _is_python(source):
        return source.splitlines(keepends=True)
    source = _ASSIGNED.sub(lambda match: _sentence(match, checked), source)

    def plain(code: str) -> str:
        code = re.sub(r"(\[[^\[\]~∼]*\d)[ \t]*[~∼][ \t]*(?=\d)", r"\1, ", code)  # a range: [3~8]
        code = "\n".join(map(tidy, code.split("\n"))).translate(_SIGNS)
        return _AMOUNT.sub(lambda match: _value(match, checked), code)

    mended = _outside_texts(plain, _outside_texts(lambda code: code.translate(_QUOTES), source))
    if _is_python(mended):
        return mended.splitlines(keepends=True)
    if any(line.startswith(("%", "!")) for line in lines):
        return lines
    # Python then points at the line that it cannot read, not at one that only this course reads.
    return [new if _is_python(new) else old for old, new in zip(lines, mended.splitlines(keepends=True), strict=False)]


def _as_on_paper(match: re.Match, checked: set[str]) -> str:
    """An answer without what a pencil adds: `3.49 - 2.88 = 0.61`, `약 17%`, `24 ÷ 142 × 100%`, `1나 2다`, `다.`"""
    name, said, note = match[1], match[2], match[3] or ""
    if said[0] in "\"'":
        return match[0]
    said = _ABOUT.sub("", said)
    if name.split("=")[0].strip() not in checked:
        return f"{name}{said}{note}"
    said = re.sub(r"(?<=[\d)])[ \t]+x[ \t]+(?=\d)", " * ", said)
    said = re.sub(r"([×*][ \t]*100)[ \t]*%(?=$|[ \t]*=)", r"\1", said)
    if _SUM.fullmatch(said.partition("=")[0]):
        said = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", said)
    left, _, right = said.partition("=")
    if right and re.search(r"\d", left) and "=" not in right and left.count("(") == left.count(")"):
        said = left.strip() if re.search(r"\d.*[-+*/×÷].*\d", left) else right.strip()
    if len(said) < LONGEST and not _ONLY.fullmatch(said):
        items = list(_ITEM.finditer(said))
        if len(items) > 1 and "".join(item[0] for item in items) == said:
            said = "".join(item[1] for item in items)
        elif letter := _LETTER.fullmatch(said):
            said = letter[1] or letter[2] or letter[3]
    return f"{name}{said}{note}"


def _row(match: re.Match, checked: set[str]) -> str:
    """Three capitals or more are an answer also where nothing checks it; `face` may be a name there."""
    letters = re.sub(r"[ \t]*(?:->|[>→–-])[ \t]*", "", match[3] or "")
    if match[2] not in checked and (len(letters) < 3 or letters != letters.upper()):
        return match[0]
    return f'{match[1]}"{letters}"' if letters else match[1] + ", ".join(match[4].split())


def _sentence(match: re.Match, checked: set[str]) -> str:
    """Words without quotation marks as a text, where they are no amounts and no calculation."""
    said, words = match[2], match[2].split()
    spoken = sum(word[0].isalpha() for word in words)
    code = said[0] in "\"'[{(" or set("+-*/×÷") & set(words) or said.count("(") != said.count(")")
    if code or _is_python(said):
        return match[0]
    if match[1].split("=")[0].strip() in checked:
        is_text = len(words) > 1 and spoken >= min(len(words), 3)
    else:
        is_text = spoken and not all(read_number(part) is not None for part in said.split(","))
    return f"{match[1]}{said!r}{match[3] or ''}" if is_text else match[0]


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _outside_texts(change: Callable[[str], str], source: str) -> str:
    return "".join(piece if n % 2 else change(piece) for n, piece in enumerate(_APART.split(source)))


def _value(match: re.Match, checked: set[str]) -> str:
    """An amount in digits; a percent, or the whole of an answer, as a text: the check reads its words as well."""
    typed = match[0]
    number = read_number(typed) if len(typed) <= LONGEST else None
    if number is None or ("," not in typed and _is_python(typed)):  # 1e6 is a number already; 1,000 is two
        return typed
    start, end = match.span()
    before, after = (
        match.string[max(0, start - LONGEST) : start].rstrip(),
        match.string[end : end + LONGEST].lstrip(" \t"),
    )
    whole = before.endswith(("=", "(", "[", ",")) and (not after or after[0] in ",)]\n")
    name = re.search(r"(\w+)\s*=$", before)
    if is_percent(typed):
        return f'"{typed}"' if whole else typed
    if whole and name and name[1] in checked:
        return f'"{typed}"'
    return repr(int(number) if number.is_integer() else number)
