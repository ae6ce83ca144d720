"""The interpreter keeps to 1C's language: names, references, exceptions, modules, extensions, Асинх."""

from decimal import Decimal

import pytest
from onec.bsl.parser import parse
from onec.run.collections import Methods, Properties, Structure
from onec.run.interpreter import Interpreter, ModuleObject
from onec.run.objects import OnecError, PlatformObject, Unsupported, Value
from onec.run.reference import Reference
from onec.run.snippets import body, loaded, run, value
from onec.run.world import PlainWorld

# --- statements


def test_loops_count_break_and_go_on() -> None:
    assert body("""
        Сумма = 0;
        Для Н = 1 По 10 Цикл
            Если Н % 2 = 0 Тогда Продолжить; ИначеЕсли Н > 7 Тогда Прервать; КонецЕсли;
            Сумма = Сумма + Н;
        КонецЦикла;
        Пока Сумма < 100 Цикл Сумма = Сумма * 2; КонецЦикла;
        Возврат Сумма;""") == Decimal(128)


def test_a_loop_over_a_collection_gives_its_elements() -> None:
    assert (
        body("""
        Имена = "";
        Для Каждого Пара Из Новый Структура("Один, Два", 1, 2) Цикл
            Имена = Имена + Пара.Ключ + Пара.Значение;
        КонецЦикла;
        Возврат Имена;""")
        == "Один1Два2"
    )


def test_a_loop_without_an_end_does_not_hang_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onec.run.interpreter.MOST_STEPS", 1000)
    with pytest.raises(Unsupported, match="too long"):
        body("Пока Истина Цикл КонецЦикла;")


def test_a_variable_assigned_later_is_undefined_and_not_unknown() -> None:
    assert body("Если Ложь Тогда Х = 1; КонецЕсли; Возврат Х = Неопределено;") is True


def test_names_do_not_differ_by_case() -> None:
    assert body("Ответ = 5; ОТВЕТ = ответ + 1; Возврат оТВЕТ;") == 6


# --- parameters


def test_a_parameter_is_a_reference_unless_it_is_by_value() -> None:
    assert (
        run("""
        Функция Ф() Экспорт
            А = 1; Б = 1;
            Увеличить(А, Б);
            Возврат СтрШаблон("%1 %2", А, Б);
        КонецФункции
        Процедура Увеличить(Первый, Знач Второй)
            Первый = Первый + 1; Второй = Второй + 1;
        КонецПроцедуры""")
        == "2 1"
    )


def test_a_caller_outside_sees_what_was_assigned_to_its_reference() -> None:
    refusal = Reference(False)
    loaded("Процедура Проверка(Отказ) Экспорт Отказ = Истина; КонецПроцедуры").call("Проверка", refusal)
    assert refusal.value is True


def test_an_argument_left_out_takes_the_default() -> None:
    module = """
        Функция Ф() Экспорт Возврат Сумма(1) + Сумма(1, , 3); КонецФункции
        Функция Сумма(А, Б = 10, В = 100) Возврат А + Б + В; КонецФункции"""
    assert run(module) == Decimal(111 + 14)


@pytest.mark.parametrize("call", ["Сумма()", "Сумма(, 1)", "Сумма(1, 2, 3)"])
def test_a_module_that_calls_its_own_method_wrongly_does_not_compile(call: str) -> None:
    with pytest.raises(Unsupported, match="количество фактических параметров"):
        run(f"""
            Функция Ф() Экспорт Попытка Возврат {call}; Исключение Возврат 0; КонецПопытки; КонецФункции
            Функция Сумма(А, Б = 1) Возврат А + Б; КонецФункции""")


def test_assigning_to_a_parameter_that_stands_for_a_member_is_not_to_be_relied_on() -> None:
    with pytest.raises(Unsupported, match="stands for"):
        run("""
            Функция Ф() Экспорт
                С = Новый Структура("а", 1);
                Изменить(С.а);
            КонецФункции
            Процедура Изменить(П) П = 2; КонецПроцедуры""")


def test_a_structure_is_passed_itself() -> None:
    assert (
        run("""
        Функция Ф() Экспорт С = Новый Структура; Добавить(С); Возврат С.Имя; КонецФункции
        Процедура Добавить(Знач П) П.Вставить("Имя", "есть"); КонецПроцедуры""")
        == "есть"
    )


def test_the_property_method_gives_the_value_back() -> None:
    assert (
        body("""
        С = Новый Структура("Номер", 5); Номер = 0; Нет = 1;
        Есть = С.Свойство("НОМЕР", Номер);
        Возврат СтрШаблон("%1 %2 %3 %4", Есть, Номер, С.Свойство("Нет", Нет), Нет = Неопределено);
    """)
        == "Да 5 Нет Да"
    )


