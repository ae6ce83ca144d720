"""The external data processor dials: its form and object modules run unmodified on a stand-in for БСП.

What the stand-in does is read in БСП 3.1 (1c-syntax/ssl_3_1, CommonModules/ОбщегоНазначения, 2026-11): the
safe storage gives Неопределено when it holds nothing, one value for one key, a structure for several.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from onec.bsl import tree
from onec.bsl.parser import CLIENT, SERVER, parse
from onec.run.collections import Array, Methods, Properties, Structure
from onec.run.interpreter import Interpreter, ModuleObject, Running
from onec.run.losses import Line
from onec.run.objects import OnecError, PlatformObject, Value
from onec.run.reference import Reference
from onec.run.tables import ValueTable
from onec.run.world import PlainWorld

from support.rawserver import closed_port_url
from support.world import ANNA, LOGIN, PASSWORD, PETR, World, world

FOLDER = Path(__file__).parents[2] / "onec_samples" / "external_processor" / "МВ_НаборНомера"
OBJECT = FOLDER / "Ext" / "ObjectModule.bsl"
FORM = FOLDER / "Forms" / "Форма" / "Ext" / "Form" / "Module.bsl"
NUMBER = "8 (923) 529-29-26"
COMMAND_COLUMNS = (
    "Представление",
    "Идентификатор",
    "Использование",
    "ПоказыватьОповещение",
    "Модификатор",
    "Скрыть",
    "ЗаменяемыеКоманды",
)


class Module(PlatformObject):
    """A common module of БСП: some of its methods."""

    type_name = "ОбщийМодуль"

    def __init__(self, **methods: tuple[Any, int, int]) -> None:
        self._methods = methods

    def methods(self) -> Methods:
        return self._methods


@dataclass
class Library:
    """БСП of one infobase, for one user at a time."""

    administrator: bool = True
    secrets: dict[str, Value] = field(default_factory=dict)
    settings: dict[tuple[str, str], Value] = field(default_factory=dict)
    privileged: int = 0
    safe: bool = False  # БСП connects a processor so first, whatever it is allowed later

    def world(self) -> PlainWorld:
        properties: dict[str, Value] = {
            "ОбщегоНазначения": Module(
                ПрочитатьДанныеИзБезопасногоХранилища=(self._read, 1, 3),
                ЗаписатьДанныеВБезопасноеХранилище=(self._write, 2, 3),
                ХранилищеОбщихНастроекЗагрузить=(self._load, 2, 5),
                ХранилищеОбщихНастроекСохранить=(self._save, 3, 6),
            ),
            "ДополнительныеОтчетыИОбработки": Module(СведенияОВнешнейОбработке=(facts, 0, 1)),
            "ДополнительныеОтчетыИОбработкиКлиентСервер": Module(
                ВидОбработкиДополнительнаяОбработка=(lambda: "ДополнительнаяОбработка", 0, 0),
                ТипКомандыОткрытиеФормы=(lambda: "ОткрытиеФормы", 0, 0),
            ),
            "РаботаВБезопасномРежиме": Module(
                РазрешениеНаИспользованиеИнтернетРесурса=(lambda *given: Array(given), 2, 4),
                РазрешениеНаИспользованиеПривилегированногоРежима=(lambda *given: Array(given), 0, 1),
            ),
            "Метаданные": PlatformObject(),
        }
        methods = {
            "УстановитьПривилегированныйРежим": self._set_privileged,
            "ПравоДоступа": self._may,
        }
        return PlainWorld(properties, methods)

    def _set_privileged(self, on: Value) -> None:
        if self.safe:
            return  # «переход в привилегированный режим игнорируется»
        self.privileged += 1 if on else -1
        assert self.privileged >= 0

    def _may(self, right: Value, thing: Value) -> Value:
        assert right == "Администрирование"
        return self.administrator

    def _read(self, owner: Value, keys: Value = "Пароль", common: Value = None) -> Value:
        if self.safe:
            raise OnecError("Нарушение прав доступа!")
        assert self.privileged
        assert owner
        names = [one.strip() for one in keys.split(",")]
        if not self.secrets:
            return None
        found = {name: self.secrets.get(name) for name in names}
        return Structure(found) if len(names) > 1 else found[names[0]]

    def _write(self, owner: Value, data: Value, key: Value = "Пароль") -> None:
        assert self.privileged
        self.secrets[key] = data

    def _load(self, thing: Value, key: Value, default: Value = None, *more: Value) -> Value:
        return self.settings.get((thing, key), default)

    def _save(self, thing: Value, key: Value, value: Value, *more: Value) -> None:
        self.settings[thing, key] = value


def facts(version: Value = "") -> Structure:
    """What СведенияОВнешнейОбработке gives its author to fill in."""
    commands = ValueTable()
    for name in COMMAND_COLUMNS:
        commands.columns.call("Добавить", [name])
    empty = {"Вид": None, "Версия": "", "Информация": "", "БезопасныйРежим": True, "Наименование": ""}
    return Structure({**empty, "Команды": commands, "Разрешения": Array(), "Назначение": Array()})


class FormContext(PlatformObject):
    """The processor's form: attributes by name, the object behind it at the server."""

    type_name = "ФормаКлиентскогоПриложения"

    def __init__(self, processor: ModuleObject, names: tuple[str, ...]) -> None:
        self.values: dict[str, Value] = dict.fromkeys(names, "")
        self._processor = processor

    def properties(self) -> Properties:
        return {
            name: (
                lambda one=name: self.values[one],
                lambda value, one=name: self.values.update({one: value}),
            )
            for name in self.values
        }

    def methods(self) -> Methods:
        return {"РеквизитФормыВЗначение": (self._object, 1, 2)}

    def _put(self, name: str, value: Value) -> None:
        self.values[name] = value

    def _object(self, name: Value, kind: Value = None) -> Value:
        assert name == "Объект"
        return self._processor


