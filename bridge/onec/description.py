"""The WSDL of one infobase's web service: read when it is first needed, then kept for an hour."""

import threading
import time
from pathlib import Path

from bridge.core.delivery import Away, Delivered, Denied, Faulted
from bridge.onec.envelope import AnswerError
from bridge.onec.operation import Operation
from bridge.onec.pages import clean
from bridge.onec.transport import OnecTransport
from bridge.onec.wsdl import MAX_WSDL_BYTES, Wsdl, WsdlError
from bridge.wire import Wire

KEPT_S = 3600.0
DOUBTED_S = 30.0  # after a refusal: is it still the same web service?
SAME_PROBLEM_S = 1.0  # threads that waited for one another do not each ask 1C the same
REASON_CHARS = 300  # names in a WSDL may be of any length
_WHERE = "описание веб-сервиса (?wsdl)"


class NoDescription(Exception):
    """There is no WSDL to go by now; `outcome` is what becomes of a delivery meanwhile."""

    def __init__(self, outcome: Away | Denied) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Description:
    """Safe for several threads; one of them reads, the others wait for it.

    Args:
        wire: for the WSDL: longer than any answer.
        file: a copy of the WSDL; then 1C is not asked.
        service, port: "" for the first.
    """

    def __init__(
        self,
        transport: OnecTransport,
        *,
        wire: Wire,
        file: Path | None = None,
        service: str = "",
        port: str = "",
    ) -> None:
        self._transport = transport
        self._wire = wire
        self._file = file
        self._place = {"service": service, "port": port}
        self._lock = threading.Lock()
        self._wsdl: Wsdl | None = None
        self._read_at = 0.0
        self._kept_s = KEPT_S
        self._problem: Away | Denied | None = None
        self._problem_at = 0.0

    def operation(self, name: str) -> Operation:
        """
        Raises:
            NoDescription: 1C does not give it, it cannot be used, or it has no such operation.
        """
        with self._lock:
            try:
                return self._current().operation(name, **self._place)
            except WsdlError as error:
                self._kept_s = DOUBTED_S  # an administrator may be publishing it right now
                raise NoDescription(Away(clean(str(error), REASON_CHARS))) from None

    def doubt(self) -> None:
        """1C has refused a call: the web service may have changed."""
        with self._lock:
            self._kept_s = DOUBTED_S

    def _current(self) -> Wsdl:
        now = time.monotonic()
        if self._wsdl and now - self._read_at <= self._kept_s:
            return self._wsdl
        if self._problem and now - self._problem_at < SAME_PROBLEM_S:
            raise NoDescription(self._problem)
        try:
            self._wsdl = self._from_file(self._file) if self._file else self._from_onec()
            self._kept_s = KEPT_S
        except NoDescription as problem:
            if self._wsdl is None:
                self._problem, self._problem_at = problem.outcome, time.monotonic()
                raise
            # 1C is away: what was known of it an hour ago is as good as ever
            self._kept_s = DOUBTED_S
        self._read_at = time.monotonic()
        return self._wsdl

    def _from_file(self, file: Path) -> Wsdl:
        try:
            with file.open("rb") as opened:
                return Wsdl(opened.read(MAX_WSDL_BYTES + 1))
        except OSError as error:
            raise NoDescription(Away(f"файл {file.name} не читается ({error.strerror})")) from None
        except (WsdlError, AnswerError) as error:
            raise NoDescription(Away(clean(f"файл {file.name}: {error}", REASON_CHARS))) from None

    def _from_onec(self) -> Wsdl:
        read: list[Wsdl] = []
        problems: list[str] = []

        def look(body: bytes) -> str:
            try:
                read.append(Wsdl(body))
            except WsdlError as error:
                problems.append(str(error))
            return ""

        outcome = self._transport.describe(self._wire, read=look)
        match outcome:
            case Delivered() if read:
                return read[0]
            case Delivered():
                raise NoDescription(Away(clean(problems[0], REASON_CHARS)))
            case Denied():
                raise NoDescription(outcome)
            case Away(reason) | Faulted(reason):  # neither a Fault nor a silence here is this event's doing
                raise NoDescription(Away(f"{_WHERE}: {reason}"))
