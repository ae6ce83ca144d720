"""The client of the tests is as far from the server as a thin client of 1C is."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from onec.bsl.tree import Module
from onec.run.infobase.carry import across, carried
from onec.run.infobase.client import Client
from onec.run.infobase.dump import Dump
from onec.run.infobase.infobase import SAMPLES, Infobase, User
from onec.run.infobase.surroundings import NO_RIGHT
from onec.run.objects import OnecError, Unsupported
from onec.run.reference import Reference


@pytest.fixture
def client() -> Iterator[Client]:
    users = [User(name="Админ", full=True), User(name="Чужой")]
    infobase = Infobase(users=users)
    yield Client(infobase, "Админ")
    assert infobase.defects == []


def run(client: Client, text: str) -> Any:
    """Client code written here, as the body of a function."""
    tree: Module = client.infobase.tree(
        f"test{hash(text)}", f"Функция Ф() Экспорт\n{text}\nКонецФункции", "client"
    )
    return client.interpreter.load(tree, "Тест", "client").call("Ф")


@pytest.mark.parametrize(
    "text",
    [
        'Возврат МВ_Мост.Позвонить("1");',
        "Возврат Константы.МВ_АдресМоста.Получить();",
        "Возврат РегистрыСведений.МВ_Звонки;",
        "Запрос = Новый Запрос;",
        "Возврат Метаданные.Имя;",
        "УстановитьПривилегированныйРежим(Истина);",
        "НачатьТранзакцию();",
        "Возврат ТекущаяДатаСеанса();",
    ],
)
def test_what_only_the_server_has_is_unknown(client: Client, text: str) -> None:
    with pytest.raises(Unsupported):
        run(client, text)


@pytest.mark.parametrize(
    "text",
    [
        'ОткрытьФорму("ОбщаяФорма.МВ_Настройки");',
        'ПоказатьПредупреждение(, "а");',
        'Оповестить("а");',
    ],
)
def test_what_only_a_client_has_is_unknown_at_the_server(client: Client, text: str) -> None:
    tree = client.infobase.tree(f"s{hash(text)}", f"Процедура П() Экспорт\n{text}\nКонецПроцедуры", "server")
    with pytest.raises(Unsupported):
        client.session.interpreter.load(tree, "Тест", "server").call("П")


@pytest.mark.parametrize("type_name", ["ТаблицаЗначений", "Запрос", "БлокировкаДанных"])
def test_some_values_do_not_cross(client: Client, type_name: str) -> None:
    made = client.session.make(type_name)
    inside = client.session.make("Структура")
    inside.call("Вставить", ["А", made])
    for value in (made, inside):
        with pytest.raises(Unsupported, match="не передается"):
            carried(value, client.make)


def test_what_crosses_is_a_copy_and_comes_back_only_by_reference(client: Client) -> None:
    def server(arguments: list[Any]) -> None:
        for one in arguments:
            one.value.call("Вставить", ["А", Decimal(2)])

    given = []
    for _ in range(2):
        made = client.make("Структура")
        made.call("Вставить", ["А", Decimal(1)])
        given.append(made)
    references = [Reference(one) for one in given]
    across(server, references, [False, True], client.make)

    assert [one.get("А") for one in given] == [1, 1], "the server changed the client's own value"
    assert [one.value.get("А") for one in references] == [2, 1]


class TestWaiting:
    def test_it_runs_at_its_time_and_again(self, client: Client) -> None:
        run(client, 'ПодключитьОбработчикОжидания("МВ_ОбработчикВходящихЗвонков", 5);')
        client.infobase.set_constant("МВ_АдресМоста", "")
        assert client.waits() == [("МВ_ОбработчикВходящихЗвонков", 5.0)]
        client.tick(12)
        assert client.waits() != []

    def test_attaching_again_begins_anew_and_once_is_once(self, client: Client) -> None:
        text = 'ПодключитьОбработчикОжидания("МВ_ОбработчикВходящихЗвонков", {}, Истина);'
        run(client, text.format(5))
        run(client, text.format(9))
        assert client.waits() == [("МВ_ОбработчикВходящихЗвонков", 9.0)]
        client.tick(9)
        assert client.waits() == []

    @pytest.mark.parametrize("seconds", ["0", "0.05", "0.5"])
    def test_too_often_is_refused(self, client: Client, seconds: str) -> None:
        with pytest.raises(OnecError, match="Недопустимое значение"):
            run(client, f'ПодключитьОбработчикОжидания("МВ_ОбработчикВходящихЗвонков", {seconds});')

    def test_a_handler_that_is_not_global_is_refused(self, client: Client) -> None:
        with pytest.raises(OnecError, match="не найдена"):
            run(client, 'ПодключитьОбработчикОжидания("ПроверитьВходящие", 5);')


class TestForms:
    def test_an_unknown_form_is_refused(self, client: Client) -> None:
        with pytest.raises(OnecError, match="Неизвестное имя формы"):
            run(client, 'ОткрытьФорму("ОбщаяФорма.МВ_Набор");')

    def test_a_form_without_the_right_is_refused(self, client: Client) -> None:
        stranger = Client(client.infobase, "Чужой")
        with pytest.raises(OnecError, match=NO_RIGHT):
            run(stranger, 'ОткрытьФорму("ОбщаяФорма.МВ_НаборНомера");')

    def test_another_number_is_another_window_and_the_same_is_not(self, client: Client) -> None:
        text = 'ОткрытьФорму("ОбщаяФорма.МВ_НаборНомера", Новый Структура("Номер", "{}"));'
        for number in ("1", "2", "1"):
            run(client, text.format(number))
        assert [form["Номер"] for form in client.opened("МВ_НаборНомера")] == ["2", "1"]

    def test_a_long_text_is_cut_by_the_attribute(self, client: Client) -> None:
        run(client, 'ОткрытьФорму("ОбщаяФорма.МВ_НаборНомера");')
        form = client.form("МВ_НаборНомера")
        form.type_in("Номер", "1" * 100)
        assert len(form["Номер"]) == 32

    def test_what_the_user_cannot_do_the_test_cannot(self, client: Client) -> None:
        run(client, 'ОткрытьФорму("ОбщаяФорма.МВ_НаборНомера");')
        form = client.form("МВ_НаборНомера")
        with pytest.raises(Unsupported, match="недоступен"):
            form.type_in("Результат", "успех")
        with pytest.raises(Unsupported, match="нет доступной кнопки"):
            form.press("ПроверитьСвязь")

    def test_an_exception_nobody_caught_is_on_the_screen(self, client: Client) -> None:
        client.guarded(lambda: run(client, 'ВызватьИсключение "Беда";'))
        assert client.screen.errors == ["Беда"]


@pytest.mark.parametrize("part", ["constants", "registers", "jobs", "roles"])
def test_the_variant_for_old_platforms_says_the_same(part: str) -> None:
    new, old = (Dump(SAMPLES / name) for name in ("extension", "extension_2.13"))
    assert getattr(new, part) == getattr(old, part)
    assert new.listed == old.listed


@pytest.mark.parametrize("part", ["modules", "forms", "commands", "services"])
def test_the_variant_for_old_platforms_has_the_same_objects(part: str) -> None:
    new, old = (placed(SAMPLES / name, part) for name in ("extension", "extension_2.13"))
    assert new == old


def placed(folder: Path, part: str) -> dict[str, Any]:
    """Everything of the objects of a kind, with their paths inside the dump."""
    objects = getattr(Dump(folder), part)
    return {
        name: {**vars(one), "path": str(Path(one.path).relative_to(folder))} for name, one in objects.items()
    }
