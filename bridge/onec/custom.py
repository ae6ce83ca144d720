"""Contract `custom`: a firm's own web service, with the operations and parameters that its settings name.

Bound through its WSDL (`description`, `wsdl`, `operation`); what is sent is written by zeep, how it is sent
and what the answer means is the same as for the other contracts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bridge.core.caller import (
    CallerCard,
    DirectoryAway,
    DirectoryDenied,
    NothingSaid,
    QuestionFailed,
    cleaned,
)
from bridge.core.calls import CallEvent, CallState
from bridge.core.delivery import Away, Delivered, Denied, Faulted, Outcome, Purpose
from bridge.core.ports import StoredEvent, Telling
from bridge.core.wording import Wording
from bridge.onec.contract import foreign, kept, secrets_of
from bridge.onec.description import REASON_CHARS, Description, NoDescription
from bridge.onec.event_words import EventWords
from bridge.onec.operation import RETURN, BadValue, DoesNotFit, Operation
from bridge.onec.pages import clean
from bridge.onec.popups import is_popup
from bridge.onec.saying import read_card
from bridge.onec.transport import OnecTransport

# Names of the tellings, whatever 1C calls its operations: what waits outlives a change of the settings.
RING = "ring"
EVENT = "event"


@dataclass(frozen=True)
class Mapped:
    """An operation as the settings name it."""

    operation: str
    parameters: Mapping[str, Wording]


class WebService:
    """The firm's own web service: an operation is called by its name, with texts for its parameters."""

    def __init__(self, transport: OnecTransport, description: Description) -> None:
        self._transport = transport
        self._description = description

    def call(
        self,
        mapped: Mapped,
        words: Mapping[str, str],
        read: Callable[[Operation, bytes], str],
        *,
        needs: Collection[str] = (),
        event_id: str = "",
        secrets: Sequence[str] = (),
    ) -> Outcome:
        """Call 1C once, as `OnecTransport.call` does.

        Args:
            words: what the wordings are filled with.
            read: finds in the answer what proves that the operation ran.
            needs: what the answer must be able to hold.
        """
        values = {name: wording.fill(words) for name, wording in mapped.parameters.items()}
        try:
            operation = self._description.operation(mapped.operation)
            operation.expect(needs)
            body = operation.build(values)
        except NoDescription as nothing:
            return nothing.outcome
        except DoesNotFit as error:  # of the settings or of the web service: nothing may be lost for it
            self._description.doubt()
            return Away(clean(str(error), REASON_CHARS))
        except BadValue as error:
            self._description.doubt()
            return Faulted(clean(str(error), REASON_CHARS))
        outcome = self._transport.send(
            body,
            read=lambda answer: read(operation, answer),
            media=operation.media,
            event_id=event_id,
            secrets=[*values.values(), *secrets],
        )
        if isinstance(outcome, Faulted):
            self._description.doubt()
        return outcome


class Custom:
    """`ring` for a card on the screen, `event` for everything else; with no `ring`, `event` tells both."""

    def __init__(
        self, service: WebService, *, words: EventWords, ring: Mapped | None, event: Mapped | None
    ) -> None:
        self._service = service
        self._words = words
        self._mapped = {name: mapped for name, mapped in ((RING, ring), (EVENT, event)) if mapped is not None}

    def tell_about(self, event: CallEvent) -> Telling | None:
        if event.state is not CallState.PREANSWER:
            return Telling(operation=EVENT, purpose=Purpose.JOURNAL) if EVENT in self._mapped else None
        told = next(iter(self._mapped), None)  # the ring, where there is one
        return Telling(operation=told, purpose=Purpose.POPUP) if told and is_popup(event) else None

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        mapped = self._mapped.get(operation)
        if mapped is None:
            return foreign(operation, "custom")
        words, secrets = self._words.values(stored), secrets_of(stored)
        outcome = self._service.call(
            mapped, words, Operation.confirmed, event_id=str(stored.id), secrets=secrets
        )
        return kept(outcome, secrets)


@dataclass(frozen=True)
class CardNames:
    """Where in an answer a caller's card stands: Out parameters or members of `return`; "" for none."""

    title: str = ""
    category: str = ""
    manager: str = ""


class CustomDirectory:
    """Who is calling, asked of the firm's own web service."""

    def __init__(self, service: WebService, mapped: Mapped, names: CardNames) -> None:
        self._service = service
        self._mapped = mapped
        self._names = names
        self._asked = {names.title, names.category, names.manager} - {""}

    def say_name(self, number: str) -> CallerCard:
        found: list[CallerCard | None] = []

        def read(operation: Operation, body: bytes) -> str:
            found.append(self._card(operation, body))
            return ""

        outcome = self._service.call(
            self._mapped, {"number": number}, read, needs=self._asked, secrets=(number,)
        )
        match outcome:
            case Delivered():
                if found[-1] is None:
                    raise NothingSaid("пустой ответ")
                return found[-1]
            case Denied(reason):
                raise DirectoryDenied(reason)
            case Faulted(reason):
                raise QuestionFailed(reason)
            case Away(reason):
                raise DirectoryAway(reason)

    def say_name_by_inn(self, inn: str) -> CallerCard:  # noqa: ARG002 - the settings have no such question
        raise QuestionFailed("у контракта custom нет вопроса «кто это» по ИНН")

    def _card(self, operation: Operation, body: bytes) -> CallerCard | None:
        given = operation.given(body)
        if not self._asked:
            text = given.get(RETURN, "")
            return read_card(text) if text.strip() else None
        card = CallerCard(
            title=given.get(self._names.title, ""),
            category=given.get(self._names.category, ""),
            manager=given.get(self._names.manager, ""),
        )
        return cleaned(card)
