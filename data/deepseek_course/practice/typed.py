"""What a beginner types becomes Python: `78억 / 5576000`, `1.5 million`, `17%`, letters, curly quotes, a sentence.

What an exercise asks for decides: letters are a text, which `read_picks` reads, and a number in a few words is one that
`stated_number` reads; a number that is Python stays as it is. Everything else is a sentence or has amounts in it, in
the lines that are not Python alone.
"""

import ast
import re
import warnings
from collections.abc import Callable

from ..plain import tidy
from .judging import load
from .numbers import Number
from .opinions import ODDS, Forecast, Percents, Ranges, Vote
from .picks import Picks
from .read_letters import read_picks
from .read_numbers import is_percent, read_number, stated_number

LONGEST = 100  # characters of an amount, and of an answer that is read here
MOST = 8  # options

_QUOTES = str.maketrans("“”„‟‘’‚‛", "\"\"\"\"''''")
_POWERS = {"²": "**2", "³": "**3"}
_SIGNS = str.maketrans({"×": "*", "÷": "/"} | _POWERS)
_APART = re.compile(  # texts and comments, which stay as they are
    r"""('''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\#[^\n]*)""", re.DOTALL
)
# `why = ` and what stands behind it, up to a comment.
_LINE = re.compile(r"^(\w+[ \t]*=[ \t]*)(\S.*?)((?<![ \t])[ \t]{2,}#.*)?$", re.MULTILINE)
_CHECK = re.compile(r'course\.check\("([\w-]+)",(.*)\)')
# A number and the words around it: 557만 6000달러, $5.576 million, -17%, 1,443, about 17%. None is the end of a name.
_AMOUNT = re.compile(
    r"(?<![\w.)\]])(?:(?:약|대략|about|around|roughly|approximately|approx\.?)[ \t]*)?"
    r"[-+]?[$₩€£]?\d(?:[\w.]|,(?=\d{3}(?!\d))|[ \t]+(?=\w))*(?:[ \t]*%p?(?!\w))?",
    re.IGNORECASE,
)
# Where letters are asked: what is no letters but Python.
_CODE = re.compile(r"^[\"'“”\[{]|^\w{2,}\(|\.\.\.|\w\[|^\d+$")
_ROW = re.compile("(?:[A-H가나다라마바사아][ \t>→]*){3,}")
_SPAN = re.compile(r"(\d+)[ \t]*[-~∼][ \t]*(\d+)[ \t]*%?")
# A number in a few words that Python would take for something else: ~27, twenty-seven, 1,443, 27 (60/2.19).
_SPOKEN = re.compile(
    r"~.*|[^\W\d]+(?:-[^\W\d]+)?|\d+(?:,\d+)+(?:\.\d+)?|[\d./]+[ \t]*%?[ \t]*\(.*\)|-?[\d.]+[ \t]*%[ \t]*[^\W\d]+"
    r"|\d+-fold|[제약]\d+\w*"
)
_ENDS = re.compile(r"\[?(\d[\d.]*)%?[ \t]*(?:[-~∼]|to|에서)[ \t]*(\d[\d.]*)%?\]?")
_BRACKETS = str.maketrans("[]{}", "()()")  # as at school
_SUM = re.compile(r"[\d.,()\s]+(?:[-+*/×÷][\d.,()\s]+)+")
_NUMBERS = re.compile(r"\d\d?%?(?:[ \t]+\d\d?%?)+")


def as_python(lines: list[str]) -> list[str]:
    """The lines of a cell as Python reads them, for IPython's list of input transformers.

    Args:
        lines: with their line ends. What is Python already, or would not become Python, comes back as it is; but an
            exercise's own variables take letters without quotation marks and sums with commas.
    """
    source = "".join(lines)
    asked = _CHECK.search(source)
    exercise = load().get(asked[1]) if asked else None
    checked = set(re.findall(r"\w+", asked[2])) if asked else set()

    def answer(match: re.Match) -> str:
        name, said, note = match[1], match[2], match[3] or ""
        if said[0] in "\"'#":
            return match[0]
        if _variable(match) not in checked:
            span = _SPAN.fullmatch(said)
            is_text = _ROW.fullmatch(said) or (span and int(span[1]) < int(span[2]))
            if exercise and re.fullmatch(r"\d{1,3}(?:,\d{3})+", said):
                return f"{name}{said.replace(',', '')}{note}"
            return f'{name}"{said}"{note}' if is_text else match[0]
        said = re.sub(r"^(?:\.\.\.|…)[ \t]*(?=[^\s.])", "", said)  # typed behind the dots
        return f"{name}{repr(said) if _is_text(said, exercise) else _number(said, exercise)}{note}"

    source = _LINE.sub(answer, source)
    if _is_python(source):
        return source.splitlines(keepends=True)
    source = _LINE.sub(lambda match: match[0] if _is_python(match[0]) else _sentence(match, checked), source)

    def plain(code: str) -> str:
        code = re.sub(r"(\[[^\[\]~∼]*\d)[ \t]*[~∼][ \t]*(?=\d)", r"\1, ", code)  # a range: [3~8]
        code = "\n".join(map(tidy, code.translate(_SIGNS).split("\n"))).translate(_SIGNS)
        return _AMOUNT.sub(lambda match: _value(match, checked), code)

    mended = _outside_texts(plain, _outside_texts(lambda code: code.translate(_QUOTES), source))
    both = zip(source.splitlines(keepends=True), mended.splitlines(keepends=True), strict=False)
    made = [old if _is_python(old.strip()) else new for old, new in both]
    made = [
        line if _is_python(line.strip()) else _LINE.sub(lambda match: _words(match, checked), line) for line in made
    ]
    if _is_python("".join(made)):
        return made
    if any(line.startswith(("%", "!")) for line in lines):
        return lines
    # Python then points at the line that it cannot read, not at one that only this course reads.
    return [new if _is_python(new) else old for old, new in zip(lines, made, strict=False)]


