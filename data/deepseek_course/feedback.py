"""What the course says to a learner: general sentences, the feedback on an answer, and progress."""

import html
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import language


@dataclass(frozen=True)
class Feedback:
    """What a check says. Shows itself as text and, with hints and the worked solution folded, as HTML."""

    attempted: bool
    passed: bool
    score: float  # 0 to 1
    message: str
    hints: tuple[str, ...] = ()
    solution: str = ""
    near: bool = False  # not right, but nearly

    def __repr__(self) -> str:
        return f"{self._mark()} {self.message}"

    def _mark(self) -> str:
        return "✓" if self.passed else "△" if self.near else "×" if self.attempted else "…"

    def _repr_html_(self) -> str:
        colour = {"✓": "#009E73", "△": "#E69F00", "×": "#D55E00", "…": "#767676"}[self._mark()]
        folded = [(f"{say('hint')} {number}", text) for number, text in enumerate(self.hints, start=1)]
        folded += [(say("solution"), self.solution)] if self.solution else []
        details = "".join(
            f"<details><summary>{title}</summary><p>{escaped(text)}</p></details>" for title, text in folded
        )
        return (
            f'<div style="border-left: 5px solid {colour}; padding: 2px 0 2px 12px; max-width: 46em">'
            f"<p><strong>{self._mark()}</strong> {escaped(self.message)}</p>{details}</div>"
        )


def escaped(text: str) -> str:
    """Text as HTML that shows it as it stands, line breaks kept."""
    # JupyterLab takes what stands between two dollar signs of one text for mathematics.
    return html.escape(text).replace("$", "<span>$</span>").replace("\n", "<br>")


@dataclass(frozen=True)
class Progress:
    """How far a learner has come since the notebook was started."""

    checked: int
    passed: int
    again: tuple[str, ...]

    def __repr__(self) -> str:
        summary = say("progress", checked=self.checked, passed=self.passed)
        return summary + (f"\n{say('look_again')}: {', '.join(self.again)}" if self.again else "")

    def _repr_html_(self) -> str:
        lines = [f"<p>{say('progress', checked=self.checked, passed=self.passed)}</p>"]
        if self.again:
            items = "".join(f"<li>{escaped(title)}</li>" for title in self.again)
            lines.append(f"<p><strong>{say('look_again')}</strong></p><ul>{items}</ul>")
        return "".join(lines)


def say(key: str, **values: object) -> str:
    """One of the course's general sentences (messages.toml) in the reader's language."""
    return _messages()[key][language.current()].format(**values)


@cache
def _messages() -> dict:
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))
