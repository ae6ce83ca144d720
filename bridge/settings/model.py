"""What may be set, each with its limits and an example of a right value.

Quantities wear their units: `_s` is seconds. Secrets are `SecretStr`: they do not show when
settings are printed.
"""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import SUPPORTED_REGIONS
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENV_PREFIX = "BRIDGE__"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
_URL = re.compile(r"https?://[^\s/@?#]+[^\s@?#]*")


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError("нужен адрес http(s) без имени, пароля и параметров")
    return value.rstrip("/")


def _ascii_secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,128}", text):
        raise ValueError("нужно от 16 латинских букв, цифр, «-» и «_»")
    return value


def _token_hash(value: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        raise ValueError("нужен хеш от команды vpbx-bridge token")
    return value


def _path(value: Path) -> Path:
    if any(ord(char) < 32 for char in str(value)):  # "C:\\bridge" in double quotes: \\b is a backspace
        raise ValueError("в пути пишите «/» или одинарные кавычки: 'C:\\bridge\\bridge.db'")
    return value


def _conninfo(address: str) -> dict[str, Any]:
    """The parts of an address of PostgreSQL as its own library reads it; {} when it cannot."""
    try:
        return dict(conninfo_to_dict(address))
    except ProgrammingError:
        return {}


def _database(value: str) -> str:
    if value.startswith(("postgres://", "postgresql://")):
        facts = _conninfo(value)
        spoilt = any("@" in str(facts.get(name, "")) for name in ("host", "port", "dbname"))
        if not facts or spoilt or value.count("@") > 1 or "#" in value or " " in value:
            raise ValueError(
                "адрес PostgreSQL не читается: в имени и пароле знаки @ / # ? : % [ ] и пробел пишутся как "
                "%40 %2F %23 %3F %3A %25 %5B %5D %20; вид адреса: postgresql://bridge:пароль@127.0.0.1:5432/bridge"
            )
        if not facts.get("dbname"):
            raise ValueError("нет имени базы: нужно postgresql://bridge:пароль@127.0.0.1:5432/bridge")
        return value
    if "://" in value or not value.strip():
        raise ValueError("нужно имя файла SQLite или адрес postgresql://")
    return str(_path(Path(value)))


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"часовой пояс «{value[:40]}» неизвестен, например Asia/Krasnoyarsk") from None
    return value


def _hours(value: str) -> str:
    begin, _, end = value.partition("-")
    if begin >= end:
        raise ValueError("начало рабочего дня должно быть раньше конца, например 09:00-18:00")
    return value


def _listen(value: str) -> str:
    if not 0 <= int(value.rpartition(":")[2]) <= 65535:
        raise ValueError("порт бывает от 1 до 65535")
    return value


def _country(value: str) -> str:
    value = value.upper()
    if value not in SUPPORTED_REGIONS:
        raise ValueError(f"страна «{value[:20]}»: нужен двухбуквенный код, например RU")
    return value


def _address(value: str) -> str:
    try:
        return str(ip_address(value)) if value else ""
    except ValueError:
        raise ValueError("нужен IP-адрес прокси, например 127.0.0.1") from None


