"""Subscribers' keys, tried one by one by asking the exchange to dial a number that it must refuse.

Mobilon refuses with code 3 a number that holds anything but digits and Latin letters (contents/vpbx/api.md,
2017-06-02), and «-» is neither; a wrong key gives 2. Which of the two it looks at first, and whether a
later line of its API (webapi2, callapi, simple-calls) refuses such a number at all, is documented nowhere.
So nobody is asked unless the administrator says so, and the first number that is taken ends it.
"""

from collections.abc import Iterator

from bridge.core.calls import Subscriber
from bridge.core.dialing import CallCode, CallResult
from bridge.core.numbers import PhoneNumber
from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.settings import ExchangeSection
from bridge.wiring.partners import exchange_client, subscribers_of

PLACEHOLDER = "впишите"  # as `init` writes it
IMPOSSIBLE = PhoneNumber(digits="-")
_TAKEN_TWICE = "не звонит ли телефон? Проверка ключей остановлена; остальных проверьте звонком из 1С"


def key_findings(link: str, section: ExchangeSection) -> Iterator[Finding]:
    """One finding for each subscriber; stops when the exchange does something unexpected."""
    client = exchange_client(section)
    said = "прошу ВАТС набрать номер «-», чтобы узнать, верны ли ключи; порядок её проверок не описан"
    yield good(link, Code.KEYS_ASKED, said)
    for person in subscribers_of(section):
        if PLACEHOLDER in person.key:
            continue  # told already
        finding = _judged(link, person, client.dial(person, IMPOSSIBLE))
        yield finding
        if finding.code in (Code.KEY_TAKEN, Code.KEY_UNKNOWN):
            return


def _judged(link: str, person: Subscriber, result: CallResult) -> Finding:
    whose = f"абонент «{person.name}»"
    match result.code:  # the manual's codes
        case 3:
            return good(link, Code.KEY_GOOD, f"{whose}: ключ верный")
        case 2:
            advice = "скопируйте ключ из кабинета ВАТС заново"
            return bad(link, Code.KEY_WRONG, f"{whose}: ВАТС не знает такого ключа", advice)
        case 1:
            said = f"{whose}: ключ верный, но телефон сейчас не зарегистрирован на ВАТС"
            return doubtful(link, Code.KEY_UNREGISTERED, said, "включите телефон или софтфон и повторите")
        case 5:
            said = f"{whose}: за ключом не закреплён телефон"
            return bad(link, Code.KEY_NOBODY, said, "в кабинете ВАТС назначьте пользователю абонента")
        case CallCode.DONE:
            return doubtful(link, Code.KEY_TAKEN, f"{whose}: ВАТС приняла номер «-»", _TAKEN_TWICE)
    said = f"{whose}: по ответу ВАТС не понять ({result.message})"
    return doubtful(link, Code.KEY_UNKNOWN, said, "проверка ключей остановлена; проверьте звонком из 1С")
