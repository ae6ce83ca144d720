"""Mobilon's web hook: a request of the exchange becomes a call event.

Two generations are spoken. The old hook is an address with templates and says only who rings
whom; the call event of 2019 is a JSON object. What becomes of the event is left to
`flows/take_event`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.errors import BadEvent
from bridge.core.numbers import same_digits
from bridge.core.ports import HookRequest
from bridge.vpbx.mobilon.codes import direction_of, state_of
from bridge.vpbx.reading import Plain, clean, decode_json, read_form, read_object, read_plain

JSON_MEDIA = "application/json"
FORM_MEDIA = "application/x-www-form-urlencoded"
QUERY_MEDIA = "query"

# The old hook: «Адрес передачи информации о звонках», templates {KEY} and {NUMBER}.
# Mobilon, contents/vpbx/api.md, 2017-06-02. A repeated one of these has no one meaning.
OLD_WORDS = ("key", "number")
# The call event: 1C extension TelephonyMobilon, 2019-12-12. Fields not named here stay in `fields`.
EVENT_WORDS = ("uuid", "state", "direction", "from", "to", "userkey", "subid", "time")
# Fields of a form or a query that may hold the whole call event, the first for `Event(Data)` of 1C.
ENVELOPES = ("data", "json")

MAX_TEXT = 128
MAX_PHONE_DIGITS = 32
_LINES = re.compile(r"[\t\n]+")
# The manual once misprints {NUMBER], and people copy it into the cabinet.
_TEMPLATE = re.compile(r"\{[A-Za-z_]{2,32}[}\]]")


@dataclass(frozen=True)
class MobilonHook:
    """Reads the requests of one exchange; `exchange` is its name in the settings."""

    exchange: str

    def read(self, request: HookRequest) -> CallEvent:
        """What the exchange says, with the bytes it said it in.

        >>> request = HookRequest(method="GET", query="key=k0aa&number=83910000001", media="", body=b"")
        >>> MobilonHook("office").read(request).merge_key
        'k0aa|3910000001'

        Raises:
            BadEvent: the request holds no call event of Mobilon, or holds it in two ways.
        """
        if (
            request.method == "POST"
            and (plain := read_plain(request.body))
            and (event := self._plain_event(plain, request.body))
        ):
            return event
        return self.read_carefully(request)

    def read_carefully(self, request: HookRequest) -> CallEvent:
        """The same for any request; `read` only spares the usual ones what they do not need."""
        raw, media, fields = _open(request)
        words = _Words.of(fields)
        if "key" in words and "uuid" not in words:
            return self._old_event(words, fields, raw, media)
        if "uuid" in words or "state" in words:
            return self._call_event(words, fields, raw, media)
        raise BadEvent("Нет параметра key: допишите к адресу веб-хука ?key={KEY}&number={NUMBER}")

    def _old_event(self, words: "_Words", fields: Mapping[str, Any], raw: bytes, media: str) -> CallEvent:
        """A ring. A hidden caller or an empty key is still a call, and must not be lost."""
        key, number = words.text("key"), words.phone("number")
        return CallEvent(
            exchange=self.exchange,
            call_id="",
            state=CallState.PREANSWER,
            direction=Direction.INCOMING,
            from_number=number,
            to_number="",
            user_key=key,
            time_s=None,
            raw=raw,
            raw_media=media,
            fields=fields,
            merge_key=f"{key}|{digits}" if (digits := same_digits(number)) else "",  # hidden: who knows
        )

    def _plain_event(self, plain: Plain, raw: bytes) -> CallEvent | None:
        """A call event; None when something is missing or too long."""
        said = plain.texts.get
        call_id, state = said("uuid", ""), said("state", "").upper()
        from_number, to_number = said("from", ""), said("to", "")
        time, subid, user_key = said("time", ""), said("subid", ""), said("userkey", "")
        time_s = _seconds(time)
        if not (call_id and state) or time_s is None:
            return None
        if len(from_number) > MAX_PHONE_DIGITS or len(to_number) > MAX_PHONE_DIGITS:
            return None
        listed = ", ".join([f'["{name}", "{value}"]' for name, value in sorted(plain.texts.items())])
        digest = hashlib.sha256(f"[{listed}]".encode()).hexdigest()[:32]  # of the same text as `_digest`
        return CallEvent(
            exchange=self.exchange,
            call_id=call_id,
            state=state_of(state),
            direction=direction_of(said("direction", "")),
            from_number=from_number,
            to_number=to_number,
            user_key=user_key,
            time_s=time_s,
            raw=raw,
            raw_media=JSON_MEDIA,
            fields=plain.fields,
            dedup_key=f"{call_id}|{state}|{time}|{subid}|{to_number}|{user_key}|{digest}",
        )

    def _call_event(self, words: "_Words", fields: Mapping[str, Any], raw: bytes, media: str) -> CallEvent:
        call_id, state, subid = words.text("uuid"), words.text("state").upper(), words.text("subid")
        if not call_id or not state:
            raise BadEvent("В событии звонка нет поля uuid или state")
        to_number, user_key, time_s = words.phone("to"), words.text("userkey"), _seconds(words.text("time"))
        # what makes two bodies the same event; a body with more to say is another one
        same = "|".join((call_id, state, words.text("time"), subid, to_number, user_key, _digest(fields)))
        return CallEvent(
            exchange=self.exchange,
            call_id=call_id,
            state=state_of(state),
            direction=direction_of(words.text("direction")),
            from_number=words.phone("from"),
            to_number=to_number,
            user_key=user_key,
            time_s=time_s,
            raw=raw,
            raw_media=media,
            fields=fields,
            dedup_key=same if time_s is not None else "",
            merge_key=same if time_s is None else "",  # without a time only nearness tells a repeat
        )


def _digest(fields: Mapping[str, Any]) -> str:
    """All that was said, whatever it was wrapped in: a query knows no numbers, only their texts."""
    said = sorted((name.lower(), clean(str(value))) for name, value in fields.items())
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


class _Words(dict[str, Any]):
    """The fields this module reads, by their names in lower case; their values as they came."""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "_Words":
        return cls(_known(fields.items(), (*OLD_WORDS, *EVENT_WORDS)))

    def text(self, name: str) -> str:
        """A field as clean text, "" when absent; it identifies something, so it is bounded."""
        value = self.get(name)
        if isinstance(value, (dict, list, bool)):
            raise BadEvent(f"Поле {name} — не текст")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else _LINES.sub(" ", clean(str(value)))
        if len(text) > MAX_TEXT:
            raise BadEvent(f"Поле {name} длиннее {MAX_TEXT} знаков")
        if _TEMPLATE.search(text):
            raise BadEvent(f"АТС не подставила значение в {name}: проверьте шаблон адреса в кабинете АТС")
        return text

    def phone(self, name: str) -> str:
        """A number as it came: digits, `CallAPI`, `anonymous` or nothing."""
        text = self.text(name)
        if sum(char.isdigit() for char in text) > MAX_PHONE_DIGITS:
            raise BadEvent(f"В поле {name} больше {MAX_PHONE_DIGITS} цифр")
        return text


def _seconds(time: str) -> int | None:
    """Unix time in whole seconds; None when the exchange said none that can be one."""
    whole = time.partition(".")[0]
    if not (whole.isascii() and whole.isdigit()):
        return None
    if len(whole) == 13:  # milliseconds
        whole = whole[:10]
    return int(whole) if len(whole) <= 10 and int(whole) else None


def _open(request: HookRequest) -> tuple[bytes, str, dict[str, Any]]:
    """The raw bytes, how they were read, and the fields in them.

    An empty POST says what it has in its query. The body is believed before its Content-Type:
    `curl -d` calls JSON a form.
    """
    if request.method.upper() != "POST" or not request.body.strip():
        raw = _query_bytes(request.query)
        return raw, QUERY_MEDIA, _open_form(raw)
    text = decode_json(request.body)
    if text.lstrip().startswith(("{", "[")):
        return request.body, JSON_MEDIA, read_object(text)
    return request.body, FORM_MEDIA, _open_form(request.body)


def _open_form(raw: bytes) -> dict[str, Any]:
    """The fields of a form or a query, or of the call event that one of them holds."""
    pairs = read_form(raw)
    known = _known(pairs, (*OLD_WORDS, *EVENT_WORDS, *ENVELOPES))
    for name in ENVELOPES:
        text = known.get(name, "").strip()
        if text.startswith(("{", "[")) and not _TEMPLATE.fullmatch(text):
            return read_object(text)
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadEvent("Параметр запроса повторён")
    return fields


def _known(pairs: Iterable[tuple[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    """Those of `pairs` that have one of the names in any case, each at most once."""
    known: dict[str, Any] = {}
    for name, value in pairs:
        folded = name.strip().lower()
        if folded in known:
            raise BadEvent(f"Параметр {folded} повторён")
        if folded in names:
            known[folded] = value
    return known


def _query_bytes(query: str) -> bytes:
    """The query as the server saw it: WSGI passes bytes as latin-1 text."""
    try:
        return query.encode("latin-1")
    except UnicodeEncodeError:
        return query.encode("utf-8", errors="surrogatepass")
