"""What may be set, each with its limits and an example of a right value.

Quantities wear their units: `_s` is seconds. Secrets are `SecretStr`: they do not show when
settings are printed.
"""

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator

from bridge.settings.kinds import (
    Database,
    LinkSecret,
    Listen,
    ProxyAddress,
    SafePath,
    Section,
    Url,
    conninfo,
    loopback,
)
from bridge.settings.partners import ExchangeSection, InfobaseSection, SubscriberSection

ENV_PREFIX = "BRIDGE__"  # of variables of the environment
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = ("0.0.0.0", "::", "127.0.0.1", "::1", "localhost")  # noqa: S104 - not to listen there


class ServerSection(Section):
    listen: Listen = Field(
        default="127.0.0.1:8080",
        pattern=r"^([^\s:]+|\[[0-9a-fA-F:]+\]):\d{1,5}$",
        examples=["127.0.0.1:8080"],
    )
    public_url: Url = Field(default="http://127.0.0.1:8080", examples=["https://bridge.example.ru"])
    # a file of SQLite, or postgresql://user:password@host/name
    database: Database = Field(default="bridge.db", repr=False, examples=["bridge.db"])
    threads: int = Field(default=64, ge=2, le=256, examples=[32])
    # each process that serves keeps to one core, on Linux
    pin: bool = Field(default=True, examples=[True])
    # after a stop was asked for: so long /readyz says no while everything is still answered
    drain_s: float = Field(default=0.0, ge=0, le=300, examples=[5])
    # PollEvents that may wait at once; each holds one of `threads`
    mailbox_waiters: int = Field(default=8, ge=0, le=200, examples=[8])
    keep_days: int = Field(default=180, ge=1, le=3650, examples=[180])
    # who did what with the bridge, and who listened to recordings
    audit_days: int = Field(default=1095, ge=1, le=3650, examples=[1095])
    trusted_proxy: ProxyAddress = Field(default="", examples=["127.0.0.1"])
    log_format: Literal["text", "json"] = Field(default="text", examples=["text"])
    # links to recordings: what signs them, for how long they open, where copies are kept
    link_secret: LinkSecret = Field(default=SecretStr(""), examples=["случайная строка от 32 знаков"])
    record_link_s: float = Field(default=30 * 24 * 3600.0, gt=0, le=366 * 24 * 3600, examples=[2592000])
    records_dir: SafePath = Field(default=Path("records"), examples=["records"])

    @property
    def database_file(self) -> Path | None:
        """The SQLite file; None when the database is PostgreSQL."""
        return None if "://" in self.database else Path(self.database)

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    def is_at(self, url: str) -> bool:
        """Does `url` lead here: to where we listen, or below `/ws/` of the public address?

        Behind one proxy 1C may have other paths of the same host.
        """
        asked, public = urlsplit(url), urlsplit(self.public_url)
        port = asked.port or _PORTS[asked.scheme]
        if port == self.port and (
            asked.hostname == self.host or (loopback(url) and self.host in _EVERYWHERE)
        ):
            return True
        same_host = (asked.hostname, port) == (public.hostname, public.port or _PORTS[public.scheme])
        return same_host and asked.path.startswith(f"{public.path}/ws/")


class Settings(Section):
    """Everything that may be set. Names of exchanges and infobases: a-z, 0-9, «-», «_»."""

    server: ServerSection = ServerSection()
    exchange: dict[str, ExchangeSection] = Field(default_factory=dict)
    infobase: dict[str, InfobaseSection] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names(self) -> "Settings":
        for name in (*self.exchange, *self.infobase):
            if not NAME.fullmatch(name):
                raise ValueError(f"имя «{name}»: нужны латинские строчные буквы и цифры, например buh")
        logins: dict[str, str] = {}
        for name, infobase in self.infobase.items():
            if infobase.exchange not in self.exchange:
                raise ValueError(f"infobase.{name}.exchange: нет раздела [exchange.{infobase.exchange}]")
            people = self.exchange[infobase.exchange].subscribers
            for handle in infobase.subscribers:
                if not any(_means(person, handle) for person in people):
                    raise ValueError(
                        f"infobase.{name}.subscribers: у ВАТС {infobase.exchange} нет абонента "
                        f"«{handle[:40]}»; нужен внутренний номер или имя из [[exchange.….subscribers]]"
                    )
            login = infobase.login or name
            if login in logins:
                raise ValueError(f"infobase.{name}.login: то же имя, что у infobase.{logins[login]}")
            logins[login] = name
        for name, exchange in self.exchange.items():
            for asked in exchange.caller_order:
                if asked not in self.infobase or self.infobase[asked].exchange != name:
                    raise ValueError(f"exchange.{name}.caller_order: у этой ВАТС нет базы «{asked[:40]}»")
        return self

    @model_validator(mode="after")
    def _not_ourselves(self) -> "Settings":
        """The bridge answers as 1C does: told to tell itself, it would do so for ever."""
        for name, infobase in self.infobase.items():
            if infobase.url and self.server.is_at(infobase.url):
                raise ValueError(
                    f"infobase.{name}.url: это адрес самого моста; нужен адрес веб-сервиса 1С, "
                    "например http://server/base/ws/VATScalls"
                )
        return self

    def lifetimes(self) -> dict[tuple[str, str], float]:
        """A replayed delivery lives as long as a new one: (infobase, purpose) -> seconds."""
        return {
            (name, purpose): lifetime_s
            for name, section in self.infobase.items()
            for purpose, lifetime_s in (
                ("popup", section.popup_lifetime_s),
                ("journal", section.journal_lifetime_s),
            )
        }

    def secrets(self) -> list[str]:
        """Every secret in the settings, for the log to hide."""
        found: list[str] = []
        _collect(self, found)
        if "://" in self.server.database and (password := conninfo(self.server.database).get("password")):
            found += [str(password), quote(str(password), safe="")]
        return found


def _means(person: SubscriberSection, handle: str) -> bool:
    return handle.strip() in (person.extension, person.key.get_secret_value()) or (
        handle.strip().casefold() == person.name.casefold()
    )


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, SecretStr):
        found.append(value.get_secret_value())
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            _collect(getattr(value, name), found)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)
