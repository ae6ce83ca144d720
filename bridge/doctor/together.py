"""Links are looked at all at once, in bounded time, and told in the order of the road."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bridge.core.errors import StoreUnavailable
from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad

STEP_S = 0.2  # a longer wait would not hear Ctrl+C on Windows


@dataclass(frozen=True, kw_only=True)
class Link:
    """`look` yields findings as it goes; what it yielded before it got stuck is told."""

    name: str
    look: Callable[[], Iterable[Finding]]
    told: "queue.SimpleQueue[Finding | None]" = field(default_factory=queue.SimpleQueue)

    def run(self) -> None:
        try:
            for finding in self.look():
                self.told.put(finding)
        except StoreUnavailable as error:
            self.told.put(
                bad(self.name, Code.DATABASE_WRONG, str(error), "остановите мост, запустите его снова")
            )
        except Exception as error:  # noqa: BLE001 - one link that breaks the doctor must not hide the others
            said = f"проверка прервалась ({type(error).__name__})"
            advice = "это ошибка моста: пришлите эту строку разработчикам"
            self.told.put(bad(self.name, Code.CHECK_FAILED, said, advice))
        self.told.put(None)


def together(links: Sequence[Link], until: float) -> Iterator[Finding]:
    """All findings, link after link. `until` is a monotonic second; threads that hang are left behind."""
    for link in links:
        threading.Thread(target=link.run, name=f"check {link.name}", daemon=True).start()
    for link in links:
        yield from _of(link, until)


def _of(link: Link, until: float) -> Iterator[Finding]:
    while True:
        left_s = until - time.monotonic()
        try:
            finding = link.told.get(timeout=max(0.001, min(STEP_S, left_s)))
        except queue.Empty:
            if left_s > 0:
                continue
            said = "проверка не уложилась в отведённое время"
            advice = "устраните названное выше и проверьте только это звено: vpbx-bridge check --only имя"
            yield bad(link.name, Code.CHECK_LATE, said, advice)
            return
        if finding is None:
            return
        yield finding
