"""One POST to 1C: login, session, and the outcome of what came back."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache

from bridge.core.delivery import Outcome
from bridge.onec import envelope
from bridge.onec.faults import Reader, classify, session_lost, unreachable, without_secrets
from bridge.onec.sessions import Sessions
from bridge.wire import Answer, Begun, Wire, WireError

_Send = Callable[[dict[str, str | bytes]], Answer]  # with the headers of login and session
MEDIA = "text/xml; charset=utf-8"
_KEY = "Idempotency-Key"
_SECRET_CHARS = 3  # shorter texts cannot be hidden without tearing the sentence


class OnecTransport:
    """A published web service of one infobase. Safe for several threads.

    Args:
        url: of the service, without `?wsdl`; what 1C writes into its WSDL is not used.
        namespace: as in the service's properties; firms differ.
        user: of 1C, may be Cyrillic; "" sends no Authorization.
        session_reuse: False never asks 1C to keep a session.
    """

    def __init__(
        self, *, url: str, namespace: str, user: str, password: str, wire: Wire, session_reuse: bool = True
    ) -> None:
        self._url = url
        self._namespace = namespace
        self._wire = wire
        self._sessions = Sessions(enabled=session_reuse)
        # 1C reads the login as UTF-8; http.client would refuse Cyrillic in Latin-1
        token = b64encode(f"{user}:{password}".encode()).decode()
        self._login = {"Authorization": f"Basic {token}"} if user else {}
        self._secrets = [secret for secret in (password, token) if len(secret) >= _SECRET_CHARS]
        self._address = without_secrets(url)
        self._session_lines = lru_cache(maxsize=256)(self._lines)

    def call(
        self,
        operation: str,
        parameters: Sequence[tuple[str, str]],
        *,
        event_id: str = "",
        secrets: Sequence[str] = (),
    ) -> Outcome:
        """Call 1C once; twice only when it says that it has forgotten the session.

        1C may then have run the operation already if the 500 was not about the session: telling
        is at least once, and the receiver knows the event by its id. Never raises for anything
        that 1C or the network may do. `Delivered.answer` is the whole return value.

        Args:
            parameters: all of them, in the order of the WSDL.
            event_id: sent as `Idempotency-Key`, for proxies; 1C ignores it.
            secrets: more texts that a reason must not repeat, besides the parameters' values.
        """
        return self.send(
            envelope.build(self._namespace, operation, parameters),
            read=envelope.returned(self._namespace, operation),
            event_id=event_id,
            secrets=[*(value for _, value in parameters), *secrets],
        )

    def send(
        self,
        body: bytes,
        *,
        read: Reader,
        media: str = MEDIA,
        event_id: str = "",
        secrets: Sequence[str] = (),
    ) -> Outcome:
        """`call` with a message that is ready; `read` finds in the answer what proves that 1C took it."""
        headers = _headers(media, event_id)
        return self._outcome(
            lambda session: self._wire.post(self._url, body, {**headers, **session}), read, secrets
        )

    def begin(
        self, operation: str, parameters: Sequence[tuple[str, str]], *, event_id: str, secrets: Sequence[str]
    ) -> "OnecCalling | None":
        """`call` without waiting for the answer; None when that cannot be, and nothing has left."""
        body = envelope.build(self._namespace, operation, parameters)
        session = self._sessions.borrow()
        try:
            head = self._head(event_id, tuple(self._sessions.headers(session).items()))
        except ValueError:  # a cookie that no header can hold: who waits is told so
            begun = None
        else:
            begun = self._wire.begin(self._url, body, head)
        if begun is None:
            self._sessions.put_back(session)
            return None

        def again(more: dict[str, str | bytes]) -> Answer:
            return self._wire.post(self._url, body, {**_headers(MEDIA, event_id), **more})

        def outcome() -> Outcome:
            return self._classified(
                lambda: self._heard(again, session, self._wire.finish(begun)),
                envelope.returned(self._namespace, operation),
                [*(value for _, value in parameters), *secrets],
            )

        return OnecCalling(begun, outcome)

    def _head(self, event_id: str, session: tuple[tuple[str, str], ...]) -> bytes:
        lines = self._session_lines(session)
        return lines + f"{_KEY}: {event_id}\r\n".encode() if event_id else lines

    def _lines(self, session: tuple[tuple[str, str], ...]) -> bytes:
        """What is the same in all calls of a session."""
        return self._wire.lines({**_headers(MEDIA, ""), **self._login, **dict(session)})

    def describe(self, wire: Wire, *, read: Reader) -> Outcome:
        """Ask for the WSDL, over a wire of its own: it is longer than any answer.

        In the same session as the calls: a harmless read is the best to begin a session with.
        """
        return self._outcome(lambda session: wire.get(f"{self._url}?wsdl", session), read, ())

    def finish(self) -> None:
        """Give the licences back: on stop, or when nothing was sent for a while. Best effort.

        YellowERP (2017) ends a session by a GET; that the WSDL of a web service serves for it is
        unverified. If it does not, 1C ends the session by itself after SessionMaxAge seconds.
        """
        for session in self._sessions.take_all():
            headers: dict[str, str | bytes] = {
                **self._login,
                **self._sessions.headers(session),
                "IBSession": "finish",
            }
            with suppress(WireError):
                self._wire.get(f"{self._url}?wsdl", headers)

    def _outcome(self, send: _Send, read: Reader, secrets: Sequence[str]) -> Outcome:
        return self._classified(lambda: self._ask(send), read, secrets)

    def _classified(self, ask: Callable[[], Answer], read: Reader, secrets: Sequence[str]) -> Outcome:
        hidden = [*self._secrets, *(secret for secret in secrets if len(secret) >= _SECRET_CHARS)]
        try:
            answer = ask()
        except WireError as error:
            return unreachable(error, hidden)
        return classify(answer, read=read, address=self._address, secrets=hidden)

    def _ask(self, send: _Send) -> Answer:
        session = self._sessions.borrow()
        return self._heard(send, session, self._sent(send, session))

    def _heard(self, send: _Send, session: str, answer: Answer) -> Answer:
        """The answer itself; another one when it says that the session was forgotten."""
        if session and session_lost(answer):
            session = ""
            answer = self._sent(send, session)
        self._sessions.keep(session, answer)
        return answer

    def _sent(self, send: _Send, session: str) -> Answer:
        try:
            return send({**self._login, **self._sessions.headers(session)})
        except WireError as error:
            if not error.sent:  # else the session may be busy with this call for long
                self._sessions.put_back(session)
            raise


class OnecCalling:
    """`Calling` of a published web service."""

    def __init__(self, begun: Begun, outcome: Callable[[], Outcome]) -> None:
        self.ends_at = begun.ends_at
        self.fileno = begun.fileno
        self.outcome = outcome
        self._begun = begun

    def come(self) -> bool:
        return self._begun.come() == 200  # another one may have to be asked for


def _headers(media: str, event_id: str) -> dict[str, str | bytes]:
    """
    The manual's curl sends no SOAPAction; a Cyrillic operation in it would not leave (Mobilon,
    contents/vpbx/integration/1c.md, 2017-06-02).
    """
    told: dict[str, str | bytes] = {"Content-Type": media, "SOAPAction": '""'}
    if event_id:
        told[_KEY] = event_id
    return told
