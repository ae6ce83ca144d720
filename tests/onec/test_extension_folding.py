"""The journal of 1C says of a call what the bridge's own console says, in whatever order events came."""

import json
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from onec.run.infobase.firm import SUBSCRIBERS
from onec.run.infobase.infobase import Infobase
from onec.run.infobase.session import Session

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.folded import FoldedCall
from bridge.core.folding import fold
from bridge.core.ports import StoredEvent
from bridge.sim.scenarios import SCENARIOS, Cast
from support.world import ANNA, PETR

SHUFFLES = 6
OUTCOMES = {"ANSWERED": "Отвечен", "MISSED": "Пропущен", "NOT_ANSWERED": "", "IVR": ""}


@pytest.fixture(scope="module")
def session() -> Session:
    infobase = Infobase()
    for name, one in SUBSCRIBERS.items():
        names = {"Абонент": name, "Добавочный": one.extension, "КлючВАТС": one.key}
        infobase.add_row("МВ_Абоненты", Пользователь=name, **names)
    return infobase.administration()


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - {"old_hook"}))
def test_both_journals_say_the_same(session: Session, scenario: str) -> None:
    infobase = session.infobase
    for seed in range(SHUFFLES):
        call_id = f"{scenario}-{seed}"
        time_s = int(infobase.clock.unix()) - 30
        events = SCENARIOS[scenario](Cast(subscribers=(ANNA, PETR), uuid=call_id, time_s=time_s, seed=seed))
        if seed:
            random.Random(seed).shuffle(events)
        for number, event in enumerate(events, 1):
            data = json.dumps({**event, "bridgeEventId": number})
            session.call("МВ_Звонки", "ПринятьСобытие", data)
        (row,) = (one for one in infobase.rows("МВ_Звонки") if one["ИдЗвонка"] == call_id)
        folded = fold([stored(event, number) for number, event in enumerate(events, 1)])
        found = {name: row[name] for name in ("Итог", "Абонент", "Длительность", "Направление", "Откуда")}
        assert found == expected(folded), [f"{one['state']} {one['to']}" for one in events]
        assert bool(row["Запись"]) is folded.recorded
    assert infobase.defects == []


def stored(event: Mapping[str, Any], number: int) -> StoredEvent:
    """The event as the bridge keeps it."""
    taken = CallEvent(
        exchange="main",
        call_id=event["uuid"],
        state=CallState(event["state"]),
        direction=Direction(event["direction"]),
        from_number=event["from"],
        to_number=event["to"],
        user_key=event.get("userkey", ""),
        time_s=event["time"],
        raw=b"",
        raw_media="",
        fields=event,
    )
    return StoredEvent(id=number, event=taken, received_at=float(event["time"]))


def expected(call: FoldedCall) -> dict[str, Any]:
    kind = "Исходящий" if call.direction is Direction.EXTERNAL else "Входящий"
    return {
        "Итог": OUTCOMES[call.status.value],
        "Абонент": who(call),
        "Длительность": Decimal(call.duration_s),
        "Направление": "Внутренний" if call.internal else kind,
        "Откуда": call.from_number,
    }


def who(call: FoldedCall) -> str:
    """The name of the person in the register; of somebody else the extension."""
    names: Sequence[tuple[str, str]] = [(one.key, name) for name, one in SUBSCRIBERS.items()]
    if call.person is None:
        return ""
    return dict(names).get(call.person.user_key, call.person.extension)