def _variable(match: re.Match) -> str:
    return match[1].partition("=")[0].strip()


def _is_text(said: str, exercise) -> bool:
    """Whether what was typed is the letters that an exercise asks for; a word that is none may be a name."""
    if not isinstance(exercise, Picks | Vote | Forecast) or _CODE.search(said):
        return False
    letters = read_picks({"kind": "text", "value": said[:LONGEST]}, MOST) is not None
    return letters or not (isinstance(exercise, Forecast) or said.isidentifier())


def _is_stated(said: str, exercise) -> bool:
    """Whether what was typed is one number in a few words; what is Python is so only where it means something else."""
    if not isinstance(exercise, Number | Percents | Ranges | Forecast) or len(said) > LONGEST:
        return False
    if stated_number(said) is None:
        return False
    if "," in said and not isinstance(exercise, Number):  # a range, or several
        return False
    return bool(_SPOKEN.fullmatch(said)) if _is_value(said) else True


def _percents(said: str, count: int) -> str:
    """Several percentages in a row as a list: 70, 50 and 30; US 50, level 40, China 10; or "" where they are none."""
    if len(said) > LONGEST or (_is_value(said) and not re.search(r"\band\b|%", said)):
        return ""
    parts = [part for part in re.split(r"[,;\s]+and\s|[,;]", said.strip("[]()")) if part.strip()]
    parts = [re.sub(r"^\s*\d{1,2}(?:번|[.)])\s*(?=\d)", "", part) for part in parts]
    numbers = [re.findall(r"\d+(?:\.\d+)?|\.\.\.", part) for part in parts]
    return f"[{', '.join(n for (n,) in numbers)}]" if len(parts) == count and all(len(n) == 1 for n in numbers) else ""


def _number(said: str, exercise) -> str:
    """A number, or several, as the exercise takes them: a text where Python would take the words for something else."""
    left, _, right = said.rpartition("=")
    if re.search(r"\d", left) and left.count("(") == left.count(")") and not _is_value(said):
        said = (left if read_number(right) == 1 else right).strip()  # 3.49 - 2.88 = 0.61; 1443원 = 1달러
    odds = ODDS.fullmatch(said)
    if odds and isinstance(exercise, Percents | Forecast) and int(odds[1]) + int(odds[2]) == 100:
        return repr(said)
    if isinstance(exercise, Percents) and (row := _percents(said, exercise.count)):
        return row
    if isinstance(exercise, Ranges) and (ends := _ENDS.fullmatch(said)):
        return f"[{ends[1]}, {ends[2]}]"
    if _is_stated(said, exercise) or re.fullmatch(r"[\d.%]+ or [\d.%]+", said):
        return repr(said)
    return _calculation(said, exercise)


def _calculation(said: str, exercise) -> str:
    """A calculation as Python writes it: `24 ÷ 142 × 100%`, `0.6²`, `0.6 x 0.6`, `[(5 - 2) / 5] * 100`, `80 70 50`."""
    if isinstance(exercise, Number) and not re.search("[\"']", said):
        said = re.sub(r"(?<=\S)\s*(?:squared|(?:의\s*)?제곱)$", "**2", said)
        said = re.sub(r"(?<=\d)\. (?=\d)", ".", tidy(said.translate(_SIGNS)))
        said = re.sub(r"(?<=[\d)])[ \t]*x[ \t]*(?=[\d(])", " * ", said)
        said = re.sub(r"(?<=[\d)])\s*\^\s*(?=\d)", "**", said)
        if "," not in said and not re.search(r"[\w\])]\[|\w\(", said):
            said = said.translate(_BRACKETS)
        if not _is_value(said) and not re.search(r"[-+*/=~≈()\[\]]|\.\.\.", said):
            return repr(said)  # words: the check says that it found no number
    if _SUM.fullmatch(said):
        said = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", said)
    if _is_value(said):
        return said
    said = re.sub(r"([×*][ \t]*100)[ \t]*%$", r"\1", said)
    return ", ".join(said.split()) if _NUMBERS.fullmatch(said) else said


def _words(match: re.Match, checked: set[str]) -> str:
    """A line that nothing has made Python, where nothing checks it and nothing in it looks like a calculation."""
    said = match[2]
    if _variable(match) in checked or re.search(r"[+*/=()\[\]{}<>\"'×÷]", said) or said.endswith("-"):
        return match[0]
    return f"{match[1]}{said!r}{match[3] or ''}" if re.search(r"[^\W\d]|[%→]", said) else match[0]


def _sentence(match: re.Match, checked: set[str]) -> str:
    """Words without quotation marks as a text, where they are no amounts and no calculation."""
    said, words = match[2], match[2].split()
    spoken = sum(word[0].isalpha() for word in words)
    is_answer = _variable(match) in checked
    code = set("+-*/×÷") & set(words) or said.count("(") != said.count(")")
    if said[0] in "\"'[{(" or said[-1] == "(" or (code and (is_answer or spoken < 3)) or _is_python(said):
        return match[0]
    if is_answer:
        is_text = len(words) > 1 and spoken >= min(len(words), 3)
    else:
        is_text = spoken and not all(read_number(part) is not None for part in said.split(","))
    return f"{match[1]}{said!r}{match[3] or ''}" if is_text else match[0]


def _is_python(source: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):  # such as that `27 (3)` is perhaps no call
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_value(said: str) -> bool:
    """Whether something can stand behind `=`: 답: 6 alone would be Python, too."""
    return _is_python(f"x = {said}")


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