SafePath = Annotated[Path, AfterValidator(_path)]
Country = Annotated[str, AfterValidator(_country)]
Url = Annotated[str, AfterValidator(_url)]
PathSecret = Annotated[SecretStr, AfterValidator(_ascii_secret)]
TokenHash = Annotated[str, AfterValidator(_token_hash)]
Seconds = Annotated[float, Field(gt=0, le=30 * 24 * 3600)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSection(Section):
    listen: Annotated[str, AfterValidator(_listen)] = Field(
        default="127.0.0.1:8080",
        pattern=r"^([^\s:]+|\[[0-9a-fA-F:]+\]):\d{1,5}$",
        examples=["127.0.0.1:8080"],
    )
    public_url: Url = Field(default="http://127.0.0.1:8080", examples=["https://bridge.example.ru"])
    # a file of SQLite, or postgresql://user:password@host/name
    database: Annotated[str, AfterValidator(_database)] = Field(
        default="bridge.db", repr=False, examples=["bridge.db"]
    )
    threads: int = Field(default=32, ge=2, le=256, examples=[32])
    # after a stop was asked for: so long /readyz says no while everything is still answered
    drain_s: float = Field(default=0.0, ge=0, le=300, examples=[5])
    # PollEvents that may wait at once; each holds one of `threads`
    mailbox_waiters: int = Field(default=8, ge=0, le=200, examples=[8])
    keep_days: int = Field(default=180, ge=1, le=3650, examples=[180])
    trusted_proxy: Annotated[str, AfterValidator(_address)] = Field(default="", examples=["127.0.0.1"])
    log_format: Literal["text", "json"] = Field(default="text", examples=["text"])

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


class SubscriberSection(Section):
    name: str = Field(min_length=1, max_length=100, examples=["Иванова Анна"])
    extension: str = Field(default="", pattern=r"^\d{0,6}$", examples=["101"])
    key: SecretStr = Field(default=SecretStr(""), examples=["gW3cyUJAtl50PhF"])

    @model_validator(mode="after")
    def _reachable(self) -> "SubscriberSection":
        if not self.extension and not self.key.get_secret_value():
            raise ValueError("у абонента нужен key или extension")
        return self


class ExchangeSection(Section):
    kind: Literal["mobilon"] = Field(default="mobilon", examples=["mobilon"])
    api: Literal["connect", "webapi2", "callapi", "simple-calls"] = Field(
        default="connect", examples=["connect"]
    )
    base_url: Url | None = Field(default=None, examples=["https://connect.mobilon.ru"])
    allow_http: bool = Field(default=False, examples=[True])
    hook_secret: PathSecret = Field(examples=["Zt5x0mWq2p1k-example"])
    node_token: SecretStr = Field(default=SecretStr(""), examples=["токен узла для api = callapi"])
    api_password: SecretStr = Field(default=SecretStr(""), examples=["API-токен для api = simple-calls"])
    area_code: str = Field(default="", pattern=r"^\d{0,5}$", examples=["391"])
    timeout_s: Seconds = Field(default=5.0, examples=[5])
    merge_window_s: Seconds = Field(default=5.0, examples=[5])
    # the exchange's own journal of calls heals what its hook missed
    journal_token: SecretStr = Field(default=SecretStr(""), examples=["токен ВАТС из её кабинета"])
    journal_url: Url | None = Field(default=None, examples=["https://connect.mobilon.ru"])
    reconcile_at: str = Field(default="03:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["03:30"])
    reconcile_lag_s: Seconds = Field(default=600.0, examples=[600])
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="Europe/Moscow", examples=["Asia/Krasnoyarsk"]
    )
    # silence of the hook for so long within working hours is an alarm; 0 turns it off
    silence_s: float = Field(default=4 * 3600.0, ge=0, le=30 * 24 * 3600, examples=[14400])
    work_hours: Annotated[str, AfterValidator(_hours)] = Field(
        default="09:00-18:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        examples=["09:00-18:00"],
    )
    work_days: str = Field(default="1-5", pattern=r"^[1-7](-[1-7])?$", examples=["1-5"])
    subscribers: list[SubscriberSection] = Field(default_factory=list)

    @model_validator(mode="after")
    def _complete(self) -> "ExchangeSection":
        for what in ("name", "extension", "key"):
            values = [_plain(getattr(person, what)) for person in self.subscribers]
            twice = {value for value in values if value and values.count(value) > 1}
            if twice:
                raise ValueError(f"у двух абонентов одинаковый {what}: 1С не отличит их")
        plain = any(
            url.startswith("http://") and not _loopback(url)
            for url in (self.base_url or "", self.journal_url or "")
        )
        if plain and not self.allow_http:
            raise ValueError("ключи нельзя передавать по http: укажите https или allow_http = true")
        if self.api == "callapi" and not self.node_token.get_secret_value():
            raise ValueError("для api = callapi нужен node_token")
        if self.api == "simple-calls" and not self.api_password.get_secret_value():
            raise ValueError("для api = simple-calls нужен api_password")
        return self


class DialSection(Section):
    countries: list[Country] = Field(default=["RU"], examples=[["RU", "KZ"]])
    premium: bool = Field(default=False, examples=[False])
    internal: bool = Field(default=True, examples=[True])
    double_click_s: Seconds = Field(default=10.0, examples=[10])


class InfobaseSection(Section):
    exchange: str = Field(examples=["main"])
    # what 1C publishes and we call
    contract: Literal["vats", "vatscalls", "mailbox", "none"] = Field(default="none", examples=["vatscalls"])
    url: Url | None = Field(default=None, examples=["http://server/base/ws/VATScalls"])
    namespace: str = Field(default="", examples=["http://VATSCalls"])
    user: str = Field(default="", examples=["Телефония"])
    password: SecretStr = Field(default=SecretStr(""), examples=["пароль пользователя 1С"])
    ca_file: SafePath | None = Field(default=None, examples=["ca.pem"])
    connect_s: Seconds = Field(default=3.0, examples=[3])
    timeout_s: Seconds = Field(default=10.0, examples=[10])
    reuse_session: bool = Field(default=True, examples=[True])
    concurrency: int = Field(default=1, ge=1, le=16, examples=[1])
    attempts: int = Field(default=12, ge=1, le=1000, examples=[12])
    probe_s: Seconds = Field(default=5.0, examples=[5])
    popup_lifetime_s: Seconds = Field(default=30.0, examples=[30])
    journal_lifetime_s: Seconds = Field(default=7 * 24 * 3600.0, examples=[604800])
    # which calls this infobase hears, and for whom it may dial; empty: all of its exchange
    subscribers: list[str] = Field(default_factory=list, examples=[["101", "Иванова Анна"]])
    called: list[str] = Field(default_factory=list, examples=[["83912000000"]])
    # how 1C calls us
    login: str = Field(default="", pattern=r"^[^:\s]{0,64}$", examples=["buh"])
    token_hashes: list[TokenHash] = Field(default_factory=list, examples=[["sha256:…"]])
    unlisted_keys: bool = Field(default=False, examples=[True])
    show_keys: bool = Field(default=False, examples=[True])
    dial: DialSection = DialSection()

    @model_validator(mode="after")
    def _complete(self) -> "InfobaseSection":
        if self.contract in ("vats", "vatscalls") and not self.url:
            raise ValueError('нужен url веб-сервиса 1С, например url = "http://server/base/ws/VATScalls"')
        return self


class Settings(BaseSettings):
    """Everything that may be set. Names of exchanges and infobases: a-z, 0-9, «-», «_»."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

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
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not ours to read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)

    def secrets(self) -> list[str]:
        """Every secret in the settings, for the log to hide."""
        found: list[str] = []
        _collect(self, found)
        if "://" in self.server.database and (password := _conninfo(self.server.database).get("password")):
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


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value.casefold()
