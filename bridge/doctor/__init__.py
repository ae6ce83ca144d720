"""The doctor looks at each link of the road and says in Russian what is wrong and what to do.

::

    own, entrance             the bridge itself
    exchange, infobase        its partners
    reach, tls, clock         is a machine there, may it be trusted (`handshakes`), what time is it there
    publication, calling      the web service of 1C: reached, described, called
    wsdl, contents, names     what its description says, against what the bridge needs
    refusals                  what 1C says instead
    keys                      subscribers' keys, on request
    together                  all links at once, in bounded time
    codes, finding            what is told

It dials nobody, unless asked to try the keys; it changes nothing in 1C.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bridge.core.errors import BadSettings, StoreUnavailable
from bridge.doctor.codes import Code
from bridge.doctor.entrance import ADDRESS, entrance_findings
from bridge.doctor.exchange import exchange_findings
from bridge.doctor.finding import BAD, Finding, bad, good
from bridge.doctor.infobase import Commands, infobase_findings
from bridge.doctor.own import COMPUTER, DATABASE, computer_findings, database_findings
from bridge.doctor.together import Link, together
from bridge.settings import Settings, load
from bridge.store.archive import Archive

TOTAL_S = 60.0
SETTINGS = "настройки"


def examine(
    config: Path, *, only: str = "", keys: bool = False, total_s: float = TOTAL_S
) -> Iterator[Finding]:
    """Everything that can be seen from here, in the order of the road, each as soon as it is known.

    Args:
        only: one exchange or infobase by its name; "" for everything.
        keys: ask the exchanges about each subscriber's key.
        total_s: it takes no longer, whatever hangs.

    Raises:
        BadSettings: there is no exchange or infobase called `only`.
    """
    until = time.monotonic() + total_s
    try:
        settings = load(config)
    except BadSettings as error:
        yield bad(SETTINGS, Code.SETTINGS_WRONG, str(error), "исправьте названное и запустите проверку снова")
        return
    if only and only not in (*settings.exchange, *settings.infobase):
        names = ", ".join((*settings.exchange, *settings.infobase)) or "нет ни одной"
        raise BadSettings(f"--only {only}: такой ВАТС или базы в настройках нет; есть: {names}")
    secrets = settings.secrets()
    for finding in _examined(settings, config, only=only, keys=keys, until=until):
        yield finding.without(secrets)


def _examined(settings: Settings, config: Path, *, only: str, keys: bool, until: float) -> Iterator[Finding]:
    yield good(SETTINGS, Code.SETTINGS_READ, f"{config} читается")
    readable = True
    if not only:
        if not settings.exchange:
            advice = "добавьте раздел [exchange.main]"
            yield bad(SETTINGS, Code.SETTINGS_NO_EXCHANGE, "нет ни одной ВАТС", advice)
        if not settings.infobase:
            advice = "добавьте раздел [infobase.buh]"
            yield bad(SETTINGS, Code.SETTINGS_NO_INFOBASE, "нет ни одной базы 1С", advice)
        ground = [
            Link(name=COMPUTER, look=partial(computer_findings, settings)),
            Link(name=DATABASE, look=partial(database_findings, settings)),
        ]
        for finding in together(ground, until):
            readable = readable and not (finding.link == DATABASE and finding.grade == BAD)
            yield finding
    archive = _archive(settings) if readable else None
    command = Commands(config=config)
    links = [] if only else [Link(name=ADDRESS, look=partial(entrance_findings, settings))]
    links += [
        Link(
            name=f"ВАТС {name}",
            look=partial(exchange_findings, name, section, archive, keys=keys),
        )
        for name, section in settings.exchange.items()
        if only in ("", name)
    ]
    links += [
        Link(name=f"1С {name}", look=partial(infobase_findings, name, settings, archive, command))
        for name in settings.infobase
        if only in ("", name)
    ]
    yield from together(links, until)


def _archive(settings: Settings) -> Archive | None:
    """What the bridge remembers; None when it has never run."""
    try:
        return Archive(settings.server.database)
    except StoreUnavailable:
        return None


__all__ = ["Code", "Finding", "examine"]
