"""Defects that no reading finds: the module is right as a text and does the wrong thing."""

from onec.mutants.code import BRIDGE, CALLS, CARDS, PARSING, SEARCH, SERVER_CALL, SETTINGS, Mutant

# name: (where, old, new); `rule` of each is the word "running".
_PLANTED = {
    "a member of the event misspelt": (
        PARSING,
        'ТекстЧлена(Члены, "uuid", 100)',
        'ТекстЧлена(Члены, "uid", 100)',
    ),
    "the subscriber's key misspelt": (PARSING, '"userkey", 100', '"userKey", 100'),
    "a member that is missing taken for granted": (
        PARSING,
        'Событие.Плечо = ТекстЧлена(Члены, "subid", 50);',
        'Событие.Плечо = Лев(Члены["subid"].Текст, 50);',
    ),
    "the event's id without its state": (
        PARSING,
        'НомерУМоста + "." + Событие.Состояние + "." + Событие.ИдЗвонка',
        'НомерУМоста + "." + Событие.ИдЗвонка + "." + Событие.Плечо',
    ),
    "a repetition taken for news": (CALLS, "Записано = Не СобытиеЗаписано(Событие);", "Записано = Истина;"),
    "a late event puts the call back": (
        CALLS,
        "Если Событие.Ранг >= Звонок.Ранг Тогда",
        "Если Событие.Ранг > 0 Тогда",
    ),
    "an ampersand not escaped": (SEARCH, 'СтрЗаменить(Текст, "&", "&amp;")', 'СтрЗаменить(Текст, "&", "&")'),
    "the ampersand escaped last": (
        SEARCH,
        '\tТекст = СтрЗаменить(Текст, "&", "&amp;");\n\tТекст = СтрЗаменить(Текст, "<", "&lt;");\n',
        '\tТекст = СтрЗаменить(Текст, "<", "&lt;");\n\tТекст = СтрЗаменить(Текст, "&", "&amp;");\n',
    ),
    "a card shown again and again": (CARDS, "Показанные.ИдКарточки ЕСТЬ NULL", "НЕ Карточки.Завершена"),
    "a card of an old event": (CARDS, "Возраст <= 60 И", "Возраст <= 86400 И"),
    "cards that never end": (
        CARDS,
        "ЗавершитьКарточки(Событие, Ложь);",
        "ЗавершитьКарточки(Событие, Истина);",
    ),
    "cards of the others shown": (
        CARDS,
        "ИЛИ Карточки.КлючАбонента = &Ключ",
        "ИЛИ Карточки.КлючАбонента <> &Ключ",
    ),
    "dialling without the right to": (
        SERVER_CALL,
        "\tЕсли Не ДоступенНабор() Тогда\n\t\tРезультат =",
        "\tЕсли Ложь Тогда\n\t\tРезультат =",
    ),
    "an address with the service's path kept": (
        SETTINGS,
        "Лев(Результат, НачалоПути - 1)",
        "Лев(Результат, НачалоПути + 2)",
    ),
    "a missing password not noticed": (BRIDGE, " Или Не МВ_ПараметрыМоста.ЗаданПароль() Тогда", " Тогда"),
}

MUTANTS = tuple(
    Mutant(name=name, where=where, old=old, new=new, rule="running")
    for name, (where, old, new) in _PLANTED.items()
)
