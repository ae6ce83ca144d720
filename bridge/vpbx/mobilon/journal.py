"""Mobilon's journal of calls: what its hook should have told, one day at a time, or one call by its id.

`GET /api/call/journal?token=&date=YYYY-MM-DD&format=json` and `GET /api/call/info?token=&callid=&format=json`
(Mobilon, contents/vpbx/api.md, 2017-06-02). Before 2017-03-29 there was no `format` and the answer was XML,
`<calls><call>…` or `<call>…`; the shape of the JSON is documented nowhere, so every shape that can be the
same is read. The body decides which of the two it is.
"""

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from lxml import etree

from bridge.core.errors import JournalRefused
from bridge.core.past_calls import JournalCall, JournalDay
from bridge.core.secrecy import each_text, without_secrets
from bridge.foreign_xml import local_name, safe_parser
from bridge.vpbx.mobilon.codes import direction_of, refusal_code
from bridge.vpbx.mobilon.hook import JSON_MEDIA
from bridge.vpbx.reading import MAX_ITEMS, clean, decode_json, read_answer
from bridge.wire import Answer, Wire, WireError

MAX_JOURNAL_BYTES = 16 * 1024 * 1024  # for the wire: some ten thousand calls
MAX_TEXT = 128
MAX_QUOTE = 120
LONGEST_CALL_S = 7 * 24 * 3600
FARTHEST_S = 48 * 3600  # of a call from the noon of the day that was asked for
ANSWERED = frozenset({"ANSWERED", "ANSWER"})  # the manual's word and the hook's; no other is documented
BAD_KEY, INTERNAL = 2, 4  # the manual's codes: they say nothing of the call that was asked for
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_CHANNEL = re.compile(
    r"(\d{9,10})\.\d+"
)  # Asterisk's name of a channel begins with the second it was made in
_ABOUT_TOKEN = re.compile(r"(?i)token|токен")

UNREADABLE = "АТС прислала вместо журнала звонков то, что не разобрать"
NO_ENTRY = "АТС не пускает мост к журналу звонков: проверьте journal_token в настройках моста"


class MobilonJournal:
    """The journal of one account. The token leaves this object only inside its own request.

    Args:
        wire: how to reach the exchange; its `max_bytes` must have room for a busy day.
        base_url: where the API is.
        token: the account's.
        timezone: an IANA name; Mobilon's times say none. Of an hour that occurs twice the first is
            meant, one that does not occur is read as if the clock had not been moved yet.
    """

    def __init__(self, *, wire: Wire, base_url: str, token: str, timezone: str) -> None:
        self._wire = wire
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._zone = ZoneInfo(timezone)

    def calls(self, day: str) -> JournalDay:
        """All calls of one day, as the port says."""
        said, _ = self._ask("journal", {"date": day})
        if _failed(said):
            raise self._refused(said)
        records = _list_of_calls(said)
        if records is None:
            raise JournalRefused(UNREADABLE)
        near = self._unix_time(f"{day} 12:00:00") or 0
        calls = [call for record in records if (call := self._call(record, near))]
        return JournalDay(calls=calls, unreadable=len(records) - len(calls))

    def call(self, call_id: str) -> JournalCall | None:
        """One call, as the port says.

        What comes for an id that the exchange does not know is documented nowhere: a FAIL that speaks of
        neither the token nor a fault of the exchange, and nothing at all, are taken for it.
        """
        said, empty = self._ask("info", {"callid": call_id})
        if _failed(said):
            code = refusal_code(said.get("code"), reason := _reason(said))
            if code in (BAD_KEY, INTERNAL) or _ABOUT_TOKEN.search(reason):
                raise self._refused(said)
            return None
        record = _one_call(said)
        if empty or record in ([], {}):
            return None
        if not isinstance(record, dict) or not {"callid", "status", "record_url"} & record.keys():
            raise JournalRefused(UNREADABLE)
        call = self._call({"callid": call_id, **record}, None)
        if call is None or call.call_id != call_id:  # of another call nothing must be told
            raise JournalRefused(UNREADABLE)
        return call

    def _ask(self, what: str, question: dict[str, str]) -> tuple[Any, bool]:
        """What the exchange said, whatever it was written in, and whether that was nothing at all."""
        query = urlencode({"token": self._token, **question, "format": "json"}, quote_via=quote)
        try:
            answer = self._wire.get(f"{self._base_url}/api/call/{what}?{query}")
        except WireError as error:
            raise JournalRefused(f"АТС не дала журнал звонков: {self._quotable(error.reason)}") from None
        text = decode_json(answer.body).lstrip()
        said = _read_xml(answer.body) if text.startswith("<") else _read_json(text)
        empty = not text and (answer.status == 204 or answer.status == 200) and what == "info"
        if not _failed(said) and not empty:
            _check_status(answer)
        return said, empty

    def _refused(self, said: dict[str, Any]) -> JournalRefused:
        reason = self._quotable(_reason(said))
        return JournalRefused(f"АТС отказала в журнале звонков: «{reason}»; проверьте journal_token")

    def _call(self, record: Any, near: int | None) -> JournalCall | None:
        """None when the record lacks what a call must have, or is of quite another day.

        Args:
            near: the noon of the day; None for a call that was asked by its id, of which less may be told.
        """
        if not isinstance(record, dict):
            return None
        fields: dict[str, Any] = each_text(record, self._cleaned)
        call_id, started_s = _text(fields.get("callid")), self._unix_time(fields.get("time"))
        if near is None and not fields.get("time"):
            started_s = _second_of(call_id or "")
        duration_s = _seconds(fields.get("duration"))
        ends = [_text(fields.get(name)) for name in ("from", "to")]
        if not call_id or started_s is None or duration_s is None or None in ends:
            return None
        if near is not None and abs(started_s - near) > FARTHEST_S:
            return None
        answered = (_text(fields.get("status")) or "").upper() in ANSWERED
        address = fields.get("record_url")
        record_url = address.strip() if isinstance(address, str) else ""
        return JournalCall(
            call_id=call_id,
            started_s=started_s,
            duration_s=duration_s,
            direction=direction_of(_text(fields.get("direction")) or ""),
            from_number=ends[0] or "",
            to_number=ends[1] or "",
            answered=answered,
            raw=json.dumps(fields, ensure_ascii=False).encode(),
            raw_media=JSON_MEDIA,
            fields=fields,
            has_record=_has_record(fields.get("has_record"), answered=answered and bool(record_url)),
            record=record_url,
        )

    def _unix_time(self, value: Any) -> int | None:
        text = _text(value) or ""
        if not _TIME.fullmatch(text):
            return None
        try:
            return int(datetime.fromisoformat(text).replace(tzinfo=self._zone).timestamp())
        except (ValueError, OverflowError):
            return None

    def _cleaned(self, text: str) -> str:
        """Without the account's token: `record_url` comes with it inside."""
        return without_secrets(clean(text), (self._token,))

    def _quotable(self, text: str) -> str:
        line = " ".join(self._cleaned(text).split()) or "без объяснения"
        return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1] + "…"


