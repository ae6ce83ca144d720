"""The doctor looks at each link of the road and says in Russian what is wrong and what to do.

It dials nobody.
"""

from pathlib import Path

from bridge.core.errors import BadSettings
from bridge.doctor.finding import BAD, Finding, bad, good
from bridge.doctor.links import exchange_findings, infobase_findings, own_findings
from bridge.settings import load
from bridge.store.archive import Archive


def examine(config: Path) -> list[Finding]:
    """Everything that can be seen from here, in the order of the road."""
    try:
        settings = load(config)
    except BadSettings as error:
        return [bad("настройки", str(error), "исправьте названное и запустите проверку снова")]
    findings = [good("настройки", f"{config} читается")]
    own = own_findings(settings)
    findings += own
    file, readable = settings.server.database_file, own[0].grade < BAD
    archive = Archive(settings.server.database) if readable and (file is None or file.is_file()) else None
    if not settings.exchange:
        findings.append(bad("настройки", "нет ни одной ВАТС", "добавьте раздел [exchange.main]"))
    if not settings.infobase:
        findings.append(bad("настройки", "нет ни одной базы 1С", "добавьте раздел [infobase.buh]"))
    for name, exchange in settings.exchange.items():
        findings += exchange_findings(name, exchange, archive)
    for name, infobase in settings.infobase.items():
        findings += infobase_findings(name, infobase, archive)
    return findings


__all__ = ["Finding", "examine"]
