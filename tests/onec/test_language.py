"""The parser takes the language of 1C as it is written, and refuses what the platform's compiler refuses."""

from datetime import datetime
from decimal import Decimal

import pytest
from onec.bsl import tree
from onec.bsl.parser import CLIENT, ORDINARY, SERVER, SyntaxError1C, parse


def body(*lines: str, heading: str = "Процедура П()") -> tuple[tree.Statement, ...]:
    end = "КонецФункции" if "Функция" in heading else "КонецПроцедуры"
    return parse("\n".join((heading, *lines, end)), "m").methods[0].body


def value(expression: str) -> tree.Expression:
    (statement,) = body(f"А = {expression};")
    assert isinstance(statement, tree.Assign)
    return statement.value


def shape(node: object) -> object:
    """An expression as nested lists, for reading."""
    match node:
        case tree.Literal():
            return node.value
        case tree.Name():
            return node.name
        case tree.Member():
            return [".", shape(node.of), node.name]
        case tree.Index():
            return ["[]", shape(node.of), shape(node.index)]
        case tree.Call():
            return ["()", shape(node.function), *(shape(one) for one in node.arguments)]
        case tree.New():
            return ["Новый", node.type_name, *(shape(one) for one in node.arguments)]
        case tree.Unary():
            return [node.operator, shape(node.operand)]
        case tree.Binary():
            return [node.operator, shape(node.left), shape(node.right)]
        case tree.Ternary():
            return ["?", shape(node.condition), shape(node.yes), shape(node.no)]
        case tree.Await():
            return ["Ждать", shape(node.value)]
        case None:
            return None
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1", Decimal(1)),
        ("12.50", Decimal("12.50")),
        ("Истина", True),
        ("Неопределено", None),
        ('"да ""нет"""', 'да "нет"'),
        ("'20260102'", datetime(2026, 1, 2)),
        ("'20260102030405'", datetime(2026, 1, 2, 3, 4, 5)),
        ("'00010101'", datetime(1, 1, 1)),
        ("'00000000'", datetime(1, 1, 1)),
        ("1 + 2 * 3", ["+", Decimal(1), ["*", Decimal(2), Decimal(3)]]),
        ("(1 + 2) * 3", ["*", ["+", Decimal(1), Decimal(2)], Decimal(3)]),
        ("1 - 2 - 3", ["-", ["-", Decimal(1), Decimal(2)], Decimal(3)]),
        ("-Б % 2", ["%", ["-", "Б"], Decimal(2)]),
        ("Б = 1 И В Или Г", ["Или", ["И", ["=", "Б", Decimal(1)], "В"], "Г"]),
        ("Не Б = 1", ["Не", ["=", "Б", Decimal(1)]]),
        ("Не Б И Не В", ["И", ["Не", "Б"], ["Не", "В"]]),
        ("?(Б > 1, В, Г)", ["?", [">", "Б", Decimal(1)], "В", "Г"]),
        ("Ф(, 1, )", ["()", "Ф", None, Decimal(1), None]),
        ("Ф()", ["()", "Ф"]),
        ("Б.В(1)[0].Г", [".", ["[]", ["()", [".", "Б", "В"], Decimal(1)], Decimal(0)], "Г"]),
        ("Запрос.Выполнить().Выбрать()", ["()", [".", ["()", [".", "Запрос", "Выполнить"]], "Выбрать"]]),
        ("Новый Массив", ["Новый", "Массив"]),
        ('Новый Структура("А", 1)', ["Новый", "Структура", "А", Decimal(1)]),
        ('Новый(Тип("Массив"), Б)', ["Новый", "", ["()", "Тип", "Массив"], "Б"]),
        ('(Новый Структура("А")).А', [".", ["Новый", "Структура", "А"], "А"]),
        ("True and not False", ["И", True, ["Не", False]]),
    ],
)
def test_an_expression_means(text: str, meaning: object) -> None:
    assert shape(value(text)) == meaning


def test_a_string_goes_on_in_lines_that_begin_with_a_bar() -> None:
    (statement,) = body('А = "раз', "\t// замечание", '\t|два ""три""', '\t|";')
    assert isinstance(statement, tree.Assign)
    assert shape(statement.value) == 'раз\nдва "три"\n'


def test_null_is_not_undefined() -> None:
    null = value("Null")
    assert isinstance(null, tree.Literal)
    assert null.is_null
    assert not value("Неопределено").is_null  # type: ignore[attr-defined]


