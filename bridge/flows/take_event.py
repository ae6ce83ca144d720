"""A call happens: what the exchange said becomes a stored event and its deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.calls import CallEvent
from bridge.core.delivery import Purpose
from bridge.core.ports import Accepted, Contract, HookReader, HookRequest, Outbox, PlannedDelivery


@dataclass(frozen=True, kw_only=True)
class Audience:
    """An infobase that hears an exchange, and how long each kind of telling is worth the effort."""

    infobase: str
    contract: Contract
    popup_lifetime_s: float = 30.0
    journal_lifetime_s: float = 7 * 24 * 3600.0

    def plan(self, event: CallEvent) -> PlannedDelivery | None:
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
        )


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the hook may now say «ok» about. `hints` are the infobases that have something new."""

    event: CallEvent
    receipt: Accepted
    hints: tuple[str, ...]


def take_event(
    request: HookRequest,
    *,
    reader: HookReader,
    audiences: Sequence[Audience],
    outbox: Outbox,
    merge_s: float,
) -> Taken:
    """Read a hook request and commit it with its deliveries; when this returns, it is safe.

    Raises:
        BadEvent: the request holds no call event; nothing is stored.
        StoreUnavailable: it could not be committed; the exchange must be told so.
    """
    event = reader.read(request)
    plan = [planned for audience in audiences if (planned := audience.plan(event))]
    receipt = outbox.accept(event, plan, merge_s=merge_s)
    hints = () if receipt.duplicate_of is not None else tuple(p.infobase for p in plan)
    return Taken(event=event, receipt=receipt, hints=hints)
