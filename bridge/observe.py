"""What the bridge says of itself: log events with facts, and figures. No secret, no full number.

Call sites mask numbers; what slips through is caught here: registered secrets and long runs of
digits are hidden in every text that is logged.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bridge import lines
from bridge.core.secrecy import spellings


@contextmanager
def _missing(package: str) -> Iterator[None]:
    """As if it were not installed; nothing when it is loaded already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # what the import system calls missing
    try:
        yield
    finally:
        del sys.modules[package]


with _missing("rich"):  # where a tool has brought it, structlog loads all of it: 40 ms, 4 MB, for colours
    import structlog

log = cast("structlog.stdlib.BoundLogger", structlog.get_logger("bridge"))

_PHONE = re.compile(r"(?<![\w.-])\+?\d[\d ()-]{5,18}\d(?![\w.-])")
# people type no ids: digits with anything but letters between them are a number; a date is none
_DATE = re.compile(r"(?<![\d.])(\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2}))(?!\.?\d)")
_TYPED = re.compile(r"\d(?:[\W_]{0,5}\d){9,}|\d(?:[\s()-]{0,5}\d){6,}")
_ENDS_A_WORD = re.compile(r"[ \t=\r\n\"']")
_KEEP = frozenset(
    {"timestamp", "event_id", "call_id", "delivery_id", "incident", "level", "event", "version"}
)
_secrets: set[str] = set()


def hide(*texts: str) -> None:
    """Register secrets: they never appear in a log line, whoever puts them there."""
    _secrets.update(spellings(texts))  # libraries write addresses, where a secret is spelled in another way


def scrub(text: str) -> str:
    """A text without registered secrets and without telephone numbers."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, "***")
    return _PHONE.sub(_cut, text)


def typed(text: str) -> str:
    """What a person typed, for keeping: as `scrub`, and numbers with any punctuation around and inside.

    >>> typed("заявление 17 от 23.11.2026, тел.8.923.529.29.26.")
    'заявление 17 от 23.11.2026, тел.8.9***26.'
    """
    parts = enumerate(_DATE.split(text))
    return scrub("".join(part if index % 2 else _TYPED.sub(_cut, part) for index, part in parts))


def _cut(found: re.Match[str]) -> str:
    return found[0][:3] + "***" + found[0][-2:]


def _later(render: Callable[[MutableMapping[str, Any]], str]) -> Callable[..., Any]:
    """The last step: the line is made by whoever writes it, so that the work goes on meanwhile."""
    return lambda _, __, facts: ((partial(render, facts),), {})


def _renderer(*, json_lines: bool, marks: Mapping[str, object]) -> Callable[[MutableMapping[str, Any]], str]:
    text: Any = structlog.processors.JSONRenderer(ensure_ascii=False) if json_lines else _text

    def render(facts: MutableMapping[str, Any]) -> str:
        facts["timestamp"] = datetime.fromtimestamp(facts["timestamp"]).isoformat()
        facts.update(marks)
        line: str = text(None, facts["level"], _scrub_all(facts))
        return line

    return render


def _scrub_all(facts: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in facts.items():
        if key not in _KEEP and isinstance(value, str):
            facts[key] = scrub(value)
    return facts


def _text(_: Any, __: str, facts: MutableMapping[str, Any]) -> str:
    """As structlog's `ConsoleRenderer` without colours, in a fifth of its time."""
    at, level, event = facts.pop("timestamp"), facts.pop("level"), facts.pop("event")
    trace = facts.pop("exception", "")
    said = [f"{name}={_value(facts[name])}" for name in sorted(facts)]
    line = f"{at} [{level:<9}] {event:<24} {' '.join(said)}".rstrip()
    return f"{line}\n{trace}" if trace else line


def _value(value: object) -> str:
    return value if isinstance(value, str) and not _ENDS_A_WORD.search(value) else repr(value)


class _Lines:
    """What structlog writes through, whichever standard error is by then."""

    def msg(self, line: lines.Line) -> None:
        lines.write(line)

    debug = info = warning = error = critical = msg


