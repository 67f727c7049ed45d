"""Dataclasses are filled from TOML and JSON, and the first thing that does not fit is named with its place."""

from dataclasses import dataclass
from typing import Literal

import pytest

from deepseek_course.practice.fields import filled


@dataclass(frozen=True, kw_only=True)
class Wheel:
    spokes: int
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Cart:
    owner: str
    load: float = 0.0
    closed: bool = False
    colour: Literal["red", "blue"] = "red"
    wheels: tuple[Wheel, ...] = ()
    size: tuple[float, float] | None = None
    spare: tuple[int, ...] | int = 0


def test_what_fits_is_filled_at_every_depth():
    said = {"owner": "a", "load": 2, "colour": "blue", "wheels": [{"spokes": 8}], "size": [1, 2.5], "spare": [1, 2]}
    assert filled(Cart, said) == Cart(
        owner="a", load=2, colour="blue", wheels=(Wheel(spokes=8),), size=(1, 2.5), spare=(1, 2)
    )
    assert filled(Cart, {"owner": "a", "spare": 3}) == Cart(owner="a", spare=3)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "the field owner is missing"),
        (
            {"owner": "a", "laod": 2},
            "there is no field laod; there are closed, colour, ",
        ),
        ({"owner": 3}, "owner is 3, which is not a text"),
        ({"owner": "a", "load": "2"}, "load is '2', which is not a number"),
        ({"owner": "a", "load": True}, "load is True, which is not a number"),
        ({"owner": "a", "closed": 1}, "closed is 1, which is not true or false"),
        ({"owner": "a", "colour": "green"}, "colour is 'green'; it can be 'red', 'blue'"),
        ({"owner": "a", "wheels": {"spokes": 8}}, "wheels is {'spokes': 8}, which is not a list"),
        ({"owner": "a", "wheels": [{"spokes": 8}, {}]}, "the field wheels[2].spokes is missing"),
        (
            {"owner": "a", "wheels": [{"spokes": 8, "tyre": 1}]},
            "there is no field wheels[1].tyre; there are name",
        ),
        ({"owner": "a", "wheels": [{"spokes": 8.0}]}, "wheels[1].spokes is 8.0, which is not a whole number"),
        ({"owner": "a", "wheels": [8]}, "wheels[1] is 8, which has no fields"),
        ({"owner": "a", "size": [1]}, "size has 1 values instead of 2"),
        ({"owner": "a", "size": [1, "b"]}, "size[2] is 'b', which is not a number"),
        ({"owner": "a", "spare": "b"}, "spare is 'b', which is not a whole number"),
        ({"owner": "a", "spare": None}, "spare is None, which is not a whole number"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(said, told):
    with pytest.raises(ValueError) as caught:
        filled(Cart, said)
    assert str(caught.value).startswith(told)
