"""What a test posts to the hook, as the exchange would."""

import random
from typing import Any

import requests

STATES = ("START", "PREANSWER", "ANSWER", "HANGUP", "END")
TIMES = dict(zip(STATES, (0, 1, 5, 60, 60), strict=True))
BEGAN = 1_763_800_000


def call_events(call: str, states: tuple[str, ...] = STATES, **more: Any) -> list[dict[str, Any]]:
    """The events of one answered call, in their order."""
    return [
        {
            "uuid": call,
            "state": state,
            "direction": "incoming",
            "from": "89160000001",
            "to": "101",
            "userkey": "gW3cyUJAtl50PhF",
            "time": BEGAN + TIMES[state],
            **more,
        }
        for state in states
    ]


def shuffled_a_little(events: list[dict[str, Any]], chance: random.Random, by: float) -> list[dict[str, Any]]:
    """Each event a few places away from its own."""
    places = [(place + chance.random() * by, place) for place in range(len(events))]
    return [events[place] for _, place in sorted(places)]


def post_all(hook: str, events: list[dict[str, Any]]) -> list[int]:
    """Post one after another; returns the statuses."""
    with requests.Session() as session:
        return [session.post(hook, json=event, timeout=30).status_code for event in events]