class _StandardError(logging.Handler):
    """For the lines of libraries, which know nothing of our secrets."""

    def __init__(self, *, json_lines: bool, marks: Mapping[str, object]) -> None:
        super().__init__()
        self._json_lines = json_lines
        self._marks = marks

    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created).isoformat()
        level, said = record.levelname.lower(), scrub(self.format(record))
        if self._json_lines:
            facts = {"logger": record.name, "event": said, "level": level, "timestamp": at, **self._marks}
            lines.write(json.dumps(facts, ensure_ascii=False))
        else:
            said = said.replace("\n", "\n    ")  # a line of theirs never looks like one of ours
            marks = "".join(f" {name}={value}" for name, value in self._marks.items())
            lines.write(f"{at} [{level:<9}] {record.name}: {said}{marks}")


def configure(
    *, json_lines: bool = False, level: str = "INFO", marks: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Send everything to standard error: our events as key=value or JSON, libraries from WARNING.

    Args:
        marks: facts of every line of this process.
    """
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    for handler in [one for one in root.handlers if isinstance(one, _StandardError)]:
        root.removeHandler(handler)
    root.addHandler(_StandardError(json_lines=json_lines, marks=marks))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(),  # unix time
            structlog.processors.format_exc_info,
            _later(_renderer(json_lines=json_lines, marks=marks)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )


class Figures:
    """Prometheus figures of one bridge. Labels hold names from the settings, never numbers or keys."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.hooks = Counter(
            "bridge_hooks",
            "Hook requests by exchange and result",
            ["exchange", "result"],
            registry=self.registry,
        )
        self.strangers = Counter(
            "bridge_strangers",
            "Requests that were not let in as an exchange, by what was wrong",
            ["reason"],
            registry=self.registry,
        )
        self.old_secret_seconds = Gauge(
            "bridge_old_hook_secret_seconds",
            "Since the exchange last came by its old secret; none when it never did",
            ["exchange"],
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.deliveries = Counter(
            "bridge_deliveries",
            "Attempts to tell 1C by infobase and outcome",
            ["infobase", "outcome"],
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
            "bridge_delivery_seconds",
            "How long 1C took to answer one attempt",
            ["infobase"],
            registry=self.registry,
        )
        self.dials = Counter(
            "bridge_dials", "Clicks by infobase and code", ["infobase", "code"], registry=self.registry
        )
        self.expired = Counter(
            "bridge_expired", "Deliveries that outlived their purpose", registry=self.registry
        )
        self.soap_requests = Counter(
            "bridge_soap_requests",
            "SOAP requests by service and HTTP status",
            ["service", "status"],
            registry=self.registry,
        )
        self.waiting = Gauge(
            "bridge_waiting",
            "Deliveries that wait, by infobase",
            ["infobase"],
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.oldest_seconds = Gauge(
            "bridge_oldest_waiting_seconds",
            "How long the oldest of them has waited",
            ["infobase"],
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.away = Gauge(
            "bridge_infobase_away",
            "1 while an infobase cannot hear, 2 while it refuses our login",
            ["infobase"],
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.lost = Gauge(
            "bridge_log_lines_lost",
            "Log lines that could not be written",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.store_up = Gauge(
            "bridge_store_up",
            "1 when the database could be read just now",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.mailbox_waiting = Gauge(
            "bridge_mailbox_waiting",
            "Polls that wait for an event in a mailbox",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.mailbox_polled_seconds = Gauge(
            "bridge_mailbox_polled_seconds",
            "Since a mailbox was last polled",
            ["infobase"],
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.hook_silent_seconds = Gauge(
            "bridge_hook_silent_seconds",
            "Working time since the hook of an exchange last spoke",
            ["exchange"],
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.names = Counter(
            "bridge_caller_names",
            "Answers to who is calling by exchange and where the name came from",
            ["exchange", "source"],
            registry=self.registry,
        )
        self.records = Counter(
            "bridge_records",
            "Recordings that were asked for by exchange and HTTP status",
            ["exchange", "status"],
            registry=self.registry,
        )
        self.recovered = Counter(
            "bridge_recovered",
            "Calls found in the journal of an exchange that its hook had not told",
            ["exchange"],
            registry=self.registry,
        )