def test_statements() -> None:
    statements = body(
        "Перем А, Б;",
        "Если А Тогда Б = 1 ИначеЕсли Б Тогда Ф(); Иначе Возврат КонецЕсли;",
        "Пока А Цикл Прервать; КонецЦикла;",
        "Для Н = 1 По 10 Цикл Продолжить КонецЦикла;",
        "Для Каждого Х Из А Цикл Х.Б[0] = 1; КонецЦикла;",
        "Попытка Ф() Исключение ВызватьИсключение КонецПопытки;;",
        'ВызватьИсключение "нет"',
    )
    kinds = ["Variables", "If", "While", "ForRange", "ForEach", "Try", "Raise"]
    assert [type(one).__name__ for one in statements] == kinds
    condition = statements[1]
    assert isinstance(condition, tree.If)
    assert len(condition.branches) == 2
    assert condition.otherwise is not None


def test_a_module_with_all_its_parts() -> None:
    text = """\ufeff#Область Все
Перем Общая Экспорт;

// Что делает.
// Параметры: нет.
&НаСервере
&Вместо("Старая")
Функция Новая(Знач А, Б = -1, В = "x") Экспорт
	Возврат А;
КонецФункции

#Область Внутри
Асинх Процедура Вторая()
	Ждать ПредупреждениеАсинх("да");
	А = Ждать Ф() + 1;
КонецПроцедуры
#КонецОбласти
#КонецОбласти
#Область Начало
Общая = 1;
#КонецОбласти
""".replace("\n", "\r\n")
    module = parse(text, "m")
    first, second = module.methods
    assert (first.name, first.is_function, first.export, first.directive) == (
        "Новая",
        True,
        True,
        "НаСервере",
    )
    assert first.annotation is not None
    assert (first.annotation.kind, first.annotation.method) == ("Вместо", "Старая")
    assert [(one.name, one.by_value, one.default and one.default.value) for one in first.parameters] == [
        ("А", True, None),
        ("Б", False, Decimal(-1)),
        ("В", False, "x"),
    ]
    assert first.description == "Что делает.\nПараметры: нет."
    assert (first.place.line, first.end.line) == (8, 10)
    assert second.is_async
    assert isinstance(second.body[0], tree.Do)
    assert shape(second.body[1].value) == ["+", ["Ждать", ["()", "Ф"]], Decimal(1)]  # type: ignore[attr-defined]
    assert module.variables[0].export
    assert [(one.name, [inner.name for inner in one.inner]) for one in module.regions] == [
        ("Все", ["Внутри"]),
        ("Начало", []),
    ]
    assert module.method("ВТОРАЯ") is second
    assert len(module.body) == 1


def test_english_keywords_are_the_same_language() -> None:
    text = "&AtServer\nFunction F(Val A)\nIf A Then\nReturn 1;\nEndIf;\nReturn New Array;\nEndFunction\n"
    module = parse(text, "m")
    assert module.methods[0].directive == "НаСервере"
    assert module.methods[0].parameters[0].by_value


CHOICE = """#Если Сервер И Не ВнешнееСоединение Тогда
Процедура А() КонецПроцедуры
#ИначеЕсли ТонкийКлиент Тогда
Процедура Б() КонецПроцедуры
#Иначе
Процедура В() КонецПроцедуры
#КонецЕсли
"""


@pytest.mark.parametrize(("symbols", "name"), [(SERVER, "А"), (CLIENT, "Б"), (ORDINARY, "В")])
def test_the_preprocessor_leaves_one_branch(symbols: frozenset[str], name: str) -> None:
    assert [one.name for one in parse(CHOICE, "m", symbols=symbols).methods] == [name]


def test_what_is_not_compiled_is_still_read() -> None:
    with pytest.raises(SyntaxError1C, match="a string is not closed"):
        parse('#Если Клиент Тогда\nА = "\n#КонецЕсли\n', "m")


def test_a_word_after_a_dot_is_a_name_even_if_a_keyword() -> None:
    assert shape(value("А.Если.Новый")) == [".", [".", "А", "Если"], "Новый"]


def test_an_error_says_where() -> None:
    with pytest.raises(SyntaxError1C) as caught:
        parse("Процедура П()\n\tА = ;\nКонецПроцедуры\n", "CommonModules/М")
    assert (caught.value.path, caught.value.line, caught.value.column) == ("CommonModules/М", 2, 6)


def in_method(*lines: str) -> str:
    return "\n".join(("Процедура П()", *lines, "КонецПроцедуры", ""))