class Opened:
    """The form as a person has it open."""

    def __init__(self, library: Library) -> None:
        self.world = library.world()
        self._interpreter = Interpreter(self.world, version="8.3.14")
        self.processor = self._load(OBJECT, "server")
        names = ("Номер", "Результат", "АдресМоста", "ИмяПользователяМоста", "ПарольМоста", "Абонент")
        self.form = FormContext(ModuleObject(self.processor, "ВнешняяОбработкаОбъект"), names)
        self._server = self._load(FORM, "server")
        self._client = self._load(FORM, "client")
        self._server.call("ПриСозданииНаСервере", Reference(False), Reference(True))
        assert library.privileged == 0

    def _load(self, path: Path, side: str) -> Running:
        text = path.read_text(encoding="utf-8-sig")
        module = parse(text, path.name, symbols=SERVER if side == "server" else CLIENT)
        if path == OBJECT:
            return self._interpreter.load(module, "ВнешняяОбработка.Модуль", side)
        return self._interpreter.load(module, "Форма", side, context=self.form, crossing=self._cross)

    def _cross(self, method: tree.Method, arguments: list[Reference]) -> Value:
        return self._server.invoke(method, arguments)

    def type_in(self, **values: str) -> None:
        assert set(values) <= set(self.form.values)
        self.form.values.update(values)

    def press(self, command: str) -> str:
        """The handler of a command; what the form says in the end."""
        self._client.call(f"Команда{command}", None)
        return str(self.form.values["Результат"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("bridge")) as made:
        yield made


def written(url: str, who: str = ANNA.extension, password: str = PASSWORD) -> Library:
    """A library in which an administrator has written the settings."""
    library = Library()
    form = Opened(library)
    form.type_in(АдресМоста=url, ИмяПользователяМоста=LOGIN, ПарольМоста=password, Абонент=who)
    assert form.press("ЗаписатьНастройки") == "Настройки записаны."
    return library


def test_the_form_opens_where_nothing_was_written_yet() -> None:
    form = Opened(Library())
    form.type_in(Номер=NUMBER)
    assert form.press("Позвонить").startswith("Не заданы адрес, имя или пароль моста")


def test_what_was_written_dials(shared: World) -> None:
    form = Opened(written(shared.url))
    before = len(shared.exchange.dials)
    form.type_in(Номер=NUMBER)
    assert form.press("Позвонить").startswith("Звоним")
    assert [(one.key, one.made) for one in shared.exchange.dials[before:]] == [(ANNA.key, True)]
    assert form.world.event_log.records == []


def test_the_password_never_comes_into_the_form_and_stays_when_nobody_changes_it(shared: World) -> None:
    library = written(shared.url)
    form = Opened(library)
    assert form.form.values["АдресМоста"] == shared.url
    assert form.form.values["ПарольМоста"] == "*" * 10
    assert PASSWORD not in form.form.values.values()
    form.press("ЗаписатьНастройки")
    assert library.secrets["Пароль"] == PASSWORD
    form.type_in(ПарольМоста="новый")
    form.press("ЗаписатьНастройки")
    assert library.secrets["Пароль"] == "новый"
    assert form.form.values["ПарольМоста"] == "*" * 10


def test_a_user_sets_the_own_telephone_and_nothing_else(shared: World) -> None:
    library = written(shared.url)
    library.administrator, library.settings = False, {}
    form = Opened(library)
    form.type_in(Номер="8 (923) 529-29-27")
    assert form.press("Позвонить").startswith("Не задан ваш абонент")
    form.type_in(АдресМоста="http://elsewhere", ПарольМоста="чужой", Абонент=PETR.extension)
    form.press("ЗаписатьНастройки")
    assert (library.secrets["АдресМоста"], library.secrets["Пароль"]) == (shared.url, PASSWORD)
    assert form.press("Позвонить").startswith("Звоним")
    assert shared.exchange.dials[-1].key == PETR.key


def test_a_bridge_that_is_away_and_an_answer_that_was_lost_are_told_apart(shared: World) -> None:
    away = Opened(written(closed_port_url()))
    away.type_in(Номер=NUMBER)
    assert away.press("Позвонить").startswith("Звонок не начат: мост не ответил")
    with Line(shared.url, "MakeCall>") as line:
        lost = Opened(written(line.url))
        lost.type_in(Номер="8 (923) 529-29-28")
        assert "исход неизвестен: посмотрите на телефон" in lost.press("Позвонить")
        assert line.lost == 1
    assert len(away.world.event_log.errors()) == len(lost.world.event_log.errors()) == 1


@pytest.mark.parametrize(
    ("address", "permission"),
    [
        ("http://bridge.local:8080", ["HTTP", "bridge.local", Decimal(8080)]),
        ("https://bridge.example.ru", ["HTTPS", "bridge.example.ru", Decimal(443)]),
        ("https://bridge.example.ru/telephony", ["HTTPS", "bridge.example.ru", Decimal(443)]),
    ],
)
def test_the_processor_asks_for_the_bridges_address_and_no_other(
    address: str, permission: list[Value]
) -> None:
    form = Opened(written(address))
    told = form.processor.call("СведенияОВнешнейОбработке")
    _privileged, internet = (one.items for one in told.get("Разрешения").items)
    assert internet[:3] == permission
    (command,) = told.get("Команды").rows
    assert command.values["Использование"] == "ОткрытиеФормы"
    assert command.values["ПоказыватьОповещение"] is False
    assert told.get("Вид") == "ДополнительнаяОбработка"
    assert told.get("БезопасныйРежим") is True
    assert told.get("Версия")


@pytest.mark.parametrize("administrator", [True, False])
def test_it_describes_itself_where_the_safe_storage_cannot_be_read(administrator: bool) -> None:
    """ДополнительныеОтчетыИОбработки.ПодключитьВнешнююОбработку of БСП 3.1 asks in safe mode first."""
    library = written("https://bridge.example.ru")
    form = Opened(library)
    library.safe, library.administrator = True, administrator
    told = form.processor.call("СведенияОВнешнейОбработке")
    assert len(told.get("Разрешения").items) == 2


def test_without_an_address_it_asks_for_no_address() -> None:
    told = Opened(Library()).processor.call("СведенияОВнешнейОбработке")
    assert len(told.get("Разрешения").items) == 1


def test_its_own_functions_are_not_open_to_others(shared: World) -> None:
    form = Opened(written(shared.url))
    with pytest.raises(OnecError, match="Метод объекта не обнаружен"):
        ModuleObject(form.processor).call_by_reference("ПодключениеКМосту", [], as_function=True)
