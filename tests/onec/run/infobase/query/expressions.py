"""Expressions of a query text, and the words they are made of."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from onec.bsl.tree import same
from onec.run.infobase.fields import FieldType
from onec.run.infobase.query import tree
from onec.run.infobase.query.words import Word, words
from onec.run.objects import NULL, Unsupported

_RESERVED = (
    "ВЫБРАТЬ РАЗРЕШЕННЫЕ РАЗЛИЧНЫЕ ПЕРВЫЕ КАК ИЗ ГДЕ И ИЛИ НЕ ПОДОБНО СПЕЦСИМВОЛ В МЕЖДУ ЕСТЬ NULL "
    "ЛЕВОЕ ПРАВОЕ ПОЛНОЕ ВНУТРЕННЕЕ ВНЕШНЕЕ СОЕДИНЕНИЕ ПО СГРУППИРОВАТЬ ИМЕЮЩИЕ УПОРЯДОЧИТЬ ВОЗР "
    "УБЫВ ВЫБОР КОГДА ТОГДА ИНАЧЕ КОНЕЦ ОБЪЕДИНИТЬ ИТОГИ ПОМЕСТИТЬ ДЛЯ ИНДЕКСИРОВАТЬ "
    "АВТОУПОРЯДОЧИВАНИЕ ИСТИНА ЛОЖЬ НЕОПРЕДЕЛЕНО "
)
RESERVED = frozenset(_RESERVED.split())
AGGREGATES = ("КОЛИЧЕСТВО", "МАКСИМУМ", "МИНИМУМ", "СУММА")
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
UNLIMITED = "сравнение поля неограниченной длины"


class Tables(Protocol):
    def fields_of(self, table: str) -> Mapping[str, FieldType] | None:
        """Fields of `РегистрСведений.X`, `Справочник.X`, `Справочник.X.Секция`; None for an unknown table."""


class Expressions:
    def __init__(self, text: str, tables: Tables) -> None:
        self._text = text
        self._words = words(text)
        self._at = 0
        self._tables = tables
        self._aliases: dict[str, str] = {}

    def _expression(self) -> tree.Expression:
        left = self._conjunction()
        while self._take("ИЛИ"):
            left = tree.Operation("ИЛИ", (left, self._conjunction()))
        return left

    def _conjunction(self) -> tree.Expression:
        left = self._negation()
        while self._take("И"):
            left = tree.Operation("И", (left, self._negation()))
        return left

    def _negation(self) -> tree.Expression:
        if self._take("НЕ"):
            return tree.Operation("НЕ", (self._negation(),))
        return self._comparison()

    def _comparison(self) -> tree.Expression:
        left = self._sum()
        if self._word.kind == "sign" and self._word.text in COMPARISONS:
            sign = self._word.text
            self._at += 1
            return tree.Operation(sign, (limited(left), limited(self._sum())))
        if self._take("ЕСТЬ"):
            negated = self._take("НЕ")
            self._must("NULL")
            return _negated(tree.Operation("ЕСТЬ", (left,)), negated)
        negated = self._is("НЕ") and any(self._is(one, 1) for one in ("ПОДОБНО", "В", "МЕЖДУ"))
        self._at += negated
        if self._take("ПОДОБНО"):
            pattern = self._sum()
            escape = tree.Literal(self._kind("string").text) if self._take("СПЕЦСИМВОЛ") else tree.Literal("")
            return _negated(tree.Operation("ПОДОБНО", (left, pattern, escape)), negated)
        if self._take("МЕЖДУ"):
            low = self._sum()
            self._must("И")
            return _negated(tree.Operation("МЕЖДУ", (limited(left), low, self._sum())), negated)
        if self._take("В"):
            return _negated(tree.Operation("В", (limited(left), *self._list())), negated)
        return left

    def _list(self) -> list[tree.Expression]:
        self._must("(")
        if self._is("ВЫБРАТЬ"):
            raise Unsupported("запрос: вложенный запрос")
        found = [self._sum()]
        while self._sign(","):
            found.append(self._sum())
        self._must(")")
        return found

    def _sum(self) -> tree.Expression:
        left = self._product()
        while self._word.kind == "sign" and self._word.text in ("+", "-"):
            sign = self._word.text
            self._at += 1
            left = tree.Operation(sign, (left, self._product()))
        return left

    def _product(self) -> tree.Expression:
        left = self._primary()
        while self._word.kind == "sign" and self._word.text in ("*", "/"):
            sign = self._word.text
            self._at += 1
            left = tree.Operation(sign, (left, self._primary()))
        return left

    def _primary(self) -> tree.Expression:
        word = self._word
        self._at += 1
        match word.kind, word.text.upper():
            case "string", _:
                return tree.Literal(word.text)
            case "number", _:
                return tree.Literal(Decimal(word.text))
            case "parameter", _:
                return tree.Parameter(word.text)
            case "sign", "(":
                inner = self._expression()
                self._must(")")
                return inner
            case "sign", "-":
                return tree.Operation("МИНУС", (self._primary(),))
            case "name", "ИСТИНА" | "ЛОЖЬ":
                return tree.Literal(word.text.upper() == "ИСТИНА")
            case "name", "NULL":
                return tree.Literal(NULL)
            case "name", "НЕОПРЕДЕЛЕНО":
                return tree.Literal(None)
            case "name", "ВЫБОР":
                return self._cases()
            case "name", name if self._here("("):
                return self._function(name)
            case "name", name if name not in RESERVED:
                return self._field(word)
        self._at -= 1
        self._refuse()
        raise AssertionError

    def _cases(self) -> tree.Expression:
        branches = []
        while self._take("КОГДА"):
            condition = self._expression()
            self._must("ТОГДА")
            branches.append((condition, self._expression()))
        otherwise: tree.Expression = tree.Literal(NULL)
        if self._take("ИНАЧЕ"):
            otherwise = self._expression()
        self._must("КОНЕЦ")
        if not branches:
            self._refuse()
        return tree.Cases(tuple(branches), otherwise)

    def _function(self, name: str) -> tree.Expression:
        self._must("(")
        if name in AGGREGATES:
            return self._aggregate(name)
        if name == "ВЫРАЗИТЬ":
            return self._cast()
        counts = {"ЕСТЬNULL": 2, "ПОДСТРОКА": 3, "ПРЕДСТАВЛЕНИЕ": 1}
        if name == "ДАТАВРЕМЯ":
            return self._moment()
        if name not in counts:
            raise Unsupported(f"запрос: функция {name}")
        operands = [self._expression()]
        while self._sign(","):
            operands.append(self._expression())
        self._must(")")
        if len(operands) != counts[name]:
            raise Unsupported(f"запрос: число параметров {name}")
        return tree.Operation(name, tuple(operands))

    def _moment(self) -> tree.Expression:
        numbers = [int(self._kind("number").text)]
        while self._sign(","):
            numbers.append(int(self._kind("number").text))
        self._must(")")
        if len(numbers) not in (3, 6):
            raise Unsupported("запрос: число параметров ДАТАВРЕМЯ")
        return tree.Literal(datetime(*numbers))  # type: ignore[arg-type]

    def _aggregate(self, name: str) -> tree.Expression:
        if name == "КОЛИЧЕСТВО" and self._sign("*"):
            self._must(")")
            return tree.Aggregate(name, None, False)
        distinct = name == "КОЛИЧЕСТВО" and self._take("РАЗЛИЧНЫЕ")
        of = limited(self._expression())
        if tree.aggregated(of):
            raise Unsupported("запрос: агрегатная функция в агрегатной")
        self._must(")")
        return tree.Aggregate(name, of, distinct)

    def _cast(self) -> tree.Expression:
        value = self._expression()
        self._must("КАК")
        name = self._name().upper()
        sizes = []
        if self._sign("("):
            sizes.append(int(self._kind("number").text))
            while self._sign(","):
                sizes.append(int(self._kind("number").text))
            self._must(")")
        self._must(")")
        match name, sizes:
            case "СТРОКА", [length]:
                return tree.Cast(value, FieldType(kind="Строка", length=length))
            case "ЧИСЛО", [digits]:
                return tree.Cast(value, FieldType(kind="Число", digits=digits))
            case "ЧИСЛО", [digits, fraction]:
                return tree.Cast(value, FieldType(kind="Число", digits=digits, fraction=fraction))
        raise Unsupported(f"запрос: ВЫРАЗИТЬ КАК {name}")

    def _field(self, first: Word) -> tree.Expression:
        steps = [first.text]
        while self._sign("."):
            steps.append(self._name())
        alias = next((one for one in self._aliases if len(steps) > 1 and same(one, steps[0])), None)
        if alias is None:
            owners = [one for one in self._aliases if self._type(self._aliases[one], steps[0])]
            if len(owners) != 1:
                raise Unsupported(f"запрос: поле не найдено или неоднозначно ({'.'.join(steps)})")
            alias = owners[0]
        else:
            steps = steps[1:]
        table, path = self._aliases[alias], []
        for step in steps:
            found = self._type(table, step)
            if found is None:
                raise Unsupported(f"запрос: поле не найдено ({'.'.join(steps)} в {table})")
            name, kind = found
            path.append(name)
            table = kind.target
        return tree.Field(alias, tuple(path), kind)

    def _type(self, table: str, name: str) -> tuple[str, FieldType] | None:
        fields = self._tables.fields_of(table) if table else None
        return next(((known, kind) for known, kind in (fields or {}).items() if same(known, name)), None)

    # --- words

    @property
    def _word(self) -> Word:
        return self._words[self._at]

    def _is(self, text: str, ahead: int = 0) -> bool:
        word = self._words[min(self._at + ahead, len(self._words) - 1)]
        return word.kind in ("name", "sign") and word.text.upper() == text

    def _here(self, sign: str) -> bool:
        return self._word.kind == "sign" and self._word.text == sign

    def _take(self, text: str) -> bool:
        found = self._is(text)
        self._at += found
        return found

    def _sign(self, text: str) -> bool:
        found = self._here(text)
        self._at += found
        return found

    def _must(self, text: str) -> None:
        if not self._take(text):
            self._refuse(text)

    def _kind(self, kind: str) -> Word:
        word = self._word
        if word.kind != kind:
            self._refuse(kind)
        self._at += 1
        return word

    def _name(self) -> str:
        if self._word.text.upper() in RESERVED:
            self._refuse("имя")
        return self._kind("name").text

    def _skip_to(self, text: str) -> None:
        depth = 0
        while self._word.kind != "end":
            if not depth and self._is(text):
                return
            depth += self._here("(") - self._here(")")
            self._at += 1
        self._refuse(text)

    def _refuse(self, expected: str = "") -> None:
        near = self._text[self._word.at : self._word.at + 30]
        raise Unsupported(f"запрос: ожидается {expected or 'иное'}, найдено {near!r}")


def _negated(of: tree.Expression, negated: bool) -> tree.Expression:
    return tree.Operation("НЕ", (of,)) if negated else of


def limited(of: tree.Expression) -> tree.Expression:
    """Unlimited strings and values in storage can neither be compared nor sorted."""
    if isinstance(of, tree.Field):
        kind = of.type
        if kind.kind == "ХранилищеЗначения" or (kind.kind == "Строка" and not kind.length):
            raise Unsupported(f"запрос: {UNLIMITED} ({'.'.join(of.path)})")
    return of
