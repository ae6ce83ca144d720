"""Defects planted in the shipped modules, one at a time; each must be caught."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """`old` stands once in the module `where` (a path below onec_samples/) and becomes `new`.

    `rule`: what must find it: a rule of the checker or of the rules of texts; "syntax" is the parser.
    `seen_in`: the module in which it shows, if that is another one.
    """

    name: str
    where: str
    old: str
    new: str
    rule: str
    seen_in: str = ""


def _module(name: str) -> str:
    return f"extension/CommonModules/{name}/Ext/Module.bsl"


def _form(name: str) -> str:
    return f"extension/CommonForms/{name}/Ext/Form/Module.bsl"


BRIDGE = _module("МВ_Мост")
SETTINGS = _module("МВ_ПараметрыМоста")
CALLS = _module("МВ_Звонки")
CARDS = _module("МВ_Карточки")
PARSING = _module("МВ_РазборСобытий")
SEARCH = _module("МВ_ПоискКонтактов")
CLIENT = _module("МВ_МостКлиент")
SERVER_CALL = _module("МВ_МостВызовСервера")
GLOBAL = _module("МВ_МостГлобальный")
SERVICE = "extension/WebServices/VATS/Ext/Module.bsl"
APPLICATION = "extension/Ext/ManagedApplicationModule.bsl"
DIAL_FORM = _form("МВ_НаборНомера")
CARD_FORM = _form("МВ_ВходящийЗвонок")
SETTINGS_FORM = _form("МВ_Настройки")
COMMAND = "extension/CommonCommands/МВ_Позвонить/Ext/CommandModule.bsl"
PLAIN = "modules/8.3_ws.bsl"
OLD = "modules/8.2_managed.bsl"
OLD_SERVICE = "modules/8.2_webservice_VATS.bsl"
BSP = "extension_bsp/CommonModules/УправлениеКонтактнойИнформациейКлиент/Ext/Module.bsl"
PROCESSOR = "external_processor/МВ_НаборНомера/Ext/ObjectModule.bsl"
PROCESSOR_FORM = "external_processor/МВ_НаборНомера/Forms/Форма/Ext/Form/Module.bsl"

# name: (where, old, new, rule, seen_in); the rule is "syntax" if none stands here
_SYNTAX = {
    "an unclosed bracket": (BRIDGE, "Результат.Успех = (Ответ.Result", "Результат.Успех = ((Ответ.Result"),
    "a bracket too many": (
        BRIDGE,
        "Описания.Добавить(Причина.Описание);",
        "Описания.Добавить(Причина.Описание));",
    ),
    "a semicolon forgotten": (BRIDGE, "Результат.Код = Ответ.Code;", "Результат.Код = Ответ.Code"),
    "a condition not closed": (
        CALLS,
        "\tЕсли ЗаписатьСобытие(Событие) Тогда\n\t\tПослеЗаписиСобытия(Событие);\n\tКонецЕсли;",
        "\tЕсли ЗаписатьСобытие(Событие) Тогда\n\t\tПослеЗаписиСобытия(Событие);",
    ),
    "a string not closed": (CALLS, '= "Пропущен";', '= "Пропущен;'),
    "a string broken without a bar": (
        SEARCH,
        "|\tКонтакты.Телефон В (&Варианты)",
        "\tКонтакты.Телефон В (&Варианты)",
    ),
    "a procedure closed as a function": (
        CARDS,
        "\tУдалитьКарточки(Срок);\n\tУдалитьПоказанные(Срок);\n\nКонецПроцедуры",
        "\tУдалитьКарточки(Срок);\n\tУдалитьПоказанные(Срок);\n\nКонецФункции",
    ),
    "a keyword misspelt": (
        SETTINGS,
        'Пока СтрЗаканчиваетсяНа(Результат, "/") Цикл',
        'Пока СтрЗаканчиваетсяНа(Результат, "/") Делать',
    ),
    "comparison as in C": (SETTINGS, "Если Значение = 0 Тогда", "Если Значение == 0 Тогда"),
    "typographic quotation marks": (SETTINGS, 'Возврат "ПарольМоста";', "Возврат “ПарольМоста”;"),
    "a no-break space": (SETTINGS, "Секрет = Неопределено;", "Секрет =\u00a0Неопределено;"),
    "a region not closed": (SERVICE, "#КонецОбласти", ""),
    "a method twice": (
        SERVICE,
        "Функция SayName(Number)",
        'Функция Event(Data)\n\tВозврат "";\nКонецФункции\n\nФункция SayName(Number)',
    ),
    "a parameter twice": (SERVICE, "Функция IncomingCall(NumFrom, Key)", "Функция IncomingCall(Key, Key)"),
    "a procedure that returns a value": (
        DIAL_FORM,
        'Параметры.Свойство("Номер", Номер);',
        'Возврат Параметры.Свойство("Номер", Номер);',
    ),
    "an attempt without a handler": (
        CALLS,
        "\t\tМВ_МостПереопределяемый.ПриЗаписиСобытия(Событие);\n\tИсключение",
        "\t\tМВ_МостПереопределяемый.ПриЗаписиСобытия(Событие);",
    ),
    "an unknown directive": (
        SETTINGS_FORM,
        "&НаСервере\nФункция АбонентыДляВыбора()",
        "&НаСервре\nФункция АбонентыДляВыбора()",
    ),
    "two directives": (
        SETTINGS_FORM,
        "&НаСервере\nФункция АбонентыДляВыбора()",
        "&НаКлиенте\n&НаСервере\nФункция АбонентыДляВыбора()",
    ),
    "Ждать outside Асинх": (
        CLIENT,
        "\tПоказатьПредупреждение(, Ответ.Сообщение",
        "\tЖдать ПредупреждениеАсинх(Ответ.Сообщение",
    ),
    "an increment as in C": (
        SEARCH,
        "Результат = Результат + ?(Допустимый",
        "Результат += ?(Допустимый",
    ),
}

_REFERENCES = {
    "a variable misspelt where it is read": (
        BRIDGE,
        "Результат.ИдЗвонка = Ответ.CallId;",
        "Результат.ИдЗвонка = Отвт.CallId;",
        "variable",
    ),
    "a variable misspelt where it is written": (
        SETTINGS,
        "\t\tСекрет = Запись.Значение.Получить();",
        "\t\tСекретт = Запись.Значение.Получить();",
        "never read",
    ),
    "a variable read before it has a value": (BRIDGE, "\tЗаписано = 0;\n", "", "variable"),
    "a function misspelt": (
        BRIDGE,
        "Если СтрНайти(Текст, Признак) > 0 Тогда",
        "Если СтНайти(Текст, Признак) > 0 Тогда",
        "method",
    ),
    "a method of its own misspelt": (
        CARDS,
        "\tОтметитьПоказ(Пользователь, Результат.Новые);",
        "\tОтметитьПоказы(Пользователь, Результат.Новые);",
        "method",
    ),
    "a method of a common module misspelt": (
        SERVER_CALL,
        "Возврат МВ_Мост.Позвонить(НомерТелефона);",
        "Возврат МВ_Мост.Набрать(НомерТелефона);",
        "method",
    ),
    "a common module that is not there": (
        SERVICE,
        "Возврат МВ_Звонки.ПринятьСобытие(Data);",
        "Возврат МВ_Звонок.ПринятьСобытие(Data);",
        "variable",
    ),
    "a method that is not exported": (
        SEARCH,
        "\tНайтиВАдреснойКниге(Контакт, Телефон);",
        "\tМВ_Карточки.УдалитьПоказанные(Телефон);",
        "export",
    ),
    "an argument too many for a module's method": (
        SERVICE,
        "МВ_Звонки.ПринятьВходящий(NumFrom, Key)",
        "МВ_Звонки.ПринятьВходящий(NumFrom, Key, 1)",
        "arguments",
    ),
    "an argument forgotten for a module's method": (
        SERVICE,
        "МВ_Звонки.ПринятьВходящий(NumFrom, Key)",
        "МВ_Звонки.ПринятьВходящий(NumFrom)",
        "arguments",
    ),
    "an argument forgotten for a function of the platform": (
        SEARCH,
        'СтрЗаменить(Текст, "&", "&amp;")',
        'СтрЗаменить(Текст, "&amp;")',
        "arguments",
    ),
    "an argument too many for a function of the platform": (
        BRIDGE,
        "СтрСоединить(Описания, Символы.ПС)",
        "СтрСоединить(Описания, Символы.ПС, 1)",
        "arguments",
    ),
    "an argument forgotten for a method of an object": (
        SETTINGS,
        "Запись.Значение.Получить()",
        "Запись.Значение.Получить(1)",
        "arguments",
    ),
    "a type that does not exist": (
        BRIDGE,
        "\tОписания = Новый Массив;",
        "\tОписания = Новый Список;",
        "type",
    ),
    "a type in a string that does not exist": (
        PARSING,
        '<> Тип("Соответствие")',
        '<> Тип("Соответсвие")',
        "type",
    ),
    "a type that Новый does not make": (
        BRIDGE,
        "\tОписания = Новый Массив;",
        "\tОписания = Новый РезультатЗапроса;",
        "type",
    ),
    "a constant that is not in the dump": (
        SETTINGS,
        "Константы.МВ_ТаймаутВызова.Получить()",
        "Константы.МВ_ТаймаутЗвонка.Получить()",
        "member",
    ),
    "a register that is not in the dump": (
        CARDS,
        "РегистрыСведений.МВ_ПоказанныеКарточки.СоздатьМенеджерЗаписи()",
        "РегистрыСведений.МВ_Показанные.СоздатьМенеджерЗаписи()",
        "member",
    ),
    "a field that the register does not have": (
        CALLS,
        "Отметка.Получено = ТекущаяДатаСеанса();",
        "Отметка.Принято = ТекущаяДатаСеанса();",
        "member",
    ),
    "a filter by what is no dimension": (
        SETTINGS,
        "Набор.Отбор.Пользователь.Установить(Пользователь);",
        "Набор.Отбор.Абонент.Установить(Пользователь);",
        "member",
    ),
    "a common form that is not in the dump": (
        CLIENT,
        '"ОбщаяФорма.МВ_НаборНомера"',
        '"ОбщаяФорма.МВ_Набор"',
        "form",
    ),
    "a parameter that the form does not have": (
        CLIENT,
        'Новый Структура("Номер", Номер)',
        'Новый Структура("Телефон", Номер)',
        "form",
    ),
    "a common command that is not in the dump": (
        SERVER_CALL,
        "Метаданные.ОбщиеКоманды.МВ_Позвонить",
        "Метаданные.ОбщиеКоманды.МВ_Звонить",
        "member",
    ),
    "a scheduled job that is not in the dump": (
        SETTINGS,
        "Метаданные.РегламентныеЗадания.МВ_ЗаборСобытий",
        "Метаданные.РегламентныеЗадания.МВ_Забор",
        "member",
    ),
    "an element that the form does not have": (
        CARD_FORM,
        "Элементы.КнопкаОткрытьКлиента",
        "Элементы.ОткрытьКлиента",
        "member",
    ),
    "a member of an enumeration misspelt": (
        CLIENT,
        "РежимОткрытияОкнаФормы.Независимый",
        "РежимОткрытияОкнаФормы.Отдельный",
        "member",
    ),
    "a property of a platform's object misspelt": (
        BRIDGE,
        "Прокси.Пользователь = Настройки.ИмяПользователя;",
        'Запрос = Новый Запрос;\n\tЗапрос.Тескт = "";\n\tПрокси.Пользователь = Настройки.ИмяПользователя;',
        "member",
    ),
    "a method of a platform's object misspelt": (BRIDGE, "Новые.Количество()", "Новые.Колво()", "method"),
    "a key that the structure does not have": (
        BRIDGE,
        "Настройки.ТаймаутВызова - 5",
        "Настройки.Таймаут - 5",
        "member",
    ),
    "a key of a returned structure misspelt": (
        BRIDGE,
        "АбонентПользователя(ИмяПользователя()).Абонент;",
        "АбонентПользователя(ИмяПользователя()).Аббонент;",
        "member",
    ),
    "a key of an answer misspelt on the client": (
        CLIENT,
        "ИначеЕсли Ответ.Успех Тогда",
        "ИначеЕсли Ответ.Удача Тогда",
        "member",
    ),
    "a key of a parameter's structure misspelt": (
        CALLS,
        "Если ПустаяСтрока(Событие.НомерКлиента) Тогда",
        "Если ПустаяСтрока(Событие.НомерАбонента) Тогда",
        "member",
    ),
    "a field of a parameter's record misspelt": (
        CALLS,
        'Звонок.Направление = "Исходящий";',
        'Звонок.Направления = "Исходящий";',
        "member",
    ),
    "a method used as a property": (BRIDGE, "Новые.Количество()", "Новые.Количество", "member"),
    "a procedure used as a function": (
        CARDS,
        "\tУдалитьКарточки(Срок);\n\tУдалитьПоказанные(Срок);\n",
        "\tИтог = УдалитьКарточки(Срок);\n\tУдалитьПоказанные(Итог);\n",
        "procedure",
    ),
    "the result of a function lost": (
        SEARCH,
        '\tТекст = СтрЗаменить(Текст, "&", "&amp;");',
        '\tСтрЗаменить(Текст, "&", "&amp;");',
        "lost",
    ),
    "a function that ends without a value": (
        BRIDGE,
        "\tКонецЦикла;\n\n\tВозврат Ложь;\n",
        "\tКонецЦикла;\n",
        "return",
    ),
    "a statement that nothing reaches": (
        BRIDGE,
        "\tВозврат Абоненты;\n",
        "\tВозврат Абоненты;\n\tАбоненты.Очистить();\n",
        "unreachable",
    ),
    "a method that nothing calls": (
        CARDS,
        "\t\tДобавитьКарточку(Звонок, Событие);\n",
        "\t\tВозврат;\n",
        "unused",
    ),
    "a handler of the web service renamed": (
        SERVICE,
        "Функция SayName(Number)",
        "Функция SayNames(Number)",
        "handler",
    ),
    "a handler of the web service with another parameter": (
        SERVICE,
        "Функция SayName(Number)",
        'Функция SayName(Number, Key = "")',
        "handler",
    ),
    "a handler of the form renamed": (
        DIAL_FORM,
        "Процедура КомандаПозвонить(Команда)",
        "Процедура КомандаНабрать(Команда)",
        "handler",
    ),
    "a handler of a scheduled job renamed": (
        BRIDGE,
        "Процедура ЗаборСобытийПоРасписанию() Экспорт",
        "Процедура ЗаборПоРасписанию() Экспорт",
        "handler",
    ),
    "a notification's handler renamed": (
        DIAL_FORM,
        "Процедура ПослеНабора(",
        "Процедура ПослеЗвонка(",
        "handler",
    ),
    "a notification's handler not exported": (
        DIAL_FORM,
        "ДополнительныеПараметры) Экспорт",
        "ДополнительныеПараметры)",
        "handler",
    ),
    "a waiting handler that is not there": (
        CLIENT,
        'ПодключитьОбработчикОжидания("МВ_ОбработчикВходящихЗвонков", ',
        'ПодключитьОбработчикОжидания("МВ_ОбработчикЗвонков", ',
        "handler",
    ),
    "a waiting handler not exported": (
        GLOBAL,
        "Процедура МВ_ОбработчикВходящихЗвонков() Экспорт",
        "Процедура МВ_ОбработчикВходящихЗвонков()",
        "handler",
        CLIENT,
    ),
    "an event that nobody awaits": (
        CLIENT,
        'Оповестить("МВ_ЗвонокЗавершен"',
        'Оповестить("МВ_ЗвонокОкончен"',
        "event",
    ),
    "a command without its handler": (
        COMMAND,
        "Процедура ОбработкаКоманды(",
        "Процедура ОбработатьКоманду(",
        "handler",
    ),
}

_CONTEXT = {
    "a method of a form without a directive": (
        SETTINGS_FORM,
        "&НаСервере\nФункция АбонентыДляВыбора()",
        "Функция АбонентыДляВыбора()",
        "directive",
    ),
    "a directive in a common module": (
        BRIDGE,
        "Функция АбонентыМоста() Экспорт",
        "&НаСервере\nФункция АбонентыМоста() Экспорт",
        "directive",
    ),
    "a server's event handled on the client": (
        DIAL_FORM,
        "&НаСервере\nПроцедура ПриСозданииНаСервере",
        "&НаКлиенте\nПроцедура ПриСозданииНаСервере",
        "directive",
    ),
    "a query on the client": (
        CLIENT,
        "Настройки = МВ_МостВызовСервера.НастройкиПоказа();",
        "Настройки = МВ_МостВызовСервера.НастройкиПоказа();\n\tЗапрос = Новый Запрос;\n\tЗапрос.Выполнить();",
        "side",
    ),
    "a register on the client": (
        CARD_FORM,
        "\tСостояние = Лев(Ответ.Сообщение, 150);",
        "\tСостояние = РегистрыСведений.МВ_Звонки.СоздатьМенеджерЗаписи().Состояние;",
        "side",
    ),
    "a web service called from the thin client": (
        DIAL_FORM,
        "\tРезультат = Ответ.Сообщение;",
        "\tРезультат = Новый WSОпределения(Ответ.Сообщение, , , , 7);",
        "side",
    ),
    "the client calls a module of the server": (
        CLIENT,
        "Карточки = МВ_МостВызовСервера.ВходящиеКарточки();",
        'Карточки = МВ_Карточки.КарточкиПользователя("");',
        "side",
    ),
    "the server calls a module of the client": (
        BRIDGE,
        "\t\tЗабратьСобытия();\n",
        "\t\tМВ_МостКлиент.ПроверитьВходящие();\n",
        "side",
    ),
    "the server calls a client's method of the form": (
        SETTINGS_FORM,
        "\tПредупреждениеРасписания = МВ_ПараметрыМоста",
        "\tКомандаПроверитьСвязь(Неопределено);\n\tПредупреждениеРасписания = МВ_ПараметрыМоста",
        "side",
    ),
    "an attribute of the form without the form": (
        SETTINGS_FORM,
        '\tВозврат "**********";',
        "\tВозврат ПарольМоста;",
        "context",
    ),
    "an attribute of the form set without the form": (
        SETTINGS_FORM,
        '\tВозврат "**********";',
        '\tРезультатПроверки = "**********";\n\tВозврат РезультатПроверки;',
        "context",
    ),
    "the event log from the client": (
        CLIENT,
        '\t\tОповестить("МВ_ЗвонокЗавершен", ИдКарточки);',
        '\t\tЗаписьЖурналаРегистрации("Мост ВАТС.Карточки");',
        "side",
    ),
    "the session's time on the client": (
        CLIENT,
        '\t\tОповестить("МВ_ЗвонокЗавершен", ИдКарточки);',
        '\t\tОповестить("МВ_ЗвонокЗавершен", ТекущаяДатаСеанса());',
        "side",
    ),
    "a window opened on the server": (
        SERVER_CALL,
        "\tВозврат МВ_Мост.Позвонить(НомерТелефона);",
        '\tОткрытьФорму("ОбщаяФорма.МВ_НаборНомера");\n\tВозврат МВ_Мост.Позвонить(НомерТелефона);',
        "side",
    ),
    "an annotation in a module of its own": (
        SERVICE,
        "Функция SayName(Number)",
        '&Вместо("SayName")\nФункция SayName(Number)',
        "directive",
    ),
}

_AROUND = {
    "an extended method that is not there": (
        BSP,
        '&Вместо("ПозвонитьПоТелефону")',
        '&Вместо("ПозвонитьПоНомеру")',
        "annotation",
    ),
    "an extended method with another parameter": (
        BSP,
        "ПозвонитьПоТелефону(НомерТелефона)\n",
        "ПозвонитьПоТелефону(НомерТелефона, Владелец)\n",
        "annotation",
    ),
    "an extending method without the prefix": (
        BSP,
        "МВБ_ПозвонитьПоТелефону",
        "ПозвонитьЧерезМост",
        "annotation",
    ),
    "a handler of the application misspelt": (
        APPLICATION,
        '&После("ПриНачалеРаботыСистемы")',
        '&После("ПриНачалеРаботы")',
        "annotation",
    ),
    "the other extension's method misspelt": (
        BSP,
        "МВ_МостКлиент.Позвонить(",
        "МВ_МостКлиент.Набрать(",
        "method",
    ),
    "a method of БСП misspelt": (
        PROCESSOR,
        "ОбщегоНазначения.ПрочитатьДанныеИзБезопасногоХранилища(",
        "ОбщегоНазначения.ПрочитатьИзБезопасногоХранилища(",
        "method",
    ),
    "an argument forgotten for a method of БСП": (
        PROCESSOR,
        "РазрешениеНаИспользованиеИнтернетРесурса(",
        "РазрешениеНаИспользованиеИнтернетРесурса() + Строка(",
        "arguments",
    ),
    "a module of БСП in the extension for any configuration": (
        BRIDGE,
        "\tНастройки = МВ_ПараметрыМоста.Параметры();\n\tАбоненты = Новый Массив;\n",
        '\tНастройки = МВ_ПараметрыМоста.Параметры();\n\tАбоненты = ОбщегоНазначения.ОбщийМодуль("А");\n',
        "variable",
    ),
    "an export of the data processor misspelt": (
        PROCESSOR_FORM,
        'РеквизитФормыВЗначение("Объект").Позвонить(',
        'РеквизитФормыВЗначение("Объект").Набрать(',
        "method",
    ),
    "a key of the data processor's answer misspelt": (
        PROCESSOR_FORM,
        "Настройки.ЗаданПароль Тогда",
        "Настройки.ЕстьПароль Тогда",
        "member",
    ),
}

_CONSTRUCTS = {
    "a Latin letter in a Cyrillic name": (
        BRIDGE,
        "\tСписок = Прокси.GetSubscribers();",
        "\tCписок = Прокси.GetSubscribers();\n\tСписок = Cписок;",
        "alphabet",
    ),
    "a Cyrillic letter in a Latin member": (BRIDGE, "Ответ.Message);", "Ответ.Messаge);", "alphabet"),
    "Cyrillic letters in a Latin literal": (BRIDGE, '"SUCCESS"', '"SUССESS"', "alphabet"),
    "Cyrillic letters in an operation": (BRIDGE, "Прокси.PollEvents(", "Прокси.РollEvents(", "alphabet"),
    "a function younger than the platform": (
        BRIDGE,
        "Лев(ПодробноеПредставлениеОшибки(ИнформацияОбОшибке), 10000)",
        "Лев(ОбработкаОшибок.ПодробноеПредставлениеОшибки(ИнформацияОбОшибке), 10000)",
        "version",
    ),
    "asynchronous code on 8.3.14": (
        CLIENT,
        'Процедура ОткрытьНабор(Знач Номер = "") Экспорт\n',
        'Асинх Процедура ОткрытьНабор(Знач Номер = "") Экспорт\n',
        "version",
    ),
    "a region on 8.2": (
        OLD,
        "Функция ПроверитьСвязь() Экспорт",
        "#Область А\n#КонецОбласти\nФункция ПроверитьСвязь() Экспорт",
        "version",
    ),
    "a function of 8.3 on 8.2": (
        OLD_SERVICE,
        'Если Найти("0123456789", Знак) > 0 Тогда',
        'Если СтрНайти("0123456789", Знак) > 0 Тогда',
        "version",
    ),
    "JSON on 8.2": (
        OLD_SERVICE,
        '\tТелефон = "";\n',
        '\tТелефон = "";\n\tЧтение = Новый ЧтениеJSON;\n\tЧтение.Закрыть();\n',
        "version",
    ),
    "a structure with a value too few": (SEARCH, 'Ложь, "", "", "", "");', 'Ложь, "", "", "");', "key"),
    "a structure with a key that is no name": (
        BRIDGE,
        'Новый Структура("Наименование, Добавочный, Ключ")',
        'Новый Структура("Наименование, Внутр. номер, Ключ")',
        "key",
    ),
    "a text without its language": (
        CARD_FORM,
        "НСтр(\"ru = 'Звонит'; en = 'Ringing'\")",
        'НСтр("Звонит")',
        "НСтр",
    ),
    "a text whose quotation mark is lost": (
        CARD_FORM,
        "НСтр(\"ru = 'Звонит'; en = 'Ringing'\")",
        "НСтр(\"ru = 'Звонит; en = 'Ringing'\")",
        "НСтр",
    ),
    "a template with a value too few": (
        CARD_FORM,
        "en = 'Incoming call: %1'\"), Собеседник)",
        "en = 'Incoming call: %1'\"))",
        "СтрШаблон",
    ),
    "a transaction not undone": (CALLS, "\t\tОтменитьТранзакцию();\n", "", "transaction"),
    "a transaction not ended": (CALLS, "\t\tЗафиксироватьТранзакцию();\n", "", "transaction"),
    "an error swallowed in a transaction": (
        BRIDGE,
        "\t\tОтменитьТранзакцию();\n\t\tВызватьИсключение;\n",
        "\t\tОтменитьТранзакцию();\n",
        "transaction",
    ),
    "the privileged mode left on": (
        SETTINGS,
        "Константы.МВ_ДнейХранения.Получить());\n\tУстановитьПривилегированныйРежим(Ложь);\n",
        "Константы.МВ_ДнейХранения.Получить());\n",
        "privileged",
    ),
    "a method left with the privileged mode on": (
        SETTINGS,
        "\tЕсли Запись.Выбран() Тогда\n\t\tСекрет =",
        '\tЕсли Не Запись.Выбран() Тогда\n\t\tВозврат "";\n\tКонецЕсли;\n\tЕсли Истина Тогда\n\t\tСекрет =',
        "privileged",
    ),
    "an export without a word about it": (
        CLIENT,
        "// Открывает форму набора номера.\n//\n// Параметры:\n"
        "//  Номер - Строка - с чего начать; пользователь может исправить.\n//\n",
        "",
        "comment",
    ),
    "a parameter renamed and its description not": (
        CLIENT,
        "//  Номер - Строка - с чего начать; пользователь может исправить.",
        "//  Телефон - Строка - с чего начать; пользователь может исправить.",
        "comment",
    ),
    "a statement outside the methods": (GLOBAL, "#КонецОбласти", "#КонецОбласти\n\nЧисло = 1;", "body"),
    "a method outside the regions": (
        GLOBAL,
        "#КонецОбласти",
        "#КонецОбласти\n\nФункция Еще()\n\tВозврат Еще();\nКонецФункции",
        "region",
    ),
    "a region that no standard knows": (
        GLOBAL,
        "#Область СлужебныйПрограммныйИнтерфейс",
        "#Область Разное",
        "region",
    ),
    "an export among the private methods": (
        SETTINGS,
        "Знач Наименьшее, Знач Наибольшее)\n",
        "Знач Наименьшее, Знач Наибольшее) Экспорт\n",
        "region",
    ),
    "a query of a table that is not there": (
        CARDS,
        "|\tРегистрСведений.МВ_ПоказанныеКарточки КАК Показанные\n\t|ГДЕ",
        "|\tРегистрСведений.МВ_Показанные КАК Показанные\n\t|ГДЕ",
        "query",
    ),
    "a query of a field that is not there": (
        CARDS,
        "|\tКарточки.Появилась КАК Появилась",
        "|\tКарточки.Начата КАК Появилась",
        "query",
    ),
    "a query of an alias that is not there": (
        CARDS,
        "|\tПоказанные.Показана < &Срок",
        "|\tПоказаны.Показана < &Срок",
        "query",
    ),
    "a parameter of a query not given": (
        CARDS,
        '\tЗапрос.УстановитьПараметр("Ключ", Абонент.КлючВАТС);\n',
        "",
        "query",
    ),
    "a parameter of a query misspelt": (
        CARDS,
        'УстановитьПараметр("Ключ", Абонент.КлючВАТС)',
        'УстановитьПараметр("КлючВАТС", Абонент.КлючВАТС)',
        "query",
    ),
    "a column that the query does not choose": (
        OLD_SERVICE,
        "Категория = Выборка.Категория;",
        "Категория = Выборка.Группа;",
        "query",
    ),
    "a lock on a register that is not there": (
        CALLS,
        'Блокировка.Добавить("РегистрСведений.МВ_Звонки")',
        'Блокировка.Добавить("РегистрСведений.МВ_Звонок")',
        "lock",
    ),
    "a lock by what is no dimension": (
        CALLS,
        'УстановитьЗначение("ИдЗвонка"',
        'УстановитьЗначение("Номер"',
        "lock",
    ),
}

_TEXTS = {
    "an address in the code": (
        BRIDGE,
        'Настройки.АдресМоста + "/ws/Telephony?wsdl"',
        '"https://bridge.firma.ru/ws/Telephony?wsdl"',
        "address",
    ),
    "an IP address in the code": (
        BRIDGE,
        'Настройки.АдресМоста + "/ws/Telephony?wsdl"',
        '"http://192.168.1.10:8080/ws/Telephony?wsdl"',
        "address",
    ),
    "a password in the code": (
        BRIDGE,
        "Прокси.Пароль = МВ_ПараметрыМоста.Пароль();",
        'Прокси.Пароль = "пароль1";',
        "secret",
    ),
    "a password for the description in the code": (
        PLAIN,
        "Подключение.Имя, Подключение.Пароль, ,",
        'Подключение.Имя, "пароль1", ,',
        "secret",
    ),
    "a password in the event log": (
        PLAIN,
        "\t\tПрокси = ПроксиМоста(Подключение);\n",
        '\t\tЗаписьЖурналаРегистрации("Мост", , , Подключение.Пароль);\n'
        "\t\tПрокси = ПроксиМоста(Подключение);\n",
        "secret",
    ),
    "a description without a timeout": (
        BRIDGE,
        "МВ_ПараметрыМоста.Пароль(), , Настройки.ТаймаутОписания, ",
        "МВ_ПараметрыМоста.Пароль(), , , ",
        "timeout",
    ),
    "a proxy without a timeout": (
        BRIDGE,
        "\t\t, Таймаут, ЗащищенноеСоединение(",
        "\t\t, , ЗащищенноеСоединение(",
        "timeout",
    ),
    "a timeout of ten minutes": (PLAIN, "ТаймаутВызова = 20;", "ТаймаутВызова = 600;", "timeout"),
    "a timeout of nothing": (PLAIN, "ТаймаутОписания = 7;", "ТаймаутОписания = 0;", "timeout"),
    "a modal warning": (
        CLIENT,
        "ПоказатьПредупреждение(, Ответ.Сообщение, , НСтр(",
        "Предупреждение(Ответ.Сообщение, , НСтр(",
        "modal",
    ),
    "a modal question": (
        CARD_FORM,
        "\tЕсли Не ПустаяСтрока(Ссылка) Тогда",
        '\tЕсли Вопрос("?", РежимДиалогаВопрос.ДаНет) = КодВозвратаДиалога.Да Тогда',
        "modal",
    ),
    "Сообщить": (
        CLIENT,
        "\t\tВыполнитьОбработкуОповещения(Оповещение, Ответ);",
        "\t\tСообщить(Ответ.Сообщение);",
        "forbidden",
    ),
    "the computer's time": (
        CARDS,
        "Отметка.Показана = ТекущаяДатаСеанса();",
        "Отметка.Показана = ТекущаяДата();",
        "forbidden",
    ),
    "an exception swallowed": (
        CALLS,
        '\t\tЗаписьЖурналаРегистрации("Мост ВАТС.Переопределение", УровеньЖурналаРегистрации.Ошибка, , ,\n'
        "\t\t\tЛев(ПодробноеПредставлениеОшибки(ИнформацияОбОшибке()), 10000));\n",
        "",
        "handler",
    ),
    "an exception hidden in a variable": (
        SETTINGS_FORM,
        "РезультатПроверки = КраткоеПредставлениеОшибки(ИнформацияОбОшибке());\n\t\tВозврат Список;",
        'РезультатПроверки = "";\n\t\tВозврат Список;',
        "handler",
    ),
    "code in a comment": (
        BRIDGE,
        "\tВозврат Разобранные;\n",
        "\t// Разобранные = СписокСобытий;\n\tВозврат Разобранные;\n",
        "text",
    ),
    "a line too long": (
        BRIDGE,
        "// Регламентное задание МВ_ЗаборСобытий.",
        "// Регламентное задание МВ_ЗаборСобытий." + " слово" * 16,
        "text",
    ),
    "the letter ё": (
        BRIDGE,
        "// Регламентное задание МВ_ЗаборСобытий.",
        "// Регламентное задание МВ_ЗаборСобытий, её зовут так.",
        "text",
    ),
}

MUTANTS = tuple(
    Mutant(
        name=name,
        where=where,
        old=old,
        new=new,
        rule=rest[0] if rest else "syntax",
        seen_in="".join(rest[1:]),
    )
    for group in (_SYNTAX, _REFERENCES, _CONTEXT, _AROUND, _CONSTRUCTS, _TEXTS)
    for name, (where, old, new, *rest) in group.items()
)
