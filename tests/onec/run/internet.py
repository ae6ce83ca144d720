"""What WSПрокси and HTTPСоединение share: one request over real HTTP, with 1C's exceptions.

Of the texts below «Ошибка работы с Интернет:  Превышен таймаут» and «Не могу установить соединение» are
seen in public code and forums (read 2026-11); «Удаленный узел не прошел проверку» is from memory; the
others are ours: the platform's wording is not known.
"""

from dataclasses import dataclass

import requests
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value
from onec.run.registry import Here, Registry
from onec.run.values import to_number
from requests.auth import HTTPBasicAuth

TYPES = Registry()
USER_AGENT = "1C+Enterprise/8.3"
WAITS_S = 600.0  # no test waits longer; one that means to see a timeout makes it less
LONGEST_S = 180  # std748: never more, in a call a person waits for


@dataclass(frozen=True, kw_only=True)
class Line:
    """How to reach a server: what the constructors' arguments say."""

    user: str = ""
    password: str = ""
    timeout_s: float
    authorities: str | bool = True
    secured: bool = False
    reads_faults: bool = True  # of an answer 401 with a Fault in it: unknown of 1C, so tests try both

    def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """The answer, whatever its status; redirects are not followed."""
        if url.startswith("https://") and not self.secured:
            raise Unsupported("https without ЗащищенноеСоединениеOpenSSL")
        with requests.Session() as session:
            session.trust_env = False
            session.headers = {"User-Agent": USER_AGENT}  # type: ignore[assignment]
            if self.user:
                # before a 401 or after it: unknown of 1C; the bridge serves both (facts 1c-soap §1.3)
                session.auth = HTTPBasicAuth(self.user.encode(), self.password.encode())
            try:
                return session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    timeout=min(self.timeout_s, WAITS_S),
                    allow_redirects=False,
                    verify=self.authorities,
                )
            except requests.Timeout:
                raise internet_error("Превышен таймаут") from None
            except requests.exceptions.SSLError:
                raise internet_error("Удаленный узел не прошел проверку") from None
            except requests.ConnectionError as error:
                if "NewConnectionError" in repr(error):
                    raise internet_error("Не могу установить соединение") from None
                raise internet_error("Соединение с сервером разорвано") from None
            except requests.RequestException as error:
                raise internet_error(type(error).__name__) from None


def internet_error(text: str) -> OnecError:
    return OnecError(f"Ошибка работы с Интернет:  {text}")


def in_context(member: str, cause: OnecError) -> OnecError:
    """The platform's own frame around what went wrong inside a method of it."""
    return OnecError(f"Ошибка при вызове метода контекста ({member})", cause)


def in_constructor(type_name: str, cause: OnecError) -> OnecError:
    return OnecError(f"Ошибка при вызове конструктора ({type_name})", cause)


def timeout(value: Value, type_name: str) -> float:
    """std748: whatever goes over a network has a timeout, and no module of ours may leave it out."""
    if value is MISSING or value is None:
        raise Unsupported(f"{type_name} without a timeout (std748)")
    seconds = to_number(value)
    if not 0 < seconds <= LONGEST_S:
        raise Unsupported(f"{type_name} with a timeout of {seconds} s (std748)")
    return float(seconds)


def text_or_empty(value: Value, type_name: str) -> str:
    if value is MISSING or value is None:
        return ""
    if not isinstance(value, str):
        raise OnecError(f"Несоответствие типов ({type_name})")  # wording unconfirmed
    return value


class SecureConnection(PlatformObject):
    type_name = "ЗащищенноеСоединениеOpenSSL"

    def __init__(self, authorities: str | bool) -> None:
        self.authorities = authorities


class SystemAuthorities(PlatformObject):
    type_name = "СертификатыУдостоверяющихЦентровОС"


@TYPES.add("СертификатыУдостоверяющихЦентровОС")
def _authorities(revocation: Value = MISSING) -> Value:
    return SystemAuthorities()


@TYPES.add("ЗащищенноеСоединениеOpenSSL")
def _secure(here: Here, client: Value = MISSING, authorities: Value = MISSING) -> Value:
    """Without authorities nobody's certificate is checked (facts 1c-soap §1.1), which no sample may do."""
    if client not in (MISSING, None):
        raise Unsupported("a certificate of the client")
    if not isinstance(authorities, SystemAuthorities):
        raise Unsupported("ЗащищенноеСоединениеOpenSSL that checks no certificate")
    return SecureConnection(here.interpreter.world.authorities)


def line(
    type_name: str,
    *,
    user: Value = "",
    password: Value = "",
    proxy: Value,
    seconds: Value,
    secure: Value,
    os_login: Value,
) -> Line:
    """The arguments that every network type has, checked."""
    if proxy not in (MISSING, None):
        raise Unsupported("ИнтернетПрокси")
    if os_login not in (MISSING, None, False):
        raise Unsupported("ИспользоватьАутентификациюОС")
    if secure not in (MISSING, None) and not isinstance(secure, SecureConnection):
        raise OnecError(f"Несоответствие типов ({type_name})")  # wording unconfirmed
    return Line(
        user=text_or_empty(user, type_name),
        password=text_or_empty(password, type_name),
        timeout_s=timeout(seconds, type_name),
        authorities=secure.authorities if isinstance(secure, SecureConnection) else True,
        secured=isinstance(secure, SecureConnection),
    )