REFUSED = {
    "a procedure is not closed": "Процедура П()\nА = 1;\n",
    "a procedure is closed as a function": "Процедура П()\nКонецФункции\n",
    "a condition is not closed": in_method("Если А Тогда", "Б = 1;"),
    "a loop is not closed": in_method("Пока А Цикл", "Б = 1;"),
    "an attempt without its handler": in_method("Попытка", "Ф();", "КонецПопытки;"),
    "a bracket is not closed": in_method("А = (1 + 2;"),
    "a bracket too many": in_method("А = 1 + 2);"),
    "a call is not closed": in_method("Ф(1;"),
    "an index is not closed": in_method("А = Б[1;"),
    "a string is not closed": in_method('А = "раз;', "Б = 1;"),
    "a string goes on without a bar": in_method('А = "раз', 'два";'),
    "a date is not closed": in_method("А = '20260101;"),
    "a date of the thirteenth month": in_method("А = '20261301';"),
    "a region is not closed": "#Область А\n" + in_method(),
    "a region is closed that was not opened": in_method() + "#КонецОбласти\n",
    "a region without a name": "#Область\n#КонецОбласти\n",
    "a region crosses a procedure": "#Область А\nПроцедура П()\n#КонецОбласти\nКонецПроцедуры\n",
    "a region crosses a condition": in_method("Если А Тогда", "#Область Б", "КонецЕсли;", "#КонецОбласти"),
    "a region crosses #Если": "#Если Сервер Тогда\n#Область А\n#КонецЕсли\n#КонецОбласти\n",
    "#Если is not closed": "#Если Сервер Тогда\n" + in_method(),
    "#Если without Тогда": "#Если Сервер\n#КонецЕсли\n",
    "#Если of an unknown symbol": "#Если Сервэр Тогда\n#КонецЕсли\n",
    "#Иначе twice": "#Если Сервер Тогда\n#Иначе\n#Иначе\n#КонецЕсли\n",
    "an unknown instruction": "#Облость А\n#КонецОбласти\n",
    "an instruction after a statement": in_method("А = 1; #Область Б", "#КонецОбласти"),
    "a keyword misspelt": in_method("Есле А Тогда", "КонецЕсли;"),
    "a keyword with a Latin letter": in_method("Eсли А Тогда", "КонецЕсли;"),
    "a keyword of two words": in_method("Если А Тогда", "Иначе Если Б Тогда", "КонецЕсли;"),
    "no semicolon between statements": in_method("А = 1", "Б = 2;"),
    "no semicolon after a condition": in_method("Если А Тогда", "Ф();", "КонецЕсли", "Б = 2;"),
    "typographic quotation marks": in_method("А = “раз”;"),
    "a no-break space": in_method("А =\u00a01;"),
    "comparison as in C": in_method("Если А == 1 Тогда", "КонецЕсли;"),
    "inequality as in C": in_method("Если А != 1 Тогда", "КонецЕсли;"),
    "an increment as in C": in_method("А += 1;"),
    "a Latin name of the platform's ampersand": in_method("А = Б & В;"),
    "a number runs into a name": in_method("А = 1б;"),
    "a number with a comma": in_method("А = 1,5;"),
    "two methods of one name": in_method() + in_method(),
    "two parameters of one name": "Процедура П(А, а)\nКонецПроцедуры\n",
    "a variable like a parameter": "Процедура П(А)\nПерем А;\nКонецПроцедуры\n",
    "a variable after a statement": in_method("А = 1;", "Перем Б;"),
    "a variable of the module after a method": in_method() + "Перем А;\n",
    "a method inside a method": in_method("Процедура Б()", "КонецПроцедуры"),
    "a method after statements": "А = 1;\n" + in_method(),
    "a default that is not a constant": "Процедура П(А = Б)\nКонецПроцедуры\n",
    "Ждать outside Асинх": in_method('Ждать ПредупреждениеАсинх("да");'),
    "Прервать outside a loop": in_method("Прервать;"),
    "Продолжить outside a loop": in_method("Если А Тогда", "Продолжить;", "КонецЕсли;"),
    "a procedure returns a value": in_method("Возврат 1;"),
    "a function returns nothing": "Функция П()\nВозврат;\nКонецФункции\n",
    "Возврат outside a method": "Возврат;\n",
    "an exception raised again outside a handler": in_method("ВызватьИсключение;"),
    "an expression as a statement": in_method("А + 1;"),
    "a member as a statement": in_method("А.Б;"),
    "assignment to a call": in_method("Ф() = 1;"),
    "an empty expression": in_method("А = ;"),
    "a ternary of two": in_method("А = ?(Б, 1);"),
    "Для without По": in_method("Для Н = 1 Цикл", "КонецЦикла;"),
    "Для Каждого without Из": in_method("Для Каждого А Б Цикл", "КонецЦикла;"),
    "a new value used at once": in_method("А = Новый Массив().Количество();"),
    "an unknown directive": "&НаСервре\n" + in_method(),
    "two directives": "&НаСервере\n&НаКлиенте\n" + in_method(),
    "a directive before nothing": "&НаСервере\n",
    "an annotation without a method": "&Вместо()\n" + in_method(),
    "a keyword as a name": in_method("Для = 1;"),
    "code from a string": in_method('Выполнить("А = 1");'),
    "a jump": in_method("Перейти ~Метка;"),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_the_parser_refuses(defect: str) -> None:
    with pytest.raises(SyntaxError1C):
        parse(REFUSED[defect], "m")


def test_what_surrounds_the_defects_is_no_defect() -> None:
    parse(in_method() + in_method("А = 1;").replace("П()", "Р()"), "m")
