"""Flashcards: cards that unfold, with the keyboard too (Tab and Enter), and without a running kernel."""

import html

import pandas as pd


class Cards:
    """A pile of cards as a notebook shows it."""

    def __init__(self, cards: list[tuple[str, list[str]]]):
        self.cards = cards

    def __repr__(self) -> str:
        return "\n".join(f"{front}: {' / '.join(back)}" for front, back in self.cards)

    def _repr_html_(self) -> str:
        items = (
            f"<li><details><summary><strong>{html.escape(front)}</strong></summary>"
            f"<p>{'<br>'.join(map(html.escape, back))}</p></details></li>"
            for front, back in self.cards
        )
        return f"<ol>{''.join(items)}</ol>"


def cards(frame: pd.DataFrame, front: str, back: list[str]) -> Cards:
    """Flashcards from a table.

    Args:
        frame: one row a card, texts.
        front: the column that stands on the front.
        back: the columns behind it; empty ones are left out.
    """
    return Cards([(row[front], [row[column] for column in back if row[column]]) for _, row in frame.iterrows()])
