"""1C collects: an infobase that publishes nothing asks for its events, and may wait for them."""

from collections.abc import Callable

from bridge.core.calls import Subscriber
from bridge.core.errors import UnknownRecord
from bridge.core.ports import Collected, Mailbox

LIMIT = 100  # letters in one answer: some 100 KB of XML, which 1C reads in one go
NO_READER = (
    "Абонент не найден: проверьте ключ, внутренний номер или имя в настройках моста; "
    "пустой ключ — события всей базы"
)
NO_MAILBOX = 'У этой базы нет ящика: укажите в настройках моста contract = "mailbox"'


def collect(
    handle: str,
    after_id: int,
    *,
    infobase: str,
    find: Callable[[str], Subscriber | None],
    mailbox: Mailbox,
    wait: Callable[[], bool],
    limit: int = LIMIT,
) -> Collected:
    """Acknowledge what came before, then give what is there, once there is something.

    Nothing is lost when the answer is: only the next `after_id` acknowledges it.

    Args:
        handle: the subscriber whose events are wanted; empty for all of the infobase.
        find: whom 1C means by a handle.
        wait: blocks until a new look is worth it; False when the time is over. It must know of what
            came since it was made, so make it before.

    Raises:
        UnknownRecord: nobody is called so.
        StoreUnavailable: the mailbox cannot be read, or the acknowledgement not be written.
    """
    reader = None
    if handle.strip():
        reader = find(handle)
        if reader is None:
            raise UnknownRecord(NO_READER)
    known_id = mailbox.acknowledge(infobase, reader, after_id=after_id)
    found = mailbox.letters(infobase, reader, after_id=known_id, limit=limit)
    while not found.letters and (found.more or wait()):
        found = mailbox.letters(infobase, reader, after_id=found.last_id, limit=limit)
    return found