# --- modules


def shared_module(text: str, world: PlainWorld, interpreter: Interpreter) -> ModuleObject:
    return ModuleObject(interpreter.load(parse(text, "common.bsl"), "ОбщийМодуль.Общий.Модуль", "server"))


def with_common(common: str, text: str) -> Value:
    properties: dict[str, Value] = {}
    world = PlainWorld()
    interpreter = Interpreter(world)
    properties["общий"] = shared_module(common, world, interpreter)
    interpreter.world = PlainWorld(properties)
    return interpreter.load(parse(text, "test.bsl"), "Модуль", "server").call("Ф")


def test_a_common_module_is_called_by_reference_and_shows_its_exports_only() -> None:
    common = """
        Процедура Дополнить(Список) Экспорт Список = Список + "!"; КонецПроцедуры
        Процедура Своя() КонецПроцедуры"""
    text = 'Функция Ф() Экспорт А = "а"; Общий.Дополнить(А); Возврат А; КонецФункции'
    assert with_common(common, text) == "а!"
    with pytest.raises(OnecError, match=r"Метод объекта не обнаружен \(Своя\)"):
        with_common(common, "Функция Ф() Экспорт Общий.Своя(); КонецФункции")
    with pytest.raises(OnecError, match="Обращение к процедуре объекта как к функции"):
        with_common(common, 'Функция Ф() Экспорт А = ""; Возврат Общий.Дополнить(А); КонецФункции')


def test_variables_of_a_module_live_between_calls() -> None:
    module = loaded("""
        Перем Счет;
        Функция Ф() Экспорт Счет = Счет + 1; Возврат Счет; КонецФункции
        Счет = 10;""")
    assert module.call("Ф") == 11
    assert module.call("Ф") == 12


# --- exceptions


def test_an_exception_names_its_place_and_can_be_raised_again() -> None:
    world = PlainWorld()
    with pytest.raises(OnecError, match="Беда"):
        run(
            """Функция Ф() Экспорт
                Попытка
                    ВызватьИсключение "Беда";
                Исключение
                    ЗаписьЖурналаРегистрации("Мост", УровеньЖурналаРегистрации.Ошибка, , ,
                        ПодробноеПредставлениеОшибки(ИнформацияОбОшибке()));
                    ВызватьИсключение;
                КонецПопытки;
            КонецФункции""",
            world=world,
        )
    (record,) = world.event_log.errors()
    assert record.comment == "{Модуль(3)}: Беда"


def test_an_exception_inside_a_handler_does_not_lose_the_outer_one() -> None:
    assert (
        body("""
        Попытка
            ВызватьИсключение "внешнее";
        Исключение
            Попытка ВызватьИсключение "внутреннее"; Исключение КонецПопытки;
            Возврат ИнформацияОбОшибке().Описание;
        КонецПопытки;""")
        == "внешнее"
    )


def test_a_return_inside_an_attempt_ends_the_function() -> None:
    assert body("Попытка Возврат 1; Исключение Возврат 2; КонецПопытки; Возврат 3;") == 1


def test_the_causes_of_an_error_can_be_walked() -> None:
    assert body("""
        Тексты = Новый Массив;
        Попытка
            О = Новый WSОпределения("http://127.0.0.1:1/ws/Telephony?wsdl", "а", "б", , 3);
        Исключение
            Причина = ИнформацияОбОшибке();
            Пока Причина <> Неопределено Цикл
                Тексты.Добавить(Причина.Описание);
                Причина = Причина.Причина;
            КонецЦикла;
        КонецПопытки;
        Возврат СтрСоединить(Тексты, "|");""").split("|") == [
        "Ошибка при вызове конструктора (WSОпределения)",
        "Ошибка работы с Интернет:  Не могу установить соединение",
    ]


# --- asynchronous methods


def test_an_awaited_promise_gives_its_value_or_its_exception() -> None:
    assert (
        run("""
        Асинх Функция Ф() Экспорт
            Попытка
                Х = Ждать Беда();
            Исключение
                Возврат (Ждать Пять()) + 1;
            КонецПопытки;
        КонецФункции
        Асинх Функция Пять() Возврат 5; КонецФункции
        Асинх Функция Беда() ВызватьИсключение "беда"; КонецФункции""").result()
        == 6
    )


def test_an_exception_of_a_method_nobody_awaits_is_not_the_callers() -> None:
    interpreter = Interpreter(PlainWorld())
    module = parse(
        """
        Функция Ф() Экспорт Беда(); Возврат 1; КонецФункции
        Асинх Процедура Беда() ВызватьИсключение "беда"; КонецПроцедуры""",
        "test.bsl",
    )
    assert interpreter.load(module, "Модуль", "client").call("Ф") == 1
    assert [one.text for one in interpreter.unheard] == ["беда"]


