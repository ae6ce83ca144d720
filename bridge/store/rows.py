"""Rows of the database and values of the core, turned into each other."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import DeliveryState, Purpose
from bridge.core.dialing import CallResult, DialStatus
from bridge.core.ports import Claim, DeliveryRecord, StoredEvent
from bridge.store.session import Row


def storable(text: str) -> str:
    """The same text, but for lone surrogates and NUL, which not every database takes.

    >>> storable("отказ \\ud800\\0")
    'отказ ??'
    """
    if text.isprintable():  # neither is
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def event_row(
    event: CallEvent, call_id: str, received_at: float, merged_into: int | None = None
) -> list[Any]:
    """For `INSERT_EVENTS`."""
    return [
        event.exchange,
        call_id,
        event.state.value,
        event.direction.value,
        storable(event.from_number),
        storable(event.to_number),
        storable(event.user_key),
        event.time_s,
        event.raw,
        storable(event.raw_media),
        json.dumps(event.fields),
        storable(event.dedup_key),
        storable(event.merge_key),
        int(event.recovered),
        received_at,
        merged_into,
    ]


def as_stored(event: CallEvent) -> CallEvent:
    """As `stored_event` will give it back."""
    return replace(
        event,
        call_id=storable(event.call_id),
        from_number=storable(event.from_number),
        to_number=storable(event.to_number),
        user_key=storable(event.user_key),
        raw_media=storable(event.raw_media),
        dedup_key=storable(event.dedup_key),
        merge_key=storable(event.merge_key),
    )


def stored_event(row: Row) -> StoredEvent:
    return StoredEvent(
        id=row["event_id"],
        event=CallEvent(
            exchange=row["exchange"],
            call_id=row["call_id"],
            state=CallState(row["event_state"]),
            direction=Direction(row["direction"]),
            from_number=row["from_number"],
            to_number=row["to_number"],
            user_key=row["user_key"],
            time_s=row["time_s"],
            raw=bytes(row["raw"]),
            raw_media=row["raw_media"],
            fields=fields(row),
            dedup_key=row["dedup_key"],
            merge_key=row["merge_key"],
            recovered=bool(row["recovered"]),
        ),
        received_at=row["received_at"],
        merged_into=row["merged_into"],
        repeats=row["repeats"],
    )


def stored_events(found: Sequence[Row]) -> list[StoredEvent]:
    """All that this version has words for."""
    events = []
    for row in found:
        try:
            events.append(stored_event(row))
        except ValueError:
            continue
    return events


def fields(row: Row) -> dict[str, Any]:
    """The exchange's own words."""
    said: dict[str, Any] = json.loads(row["fields"])
    return said


def claim(row: Row, lane_id: int, epoch: int) -> Claim:
    return Claim(
        lane_id=lane_id,
        delivery_id=row["id"],
        infobase=row["infobase"],
        operation=row["operation"],
        purpose=Purpose(row["purpose"]),
        tries=row["tries"],
        stored=stored_event(row),
        epoch=epoch,
    )


def outlived(row: Row, now: float) -> bool:
    """Past its lifetime; a card also when it seems to come from a future further off than it may live.

    The clock went back: nobody knows how old it is, and a stale card is worse than none.
    """
    lifetime_s = row["expires_at"] - row["created_at"]
    ahead = row["purpose"] == Purpose.POPUP and row["created_at"] - now > lifetime_s
    return bool(row["expires_at"] <= now or ahead)


def delivery_record(row: Row) -> DeliveryRecord:
    return DeliveryRecord(
        id=row["id"],
        event_id=row["event_id"],
        infobase=row["infobase"],
        operation=row["operation"],
        purpose=Purpose(row["purpose"]),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        last_answer=row["last_answer"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        done_at=row["done_at"],
    )


def call_result(row: Row) -> CallResult | None:
    """The result of a click; None while the exchange is being asked."""
    if not row["status"]:
        return None
    return CallResult(
        status=DialStatus(row["status"]), message=row["message"], code=row["code"], call_id=row["call_id"]
    )
