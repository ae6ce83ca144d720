"""System enumerations and Символы: properties of the global context."""

from typing import Any, ClassVar

from onec.bsl.tree import same
from onec.run.objects import OnecError, PlatformObject, Unsupported, Value


class EnumerationValue(PlatformObject):
    """УровеньЖурналаРегистрации.Ошибка: one value, compared by itself."""

    def __init__(self, type_name: str, name: str) -> None:
        self.type_name = type_name
        self.name = name

    def text(self) -> str:
        """Строка() gives the presentation, which is not always the name."""
        raise Unsupported(f"the presentation of {self.type_name}.{self.name}")

    def __repr__(self) -> str:
        return f"{self.type_name}.{self.name}"


class Enumeration(PlatformObject):
    def __init__(self, type_name: str, names: str) -> None:
        self.type_name = type_name
        self.members = [EnumerationValue(type_name, one) for one in names.split()]

    def get(self, name: str) -> Value:
        for one in self.members:
            if same(one.name, name):
                return one
        raise OnecError(f"Поле объекта не обнаружено ({name})")


class Characters(PlatformObject):
    """Символы"""

    type_name = "Символы"
    _known: ClassVar = {"ПС": "\n", "ВК": "\r", "Таб": "\t", "НПП": "\u00a0", "ПФ": "\f", "ВТаб": "\v"}

    def properties(self) -> dict[str, Any]:
        return {name: (lambda one=one: one, None) for name, one in self._known.items()}


# only members we know of; a name that is missing here raises
_MEMBERS = {
    "УровеньЖурналаРегистрации": "Ошибка Предупреждение Информация Примечание",
    "РежимТранзакцииЗаписиЖурналаРегистрации": "Независимая Транзакционная",
    "НаправлениеПоиска": "СНачала СКонца",
    "СпособКодированияСтроки": "КодировкаURL URLВКодировкеURL",
    "КодировкаТекста": "ANSI OEM UTF8 UTF16 Системная",
    "ИспользованиеByteOrderMark": "Авто Использовать НеИспользовать",
    "ФорматДатыJSON": "ISO JavaScript Microsoft",
    "ВариантЗаписиДатыJSON": "ЛокальнаяДата ЛокальнаяДатаСоСмещением УниверсальнаяДата",
    "ПереносСтрокJSON": "Авто Нет Windows Unix",
    "ЭкранированиеСимволовJSON": "Нет СимволыВнеASCII СимволыВнеBMP",
    "ТипЗначенияJSON": (
        "Ничего ИмяСвойства НачалоОбъекта КонецОбъекта НачалоМассива КонецМассива "
        "Строка Число Булево Null Комментарий"
    ),
    "РежимДиалогаВопрос": "ДаНет ДаНетОтмена ОК ОКОтмена ПовторитьОтмена ПрерватьПовторитьПропустить",
    "КодВозвратаДиалога": "Да Нет ОК Отмена Повторить Прервать Пропустить Таймаут",
    "СтатусСообщения": "БезСтатуса Важное Внимание Информация Обычное ОченьВажное",
    "СтатусОповещенияПользователя": "Информация Важное",
    "РежимОткрытияОкнаФормы": "Независимый БлокироватьВесьИнтерфейс БлокироватьОкноВладельца",
    "РежимБлокировкиДанных": "Исключительный Разделяемый",
    "ДопустимыйЗнак": "Любой Неотрицательный",
    "ДопустимаяДлина": "Переменная Фиксированная",
    "ЧастиДаты": "Время Дата ДатаВремя",
}

GLOBAL: dict[str, Value] = {
    **{name.casefold(): Enumeration(name, members) for name, members in _MEMBERS.items()},
    "символы": Characters(),
}
