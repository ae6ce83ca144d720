"""The exchange's own journal of calls: what it answers about a day or about one call, in JSON and in XML.

Mobilon, contents/vpbx/api.md, 2017-06-02: fields, relative `record_url` with the token inside, times
without a zone. The manual shows XML; the JSON is the same by analogy. Which of a call's ids `callid`
is, and any status but ANSWERED, are documented nowhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bridge.core.calls import CallState, Direction
from bridge.sim.dial_lines import BAD_KEY, CODES
from bridge.sim.scenarios import Event
from bridge.sim.wsgi import Reply

PATH = "/api/call/journal"
INFO_PATH = "/api/call/info"
CallIdIs = Literal["own", "uuid", "baseid", "subid"]  # of the hook's ids; "own" is none of them
# how one call is told: an object, one inside `call`, the manual's XML, its words of before 2016-10-12
InfoAs = Literal["json", "nested", "xml", "short"]
InfoUnknown = Literal["fail", "empty", "object"]  # what is said of an id that is none
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, kw_only=True)
class PlayedCall:
    """A call as the exchange remembers it: all its events, heard or not."""

    callid: str  # the exchange's own name for it
    time_s: int
    caller: str
    events: Sequence[Event]

    @property
    def names(self) -> frozenset[str]:
        """Every id of it."""
        ids = (one.get(name) for one in self.events for name in ("uuid", "baseid", "subid"))
        return frozenset({self.callid, *(str(one) for one in ids if one)})

    def record(self, callid_is: CallIdIs, zone: ZoneInfo, token: str) -> dict[str, Any]:
        """The journal's words, in the order of the manual."""
        over = next((one for one in self.events if one.get("state") == CallState.HANGUP.value), {})
        outgoing = over.get("direction") == Direction.EXTERNAL.value
        answered = "callstatus" in over
        callid = self.callid if callid_is == "own" else str(over.get(callid_is, self.callid))
        return {
            "callid": callid,
            "status": "ANSWERED" if answered else "NOANSWER",
            "record_url": f"/api/call/record?token={quote(token)}&callid={callid}" if answered else "",
            "has_record": int(answered),
            "duration": str(over.get("duration", "0")),
            "from": str(over.get("from", self.caller)),
            "direction": "OUTGOING" if outgoing else "INCOMING",
            "to": str(over.get("to", "")),
            "time": datetime.fromtimestamp(self.time_s, zone).strftime("%Y-%m-%d %H:%M:%S"),
            "operator_id": "7",
            "subscriber_id": "12",
        }


def answer(calls: Sequence[dict[str, Any]], day: str, *, as_xml: bool) -> Reply:
    """The calls of one day, the oldest first."""
    if not _DAY.fullmatch(day):  # what the exchange says of it is documented nowhere
        return Reply.json({"result": "FAIL", "description": "Wrong date", "code": "4"})
    chosen = sorted((call for call in calls if call["time"].startswith(day)), key=lambda call: call["time"])
    if not as_xml:
        return Reply.json({"calls": chosen})
    rows = "".join(f"<call>{''.join(_element(*item) for item in call.items())}</call>" for call in chosen)
    body = f'<?xml version="1.0" encoding="UTF-8"?><calls>{rows}</calls>'
    return Reply(media="text/xml; charset=utf-8", body=body.encode("utf-8", "replace"))


def info(calls: Sequence[dict[str, Any]], callid: str, *, shape: InfoAs, unknown: InfoUnknown) -> Reply:
    """One call by its id."""
    call = next((call for call in calls if call["callid"] == callid), None)
    if call is None:
        match unknown:
            case "fail":
                return Reply.json({"result": "FAIL", "description": "Call not found"})
            case "object":
                return Reply.json({})
        return Reply.text("")
    if shape == "short":
        call = {name: call[name] for name in ("status", "record_url", "duration")}
    if shape in ("xml", "short"):
        row = f"<call>{''.join(_element(*item) for item in call.items())}</call>"
        return Reply(media="text/xml; charset=utf-8", body=row.encode("utf-8", "replace"))
    return Reply.json({"call": call} if shape == "nested" else call)


def refusal() -> Reply:
    """A wrong token, by analogy with a dial: for the journal no refusal is documented."""
    return Reply.json({"result": "FAIL", "description": CODES[BAD_KEY], "code": str(BAD_KEY)})


def _element(name: str, value: Any) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"
