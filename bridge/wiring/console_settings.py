"""The settings as the console shows them: secrets hidden, and what to type into the exchange and into 1C."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from bridge.settings import Settings
from bridge.store.opening import place_of
from bridge.web.console.roads import Setting, SettingsGroup
from bridge.web.soap.vocabulary import LANGUAGES

HIDDEN = "***"
FOR_1C = "Для 1С"
SHOWN_APART = ("subscribers", "custom", "dial")


def hook_address(settings: Settings, exchange: str) -> str:
    """What to paste into the exchange's cabinet: its words for the key and the number are filled in there."""
    secret = settings.exchange[exchange].hook_secret.get_secret_value()
    base = settings.server.public_url.rstrip("/")
    return f"{base}/hooks/{exchange}/{secret}?key={{KEY}}&number={{NUMBER}}"


def shown(settings: Settings) -> list[SettingsGroup]:
    """Everything that is set, in the order of the file."""
    groups = [SettingsGroup(title=FOR_1C, lines=list(_for_1c(settings)))]
    server = [one for one in _lines(settings.server) if one.name != "database"]
    database = Setting(name="database", value=place_of(settings.server.database))
    groups.append(SettingsGroup(title="[server]", lines=[database, *server]))
    for name, exchange in settings.exchange.items():
        people = Setting(name="subscribers", value=", ".join(one.name for one in exchange.subscribers) or "—")
        groups.append(SettingsGroup(title=f"[exchange.{name}]", lines=[*_lines(exchange), people]))
    for name, infobase in settings.infobase.items():
        lines = [*_lines(infobase), Setting(name="subscribers", value=", ".join(infobase.subscribers) or "—")]
        groups.append(SettingsGroup(title=f"[infobase.{name}]", lines=lines))
        dial = SettingsGroup(title=f"[infobase.{name}.dial]", lines=list(_lines(infobase.dial)))
        groups.append(dial)
    return groups


def _for_1c(settings: Settings) -> Iterator[Setting]:
    base = settings.server.public_url.rstrip("/")
    for language in LANGUAGES:
        yield Setting(name=f"WSDL {language.service}", value=f"{base}{language.path}?wsdl", copied=True)
        yield Setting(name="Пространство имён", value=language.namespace, copied=True)
        port = f"{language.service}, {language.service}Soap"
        yield Setting(name="Сервис и порт", value=port, copied=True)
    logins = ", ".join(one.login or name for name, one in settings.infobase.items()) or "—"
    yield Setting(name="Имена для входа", value=logins)


def _lines(section: BaseModel) -> Iterator[Setting]:
    for name in type(section).model_fields:
        if name not in SHOWN_APART:
            yield Setting(name=name, value=_text(name, getattr(section, name)))


def _text(name: str, value: Any) -> str:
    match value:
        case SecretStr():
            return HIDDEN if value.get_secret_value() else "—"
        case None | "":
            return "—"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}" if value < 1e6 else f"{value:.0f}"
        case list():
            if name == "token_hashes":
                return f"{len(value)}"
            return ", ".join(map(str, value)) or "—"
    return str(value)
