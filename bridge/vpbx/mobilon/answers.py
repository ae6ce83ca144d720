"""What Mobilon answered to a dial becomes an honest Russian sentence.

The line drawn here: a refusal says that nothing was dialled; whatever leaves a doubt says
«Исход неизвестен», because a second click on a live call rings the client twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.numbers import PhoneNumber
from bridge.vpbx.mobilon.codes import REFUSALS, STATUS_REFUSALS, refusal_code
from bridge.vpbx.reading import RepeatedName, clean, decode_json, read_answer
from bridge.wire import Answer, WireError

MAX_QUOTE = 120
MAX_CALL_ID = 128
MIN_SECRET = 6  # a shorter "key" is an extension, and occurs in call ids by chance
LOOK_FIRST = "посмотрите на телефон, прежде чем нажимать снова"


# A gateway's own words after it has forwarded the request: the exchange may be dialling
GATEWAY_GAVE_UP = frozenset({408, 499, 502, 504})


@dataclass(frozen=True, kw_only=True)
class AnswerReader:
    """Reads the answer to one dial. `secrets` never come out of it, whatever the exchange repeats.

    Args:
        number: what was dialled, to be told back.
        any_body: success is HTTP 200 alone, unless the body says otherwise.
    """

    secrets: Sequence[str] = field(repr=False)
    number: PhoneNumber
    any_body: bool = False

    def read(self, answer: Answer) -> CallResult:
        try:
            said = _read_object(answer.body)
        except RepeatedName:  # FAIL and SUCCESS in one answer, perhaps
            return self._unclear(answer.status)
        success = 200 <= answer.status < 300
        result = str(said.get("result") or "").strip().upper()
        if result == "FAIL" and answer.status not in GATEWAY_GAVE_UP:
            return self._refused(said)
        # 1C extension TelephonyMobilon, 2019-07: `uuid` and `recordUrl`, no `result`
        unnamed = not result and bool(said.get("uuid"))
        if success and (result == "SUCCESS" or unnamed or self.any_body):
            return self._started(said)
        return self._unclear(answer.status)

    def no_answer(self, error: WireError) -> CallResult:
        """No whole answer came; whether the request left decides what the accountant reads."""
        reason = self._quotable(error.reason)
        if not error.sent:
            return CallResult.fail(
                CallCode.EXCHANGE_AWAY, f"АТС не отвечает: звонок не начат, повторите позже ({reason})"
            )
        if error.timeout:
            return _unknown("АТС не ответила вовремя")
        return _unknown(f"связь с АТС прервалась ({reason})")

    def _started(self, said: dict[str, Any]) -> CallResult:
        message = f"Звоним: сначала зазвонит ваш телефон, затем наберётся {spoken(self.number)}"
        if self.number.extension:
            message += f", добавочный {self.number.extension} наберите сами"
        return CallResult(
            status=DialStatus.STARTED, message=message, code=CallCode.DONE, call_id=self._call_id(said)
        )

    def _refused(self, said: dict[str, Any]) -> CallResult:
        # `description` and `code`: Mobilon, contents/vpbx/api.md, 2017-06-02
        # `message` and no code: Mobilon, contents/vpbx2/api.md, 2017-02
        text = next((t for w in ("description", "message") if isinstance(t := said.get(w), str) and t), "")
        code = refusal_code(said.get("code"), text)
        if code is not None:
            return CallResult.fail(code, REFUSALS[code])
        reason = self._quotable(text)
        told = f"АТС отказала: «{reason}»" if reason else "АТС отказала без объяснения"
        return CallResult.fail(
            CallCode.EXCHANGE_REFUSED, f"{told}; если это повторится, сообщите администратору"
        )

    def _unclear(self, status: int) -> CallResult:
        """An answer without the exchange's word. A redirect and a 4xx surely dialled nothing."""
        if refusal := STATUS_REFUSALS.get(status):
            return CallResult.fail(CallCode.EXCHANGE_REFUSED, refusal)
        if 300 <= status < 500 and status not in GATEWAY_GAVE_UP:
            return CallResult.fail(
                CallCode.EXCHANGE_BROKEN,
                f"АТС ответила непонятно (HTTP {status}), звонок не начат: "
                "попросите администратора проверить адрес АТС в настройках моста",
            )
        return _unknown(f"АТС ответила непонятно (HTTP {status})")

    def _call_id(self, said: dict[str, Any]) -> str:
        """The id as the exchange spells it; "" rather than one that is cut, has lines or holds a secret."""
        value = said.get("callid") or said.get("uuid") or ""
        call_id = clean(str(value)) if isinstance(value, (str, int)) and value is not True else ""
        telling = [secret for secret in self.secrets if len(secret) >= MIN_SECRET]
        if (
            len(call_id) > MAX_CALL_ID
            or not call_id.isprintable()
            or any(secret in call_id for secret in telling)
        ):
            return ""
        return call_id

    def _quotable(self, text: str) -> str:
        """The exchange's own sentence on one line, without secrets, short."""
        line = " ".join(clean(text).split())
        secrets = {
            s for secret in self.secrets for s in (secret, quote(secret, safe="", errors="replace")) if s
        }
        for secret in sorted(secrets, key=len, reverse=True):  # one may be the beginning of another
            line = re.sub(re.escape(secret), "***", line, flags=re.IGNORECASE)
        return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1] + "…"


def spoken(number: PhoneNumber) -> str:
    """A number the way people read it.

    >>> spoken(PhoneNumber.parse("89235292926")), spoken(PhoneNumber.parse("101"))
    ('8 923 529-29-26', '101')
    """
    digits = number.digits
    if number.internal:
        return digits
    if digits.startswith("7") and len(digits) == 11:
        return f"8 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
    return f"+{digits}"


def _unknown(what: str) -> CallResult:
    return CallResult.fail(CallCode.OUTCOME_UNKNOWN, f"Исход неизвестен: {what}; {LOOK_FIRST}")


def _read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer, {} when it is none.

    Raises:
        RepeatedName: it is one that may be read in two ways.
    """
    try:
        value = read_answer(decode_json(body))
    except RepeatedName:
        raise
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
