"""The exchange's dial APIs, one after another as they appeared: what they are asked, what they answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sim.wsgi import Reply, Request

# Mobilon, contents/vpbx/api.md, 2017-06-02, in its order
CODES: Mapping[int, str] = {
    1: "Operator is not registered",
    2: "Invalid API key",
    3: "The number can only consist of numbers and Latin characters",
    4: "Internal error",
    5: "User doesn't have subscriber or operator",
}
BAD_KEY, BAD_NUMBER = 2, 3
NUMBER = re.compile(r"[0-9A-Za-z]+")

CONNECT = "connect"  # GET /api/call/CallToSubscriber?key=&outboundNumber=, 2016
WEBAPI2 = "webapi2"  # GET /call/{userkey}/{number}, 2017
CALLAPI = "callapi"  # GET /call/{node}:{userkey}/{number}, 2019-07
SIMPLE_CALLS = "simple-calls"  # GET /simple-calls/call/?event=1&password=&src_num=&dst_num=, 2019-09

_CALL = re.compile(r"/call/(?:(?P<node>[^/:]+):)?(?P<key>[^/:]*)/(?P<number>[^/]*)/?")


@dataclass(frozen=True, kw_only=True)
class DialRequest:
    """A wish to dial. `handle` is the user key, or the extension on the line that takes extensions."""

    line: str
    handle: str
    number: str
    secret: str = ""  # the node's token, or the account's


@dataclass(frozen=True, kw_only=True)
class Started:
    """A call that began, with the two names the lines know it by."""

    uuid: str
    callid: str  # "<epoch>.<n>"


def read(request: Request) -> DialRequest | None:
    """Which line is meant, and what it is asked; None when this is not a dial."""
    query = request.query
    if request.path.rstrip("/") == "/api/call/CallToSubscriber":
        return DialRequest(line=CONNECT, handle=query.get("key", ""), number=query.get("outboundNumber", ""))
    if request.path.rstrip("/") == "/simple-calls/call":
        return DialRequest(
            line=SIMPLE_CALLS,
            handle=query.get("src_num", ""),
            number=query.get("dst_num", ""),
            secret=query.get("password", ""),
        )
    if call := _CALL.fullmatch(request.path):
        line = WEBAPI2 if call["node"] is None else CALLAPI
        return DialRequest(line=line, handle=call["key"], number=call["number"], secret=call["node"] or "")
    return None


def success(line: str, call: Started, shape: str) -> Reply:
    """The line's SUCCESS; `shape` v1 or v2 matters to the oldest line only."""
    match line, shape:
        case "connect", "v1":  # Mobilon, contents/vpbx/api.md, 2016-08
            return Reply.json({"result": "SUCCESS", "message": "Звонок инициирован"})
        case (("connect" | "webapi2"), _):  # the same, 2016-10; contents/vpbx2/api.md, 2017-02
            return Reply.json(
                {
                    "result": "SUCCESS",
                    "description": "Call had been initialised",
                    "code": 0,
                    "callid": call.callid,
                }
            )
        case "callapi", _:  # all that the extension read of it (TelephonyMobilon extension, 2019-07)
            record = f"https://records.sim.invalid/{call.uuid}.mp3"
            return Reply.json({"uuid": call.uuid, "recordUrl": record})
    return Reply.text("OK")  # only HTTP 200 is looked at (TelephonyMobilon extension, 2019-09-06)


def refusal(line: str, code: int, shape: str, code_as: str) -> Reply:
    """The line's FAIL. Where a line documents no shape for a code, the shape of 2016-10 is used."""
    fail: dict[str, Any] = {"result": "FAIL"}
    by_message = (line == CONNECT and shape == "v1") or (line in (WEBAPI2, CALLAPI) and code == BAD_KEY)
    if by_message:  # Mobilon, contents/vpbx/api.md, 2016-08; contents/vpbx2/api.md, 2017-02
        fail["message"] = "Неверный ключ" if code == BAD_KEY else CODES[code]
    else:  # the code is a string in the manual (Mobilon, contents/vpbx/api.md, 2017-06-02)
        fail |= {"description": CODES[code], "code": code if code_as == "int" else str(code)}
    return Reply.json(fail, 403 if line == SIMPLE_CALLS else 200)
