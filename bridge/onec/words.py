"""The words of 1C's failures and whom they are about: the event, our login, or the whole infobase.

Russian texts are the platform's own. Of the English twins only «There are no free licenses» and
«License not found» were seen in others' logs of 1C; the rest are unverified.
"""

import re
from enum import Enum, auto

_MAX_READ = 2_000  # characters; a platform's sentence stands at the beginning


class About(Enum):
    EVENT = auto()  # a handler failed on this event
    LOGIN = auto()
    SERVICE = auto()  # published wrongly
    SESSION = auto()
    INFOBASE = auto()


# The first match wins.
SIGNS: tuple[tuple[About, tuple[str, ...]], ...] = (
    # a lock inside the base passes by itself, and is no lock of the base
    (About.EVENT, ("конфликт блокировок", "deadlock", "взаимоблокировк", "lock conflict")),
    (
        About.LOGIN,
        (
            "нарушение прав доступа",
            "недостаточно прав",
            "идентификация пользователя не выполнена",
            "access rights? violation",
        ),
    ),
    # cc-1c-skills, docs/web-spec.md, on 8.3.24: an extension's service that is not published. With the
    # capital: a handler may miss a service of its own
    (About.SERVICE, ("(?-i:Сервис не найден)", "(?-i:Service not found)")),
    (About.SESSION, ("сеанс отсутствует или удал[её]н", "сеанс работы завершен")),
    (
        About.INFOBASE,
        (
            "лиценз",  # «Не обнаружено свободной лицензии», «Не найдена лицензия»
            "no free licenses",
            "license not found",
            "начало сеанса .{0,60}запрещено",
            "ведутся технические работы",
            "установлена блокировка (начала|входа|сеансов|соединений)",
            r"блокировк\w{0,4} .{0,60}установлена .{0,60}\bбаз",
            r"установлена .{0,40}блокировк\w{0,4} .{0,40}\bбаз",
            "ошибка соединения с сервером 1с:предприятия",
            "сервер 1с:предприятия не обнаружен",
            "не удалось установить соединение с сервером баз данных",
            "информационная база не обнаружена",
            "различаются версии клиента и сервера",
        ),
    ),
)
_SIGNS = [(about, re.compile("|".join(words), re.IGNORECASE)) for about, words in SIGNS]


def about(text: str) -> About | None:
    """Whom a failure is about; None when its words say nothing known.

    >>> about("Начало сеанса с информационной базой запрещено.")
    <About.INFOBASE: 5>
    """
    flat = " ".join(text[:_MAX_READ].split())
    return next((found for found, words in _SIGNS if words.search(flat)), None)
