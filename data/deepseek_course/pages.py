"""Text on its way into a page."""

import html
from dataclasses import dataclass


def escaped(text: str) -> str:
    """Text as HTML that shows it as it stands, line breaks kept."""
    # JupyterLab takes what stands between two dollar signs of one text for mathematics.
    return html.escape(text).replace("$", "<span>$</span>").replace("\n", "<br>")


def block(content: str) -> str:
    """HTML whose first line says nothing: of an output that is still hidden JupyterLab shows that line."""
    return f"<div>\n{content}\n</div>"


@dataclass(frozen=True)
class Line:
    """Sentences as a notebook shows them."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return block(f"<p>{escaped(self.text)}</p>")


def tell(*sentences: object) -> Line:
    """Sentences as the result of a cell, each on a line; unlike what is printed they are not seen before it is run."""
    return Line("\n".join(map(str, sentences)))
