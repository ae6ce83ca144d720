"""How the fake exchange behaves when it is asked to dial, as a value that people may change by text."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bridge.sim.dial_lines import CODES
from bridge.sim.wsgi import typed

Shape = Literal["v1", "v2"]
CodeAs = Literal["str", "int"]
Trouble = Literal["", "http500", "html", "silence", "empty"]

SILENCE_S = 30.0  # longer than any patience


@dataclass(frozen=True, kw_only=True)
class ExchangeOptions:
    """How the exchange behaves when it is asked to dial; `secret` "" accepts any node or account token."""

    shape: Shape = "v2"  # of the oldest line's answer
    fail_code: int = 0  # 1…5 refuses every dial with this code
    code_as: CodeAs = "str"
    trouble: Trouble = ""
    delay_s: float = 0.0  # before any answer
    hooks_after_dial: bool = True
    secret: str = ""

    def __post_init__(self) -> None:
        allowed: Mapping[str, Sequence[object]] = {
            "shape": get_args(Shape),
            "fail_code": (0, *CODES),
            "code_as": get_args(CodeAs),
            "trouble": get_args(Trouble),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name}: допустимо {', '.join(str(value) for value in values)}")

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
            "hooks_after_dial": lambda text: text.lower() in ("1", "true", "yes"),
            "secret": str,
        }
        values = typed(texts, kinds)
        return dataclasses.replace(self, **values)
