"""The texts of onec_samples/modules run unmodified against the real bridge, over real HTTP.

Each way of dialling meets success, a refusal, a silent exchange, a lost answer, a wrong password, no bridge.
A text that asks its reader to write `ПодключениеКМосту` gets just that, and is also run without it.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from onec.bsl import tree
from onec.bsl.parser import CLIENT, ORDINARY, SERVER, parse
from onec.run.asynchrony import Promise, kept
from onec.run.collections import Structure
from onec.run.interpreter import Interpreter, Running
from onec.run.losses import Line
from onec.run.objects import OnecError, Value
from onec.run.reference import ByReference, Reference
from onec.run.soap import References
from onec.run.world import PlainWorld
from onec.run.xdto import Unconfirmed

from bridge.resources import wsdl_text
from bridge.sim.exchange_options import ExchangeOptions
from support.rawserver import closed_port_url
from support.world import ANNA, LOGIN, PASSWORD, World, eventually, world

MODULES = Path(__file__).parents[2] / "onec_samples" / "modules"
TLS = Path(__file__).parents[1] / "wire" / "tls"
WHOLE = {"Успех", "Сообщение", "Код", "ИдЗвонка", "ИсходНеизвестен"}
PROXY = "ПодключениеКМосту"


@dataclass(frozen=True, kw_only=True)
class Click:
    """What a person has at hand: where the bridge is, whose telephone, which number."""

    url: str
    number: str
    who: str = ANNA.extension
    password: str = PASSWORD
    faults: str = "read"  # of an answer 401: see `World.faults`
    authorities: str | bool = True


@dataclass(kw_only=True)
class Shown:
    """What a click led to. `result`: what the module returned, or the message that it shows itself."""

    result: dict[str, Value] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def message(self) -> str:
        return str(self.result["Сообщение"])

    def agrees(self, **expected: Value) -> bool:
        """Whether each of these that the module tells is so."""
        return all(self.result[name] == value for name, value in expected.items() if name in self.result)


def surroundings(click: Click, **methods: Callable[..., Value] | ByReference) -> PlainWorld:
    """A configuration with the reference that 8.3_wsref.bsl asks the developer to import."""
    references = References({"МостВАТС": wsdl_text("telephony.wsdl").encode()})
    return PlainWorld({"WSСсылки": references}, methods, faults=click.faults, authorities=click.authorities)


def module(file: str, symbols: frozenset[str] = SERVER) -> tree.Module:
    return parse((MODULES / file).read_text(encoding="utf-8-sig"), file, symbols=symbols)


def written(running: Running, click: Click) -> None:
    """The body of ПодключениеКМосту, as the text asks for it."""
    members = {"АдресМоста": click.url, "Имя": LOGIN, "Пароль": click.password, "Абонент": click.who}
    lines = "".join(f'Подключение.Вставить("{name}", "{value}");\n' for name, value in members.items())
    text = f"Функция {PROXY}()\nПодключение = Новый Структура;\n{lines}Возврат Подключение;\nКонецФункции"
    (method,) = parse(text, "written.bsl").methods
    assert PROXY.casefold() in running.methods
    running.methods[PROXY.casefold()] = method


# --- the ways of dialling: each presses the button of one text


def by_connection(file: str, click: Click) -> Shown:
    """Позвонить(Абонент, НомерТелефона, Подключение)"""
    around = surroundings(click)
    running = Interpreter(around, version="8.3.6").load(module(file), "ОбщийМодуль.Мост.Модуль", "server")
    result = running.call("Позвонить", click.who, click.number, connection(file, click))
    return Shown(result=result.plain(), errors=[one.comment for one in around.event_log.errors()])


def connection(file: str, click: Click) -> Structure:
    if "http" not in file:
        return Structure({"АдресМоста": click.url, "Имя": LOGIN, "Пароль": click.password})
    where = urlsplit(click.url)
    return Structure(
        {
            "Сервер": where.hostname,
            "Порт": Decimal(where.port or 0),
            "Защищенное": where.scheme == "https",
            "Имя": LOGIN,
            "Пароль": click.password,
        }
    )


def by_own_connection(file: str, click: Click) -> Shown:
    """Позвонить(Абонент, НомерТелефона), on a platform 8.2"""
    around = surroundings(click)
    running = Interpreter(around, version="8.2").load(module(file), "ОбщийМодуль.Мост.Модуль", "server")
    written(running, click)
    result = running.call("Позвонить", click.who, click.number)
    return Shown(result=result.plain(), errors=[one.comment for one in around.event_log.errors()])


def by_ordinary_form(file: str, click: Click) -> Shown:
    """The button of an ordinary form: a number is asked for, a box with a text comes up."""
    boxes: list[str] = []

    def asked(text: Reference, prompt: Reference, length: Reference) -> bool:
        assert length.value == 32
        text.value = click.number
        return True

    around = surroundings(
        click, ВвестиСтроку=ByReference(asked), Предупреждение=lambda text, *_: boxes.append(text)
    )
    interpreter = Interpreter(around, version="8.2")
    running = interpreter.load(module(file, ORDINARY), "Обработка.Звонок.Форма.Форма", "thick")
    written(running, click)
    running.call("ДействиеПозвонить", None)
    (box,) = boxes
    return Shown(result={"Сообщение": box}, errors=[one.comment for one in around.event_log.errors()])


def by_asynchronous_form(file: str, click: Click) -> Shown:
    """The command of a managed form: the client asks and shows, the server calls."""
    shown = Shown()

    def told(success: bool, message: str) -> Promise:
        shown.result = {"Успех": success, "Сообщение": message}
        return kept(None)

    server_side = surroundings(click)
    server = Interpreter(server_side, version="8.3.18").load(module(file), "Форма", "server")
    written(server, click)

    def crossing(method: tree.Method, arguments: list[Reference]) -> Value:
        return server.invoke(method, arguments)

    client_side = surroundings(
        click,
        ВвестиСтрокуАсинх=lambda *_: kept(click.number),
        ПредупреждениеАсинх=lambda text, *_: told(False, text),
        ПоказатьОповещениеПользователя=lambda title, link, text: told(True, text),
    )
    interpreter = Interpreter(client_side, version="8.3.18")
    client = interpreter.load(module(file, CLIENT), "Форма", "client", crossing=crossing)
    client.call("Позвонить", None).result()
    shown.errors = [one.comment for one in server_side.event_log.errors()]
    return shown


DIALLERS: dict[str, Callable[[str, Click], Shown]] = {
    "8.3_ws.bsl": by_connection,
    "8.3_wsref.bsl": by_connection,
    "8.3_http_json.bsl": by_connection,
    "8.2_managed.bsl": by_own_connection,
    "8.2_ordinary.bsl": by_ordinary_form,
    "8.3.18_async_form.bsl": by_asynchronous_form,
}
each_dialler = pytest.mark.parametrize("file", DIALLERS)


def press(file: str, click: Click) -> Shown:
    return DIALLERS[file](file, click)


# --- the bridge


@dataclass(frozen=True, kw_only=True)
class Guarded:
    world: World
    faults: str  # see `Click`


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("bridge"), exchange={"timeout_s": 1}) as made:
        yield made


@pytest.fixture(scope="module", params=["read", "status"])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A bridge that lets ten wrong passwords of an address pass before it says wait."""
    with world(tmp_path_factory.mktemp("guarded")) as made:
        yield Guarded(world=made, faults=request.param)


