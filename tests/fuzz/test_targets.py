"""The fuzz targets, in small: their seeds and a few hundred damaged ones, the same in each run."""

import random

import pytest

from .run_names import NAMES
from .targets import TARGETS

CASES = 400
DICTIONARY = (
    b"<",
    b">",
    b"&",
    b"&#0;",
    b"]]>",
    b"<!DOCTYPE",
    b"\x00",
    b"\xff\xfe",
    b'"',
    b"{",
    b"[" * 200,
    b"9" * 40,
)


def damaged(seed: bytes, chance: random.Random) -> bytes:
    """The seed with a few bytes changed, cut, doubled, or replaced by what parsers dislike."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 6)):
        place = chance.randint(0, len(data))
        match chance.randrange(5):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[place : place + chance.randint(1, 30)]
            case 2:
                data[place:place] = chance.choice(DICTIONARY)
            case 3:
                data[place:place] = data[: chance.randint(0, 200)]
            case _:
                del data[place:]
    return bytes(data)


@pytest.mark.parametrize("name", NAMES)
def test_no_damaged_input_breaks_a_promise(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    for seed in target.seeds:
        target.run(seed)
    target.run(b"")
    for _ in range(CASES):
        target.run(damaged(chance.choice(target.seeds), chance))


def test_every_target_has_seeds_and_can_be_chosen() -> None:
    assert set(NAMES) == set(TARGETS)
    assert all(target.seeds for target in TARGETS.values())