# --- form and module contexts


def test_the_other_sides_methods_are_crossed_to() -> None:
    crossed = []

    def crossing(method: object, arguments: list[Reference]) -> Value:
        crossed.append((method.name, [one.value for one in arguments]))
        return "с сервера"

    module = parse(
        """
        &НаКлиенте
        Функция Ф() Экспорт Возврат Своя() + Прочесть(1); КонецФункции
        &НаКлиенте
        Функция Своя() Возврат "здесь и "; КонецФункции
        &НаСервереБезКонтекста
        Функция Прочесть(Знач Что) Возврат "никогда"; КонецФункции""",
        "form.bsl",
    )
    running = Interpreter(PlainWorld()).load(module, "Форма", "client", crossing=crossing)
    assert running.call("Ф") == "здесь и с сервера"
    assert crossed == [("Прочесть", [Decimal(1)])]


class FormLike(PlatformObject):
    """A context with one attribute and one method."""

    type_name = "Форма"

    def __init__(self) -> None:
        self.number: Value = ""
        self.closed = False

    def properties(self) -> Properties:
        return {"Номер": (lambda: self.number, lambda value: setattr(self, "number", value))}

    def methods(self) -> Methods:
        return {"Закрыть": (lambda: setattr(self, "closed", True), 0, 0)}


def test_members_of_the_context_are_names_of_the_module() -> None:
    form = FormLike()
    text = """
        Процедура Заполнить(Параметры) Экспорт
            Параметры.Свойство("Номер", Номер);
            Дописать(НОМЕР);
            Номер = Номер + "!";
            Закрыть();
        КонецПроцедуры
        Процедура Дописать(Что) Что = Что + "?"; КонецПроцедуры"""
    running = Interpreter(PlainWorld()).load(parse(text, "form.bsl"), "Форма", "server", context=form)
    running.call("Заполнить", Structure({"номер": "101"}))
    assert (form.number, form.closed) == ("101?!", True)


def test_a_local_variable_hides_a_member_of_the_context() -> None:
    form = FormLike()
    text = 'Процедура Ф(Номер) Экспорт Номер = "своя"; КонецПроцедуры'
    Interpreter(PlainWorld()).load(parse(text, "f.bsl"), "Форма", "server", context=form).call("Ф", "x")
    assert form.number == ""


@pytest.mark.parametrize(
    "text",
    [
        'Функция Ф() Экспорт Возврат СтрНайти("а", "б"); КонецФункции',
        "Функция Ф() Экспорт Х = Новый ЧтениеJSON; КонецФункции",
        "Функция Ф() Экспорт Возврат НаправлениеПоиска.СКонца; КонецФункции",
        "#Область Своя\nФункция Ф() Экспорт Возврат 1; КонецФункции\n#КонецОбласти",
    ],
)
def test_a_platform_has_not_what_is_younger(text: str) -> None:
    module = parse(text, "8.2.bsl")
    with pytest.raises(Unsupported, match=r"the platform is 8\.2"):
        Interpreter(PlainWorld(), version="8.2").load(module, "Модуль", "server").call("Ф")
    Interpreter(PlainWorld(), version="8.3.24").load(module, "Модуль", "server").call("Ф")


@pytest.mark.parametrize(
    "expression", ["М.Добавить(1)", 'С.Вставить("а", 1)', 'О.Вставить("а", 1)', "М.Удалить(0)"]
)
def test_a_procedure_of_the_platform_has_no_value(expression: str) -> None:
    with pytest.raises(OnecError, match="Обращение к процедуре объекта как к функции"):
        value(expression)


def test_a_global_procedure_has_no_value() -> None:
    with pytest.raises(Unsupported, match="Обращение к процедуре как к функции"):
        value('ЗаписьЖурналаРегистрации("а")')


def test_an_extension_stands_in_place_of_a_method() -> None:
    base = """
        Функция Ф() Экспорт Возврат Имя("а"); КонецФункции
        Функция Имя(Что) Экспорт Возврат Что; КонецФункции"""
    running = Interpreter(PlainWorld()).load(parse(base, "base.bsl"), "Модуль", "server")
    over = '&Вместо("Имя")\nФункция П_Имя(Что) Возврат П_Своя() + Что; КонецФункции\n'
    running.extend(parse(over + 'Функция П_Своя() Возврат "своя "; КонецФункции', "extension.bsl"))
    assert running.call("Ф") == "своя а"
    for wrong in (
        '&Вместо("Нет")\nФункция П_Нет() КонецФункции',
        '&Вместо("Имя")\nФункция П_Имя() КонецФункции',
    ):
        with pytest.raises(Unsupported):
            running.extend(parse(wrong, "extension.bsl"))
