"""What a beginner types becomes Python: `78억 / 5576000`, `1.5 million`, `17%`, curly quotes, a sentence."""

import ast
import re
from collections.abc import Callable

from ..plain import tidy
from .answers import is_percent, read_number

LONGEST = 60  # characters of an amount

_QUOTES = str.maketrans("“”„‟‘’‚‛", "\"\"\"\"''''")
_SIGNS = str.maketrans("×÷", "*/")
_APART = re.compile(  # texts and comments, which stay as they are
    r"""('''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\#[^\n]*)""", re.DOTALL
)
# A number and the words behind it: 557만 6000달러, $5.576 million, -17%, 1,443. None is the end of a name.
_AMOUNT = re.compile(r"(?<![\w.)\]])[-+]?[$₩€£]?\d(?:[\w.]|,(?=\d{3}(?!\d))|[ \t]+(?=\w))*(?:[ \t]*%p?(?!\w))?")
# `why = ` and what stands behind it, up to a comment.
_ASSIGNED = re.compile(r"^(\w+[ \t]*=[ \t]*)(\S.*?)([ \t]{2,}#.*)?$", re.MULTILINE)


def as_python(lines: list[str]) -> list[str]:
    """The lines of a cell as Python reads them, for IPython's list of input transformers.

    Args:
        lines: with their line ends. What is Python already, or would not become Python, comes back as it is.
    """
    source = "".join(lines)
    if _is_python(source):
        return lines
    source = _ASSIGNED.sub(_sentence, source)
    checked = set(re.findall(r"\w+", "".join(source.split("course.check(")[1:])))

    def plain(code: str) -> str:
        code = "\n".join(map(tidy, code.split("\n"))).translate(_SIGNS)
        return _AMOUNT.sub(lambda match: _value(match, checked), code)

    mended = _outside_texts(plain, _outside_texts(lambda code: code.translate(_QUOTES), source))
    return mended.splitlines(keepends=True) if _is_python(mended) else lines


def _sentence(match: re.Match) -> str:
    """A sentence without quotation marks as a text: four words or more and nothing that would be a calculation."""
    words = match[2].split()
    said = len(words) >= 4 and sum(word[0].isalpha() for word in words) >= 3 and match[2][0] not in "\"'[{"
    if not said or {"+", "-", "*", "/"} & set(words) or _is_python(match[2]):
        return match[0]
    return f"{match[1]}{match[2]!r}{match[3] or ''}"


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
