"""How the fake exchange behaves when it is asked to dial, as a value that people may change by text."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from bridge.sim.call_journal import CallIdIs, InfoAs, InfoUnknown
from bridge.sim.dial_lines import CODES
from bridge.sim.records import RecordUrl, Trick
from bridge.sim.wsgi import typed

Shape = Literal["v1", "v2"]
CodeAs = Literal["str", "int"]
Trouble = Literal["", "http500", "html", "silence", "empty"]

SILENCE_S = 30.0  # longer than any patience


@dataclass(frozen=True, kw_only=True)
class ExchangeOptions:
    """How the exchange behaves when it is asked; `secret` "" accepts any node or account token."""

    shape: Shape = "v2"  # of the oldest line's answer
    fail_code: int = 0  # 1…5 refuses every dial with this code
    code_as: CodeAs = "str"
    trouble: Trouble = ""
    delay_s: float = 0.0  # before any answer
    hooks_after_dial: bool = True
    secret: str = ""
    hooks_lost: bool = False  # calls happen and stay in the journal, but no hook is told
    journal_callid: CallIdIs = "own"
    journal_zone: str = "Europe/Moscow"
    journal_xml: bool = False  # whatever `format` says, as before 2017-03-29
    info_as: InfoAs = "json"
    info_unknown: InfoUnknown = "fail"
    record: Trick = ""  # what comes in place of a recording
    record_url: RecordUrl = "absolute"
    record_base: str = "https://records.sim.invalid"  # of absolute ones

    def __post_init__(self) -> None:
        allowed: Mapping[str, Sequence[object]] = {
            "shape": get_args(Shape),
            "fail_code": (0, *CODES),
            "code_as": get_args(CodeAs),
            "trouble": get_args(Trouble),
            "journal_callid": get_args(CallIdIs),
            "info_as": get_args(InfoAs),
            "info_unknown": get_args(InfoUnknown),
            "record": get_args(Trick),
            "record_url": get_args(RecordUrl),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name}: допустимо {', '.join(str(value) for value in values)}")
        try:
            ZoneInfo(self.journal_zone)
        except (OSError, ValueError, KeyError):
            raise ValueError("journal_zone: такого часового пояса нет, например Europe/Moscow") from None

    @property
    def wait_s(self) -> float:
        return self.delay_s or (SILENCE_S if self.trouble == "silence" else 0.0)

    def changed(self, texts: Mapping[str, str]) -> "ExchangeOptions":
        """These options with some of them given as text. Raises ValueError that names the wrong one."""
        kinds: dict[str, Callable[[str], Any]] = {
            "shape": str,
            "fail_code": int,
            "code_as": str,
            "trouble": str,
            "delay_s": float,
            "hooks_after_dial": _yes,
            "secret": str,
            "hooks_lost": _yes,
            "journal_callid": str,
            "journal_zone": str,
            "journal_xml": _yes,
            "info_as": str,
            "info_unknown": str,
            "record": str,
            "record_url": str,
            "record_base": str,
        }
        values = typed(texts, kinds)
        return dataclasses.replace(self, **values)


def _yes(text: str) -> bool:
    return text.lower() in ("1", "true", "yes")
