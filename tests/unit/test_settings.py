"""Settings explain themselves, in Russian, to an administrator."""

import json
import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bridge.cli.template import SETTINGS
from bridge.core.errors import BadSettings
from bridge.core.wording import OF_EVENT, Wording
from bridge.settings import Settings, load, parse
from bridge.settings.loading import given
from bridge.settings.model import ENV_PREFIX, ServerSection
from bridge.settings.partners import (
    CustomSection,
    DialSection,
    ExchangeSection,
    InfobaseSection,
    SubscriberSection,
    WhoSection,
)
from bridge.web.auth import token_hash

GOOD = """
[exchange.main]
hook_secret = "a-hook-secret-of-tests-0001"
[infobase.buh]
exchange = "main"
"""
OWN = GOOD + "contract = 'custom'\nurl = 'http://h/b/ws/CRM'\n"
RING = "[infobase.buh.custom.ring]\noperation = 'Звонок'\nparameters = {'Номер' = '%s'}"
DOCS = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("BRIDGE__")}
    yield
    os.environ.update(kept)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nthreads = 'many'", "server.threads: нужно целое число. Пример: threads = 32"),
        ("[server]\nlistn = 'x'", "server.listn: такой настройки нет; возможно, имелось в виду listen"),
        ("[exchange.main]\napi = 'foo'", "exchange.main.api: такого значения нет, возможны: 'connect'"),
        ("[exchange.main]\nkind = 'mobilon'", "exchange.main.hook_secret: не указано. Пример: hook_secret ="),
        (GOOD.replace("[infobase", "timeout_s = 600\n[infobase"), "exchange.main.timeout_s: слишком много"),
        ("[exchange.main]\nhook_secret = 'short'", "нужно от 16 латинских букв"),
        ("[exchange.main]\nhook_secret = 'секретсекретсекрет'", "нужно от 16 латинских букв"),
        (GOOD.replace("[infobase", "old_hook_secret = 'short'\n[infobase"), "нужно от 16 латинских букв"),
        (
            GOOD.replace("[infobase", "old_hook_secret = 'a-hook-secret-of-tests-0001'\n[infobase"),
            "old_hook_secret тот же, что hook_secret",
        ),
        (GOOD.replace("[infobase", "networks = ['mobilon']\n[infobase"), "например, 91.199.46.0/24"),
        (
            GOOD.replace("[infobase", "networks = ['91.199.46.5/24']\n[infobase"),
            "так: 91.199.46.0/24",
        ),
        (GOOD.replace("[infobase", "networks = ['91.199.46.0/33']\n[infobase"), "не сеть и не IP-адрес"),
        (
            GOOD.replace("[infobase", "networks = '91.199.46.0/24'\n[infobase"),
            "нужен список",
        ),
        ("[server]\naudit_days = 0", "server.audit_days: слишком мало. Пример: audit_days = 1095"),
        (GOOD + "timeout_s = '10s'", "infobase.buh.timeout_s: нужно число. Пример: timeout_s = 10"),
        (GOOD + "timeout_s = 0", "infobase.buh.timeout_s: слишком мало"),
        (GOOD + "contract = 'vats'", "нужен url веб-сервиса 1С"),
        (GOOD + "url = 'http://user:pass@host/ws'", "нужен адрес http(s) без имени, пароля"),
        (GOOD + "token_hashes = ['secret']", "vpbx-bridge token"),
        (GOOD.replace('exchange = "main"', 'exchange = "other"'), "нет раздела [exchange.other]"),
        (GOOD.replace("infobase.buh", 'infobase."Бухгалтерия"'), "латинские строчные буквы"),
        (GOOD + "[infobase.two]\nexchange = 'main'\nlogin = 'buh'", "то же имя, что у infobase.buh"),
        ("[exchange.main]\nhook_secret = 'a-hook-secret-of-tests'\napi = 'callapi'", "нужен node_token"),
        (
            "[exchange.main]\nhook_secret = 'a-hook-secret-of-tests'\napi = 'simple-calls'",
            "нужен api_password",
        ),
        (
            "[exchange.main]\nhook_secret = 'a-hook-secret-of-tests'\nbase_url = 'http://pbx.example.ru'",
            "ключи нельзя передавать по http",
        ),
        (
            "[exchange.main]\nhook_secret = 'a-hook-secret-of-tests'\nsubscribers = [{name = 'Анна'}]",
            "у абонента нужен key или extension",
        ),
        ("[server", "в конце файла: запись не по правилам TOML"),
        ("[server]\nlisten = 'x\ny'", "строка 2: запись не по правилам TOML"),
        ('[server]\ndatabase = "C:\\bridge.db"', "одинарные кавычки"),
        ("[server]\ndatabase = 'postgresql://u:a@b/c@host/bridge'", "%40 %2F"),
        ("[server]\ndatabase = 'postgresql://u:a#b@host/bridge'", "%23"),
        ("[server]\ndatabase = 'postgresql://u:p@host'", "нет имени базы"),
        ("[server]\ndatabase = 'mysql://u:p@host/x'", "postgresql://"),
        ("[server]\nlisten = '127.0.0.1:99999'", "порт бывает от 1 до 65535"),
        ("[server]\ntrusted_proxy = 'proxy host'", "нужен IP-адрес прокси"),
        ("[server]\nlink_secret = 'short'", "vpbx-bridge token --link"),
        (GOOD.replace("[infobase", "caller_order = ['crm']\n[infobase"), "у этой ВАТС нет базы «crm»"),
        (GOOD.replace("[infobase", "record_hosts = ['https://x/y']\n[infobase"), "без https://"),
        (GOOD + "contract = 'custom'", "нужен url веб-сервиса"),
        (GOOD + "contract = 'custom'\nurl = 'http://h/b/ws/C'", "нужен хотя бы один из разделов custom.ring"),
        (OWN + "[infobase.buh.custom.ring]\nparameters = {}", "custom.ring.operation: не указано. Пример"),
        (OWN + RING % "{frm}", "«Номер»: слова {frm} нет; есть слова: {from}, {to}, {key}"),
        (OWN + RING % "{frm}", 'Пример: parameters = { "НомерТелефона" = "{from}" }'),
        (OWN + RING % "{from", "скобка без пары"),
        (OWN + RING % "{from}" + "\ntitle = 'x'", "custom.ring.title: такой настройки нет"),
        (OWN + RING.replace("ring", "who") % "{from}", "слова {from} нет; есть слова: {number}"),
        (GOOD + "[infobase.buh.dial]\ncountries = ['Россия']", "нужен двухбуквенный код"),
    ],
)
def test_a_wrong_setting_is_named_with_an_example_of_a_right_one(text: str, said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        parse(text)
    assert said in str(caught.value)


def test_networks_are_read_in_every_spelling_and_kept_in_one() -> None:
    listed = "['91.199.46.7', ' 91.199.47.0/24 ', '::ffff:10.1.2.0/120', '2001:DB8:7::/48', '::1', '::/0']"
    section = parse(GOOD.replace("[infobase", f"networks = {listed}\n[infobase")).exchange["main"]
    kept = ["91.199.46.7/32", "91.199.47.0/24", "10.1.2.0/24", "2001:db8:7::/48", "::1/128", "::/0"]
    assert section.networks == kept


def test_the_old_secret_is_as_secret_as_the_new_one() -> None:
    old = "an-older-secret-of-tests-0000"
    settings = parse(GOOD.replace("[infobase", f"old_hook_secret = '{old}'\n[infobase"))
    assert old in settings.secrets()
    assert old not in repr(settings)
    assert parse(GOOD).exchange["main"].old_hook_secret.get_secret_value() == ""


def test_the_firms_own_web_service_is_mapped_by_words_in_braces() -> None:
    custom = parse(OWN + RING % "{{тел.}} {from}").infobase["buh"].custom
    assert custom.ring
    assert custom.ring.parameters == {"Номер": "{{тел.}} {from}"}
    filled = Wording.parse(custom.ring.parameters["Номер"], OF_EVENT).fill({"from": "101"})
    assert filled == "{тел.} 101"


def test_a_copy_of_the_wsdl_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(
        OWN + "[infobase.buh.custom]\nwsdl_file = 'crm.wsdl'\n" + RING % "{from}", encoding="utf-8"
    )
    with pytest.raises(BadSettings, match=r"infobase\.buh\.custom\.wsdl_file: нет файла"):
        load(path)
    (tmp_path / "crm.wsdl").write_text("x", encoding="utf-8")
    assert load(path).infobase["buh"].custom.wsdl_file == tmp_path.resolve() / "crm.wsdl"


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        parse("[server]\nthreads = 'many'\nlisten = 5\n[exchange.main]\n")
    assert str(caught.value).count("\n") == 3


def test_the_environment_is_stronger_than_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE__INFOBASE__BUH__PASSWORD", "пароль из среды")
    monkeypatch.setenv("BRIDGE__SERVER__LISTEN", "0.0.0.0:9000")
    settings = parse(GOOD + "password = 'из файла'")
    assert settings.infobase["buh"].password.get_secret_value() == "пароль из среды"
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 9000)


