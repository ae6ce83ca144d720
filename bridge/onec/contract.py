"""What the contracts do alike once they know the words: call, and say what is fit to be kept."""

from collections.abc import Sequence

from bridge.core.delivery import Delivered, Faulted, Outcome
from bridge.core.ports import StoredEvent
from bridge.onec.pages import clean
from bridge.onec.popups import PUBLIC_DIGITS
from bridge.onec.transport import OnecCalling, OnecTransport

ANSWER_CHARS = 300  # of 1C's return value, kept with the delivery


def tell(
    transport: OnecTransport, operation: str, parameters: Sequence[tuple[str, str]], stored: StoredEvent
) -> Outcome:
    """Call `operation` for `stored`; what is kept of the answer holds no number and no key."""
    secrets = secrets_of(stored)
    outcome = transport.call(operation, parameters, event_id=str(stored.id), secrets=secrets)
    return kept(outcome, secrets)


class Told:
    """`Calling` whose outcome is fit to be kept."""

    def __init__(self, calling: OnecCalling, secrets: Sequence[str]) -> None:
        self.ends_at = calling.ends_at
        self.fileno = calling.fileno
        self.come = calling.come
        self._calling = calling
        self._secrets = secrets

    def outcome(self) -> Outcome:
        return kept(self._calling.outcome(), self._secrets)


def begin(
    transport: OnecTransport, operation: str, parameters: Sequence[tuple[str, str]], stored: StoredEvent
) -> Told | None:
    """`tell` without waiting for the answer; None when that cannot be, and nothing has left."""
    secrets = secrets_of(stored)
    calling = transport.begin(operation, parameters, event_id=str(stored.id), secrets=secrets)
    return Told(calling, secrets) if calling else None


def secrets_of(stored: StoredEvent) -> list[str]:
    """Texts of an event that nothing kept of an answer may repeat."""
    event = stored.event
    return [
        text for text in (event.user_key, event.from_number, event.to_number) if len(text) >= PUBLIC_DIGITS
    ]


def kept(outcome: Outcome, secrets: Sequence[str]) -> Outcome:
    """The outcome with what is fit to be kept of 1C's answer; `secrets` as `secrets_of` gives them."""
    if isinstance(outcome, Delivered):
        if len(outcome.answer) < PUBLIC_DIGITS and outcome.answer.isalnum():  # too short for any of them
            return outcome
        return Delivered(clean(outcome.answer, ANSWER_CHARS, secrets))
    return outcome


def foreign(operation: str, contract: str) -> Outcome:
    """The settings gave the infobase another contract while this delivery waited."""
    return Faulted(f"операции {operation} нет в контракте {contract}: контракт базы изменён в настройках")
