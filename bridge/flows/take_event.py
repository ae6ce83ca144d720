"""A call happens: what the exchange said becomes a stored event and its deliveries."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from bridge.core.calls import CallEvent, Subscriber
from bridge.core.delivery import Purpose
from bridge.core.numbers import same_digits
from bridge.core.ports import Accepted, HookReader, HookRequest, Outbox, PlannedDelivery, Vocabulary


@dataclass(frozen=True, kw_only=True)
class Audience:
    """An infobase that hears an exchange, and how long each kind of telling is worth the effort.

    Args:
        mail: it collects its events; it is not called.
        people: it hears only calls of these subscribers and of `called`; with neither, it hears all.
        called: numbers of the firm whose calls it hears, as `same_digits` gives them.
    """

    infobase: str
    contract: Vocabulary
    popup_lifetime_s: float = 30.0
    journal_lifetime_s: float = 7 * 24 * 3600.0
    mail: bool = False
    people: Sequence[Subscriber] = ()
    called: frozenset[str] = frozenset()

    def plan(self, event: CallEvent) -> PlannedDelivery | None:
        """What this infobase is to be told of the event.

        Of a call with several events only some name the person: the infobase follows a call from
        the first event that concerns it, and is then told what was said before, too.
        """
        planned = self._planned(event)
        if planned is None or not (self.people or self.called):
            return planned
        if self._concerned(event):
            return replace(planned, earlier=self._joining)
        return self._joining(event)

    def _joining(self, event: CallEvent) -> PlannedDelivery | None:
        """For the books; a card is only for those whom it rings."""
        planned = self._planned(event)
        if planned is None or planned.purpose is Purpose.POPUP:
            return None
        return replace(planned, joining=True)

    def _concerned(self, event: CallEvent) -> bool:
        ends = (event.to_number, event.from_number)
        return concerned(ends, (event.user_key,), people=self.people, called=self.called)

    def _planned(self, event: CallEvent) -> PlannedDelivery | None:
        telling = self.contract.tell_about(event)
        if telling is None:
            return None
        lifetime_s = {
            Purpose.POPUP: self.popup_lifetime_s,
            Purpose.JOURNAL: self.journal_lifetime_s,
        }[telling.purpose]
        return PlannedDelivery(
            infobase=self.infobase,
            operation=telling.operation,
            purpose=telling.purpose,
            lifetime_s=lifetime_s,
            mail=self.mail,
        )


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the hook may now say «ok» about. `hints` are the infobases that have something new."""

    event: CallEvent
    receipt: Accepted
    hints: tuple[str, ...]


# Of one exchange: what it sent is read and brought to the store, as by `bring_event`.
Road = Callable[[HookRequest], Callable[[], Taken]]


def take_event(
    request: HookRequest,
    *,
    reader: HookReader,
    audiences: Sequence[Audience],
    outbox: Outbox,
    merge_s: float,
) -> Taken:
    """`bring_event`, and its commit: when this returns, it is safe.

    Raises:
        BadEvent: the request holds no call event; nothing is stored.
        StoreUnavailable: it could not be committed; the exchange must be told so.
    """
    return bring_event(request, reader=reader, audiences=audiences, outbox=outbox, merge_s=merge_s)()


def bring_event(
    request: HookRequest,
    *,
    reader: HookReader,
    audiences: Sequence[Audience],
    outbox: Outbox,
    merge_s: float,
) -> Callable[[], Taken]:
    """Read a hook request and bring it to the store with its deliveries; it is safe when what this returns,
    which must be called, returns.

    Raises:
        BadEvent: the request holds no call event; nothing is stored.
        StoreUnavailable: the store takes nothing now. What this returns raises it, too: it could not be
            committed, and the exchange must be told so.
    """
    event = reader.read(request)
    plan = [planned for audience in audiences if (planned := audience.plan(event))]
    committed = outbox.bring(event, plan, merge_s=merge_s)

    def taken() -> Taken:
        receipt = committed()
        hints = () if receipt.duplicate_of is not None else tuple(p.infobase for p in plan)
        return Taken(event=event, receipt=receipt, hints=hints)

    return taken


def concerned(
    numbers: Iterable[str], keys: Collection[str], *, people: Sequence[Subscriber], called: Collection[str]
) -> bool:
    """Whether a call with these numbers and subscribers' keys is one of `people`, or of the firm's numbers
    `called`, as `same_digits` gives them."""
    ends = {same_digits(number) for number in numbers if number}
    return not ends.isdisjoint(called) or any(
        (person.key and person.key in keys) or (person.extension and person.extension in ends)
        for person in people
    )
