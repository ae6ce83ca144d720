"""The exchange's side of the chaos: calls made up from a seed, posted to whichever replica lives."""

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import urllib3

from .ledger import ORDER, Post

STATES = ("START", "PREANSWER", "ANSWER", "HANGUP", "END")
AFTER_S = dict(zip(STATES, (0, 1, 5, 60, 60), strict=True))
BEGAN = 1_763_800_000
POISON = "chaos-poison-mark"
WORDS = (
    "Рога & Копыта",
    'ООО «Ёж "7"»',
    "a\\b/c",
    "<m:return>1</m:return>",
    "\t\r\n",
    "😀",
    "]]>",
    "&amp;",
    "",
)
POSTERS = 6
PATIENCE_S = 15.0
AGAIN = 0.8  # share of refused posts that the exchange repeats


@dataclass(frozen=True, order=True)
class Due:
    """A body to post, `at_s` seconds after the beginning."""

    at_s: float
    exchange: str
    body: str


def plan(
    events: int, seconds: float, exchanges: Sequence[str], seed: int, *, poison: float = 0.0
) -> list[Due]:
    """`events` different events of calls spread over `seconds`: some early, late or said several times."""
    chance = random.Random(seed)
    calls = -(-events // len(STATES))
    dues: list[Due] = []
    for number in range(calls):
        begins = chance.random() * seconds
        exchange = exchanges[number % len(exchanges)]
        poisoned = chance.random() < poison
        for state in STATES[: events - number * len(STATES)]:
            body = _body(f"{seed}-call-{number}", number, state, chance, poisoned and state == "START")
            place_s = ORDER.index(state) * chance.choice((0.0, 0.02, 0.2))
            shuffle_s = chance.choice((0.0, 0.0, chance.random() * 0.5, chance.random() * seconds * 0.1))
            at_s = min(seconds, begins + place_s + shuffle_s)
            dues.append(Due(at_s, exchange, body))
            while chance.random() < 0.06:  # the same again, at once or much later
                at_s = min(seconds, at_s + chance.choice((0.0, chance.random() * seconds * 0.2)))
                dues.append(Due(at_s, exchange, body))
    return sorted(dues)


def _body(call: str, number: int, state: str, chance: random.Random, poisoned: bool) -> str:
    event = {
        "uuid": call,
        "subid": f"{BEGAN}.{number}",
        "state": state,
        "direction": "incoming",
        "from": f"89{number:09d}",
        "to": "101",
        "userkey": "gW3cyUJAtl50PhF",
        "time": BEGAN + number + AFTER_S[state],
        "client": chance.choice(WORDS),
        "нечто": {"глубже": [1, 2.5, None, True, chance.choice(WORDS)]},
    }
    if poisoned:
        event["comment"] = POISON
    return json.dumps(event, ensure_ascii=False)


class Exchange:
    """Posts what is due from several threads. A refused post may be repeated, later and elsewhere."""

    def __init__(self, dues: Sequence[Due], hooks: Callable[[], Sequence[str]], seed: int) -> None:
        self._hooks = hooks  # addresses of the replicas, "{exchange}" in them
        self._dues = iter(dues)
        self._all = max(1, len(dues))
        self._begun = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.posts: list[Post] = []
        self._http = urllib3.PoolManager(retries=False, timeout=PATIENCE_S, maxsize=POSTERS * 2)
        self._threads = [threading.Thread(target=self._run, name=f"poster-{n}") for n in range(POSTERS)]

    def start(self) -> None:
        self.began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()
        self._http.clear()

    def stop(self) -> None:
        """Post nothing more; `wait` then returns soon."""
        self._stop.set()

    def progress(self) -> float:
        """The share of what is due that was begun; it stands still while nobody accepts anything."""
        return self._begun / self._all

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                due = next(self._dues, None)
                self._begun += due is not None
            if due is None:
                return
            self._stop.wait(max(0.0, self.began + due.at_s - time.monotonic()))
            for _ in range(100):
                if self.post(due.exchange, due.body) or self._chance.random() > AGAIN:
                    break
                if self._stop.wait(0.1 + self._chance.random() * 0.4):
                    return

    def post(self, exchange: str, body: str) -> bool:
        """One attempt; True when it was acknowledged."""
        hook = self._chance.choice(self._hooks()).format(exchange=exchange)
        sent_at, acked_at = time.time(), None
        try:
            headers = {"Content-Type": "application/json"}
            if self._http.request("POST", hook, body=body.encode(), headers=headers).status == 200:
                acked_at = time.time()
        except urllib3.exceptions.HTTPError:
            pass
        with self._lock:
            self.posts.append(Post(exchange=exchange, body=body, sent_at=sent_at, acked_at=acked_at))
        return acked_at is not None
