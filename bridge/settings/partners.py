"""The sections of exchanges and infobases."""

from collections.abc import Collection
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from bridge.core.dial_limits import DialLimits
from bridge.core.wording import OF_EVENT, OF_NUMBER, Wording
from bridge.settings.kinds import (
    Country,
    HostName,
    Limit,
    Network,
    OptionalHours,
    OptionalPathSecret,
    PathSecret,
    Prefix,
    SafePath,
    Seconds,
    Section,
    ShortNumbers,
    Timezone,
    TokenHash,
    Url,
    WorkingHours,
    loopback,
)


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
    # while the secret is being changed: accepted beside `hook_secret`
    old_hook_secret: OptionalPathSecret = Field(default=SecretStr(""), examples=["Jb7w1kRs4n8v-example"])
    # where the exchange calls from; empty: anywhere
    networks: list[Network] = Field(default_factory=list, examples=[["91.199.46.0/24"]])
    node_token: SecretStr = Field(default=SecretStr(""), examples=["токен узла для api = callapi"])
    api_password: SecretStr = Field(default=SecretStr(""), examples=["API-токен для api = simple-calls"])
    area_code: str = Field(default="", pattern=r"^\d{0,5}$", examples=["391"])
    timeout_s: float = Field(default=5.0, gt=0, le=240, examples=[5])  # a click is forgotten after 300
    merge_window_s: Seconds = Field(default=5.0, examples=[5])
    # the exchange's own journal of calls heals what its hook missed
    journal_token: SecretStr = Field(default=SecretStr(""), examples=["токен ВАТС из её кабинета"])
    journal_url: Url | None = Field(default=None, examples=["https://connect.mobilon.ru"])
    reconcile_at: str = Field(default="03:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["03:30"])
    reconcile_lag_s: Seconds = Field(default=600.0, examples=[600])
    timezone: Timezone = Field(default="Europe/Moscow", examples=["Asia/Krasnoyarsk"])
    # silence of the hook for so long within working hours is an alarm; 0 turns it off
    silence_s: float = Field(default=4 * 3600.0, ge=0, le=30 * 24 * 3600, examples=[14400])
    work_hours: WorkingHours = Field(
        default="09:00-18:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        examples=["09:00-18:00"],
    )
    work_days: str = Field(default="1-5", pattern=r"^[1-7](-[1-7])?$", examples=["1-5"])
    # who is calling: the exchange is answered within `caller_s`, whatever 1C does
    caller_s: float = Field(default=0.8, gt=0, le=10, examples=[0.8])
    caller_fresh_s: Seconds = Field(default=3600.0, examples=[3600])
    caller_unknown_s: Seconds = Field(default=300.0, examples=[300])
    caller_order: list[str] = Field(default_factory=list, examples=[["buh", "crm"]])
    # whom a missed call is counted to, when several telephones rang one after another
    missed_by: Literal["last", "first"] = Field(default="last", examples=["last"])
    # records: other servers they may be fetched from; a copy before the exchange deletes them
    record_hosts: list[HostName] = Field(default_factory=list, examples=[["records.mobilon.ru"]])
    keep_records: bool = Field(default=False, examples=[True])
    subscribers: list[SubscriberSection] = Field(default_factory=list)

    @model_validator(mode="after")
    def _complete(self) -> "ExchangeSection":
        for what in ("name", "extension", "key"):
            values = [_plain(getattr(person, what)) for person in self.subscribers]
            twice = {value for value in values if value and values.count(value) > 1}
            if twice:
                raise ValueError(f"у двух абонентов одинаковый {what}: 1С не отличит их")
        if self.old_hook_secret.get_secret_value() == self.hook_secret.get_secret_value():
            raise ValueError("old_hook_secret тот же, что hook_secret: новый делает vpbx-bridge token --hook")
        plain = any(
            url.startswith("http://") and not loopback(url)
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
    """Where, when and how often an infobase may dial; limits as `core.dial_limits.DialLimits`, 0 is none."""

    countries: list[Country] = Field(default=["RU"], examples=[["RU", "KZ"]])
    premium: bool = Field(default=False, examples=[False])
    internal: bool = Field(default=True, examples=[True])
    short_numbers: list[ShortNumbers] = Field(default_factory=list, examples=[["300", "400-499"]])
    allow: list[Prefix] = Field(default_factory=list, examples=[["375", "7495"]])
    deny: list[Prefix] = Field(default_factory=list, examples=[["7900"]])
    hours: OptionalHours = Field(default="", examples=["08:00-20:00"])
    days: str = Field(default="1-7", pattern=r"^[1-7](-[1-7])?$", examples=["1-5"])
    subscriber_minute: Limit = Field(default=DialLimits.subscriber_minute, examples=[10])
    subscriber_hour: Limit = Field(default=DialLimits.subscriber_hour, examples=[60])
    subscriber_day: Limit = Field(default=DialLimits.subscriber_day, examples=[200])
    infobase_minute: Limit = Field(default=DialLimits.infobase_minute, examples=[60])
    infobase_hour: Limit = Field(default=DialLimits.infobase_hour, examples=[600])
    infobase_day: Limit = Field(default=DialLimits.infobase_day, examples=[2000])
    same_number_hour: Limit = Field(default=DialLimits.same_number_hour, examples=[5])
    at_once: Limit = Field(default=DialLimits.at_once, examples=[10])
    double_click_s: Seconds = Field(default=10.0, examples=[10])


class OperationSection(Section):
    """An operation of a firm's own web service. Values of `parameters` hold words in braces."""

    words: ClassVar[Collection[str]] = OF_EVENT

    operation: str = Field(min_length=1, max_length=128, examples=["ВходящийЗвонок"])
    parameters: dict[str, str] = Field(default_factory=dict, examples=[{"НомерТелефона": "{from}"}])

    @field_validator("parameters")
    @classmethod
    def _known_words(cls, parameters: dict[str, str]) -> dict[str, str]:
        for name, text in parameters.items():
            try:
                Wording.parse(text, cls.words)
            except ValueError as error:
                raise ValueError(f"«{name[:40]}»: {error}") from None
        return parameters


class WhoSection(OperationSection):
    """Who is calling: where in the answer the name, the category and the manager's telephone are.

    Names of members or Out parameters; with none the result is read as contract `vats` has it.
    """

    words: ClassVar[Collection[str]] = OF_NUMBER

    # an example of its own: an event's words mean nothing here
    parameters: dict[str, str] = Field(default_factory=dict, examples=[{"НомерТелефона": "{number}"}])
    title: str = Field(default="", max_length=128, examples=["Наименование"])
    category: str = Field(default="", max_length=128, examples=["Категория"])
    manager: str = Field(default="", max_length=128, examples=["ТелефонМенеджера"])


class CustomSection(Section):
    """Contract `custom`: which operations of the firm's own web service mean what."""

    # a copy of the WSDL, for a 1C that does not give it; without one it is asked for at `url`
    wsdl_file: SafePath | None = Field(default=None, examples=["crm.wsdl"])
    # where the WSDL has several; without them the first SOAP 1.1 port
    service: str = Field(default="", max_length=128, examples=["CRM"])
    port: str = Field(default="", max_length=128, examples=["CRMSoap"])
    ring: OperationSection | None = None
    event: OperationSection | None = None
    who: WhoSection | None = None


class InfobaseSection(Section):
    exchange: str = Field(examples=["main"])
    # what 1C publishes and we call
    contract: Literal["vats", "vatscalls", "custom", "miko", "mailbox", "none"] = Field(
        default="none", examples=["vatscalls"]
    )
    url: Url | None = Field(default=None, examples=["http://server/base/ws/VATScalls"])
    namespace: str = Field(default="", examples=["http://VATSCalls"])
    user: str = Field(default="", examples=["Телефония"])
    password: SecretStr = Field(default=SecretStr(""), examples=["пароль пользователя 1С"])
    ca_file: SafePath | None = Field(default=None, examples=["ca.pem"])
    connect_s: Seconds = Field(default=3.0, examples=[3])
    timeout_s: Seconds = Field(default=10.0, examples=[10])
    reuse_session: bool = Field(default=True, examples=[True])
    concurrency: int = Field(default=1, ge=1, le=64, examples=[1])
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
    custom: CustomSection = CustomSection()

    @model_validator(mode="after")
    def _complete(self) -> "InfobaseSection":
        if self.contract not in ("mailbox", "none") and not self.url:
            raise ValueError('нужен url веб-сервиса 1С, например url = "http://server/base/ws/VATScalls"')
        custom = self.custom
        if self.contract == "custom" and not (custom.ring or custom.event or custom.who):
            raise ValueError(
                "для contract = custom нужен хотя бы один из разделов custom.ring, custom.event, custom.who"
            )
        return self


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value.casefold()
