"""A module as a tree. What the platform's compiler refuses, this refuses.

Refused on purpose although the platform takes it: Выполнить, Перейти and labels, ДобавитьОбработчик, literals
side by side, a member of Новый without brackets, an empty Возврат of a function, #Вставка and #Удаление.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from onec.bsl.expressions import literal
from onec.bsl.lexer import SyntaxError1C, Words, words
from onec.bsl.preprocessor import CLIENT, ORDINARY, SERVER, preprocess
from onec.bsl.reader import Reader
from onec.bsl.statements import Statements, variables
from onec.bsl.tree import Annotation, Literal, Method, Module, Parameter, Place, Statement, Variables

__all__ = ["CLIENT", "ORDINARY", "SERVER", "SyntaxError1C", "parse"]

_DIRECTIVES = {
    "НаКлиенте": "AtClient", "НаСервере": "AtServer", "НаСервереБезКонтекста": "AtServerNoContext",
    "НаКлиентеНаСервереБезКонтекста": "AtClientAtServerNoContext", "НаКлиентеНаСервере": "AtClientAtServer",
}  # fmt: skip
_ANNOTATIONS = {
    "Перед": "Before",
    "После": "After",
    "Вместо": "Around",
    "ИзменениеИКонтроль": "ChangeAndValidate",
}
_CANON = {
    spelling.casefold(): russian
    for known in (_DIRECTIVES, _ANNOTATIONS)
    for russian, english in known.items()
    for spelling in (russian, english)
}


def parse(text: str, path: str, *, symbols: frozenset[str] = SERVER) -> Module:
    """The tree of a module as compiled where these symbols of the preprocessor are set.

    Raises:
        SyntaxError1C: the platform would not compile it.
    """
    found = words(text, path)
    tokens, regions = preprocess(found.tokens, path, symbols)
    return replace(_Parser(Reader(tokens, path), found).module(), regions=regions)


@dataclass(kw_only=True)
class _Heading:
    """What stands before a method or a variable."""

    place: Place
    directive: str = ""
    annotation: Annotation | None = None


class _Parser:
    def __init__(self, reader: Reader, source: Words) -> None:
        self.reader = reader
        self.comments = source.comments
        self.open_regions: list[Place] = []
        self.names: set[str] = set()

    def module(self) -> Module:
        reader = self.reader
        declared: list[Variables] = []
        methods: list[Method] = []
        while True:
            self._regions()
            heading = self._heading()
            if reader.sees_keyword("Перем"):
                if methods:
                    reader.fail("variables of a module are declared before its methods")
                declared.append(variables(reader, directive=heading.directive, may_export=True))
                self._declare(declared[-1].place, *declared[-1].names)
            elif reader.sees_keyword("Процедура", "Функция") or reader.sees_word("Асинх", "Async"):
                methods.append(self._method(heading))
            elif heading.directive or heading.annotation:
                reader.fail("a directive stands before a method or a variable")
            else:
                break
        body = self._body()
        return Module(path=reader.path, variables=tuple(declared), methods=tuple(methods), body=body)

    def _body(self) -> tuple[Statement, ...]:
        """The module's own statements; `block` takes the ends of regions begun before them."""
        statements = Statements(self.reader, kind="module", is_async=False)
        found: list[Statement] = []
        while self.reader.now.kind != "end":
            self._regions()
            found += statements.block("Процедура", "Функция", outermost=True)
            if self.reader.sees_keyword("Процедура", "Функция"):
                self.reader.fail("methods stand before the statements of a module")
        return tuple(found)

    def _regions(self) -> None:
        while self.reader.now.kind == "instruction":
            token = self.reader.take()
            if token.text == "область":
                self.open_regions.append(token.place)
            else:
                self.open_regions.pop()

    def _heading(self) -> _Heading:
        reader = self.reader
        heading = _Heading(place=reader.now.place)
        while reader.now.kind == "directive":
            token = reader.take()
            kind = _CANON.get(token.text.casefold())
            if kind is None:
                reader.fail(f"unknown directive {token.raw}", token.place)
            if kind in _DIRECTIVES:
                if heading.directive:
                    reader.fail("two directives before one method", token.place)
                heading.directive = kind
            else:
                if heading.annotation:
                    reader.fail("two annotations before one method", token.place)
                heading.annotation = self._annotation(token.place, kind)
        return heading

    def _annotation(self, place: Place, kind: str) -> Annotation:
        reader = self.reader
        reader.expect("(")
        if reader.now.kind != "string" or not reader.now.text:
            reader.fail("an annotation names a method in quotation marks")
        method = reader.take().text
        reader.expect(")")
        return Annotation(place=place, kind=kind, method=method)

    def _method(self, heading: _Heading) -> Method:
        reader = self.reader
        is_async = reader.sees_word("Асинх", "Async")
        if is_async:
            reader.take()
            if not reader.sees_keyword("Процедура", "Функция"):
                reader.fail("expected Процедура or Функция after Асинх")
        is_function = reader.take().text == "Функция"
        name = reader.name("the name of a method")
        self._declare(name.place, name.text)
        parameters = self._parameters()
        export = reader.skip("Экспорт", "keyword")
        end = "КонецФункции" if is_function else "КонецПроцедуры"
        local = self._local_variables(parameters)
        kind = "function" if is_function else "procedure"
        statements = Statements(reader, kind=kind, is_async=is_async)
        body = local + statements.block(
            end, "Перем", "Процедура", "Функция", "КонецПроцедуры", "КонецФункции"
        )
        closed = reader.expect_keyword(end)
        return Method(
            place=name.place,
            name=name.text,
            is_function=is_function,
            parameters=parameters,
            body=body,
            export=export,
            is_async=is_async,
            directive=heading.directive,
            annotation=heading.annotation,
            description=self._description(heading.place.line),
            end=closed.place,
        )

    def _local_variables(self, parameters: tuple[Parameter, ...]) -> tuple[Statement, ...]:
        reader = self.reader
        taken = {one.name.casefold() for one in parameters}
        found: list[Statement] = []
        while reader.sees_keyword("Перем"):
            one = variables(reader, directive="", may_export=False)
            for name in one.names:
                if name.casefold() in taken:
                    reader.fail(f"the variable {name} is declared twice", one.place)
                taken.add(name.casefold())
            found.append(one)
        return tuple(found)

    def _parameters(self) -> tuple[Parameter, ...]:
        reader = self.reader
        reader.expect("(")
        found: list[Parameter] = []
        if reader.skip(")"):
            return ()
        while True:
            by_value = reader.skip("Знач", "keyword")
            name = reader.name("the name of a parameter")
            if any(one.name.casefold() == name.text.casefold() for one in found):
                reader.fail(f"the parameter {name.text} is declared twice", name.place)
            default = self._default() if reader.skip("=") else None
            found.append(Parameter(place=name.place, name=name.text, by_value=by_value, default=default))
            if reader.skip(")"):
                return tuple(found)
            reader.expect(",")

    def _default(self) -> Literal:
        reader = self.reader
        place = reader.now.place
        sign = reader.take().text if reader.sees("-") or reader.sees("+") else ""
        value = literal(reader.now)
        if value is None or (sign and not isinstance(value.value, Decimal)):
            reader.fail("the default of a parameter is a constant")
        reader.take()
        return replace(value, place=place, value=-value.value) if sign == "-" else value

    def _declare(self, place: Place, *names: str) -> None:
        for name in names:
            if name.casefold() in self.names:
                self.reader.fail(f"{name} is declared twice in the module", place)
            self.names.add(name.casefold())

    def _description(self, line: int) -> str:
        lines: list[str] = []
        while line - 1 in self.comments:
            line -= 1
            lines.append(self.comments[line])
        return "\n".join(reversed(lines)).strip()