@pytest.fixture
def here(shared: World) -> Iterator[World]:
    """The shared world with a well-behaved exchange, whatever the test before asked of it."""
    shared.exchange.options = ExchangeOptions(hooks_after_dial=False)
    yield shared
    shared.exchange.options = ExchangeOptions(hooks_after_dial=False)


@pytest.fixture(scope="module")
def numbers() -> Iterator[str]:
    """Numbers as people write them, each once: a bridge does not dial the same one twice in a row."""
    return (f"8 (923) 529-{number // 100:02}-{number % 100:02}" for number in itertools.count(2901))


def digits(number: str) -> str:
    return "".join(one for one in number if one.isdigit())


def dialled(here: World) -> list[str]:
    return [one.number for one in here.exchange.dials if one.made]


# --- what a person sees


def test_every_text_is_run_somewhere() -> None:
    """A new text must come with the tests that run it."""
    elsewhere = {"8.2_webservice_VATS.bsl"}  # a web service: test_old_webservice.py
    assert {one.name for one in MODULES.glob("*.bsl")} - elsewhere == set(DIALLERS)


@each_dialler
def test_a_click_dials(file: str, here: World, numbers: Iterator[str]) -> None:
    before = len(dialled(here))
    click = Click(url=here.url, number=next(numbers))
    shown = press(file, click)
    assert dialled(here)[before:] == [digits(click.number)]
    assert shown.errors == []
    assert shown.agrees(Успех=True, ИсходНеизвестен=False, Код=Decimal(0))
    assert shown.message.startswith("Звоним")
    if set(shown.result) >= WHOLE:
        assert shown.result["ИдЗвонка"]