def _check_status(answer: Answer) -> None:
    if answer.status in (401, 403):
        raise JournalRefused(NO_ENTRY)
    if answer.status != 200:
        raise JournalRefused(f"АТС не дала журнал звонков: HTTP {answer.status}")


def _failed(said: Any) -> bool:
    return isinstance(said, dict) and str(said.get("result") or "").strip().upper() == "FAIL"


def _reason(said: dict[str, Any]) -> str:
    """The two words for a reason, as in the answer to a dial; here none is documented."""
    return str(said.get("description") or said.get("message") or "")


def _second_of(call_id: str) -> int:
    """When a call began, by its id alone; 0 when that does not say."""
    channel = _CHANNEL.fullmatch(call_id)
    return int(channel[1]) if channel else 0


def _has_record(value: Any, *, answered: bool) -> bool:
    """`has_record` is 0 or 1; where it is absent, as before 2016-10-12, an address must do."""
    text = _text(value)
    return text == "1" or value is True if text != "" else answered


def _text(value: Any) -> str | None:
    """A field as text, "" when absent; None when it is no text or an endless one."""
    if value is None:
        return ""
    if isinstance(value, (dict, list, bool)) or len(text := str(value)) > MAX_TEXT:
        return None
    return text


def _seconds(value: Any) -> int | None:
    """14, "14" and nothing at all, which is a call of no length; None for anything else."""
    text = _text(value)
    if text is None or not re.fullmatch(r"[0-9]{0,9}", text):
        return None
    seconds = int(text or "0")
    return seconds if seconds <= LONGEST_CALL_S else None


def _list_of_calls(said: Any) -> list[Any] | None:
    """The list in any of the shapes that JSON has for `<calls><call>…`; None when it is something else."""
    if isinstance(said, dict):
        if "calls" not in said:
            return None
        said = said["calls"]
        if isinstance(said, dict):
            said = said.get("call", []) if set(said) <= {"call"} else None
            said = [said] if isinstance(said, dict) else said
    return said if isinstance(said, list) else None


def _one_call(said: Any) -> Any:
    """The one call in any of the shapes that JSON has for `<call>…`; None when there are several."""
    if isinstance(said, dict) and "calls" in said:
        said = _list_of_calls(said)
    if isinstance(said, dict) and set(said) == {"call"}:
        said = said["call"]
    if isinstance(said, list) and len(said) == 1:
        return said[0]
    return said


def _read_json(text: str) -> Any:
    """None when it is no JSON that can be read in one way."""
    try:
        return read_answer(text)
    except ValueError:
        return None


def _read_xml(body: bytes) -> Any:
    """`<calls>` as the JSON would hold it, an object of texts for another root; None when none or endless."""
    if body.count(b"<") + body.count(b"=") > MAX_ITEMS:
        return None
    try:
        root = etree.fromstring(body.lstrip(), safe_parser())
    except etree.XMLSyntaxError:
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        return None
    if local_name(root) != "calls":
        return _members(root)
    return {"calls": [_members(call) for call in root if local_name(call) == "call"]}


def _members(element: etree._Element) -> dict[str, str]:
    return {local_name(child): "".join(child.itertext()) for child in element}
