"""Text on its way into a page."""

import html


def escaped(text: str) -> str:
    """Text as HTML that shows it as it stands, line breaks kept."""
    # JupyterLab takes what stands between two dollar signs of one text for mathematics.
    return html.escape(text).replace("$", "<span>$</span>").replace("\n", "<br>")