@each_dialler
def test_a_number_copied_from_a_page_dials(file: str, here: World, numbers: Iterator[str]) -> None:
    """A plus, a no-break space and a hyphen of typesetters, all of which a query or a form would spoil."""
    before = len(dialled(here))
    number = next(numbers)
    copied = number.replace("8 (", "+7\u00a0(").replace("-", "\u2011")
    assert press(file, Click(url=here.url, number=copied)).agrees(Успех=True)
    assert [one[-10:] for one in dialled(here)[before:]] == [digits(number)[-10:]]


@pytest.mark.parametrize("file", ["8.3_ws.bsl", "8.3_wsref.bsl", "8.3_http_json.bsl", "8.2_managed.bsl"])
def test_a_module_tells_all_of_the_outcome(file: str, here: World, numbers: Iterator[str]) -> None:
    assert set(press(file, Click(url=here.url, number=next(numbers))).result) == WHOLE


@each_dialler
def test_a_refusal_of_the_exchange_is_shown_as_it_is(file: str, here: World, numbers: Iterator[str]) -> None:
    before = len(dialled(here))
    here.exchange.options = ExchangeOptions(fail_code=3)
    shown = press(file, Click(url=here.url, number=next(numbers)))
    assert dialled(here)[before:] == []
    assert shown.agrees(Успех=False, ИсходНеизвестен=False, Код=Decimal(3), ИдЗвонка="")
    assert shown.message == here.client().service.MakeCall(ANNA.extension, next(numbers)).Message
    assert shown.errors == []


@each_dialler
def test_a_subscriber_the_bridge_does_not_know_is_refused(
    file: str, here: World, numbers: Iterator[str]
) -> None:
    before = len(dialled(here))
    shown = press(file, Click(url=here.url, number=next(numbers), who="никто & никогда"))
    assert dialled(here)[before:] == []
    assert shown.agrees(Успех=False, ИсходНеизвестен=False, Код=Decimal(101))
    assert "абонент" in shown.message.lower()


@each_dialler
def test_a_silent_exchange_is_an_unknown_outcome(file: str, here: World, numbers: Iterator[str]) -> None:
    here.exchange.options = ExchangeOptions(trouble="silence")
    shown = press(file, Click(url=here.url, number=next(numbers)))
    assert shown.agrees(Успех=False, ИсходНеизвестен=True, Код=Decimal(104))
    assert "телефон" in shown.message.lower()
    assert shown.errors == []


@each_dialler
def test_a_lost_answer_is_an_unknown_outcome_and_nothing_is_repeated(
    file: str, here: World, numbers: Iterator[str]
) -> None:
    before = len(dialled(here))
    click_number = next(numbers)
    with Line(here.url, "CallToSubscriber" if "http" in file else "MakeCall>") as line:
        shown = press(file, Click(url=line.url, number=click_number))
        assert line.lost == 1
    assert dialled(here)[before:] == [digits(click_number)]
    assert shown.agrees(Успех=False, ИсходНеизвестен=True, Код=Decimal(-1), ИдЗвонка="")
    assert "исход неизвестен: посмотрите на телефон" in shown.message
    assert len(shown.errors) == 1


@each_dialler
def test_a_wrong_password_dials_nobody_and_says_so(
    file: str, guarded: Guarded, numbers: Iterator[str]
) -> None:
    """Whether 1C shows the text of a Fault in an answer 401 is unknown: both must do."""
    wrong = "wrong-password-0001"
    click = Click(url=guarded.world.url, number=next(numbers), password=wrong, faults=guarded.faults)
    shown = press(file, click)
    assert guarded.world.exchange.dials == []
    assert shown.agrees(Успех=False, ИсходНеизвестен=False, Код=Decimal(-1))
    assert "пароль" in shown.message
    assert wrong not in "".join([shown.message, *shown.errors])


@each_dialler
def test_a_bridge_that_is_away_is_said_to_be_away(file: str, numbers: Iterator[str]) -> None:
    shown = press(file, Click(url=closed_port_url(), number=next(numbers)))
    assert shown.agrees(Успех=False, ИсходНеизвестен=False, Код=Decimal(-1))
    assert shown.message.startswith("Звонок не начат: мост не ответил")
    assert len(shown.errors) == 1
    assert "Не могу установить соединение" in shown.errors[0]


