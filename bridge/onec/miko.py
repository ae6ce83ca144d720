"""Contract `miko`: the web service of MIKO's telephony panel for 1C, which shows calls as they go.

Everything here is read from MIKO's own bridge, mikopbx/ModuleMegafonPbx Lib/RestAPI, 2026-05-18; the 1C
side is closed. Unknown: the values of `feature`, how `entire_id` differs from `call_id`, what else `from` and
`to` may hold, and what `call_event` returns. WSDL (made by hand): wsdl/onec/miko.wsdl.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from bridge.core.calls import CallEvent, CallState, Direction, Subscriber
from bridge.core.delivery import Away, Delivered, Denied, Faulted, Outcome, Purpose
from bridge.core.ports import StoredEvent, Telling
from bridge.onec import envelope
from bridge.onec.contract import foreign, kept, secrets_of
from bridge.onec.miko_users import USER_LIST as USER_LIST
from bridge.onec.miko_users import User, users_of
from bridge.onec.persons import firms_end, others_end, person_of
from bridge.onec.popups import PUBLIC_DIGITS, digits_of, with_client
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import num_from

CALL_EVENT = "call_event"
SUBJECT = "provider.v1.calls"
STATES = {
    CallState.PREANSWER: "Calling",
    CallState.ANSWER: "Connected",
    CallState.HANGUP: "Finished",
}
RUNG_CALLS = 500  # calls under way whose cards are remembered
NOT_TOLD = "не показано"


class Users(Protocol):
    def now(self) -> Sequence[User] | Away | Denied:
        """The users of the panel, or why they cannot be had."""
        ...


class Miko:
    """`call_event(Subject, Data)`, to the one user of the panel whose telephone it is.

    A user who is not in `user_list`, or is there twice under different ids, has no panel to show the call
    in: the event is settled without telling, and the delivery says so.

    Who was rung is remembered, since a missed HANGUP names nobody: all cards of the call are closed by it.
    A bridge that was restarted meanwhile does not know them.

    Args:
        users: of the panel.
        namespace: of the web service.
        people: of the exchange.
        patience_s: no more calls of one telling are begun after this.
    """

    def __init__(
        self,
        transport: OnecTransport,
        *,
        users: Users,
        namespace: str,
        people: Sequence[Subscriber],
        patience_s: float,
    ) -> None:
        self._transport = transport
        self._namespace = namespace
        self._people = people
        self._patience_s = patience_s
        self._users = users
        self._lock = threading.Lock()
        self._rung: OrderedDict[str, dict[str, bool]] = OrderedDict()  # call -> user -> card is open

    def tell_about(self, event: CallEvent) -> Telling | None:
        """END says nothing to a panel that was told of the HANGUP. A card must be closed, however late.

        A missed HANGUP has the firm's number in `to`, so that it cannot be told from any other.
        """
        if event.state is CallState.HANGUP:
            return Telling(operation=CALL_EVENT, purpose=Purpose.JOURNAL)
        if event.state not in STATES or not with_client(event):
            return None
        return Telling(operation=CALL_EVENT, purpose=Purpose.POPUP)

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        event = stored.event
        if operation != CALL_EVENT or event.state not in STATES:
            return foreign(operation, "miko")
        users = self._users.now()
        if isinstance(users, Away | Denied):
            return users
        person = person_of(event, self._people)
        found = users_of(event, person, users)
        if event.state is CallState.HANGUP:
            with self._lock:
                rung = self._rung.get(event.call_id, {})
                meant = {**rung, **(found if len(found) == 1 else {})}
                cards = [user for user in meant if rung.get(user, True)]
            return self._finish(cards, stored) if cards else Delivered(_why_not(person, found))
        if len(found) != 1:
            return Delivered(_why_not(person, found))
        (user,) = found
        outcome = self._tell(user, person, stored)
        if isinstance(outcome, Delivered):
            self._remember(event.call_id, user, is_open=True)
        return outcome

    def _finish(self, users: Sequence[str], stored: StoredEvent) -> Outcome:
        """Close the card of everybody; a repetition goes on with those whose card is still open."""
        until = time.monotonic() + self._patience_s
        outcome: Outcome = Delivered()
        person = person_of(stored.event, self._people)
        for user in users:
            if time.monotonic() > until:
                return Away("1С отвечает медленно: конец звонка показан ещё не всем")
            told = self._tell(user, person, stored)
            match told:
                case Delivered():
                    self._remember(stored.event.call_id, user, is_open=False)
                    outcome = outcome if isinstance(outcome, Faulted) else told
                case Faulted():  # about this user: the others' cards are closed all the same
                    outcome = told
                case _:
                    return told
        if isinstance(outcome, Delivered):
            with self._lock:
                self._rung.pop(stored.event.call_id, None)
        return outcome

    def _tell(self, user: str, person: Subscriber | None, stored: StoredEvent) -> Outcome:
        told, secrets = data(stored, user, person), secrets_of(stored)
        outcome = self._transport.send(
            envelope.build(self._namespace, CALL_EVENT, [("Subject", SUBJECT), ("Data", told)]),
            read=self._heard,
            event_id=str(stored.id),
            secrets=[told, *secrets],
        )
        return kept(outcome, secrets)

    def _heard(self, body: bytes) -> str:
        """The response element is proof enough: whether `call_event` returns anything is unknown."""
        response = envelope.read_response(body, f"{{{self._namespace}}}{CALL_EVENT}Response")
        return "".join(response.itertext()).strip()

    def _remember(self, call_id: str, user: str, *, is_open: bool) -> None:
        with self._lock:
            self._rung.setdefault(call_id, {})[user] = is_open
            self._rung.move_to_end(call_id)
            while len(self._rung) > RUNG_CALLS:
                self._rung.popitem(last=False)


def data(stored: StoredEvent, user: str, person: Subscriber | None) -> str:
    """`Data` of `call_event`."""
    event = stored.event
    at = stored.received_at if event.time_s is None else event.time_s
    inner, outer = (_end(number) for number in (firms_end(event), others_end(event)))
    if person and person.extension:
        inner["extension"] = person.extension
    going_out = event.direction is Direction.EXTERNAL
    said = {
        "user_id": user,
        "entire_id": event.call_id,
        "feature": "",
        "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "state": STATES[event.state],
        "from": inner if going_out else outer,
        "to": outer if going_out else inner,
        "call_id": event.call_id,
    }
    return json.dumps(said, ensure_ascii=False)


def _why_not(person: Subscriber | None, found: Mapping[str, None]) -> str:
    whom = f"с внутренним номером {person.extension}" if person and person.extension else "с этим номером"
    if found:
        return f"{NOT_TOLD}: в {USER_LIST} несколько пользователей {whom}"
    if person is None:
        return f"{NOT_TOLD}: ВАТС не назвала, чей это звонок"
    return f"{NOT_TOLD}: в {USER_LIST} нет пользователя {whom}"


def _end(number: str) -> dict[str, str]:
    digits = digits_of(number)
    short = 0 < len(digits) < PUBLIC_DIGITS
    return {"number": "" if short else num_from(number), "extension": digits if short else ""}
