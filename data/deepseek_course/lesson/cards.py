"""Numbered cards that unfold, with the keyboard too (Tab and Enter), and without a running kernel."""

from collections.abc import Sequence

import pandas as pd

from ..pages import block, escaped


class Cards:
    """A pile of cards as a notebook shows it."""

    def __init__(self, cards: list[tuple[str, list[str]]]):
        self.cards = cards

    def __repr__(self) -> str:
        return "\n".join(
            f"{number}. {' / '.join([front, *back])}" for number, (front, back) in enumerate(self.cards, 1)
        )

    def _repr_html_(self) -> str:
        return block(f"<ol>{''.join(f'<li>{_card(front, back)}</li>' for front, back in self.cards)}</ol>")


def _card(front: str, back: list[str]) -> str:
    if not back:
        return escaped(front)
    behind = "<br>".join(map(escaped, back))
    return f"<details><summary><strong>{escaped(front)}</strong></summary><p>{behind}</p></details>"


def cards(frame: pd.DataFrame, front: str, back: Sequence[str] = ()) -> Cards:
    """Numbered cards from a table, such as flashcards; without a back, a numbered list.

    Args:
        frame: one row a card, texts.
        front: the column that stands on the front.
        back: the columns behind it; empty ones are left out.
    """
    return Cards([(row[front], [row[column] for column in back if row[column]]) for _, row in frame.iterrows()])