@pytest.mark.parametrize("file", ["8.3_ws.bsl", "8.3_http_json.bsl"])
def test_an_answer_that_takes_too_long_is_an_unknown_outcome(
    file: str, here: World, numbers: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeout that the module itself sets, made short."""
    monkeypatch.setattr("onec.run.internet.WAITS_S", 4.0)
    with Line(here.url, "CallToSubscriber" if "http" in file else "MakeCall>", silent=True) as line:
        shown = press(file, Click(url=line.url, number=next(numbers)))
        assert line.lost == 1
    assert shown.agrees(Успех=False, ИсходНеизвестен=True)
    assert "исход неизвестен: посмотрите на телефон" in shown.message
    assert "Превышен таймаут" in shown.errors[0]


SECURED = [file for file in DIALLERS if not file.startswith("8.2")]  # 8.2: the line inside the firm


@pytest.mark.parametrize("file", SECURED)
def test_a_secured_line_is_one_whose_certificate_is_vouched_for(
    file: str, here: World, numbers: Iterator[str]
) -> None:
    before = len(dialled(here))
    with Line(here.url, certificate=TLS / "firm.pem") as line:
        shown = press(file, Click(url=line.url, number=next(numbers), authorities=str(TLS / "firm-ca.pem")))
        stranger = press(file, Click(url=line.url, number=next(numbers), authorities=str(TLS / "ca.pem")))
    assert shown.agrees(Успех=True)
    assert stranger.agrees(Успех=False, ИсходНеизвестен=False)
    assert stranger.message.startswith("Звонок не начат")
    assert "не прошел проверку" in stranger.errors[0]
    assert len(dialled(here)) == before + 1


@each_dialler
def test_an_address_without_a_bridge_is_said_to_be_wrong(
    file: str, here: World, numbers: Iterator[str]
) -> None:
    shown = press(file, Click(url=here.exchange_server.url, number=next(numbers)))
    assert shown.agrees(Успех=False, ИсходНеизвестен=False, Код=Decimal(-1))
    assert shown.message.startswith("Звонок не начат")


# --- what else the texts do


@pytest.mark.parametrize("file", ["8.2_managed.bsl", "8.2_ordinary.bsl", "8.3.18_async_form.bsl"])
def test_a_text_without_its_connection_says_what_to_write(file: str) -> None:
    running = Interpreter(PlainWorld(), version="8.3.18").load(module(file), "Модуль", "server")
    with pytest.raises(OnecError, match=PROXY):
        running.call(PROXY)


def test_nothing_is_dialled_when_nobody_gave_a_number(here: World) -> None:
    """8.3.18_async_form.bsl and 8.2_ordinary.bsl ask for it; a person may leave."""
    click = Click(url=here.url, number="")
    around = surroundings(click, ВвестиСтрокуАсинх=lambda *_: kept(None))

    def forbidden(method: tree.Method, arguments: list[Reference]) -> Value:
        pytest.fail(f"{method.name} is called")

    interpreter = Interpreter(around, version="8.3.18")
    client = interpreter.load(module("8.3.18_async_form.bsl", CLIENT), "Форма", "client", crossing=forbidden)
    client.call("Позвонить", None).result()
    ordinary = surroundings(click, ВвестиСтроку=ByReference(lambda *_: False))
    interpreter = Interpreter(ordinary, version="8.2")
    form = interpreter.load(module("8.2_ordinary.bsl", ORDINARY), "Форма", "thick")
    form.call("ДействиеПозвонить", None)
    assert around.event_log.records == ordinary.event_log.records == []


@pytest.mark.parametrize("file", ["8.3_ws.bsl", "8.2_managed.bsl"])
def test_the_line_is_checked_without_a_call(file: str, here: World) -> None:
    before = len(here.exchange.dials)
    click = Click(url=here.url, number="")
    running = Interpreter(surroundings(click)).load(module(file), "Модуль", "server")
    arguments = []
    if PROXY.casefold() in running.methods:
        written(running, click)
    else:
        arguments = [connection(file, click)]
    assert running.call("ПроверитьСвязь", *arguments).startswith("vpbx-1c-bridge")
    assert len(here.exchange.dials) == before


def test_a_mailbox_is_emptied_from_where_it_was_left(tmp_path: Path) -> None:
    with world(tmp_path, contract="mailbox", url=None) as here:
        click = Click(url=here.url, number="")
        running = Interpreter(surroundings(click)).load(module("8.3_ws.bsl"), "Модуль", "server")
        where = connection("8.3_ws.bsl", click)
        here.exchange.ring("answered", from_number="89235292926")

        def collected() -> dict[str, Value]:
            return running.call("ЗабратьСобытия", where, Decimal(0), Decimal(0)).plain()

        first = eventually(lambda: (found := collected())["События"].items and found)
        again = running.call("ЗабратьСобытия", where, first["Номер"], Decimal(0)).plain()
    events = [one.plain() for one in first["События"].items]
    assert [one["Состояние"] for one in events][-1] == "END"
    assert {one["Откуда"] for one in events} == {"89235292926"}
    assert {type(one["Время"]) for one in events} == {Unconfirmed}
    assert events[-1]["Номер"] == first["Номер"]
    assert first["ЕстьЕще"] is False
    assert again["События"].items == []
    assert again["Номер"] == first["Номер"]
