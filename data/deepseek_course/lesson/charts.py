"""How the course's charts look: one theme, one font that has Hangul and Latin, alt text, a source line."""

import base64
import html
import io
from functools import cache

import pandas as pd
import pylopdf_fonts_ko

from .. import language
from ..language import told
from ..pages import block, escaped
from ..tables.reading import rows
from . import showing

# matplotlib, seaborn and IPython are imported where they are used: with them `import deepseek_course` takes twice as
# long, and those who only read the tables or judge answers never need them.

# Okabe and Ito's colours: told apart by colour-blind readers, and by lightness in grey print.
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"]


@cache
def font_family() -> str:
    """Register the course's font (Noto Sans KR) with matplotlib; its family name."""
    from matplotlib import font_manager

    path = str(pylopdf_fonts_ko.sans_path())
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


def use(code: str) -> None:
    """The part of `deepseek_course.use` that is the look of charts and tables; "ko" or "en", else ValueError."""
    import seaborn as sns
    from IPython import get_ipython

    language.choose(code)
    sns.set_theme(
        style="whitegrid",
        palette=PALETTE,
        rc={
            "font.family": font_family(),
            "figure.figsize": (7.5, 4),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "axes.titlesize": 13,
            "axes.labelsize": 10,
            "xtick.labelsize": 9,
            "ytick.labelsize": 10,
            "axes.titlelocation": "left",
            "axes.titlepad": 12,
            "axes.spines.top": False,
            "axes.spines.right": False,
        },
    )
    pd.set_option("display.float_format", lambda x: f"{x:,.0f}" if x.is_integer() else f"{x:,.6g}")
    pd.set_option("display.max_colwidth", None)
    pd.set_option("display.html.use_mathjax", False)  # a price in dollars is no formula
    if shell := get_ipython():
        shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, showing.html)


class Figure:
    """A drawn chart as a notebook shows it: a picture with its alt text, and its source below."""

    def __init__(self, png: bytes, width: float, alt: str, source: str):
        self.png, self.width, self.alt, self.source = png, width, alt, source

    def __repr__(self) -> str:
        return f"{self.alt}\n{self.source}"

    def _repr_html_(self) -> str:
        # JupyterLab gives a plain picture output no alt text, so the picture is shown by an <img> of our own.
        data = base64.b64encode(self.png).decode()
        return block(
            f'<img src="data:image/png;base64,{data}" alt="{html.escape(self.alt)}" '
            f'style="width: {self.width:.0f}px; max-width: 100%"><p><small>{escaped(self.source)}</small></p>'
        )


def show(*, alt: str, source: str | list[str]) -> Figure:
    """The current figure with its alt text and its source line; put it last in a cell.

    Args:
        alt: what the chart shows, for those who cannot see it.
        source: an id of the table sources or later_sources, or several; [] for what a class itself answered. The line
            names the publisher, the day and the kind of each.

    Raises:
        ValueError: a source that the table does not have.
    """
    import matplotlib.pyplot as plt

    ids = [source] if isinstance(source, str) else list(source)
    named = [_row(id) for id in ids]
    names = [f"{row.publisher} ({', '.join(filter(None, [row.published, kind(row.Index)]))})" for row in named]
    figure, picture = plt.gcf(), io.BytesIO()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                _rule(axis)
    figure.dpi *= 2
    figure.canvas.print_png(picture)  # savefig would draw it twice
    width = figure.get_figwidth() * 96
    plt.close(figure)
    return Figure(picture.getvalue(), width, alt, f"{told('source')}: {'; '.join(names)}" if names else "")


def _rule(axis) -> None:
    """Few labels on a logarithmic axis, but enough on a short one, and a line for each power of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high < 1000 * low else LogLocator(numticks=8))
    axis.set_minor_locator(LogLocator(numticks=20))
    axis.set_minor_formatter(NullFormatter())
    axis.grid(which="minor")


def kind(source: str) -> str:
    """Whether a source is primary, a copy of a primary one, or secondary, in the reader's language.

    Args:
        source: an id of the table sources or later_sources, as a row of facts names it.

    Raises:
        ValueError: a source that the tables do not have.
    """
    return told({"primary": "primary", "official copy": "primary_copy"}.get(_row(source).kind, "secondary"))


def _row(source: str) -> tuple:
    if source not in _sources():
        raise ValueError(f"There is no source {source!r} in sources.csv or later_sources.csv.")
    return _sources()[source]


@cache
def _sources() -> dict[str, tuple]:
    return {row.Index: row for name in ("later_sources", "sources") for row in rows(name).itertuples()}
