"""What a check says: a verdict on one answer, and how far a learner has come."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from .. import language
from ..language import Text, say, told
from ..pages import block, escaped

MARKS = {"open": "…", "wrong": "×", "near": "△", "right": "✓"}
COLOURS = {"open": "#767676", "wrong": "#D55E00", "near": "#E69F00", "right": "#009E73"}


def beside_bar(content: str, result: str) -> str:
    """HTML beside a bar in the colour of a verdict."""
    style = f"border-left: 5px solid {COLOURS[result]}; padding: 2px 0 2px 12px; max-width: 46em"
    return f'<div style="{style}">{content}</div>'


@dataclass(frozen=True)
class Feedback:
    """What a check says, in both languages. Shows itself as text and, with hints and solution folded, as HTML."""

    result: Literal["open", "wrong", "near", "right"]
    message: Text
    hints: tuple[Text, ...] = ()
    solution: Text | None = None
    more: Text | None = None  # how to get the help that is not shown yet
    read: bool = True  # False where the way it was written is at fault, which costs no hint

    @property
    def passed(self) -> bool:
        return self.result == "right"

    def due(self, tries: int) -> "Feedback":
        """The same with the help that is due after so many tries: a hint for each, then the solution."""
        more = "more_hints" if tries < len(self.hints) else "more_solution" if tries == len(self.hints) else ""
        if self.result == "open" or not tries:
            return replace(self, hints=(), solution=None)
        return replace(
            self,
            hints=self.hints[:tries],
            solution=self.solution if tries > len(self.hints) else None,
            more=say(more) if more and self.solution else None,
        )

    def text(self, code: str) -> str:
        """A mark and the message, in "ko" or "en"."""
        return f"{MARKS[self.result]} {self.message.in_language(code)}"

    def html(self, code: str) -> str:
        """The same with the help folded below it."""
        folded = [(f"{say('hint').in_language(code)} {n}", hint) for n, hint in enumerate(self.hints, start=1)]
        folded += [(say("solution").in_language(code), self.solution)] if self.solution else []
        details = "".join(
            f"<details><summary>{title}</summary><p>{escaped(text.in_language(code))}</p></details>"
            for title, text in folded
        )
        more = f"<p><small>{escaped(self.more.in_language(code))}</small></p>" if self.more else ""
        message = f"<p><strong>{MARKS[self.result]}</strong> {escaped(self.message.in_language(code))}</p>"
        return block(beside_bar(f"{message}{details}{more}", self.result))

    def __repr__(self) -> str:
        return self.text(language.current())

    def _repr_html_(self) -> str:
        return self.html(language.current())


@dataclass(frozen=True)
class Progress:
    """How far a learner has come over all lessons; what is done at will is counted apart."""

    lessons: dict[str, tuple[int, int]]  # of each lesson, how many exercises are solved, and how many there are
    more: int
    again: tuple[Text, ...]

    @property
    def solved(self) -> int:
        return sum(done for done, _ in self.lessons.values())

    def lines(self) -> list[str]:
        """A sentence, and a line for each lesson where any exercise is solved."""
        if not (self.solved or self.more):
            return [told("progress_none")]
        wanted = sum(of for _, of in self.lessons.values())
        lines = [told("progress", solved=self.solved, wanted=wanted)]
        lines += [told("progress_lesson", lesson, solved=n, wanted=of) for lesson, (n, of) in self.lessons.items()]
        return lines + ([told("progress_more", self.more)] if self.more else [])

    def __repr__(self) -> str:
        titles = ", ".join(map(str, self.again))
        return "\n".join(self.lines()) + (f"\n{say('look_again')}: {titles}" if self.again else "")

    def _repr_html_(self) -> str:
        first, *lessons = self.lines()
        again = _listed(f"<p><strong>{say('look_again')}</strong></p>", map(str, self.again)) if self.again else ""
        return block(_listed(f"<p>{first}</p>", lessons) + again)


def _listed(head: str, items: Iterable[str]) -> str:
    lines = "".join(f"<li>{escaped(item)}</li>" for item in items)
    return head + (f"<ul>{lines}</ul>" if lines else "")
