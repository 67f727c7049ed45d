"""A line in the reader's language below an error: what it was, and what to do."""

import re

from ..language import Text, say
from ..pages import escaped
from .exercises import Exercise
from .feedback import beside_bar
from .judging import load
from .picks import Picks


class Help:
    """The line as a notebook shows it."""

    def __init__(self, message: Text):
        self.message = message

    def __repr__(self) -> str:
        return str(self.message)

    def _repr_html_(self) -> str:
        return beside_bar(f"<p>{escaped(str(self.message))}</p>", "wrong")


def show_help(result) -> None:
    """Show the line for a cell that failed; IPython calls this after each cell.

    Args:
        result: IPython's ExecutionResult.
    """
    from IPython.display import display

    error = result.error_before_exec or result.error_in_exec
    if isinstance(error, Exception):  # a cell that was interrupted has failed in no way
        display(Help(help_with(error, result.info.raw_cell)))


def help_with(error: Exception, cell: str) -> Text:
    """What an error means for a beginner.

    Args:
        error: what the cell ended with.
        cell: the cell as it was typed.
    """
    match error:
        case SyntaxError():
            return _syntax(error)
        case NameError(name=str(name)) if re.search(
            rf"=[ \t]*[-+$₩]?\d[^#\n=]*\b{name}\s*(?:#.*)?$", cell, re.MULTILINE
        ):
            return say("error_behind")
        case NameError() if isinstance(_asked(cell), Picks):
            return say("error_letter")
        case NameError(name=str(name)):
            word = not name.isascii() or re.search(rf"=\s*{name}\s*(?:#.*)?$", cell, re.MULTILINE)
            if word and _asked(cell):
                return say("unreadable", found=name)
            return say("error_word" if word else "error_unknown_name", name=name)
        case AttributeError(obj=str()):  # a letter, a full stop and a word
            return say("error_behind")
        case TypeError() if "ellipsis" in str(error):
            return say("error_open")
        case TypeError() if "'str'" in str(error) or '"str"' in str(error):
            return say("error_text")
        case TypeError() if "for ^" in str(error):
            return say("error_power")
        case ZeroDivisionError():
            return say("error_zero")
        case KeyError(args=[str(name)]) if not name.startswith("None of ["):  # pandas' sentence, where it was a list
            return say("error_key", name=name[:40])
    return say("error_other")


def _asked(cell: str) -> Exercise | None:
    """The exercise that a cell answers."""
    asked = re.search(r'course\.check\("([\w-]+)"', cell)
    return load().get(asked[1]) if asked else None


def _syntax(error: SyntaxError) -> Text:
    """What Python could not read: its own words for the commonest slips are the same from 3.11 on."""
    line = (error.text or "").partition("#")[0].strip()
    if isinstance(error, IndentationError):
        return say("error_indent")
    if "unterminated" in error.msg:
        return say("error_quote")
    if line.count("(") != line.count(")") or line.count("[") != line.count("]"):
        return say("error_bracket")
    if "invalid character" in error.msg or "non-printable" in error.msg:
        return say("error_sign")
    if line.endswith(tuple("-+*/=")):
        return say("error_nothing")
    if re.search(r"\d\s*%?\s*[~∼]\s*\d", line):
        return say("error_range")
    if re.search(r"=\s*[\"']?[-+$₩]?\d[\d.,]*\s*%?[\"']?\s+[^\W\d_]+$", line):
        return say("error_behind")
    if re.search(r"\d\s*%", line):
        return say("error_percent")
    return say("error_number" if re.search(r"=.*\d", line) else "error_syntax")
