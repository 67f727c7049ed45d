"""The closing page: what a learner forecast, wrote and solved, on one sheet to look at, print or share."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from .. import language
from ..language import told
from ..pages import block, escaped
from ..tables.reading import table
from . import notes
from .brief import SLOTS

KNOWN = ("가", "A")  # the outcome was known: not scored
STYLE = """@page { size: A4; margin: 12mm; }
body { color: #000; background: #fff; font: 10.5pt/1.5 system-ui, "Noto Sans KR", "Malgun Gothic", sans-serif;
  margin: 2em auto; max-width: 46em; padding: 0 1em; word-break: keep-all; overflow-wrap: anywhere; }
h1 { font-size: 16pt; margin: 0 0 0.4em; }
h2 { border-bottom: 1px solid; font-size: 11.5pt; margin: 0.9em 0 0.3em; }
ul { margin: 0; padding-left: 1.2em; }
p { margin: 0.3em 0; }
@media print { body { font-size: 8.5pt; line-height: 1.3; margin: 0; max-width: none; padding: 0; } }"""


@dataclass(frozen=True)
class Summary:
    """A heading, and parts of a heading and lines each. Shows itself as text and as HTML."""

    message: str
    parts: tuple[tuple[str, Sequence[str]], ...]

    def __repr__(self) -> str:
        return "\n".join([self.message, *("\n- ".join([heading, *lines]) for heading, lines in self.parts)])

    def _repr_html_(self) -> str:
        return block(f"<p>{escaped(self.message)}</p>{self._body()}")

    def page(self) -> str:
        """A page of its own, to print."""
        title = escaped(told("summary_title"))
        head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        body = f"<h1>{title}</h1>{self._body()}"
        return f'<!DOCTYPE html><html lang="{language.current()}"><head>{head}</head><body>{body}</body></html>'

    def _body(self) -> str:
        return "".join(
            f"<h2>{escaped(heading)}</h2><ul>{''.join(f'<li>{escaped(line)}</li>' for line in lines)}</ul>"
            for heading, lines in self.parts
        )


def summary(solved: Sequence[str], **sentences: object) -> Summary:
    """The closing page, shown and written as my-course.html beside what is kept; it is written only where there is any.

    Args:
        solved: what to say of the exercises; the first line alone where nothing is solved.
        sentences: the brief's, under the names of brief.SLOTS; what is open or no text is said to be missing.

    Raises nothing, whatever is kept and wherever nothing can be written.
    """
    entries = notes.kept().entries
    values = {name: entry["value"] for name, entry in entries.items()}
    written = {name: " ".join(sentences[name].split()) for name in SLOTS if type(sentences.get(name)) is str}
    habit = [values["habit"]] if isinstance(values.get("habit"), str) else []
    forecasts = _forecasts(values)
    parts = (
        (told("summary_forecasts"), forecasts or [told("summary_no_forecasts")]),
        (told("summary_sentences"), [text for text in written.values() if text] or [told("summary_no_sentences")]),
        (told("summary_habit"), habit or [told("summary_no_habit")]),
        (told("summary_solved"), solved),
    )
    made = Summary("", parts)
    if not (any(written.values()) or habit or forecasts or len(solved) > 1):
        return Summary(told("summary_none"), parts)
    return Summary(told(_write(made.page()), file=notes.PAGE), parts)


def _write(page: str) -> str:
    """Write the page; the key of what to say of it."""
    if notes.MARKING in os.environ:
        return "summary_here"
    try:
        notes.write_page(page)
    except OSError:
        return "summary_not_written"
    return "summary_written"


def _forecasts(values: dict) -> list[str]:
    """A line for each forecast that is kept, the mean penalty, and what has no outcome here."""
    code = language.current()
    questions = table("questions", code).query("number > 0").sort_values("number")
    outcomes, lines, penalties = table("outcomes", code)["outcome"], [], []
    for row in questions.itertuples():
        match values.get(row.Index):
            case [int() | float() as percent, str() as knew] if knew not in KNOWN:
                penalties.append((percent / 100 - outcomes[row.Index]) ** 2)
                happened = told("summary_yes" if outcomes[row.Index] else "summary_no")
                asked = row.question[: row.question.find("?") + 1] or row.question  # without what defines its terms
                lines.append(told("summary_forecast", int(row.number), asked, percent=percent, happened=happened))
    if penalties:
        mean = sum(penalties) / len(penalties)
        lines.append(told("summary_score", count=len(penalties), mean=f"{mean:.3f}"))
    match values.get("three-scenarios-2026"):
        case [int() | float(), int() | float(), int() | float()] as three:
            said = zip(table("scenarios", code)["name"], three, strict=True)
            lines.append(told("summary_scenarios", " · ".join(f"{name} {percent:g}%" for name, percent in said)))
    match values.get("live-question"):
        case [str() as question, _, int() | float() as percent, *_]:
            lines.append(told("summary_live", question, percent=percent))
    match values.get("live-questions"):
        case [int() | float(), int() | float(), int() | float()] as three:
            lines.append(told("summary_lives", " · ".join(f"{percent:g}%" for percent in three)))
    return lines