SECTIONS: dict[tuple[str, ...], type[BaseModel]] = {
    ("server",): ServerSection,
    ("exchange", "main"): ExchangeSection,
    ("infobase", "buh"): InfobaseSection,
    ("infobase", "buh", "dial"): DialSection,
    ("infobase", "buh", "custom"): CustomSection,
    ("infobase", "buh", "custom", "who"): WhoSection,
}


@pytest.mark.parametrize(
    ("place", "name"), [(place, name) for place, model in SECTIONS.items() for name in model.model_fields]
)
def test_a_variable_of_the_environment_means_what_the_file_would(
    place: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every setting that has an example: the same settings come of both, or the same words."""
    examples = SECTIONS[place].model_fields[name].examples
    if not examples:
        pytest.skip("a section, tried by itself")
    data = tomllib.loads(GOOD)
    section: Any = data
    for part in place:
        section = section.setdefault(part, {})
    section[name] = value = examples[0]
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    monkeypatch.setenv(ENV_PREFIX + "__".join((*place, name)).upper(), words)
    assert _outcome(lambda: parse(GOOD)) == _outcome(lambda: given(data))


def _outcome(read: Callable[[], Settings]) -> object:
    try:
        return read().model_dump()
    except BadSettings as error:
        return str(error)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BRIDGE__SERVR__LISTEN", "127.0.0.1:1", "имелось в виду BRIDGE__SERVER"),
        ("BRIDGE__SERVER", "foo", "не подходит"),
        ("BRIDGE__EXCHANGE__MAIN__SUBSCRIBERS", "foo", "BRIDGE__EXCHANGE…: значение не подходит"),
    ],
)
def test_a_wrong_variable_of_the_environment_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=said):
        parse(GOOD)


def test_an_ipv6_address_may_be_listened_on() -> None:
    settings = parse(GOOD + "[server]\nlisten = '[::1]:8080'")
    assert (settings.server.host, settings.server.port) == ("::1", 8080)


@pytest.mark.parametrize("what", ["name", "extension", "key"])
def test_two_subscribers_that_1c_could_not_tell_apart_are_refused(what: str) -> None:
    one = {"name": "Анна", "extension": "101", "key": "k1"}
    two = {"name": "Пётр", "extension": "102", "key": "k2", what: one[what]}
    rows = ", ".join("{" + ", ".join(f'{k} = "{v}"' for k, v in who.items()) + "}" for who in (one, two))
    with pytest.raises(BadSettings, match=f"одинаковый {what}"):
        parse(f"[exchange.main]\nhook_secret = 'a-hook-secret-of-tests'\nsubscribers = [{rows}]")


def test_a_certificate_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(GOOD + "ca_file = 'ca.pem'", encoding="utf-8")
    with pytest.raises(BadSettings, match="нет файла"):
        load(path)
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    assert load(path).infobase["buh"].ca_file == tmp_path.resolve() / "ca.pem"


def test_no_secret_shows_when_settings_are_printed() -> None:
    settings = parse(GOOD + "password = 'тайна-1С'")
    assert "тайна" not in repr(settings)
    assert "a-hook-secret" not in str(settings)
    assert {"тайна-1С", "a-hook-secret-of-tests-0001"} <= set(settings.secrets())


def test_the_file_that_init_writes_is_right_and_uses_the_defaults(tmp_path: Path) -> None:
    text = SETTINGS.format(
        hook_secret="a-hook-secret-of-tests-0001", token_hash=token_hash("x"), link_secret="s" * 43
    )
    uncommented = "\n".join(_uncommented(line) for line in text.splitlines())
    for version in (text, uncommented):
        path = tmp_path / "bridge.toml"
        path.write_text(version, encoding="utf-8")
        settings = load(path)
        assert settings.server.database == str(tmp_path.resolve() / "bridge.db")
        assert settings.infobase["buh"].popup_lifetime_s == InfobaseSection(exchange="x").popup_lifetime_s


def _uncommented(line: str) -> str:
    """`# name = value` becomes a setting; where `init` shows an empty or example value, it must parse."""
    return (
        line.removeprefix("# ") if line.startswith("# ") and " = " in line and "trusted" not in line else line
    )


def test_a_file_with_a_byte_order_mark_of_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load(path).infobase


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="vpbx-bridge init"):
        load(tmp_path / "bridge.toml")


@pytest.mark.parametrize(
    "section",
    [
        ServerSection,
        ExchangeSection,
        InfobaseSection,
        DialSection,
        SubscriberSection,
        CustomSection,
        WhoSection,
    ],
)
def test_every_setting_is_in_the_manual(section: type[BaseModel]) -> None:
    manual = DOCS.read_text(encoding="utf-8")
    missing = [name for name in section.model_fields if f"`{name}`" not in manual]
    assert missing == []
