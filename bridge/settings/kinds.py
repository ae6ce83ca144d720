"""Kinds of values that may be set, each with what is wrong about a wrong one, in Russian."""

import re
from ipaddress import IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

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


def _optional_secret(value: SecretStr) -> SecretStr:
    return _ascii_secret(value) if value.get_secret_value() else value


def _link_secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and len(value.get_secret_value()) < 32:
        raise ValueError("нужно от 32 знаков; сделать: vpbx-bridge token --link")
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9.-]+(:\d{1,5})?", value.lower()):
        raise ValueError("нужно имя сервера без https:// и пути, например records.mobilon.ru")
    return value.lower()


def _token_hash(value: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        raise ValueError("нужен хеш от команды vpbx-bridge token")
    return value


def _path(value: Path) -> Path:
    if any(ord(char) < 32 for char in str(value)):  # "C:\\bridge" in double quotes: \\b is a backspace
        raise ValueError("в пути пишите «/» или одинарные кавычки: 'C:\\bridge\\bridge.db'")
    return value


def conninfo(address: str) -> dict[str, Any]:
    """The parts of an address of PostgreSQL as its own library reads it; {} when it cannot."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return dict(conninfo_to_dict(address))
    except ProgrammingError:
        return {}


def _database(value: str) -> str:
    if value.startswith(("postgres://", "postgresql://")):
        facts = conninfo(value)
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


def _optional_hours(value: str) -> str:
    if value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("нужно время с и до, например 08:00-20:00")
    return _hours(value) if value else ""


def _prefix(value: str) -> str:
    digits = value.removeprefix("+")
    if not re.fullmatch(r"[1-9]\d{0,14}", digits):
        raise ValueError("нужно начало номера с кодом страны, например 7495 или 375")
    return digits


def _short_numbers(value: str) -> str:
    first, _, last = value.partition("-")
    last = last or first
    if not re.fullmatch(r"\d{2,6}", first) or len(last) != len(first) or not last.isdigit() or last < first:
        raise ValueError("нужен короткий номер из 2-6 цифр или промежуток, например 300 или 400-499")
    if int(last) - int(first) > 10_000:
        raise ValueError("слишком большой промежуток коротких номеров")
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


def _network(value: str) -> str:
    """An address is a network of one; IPv4 inside of IPv6 is IPv4."""
    try:
        found = ip_network(value.strip())
    except ValueError:
        raise ValueError(_not_a_network(value.strip())) from None
    if isinstance(found, IPv6Network) and found.prefixlen >= 96 and found[0].ipv4_mapped:
        return str(ip_network((int(found[0].ipv4_mapped), found.prefixlen - 96)))
    return str(found)


def _not_a_network(value: str) -> str:
    try:
        meant = ip_network(value, strict=False)
    except ValueError:
        return f"«{value[:60]}» — не сеть и не IP-адрес, нужно, например, 91.199.46.0/24 или 2001:db8::/32"
    return f"«{value[:60]}» — адрес внутри сети, а сеть записывается так: {meant}"


SafePath = Annotated[Path, AfterValidator(_path)]
Country = Annotated[str, AfterValidator(_country)]
Url = Annotated[str, AfterValidator(_url)]
PathSecret = Annotated[SecretStr, AfterValidator(_ascii_secret)]
OptionalPathSecret = Annotated[SecretStr, AfterValidator(_optional_secret)]
Network = Annotated[str, AfterValidator(_network)]
TokenHash = Annotated[str, AfterValidator(_token_hash)]
Seconds = Annotated[float, Field(gt=0, le=30 * 24 * 3600)]
Limit = Annotated[int, Field(ge=0, le=1_000_000)]
Prefix = Annotated[str, AfterValidator(_prefix)]
ShortNumbers = Annotated[str, AfterValidator(_short_numbers)]
OptionalHours = Annotated[str, AfterValidator(_optional_hours)]
Listen = Annotated[str, AfterValidator(_listen)]
Database = Annotated[str, AfterValidator(_database)]
Timezone = Annotated[str, AfterValidator(_timezone)]
WorkingHours = Annotated[str, AfterValidator(_hours)]
ProxyAddress = Annotated[str, AfterValidator(_address)]
HostName = Annotated[str, AfterValidator(_host)]
LinkSecret = Annotated[SecretStr, AfterValidator(_link_secret)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
