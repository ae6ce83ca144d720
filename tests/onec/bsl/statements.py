"""Statements of the language, inside one method or in a module's own body."""

from onec.bsl.expressions import Expressions
from onec.bsl.lexer import Token
from onec.bsl.reader import Reader
from onec.bsl.tree import (
    Assign,
    Await,
    Branch,
    Break,
    Call,
    Continue,
    Do,
    Expression,
    ForEach,
    ForRange,
    If,
    Index,
    Member,
    Name,
    Place,
    Raise,
    Return,
    Statement,
    Try,
    Variables,
    While,
)


class Statements:
    """`kind`: "procedure", "function" or "module": what may be returned from."""

    def __init__(self, reader: Reader, *, kind: str, is_async: bool) -> None:
        self.reader = reader
        self.kind = kind
        self.expressions = Expressions(reader, is_async=is_async)
        self.loops = 0
        self.handlers = 0

    def block(self, *ends: str, outermost: bool = False) -> tuple[Statement, ...]:
        """Statements up to one of these keywords (which stays) or the module's end.

        The `outermost` block ends with the region around it too.
        """
        reader = self.reader
        found: list[Statement] = []
        regions: list[Token] = []
        separated = True
        while not self._at_end(ends):
            if reader.now.kind == "instruction":
                if outermost and not regions and reader.now.text == "конецобласти":
                    break
                self._region(regions)
            elif reader.skip(";"):
                separated = True
            elif not separated:
                reader.fail(f"expected ; before {reader.now.raw or reader.now.text}")
            else:
                found.append(self._statement())
                separated = False
        if regions:
            reader.fail("a region crosses the end of its block", regions[-1].place)
        return tuple(found)

    def _at_end(self, ends: tuple[str, ...]) -> bool:
        return self.reader.sees_keyword(*ends) or self.reader.now.kind == "end"

    def _region(self, regions: list[Token]) -> None:
        token = self.reader.take()
        if token.text == "область":
            regions.append(token)
        elif regions:
            regions.pop()
        else:
            self.reader.fail("a region crosses the beginning of its block", token.place)

    def _statement(self) -> Statement:
        token = self.reader.now
        if token.kind == "keyword":
            reading = {
                "Если": self._if,
                "Пока": self._while,
                "Для": self._for,
                "Попытка": self._try,
                "Возврат": self._return,
                "ВызватьИсключение": self._raise,
                "Прервать": self._break,
                "Продолжить": self._continue,
            }.get(token.text)
            if reading is None:
                self.reader.fail(f"{token.raw} cannot begin a statement here")
            return reading()
        if token.kind != "name":
            self.reader.fail(f"expected a statement, found {token.raw or token.text}")
        return self._assignment_or_call()

    def _assignment_or_call(self) -> Statement:
        reader = self.reader
        place = reader.now.place
        if self.expressions.is_async and reader.sees_word("Ждать", "Await"):
            reader.take()
            called = self.expressions.postfix()
            if not isinstance(called, Call):
                reader.fail("Ждать stands before a call", place)
            return Do(place=place, call=Await(place=place, value=called))
        target = self.expressions.postfix()
        if isinstance(target, Call):
            if reader.sees("="):
                reader.fail("the result of a call cannot be assigned to")
            return Do(place=place, call=target)
        if not isinstance(target, Name | Member | Index):
            reader.fail("expected an assignment or a call", place)
        reader.expect("=")
        return Assign(place=place, target=target, value=self._value())

    def _value(self) -> Expression:
        return self.expressions.expression()

    def _if(self) -> Statement:
        reader = self.reader
        place = reader.now.place
        branches = []
        while reader.sees_keyword("Если", "ИначеЕсли"):
            begun = reader.take().place
            condition = self._value()
            reader.expect_keyword("Тогда")
            body = self.block("ИначеЕсли", "Иначе", "КонецЕсли")
            branches.append(Branch(place=begun, condition=condition, body=body))
            if not reader.sees_keyword("ИначеЕсли"):
                break
        otherwise = None
        if reader.skip("Иначе", "keyword"):
            otherwise = self.block("КонецЕсли")
        reader.expect_keyword("КонецЕсли")
        return If(place=place, branches=tuple(branches), otherwise=otherwise)

    def _while(self) -> Statement:
        place = self.reader.take().place
        condition = self._value()
        return While(place=place, condition=condition, body=self._loop())

    def _for(self) -> Statement:
        reader = self.reader
        place = reader.take().place
        if reader.skip("Каждого", "keyword"):
            name = reader.name("the variable of a loop").text
            reader.expect_keyword("Из")
            items = self._value()
            return ForEach(place=place, name=name, items=items, body=self._loop())
        name = reader.name("the variable of a loop").text
        reader.expect("=")
        first = self._value()
        reader.expect_keyword("По")
        last = self._value()
        return ForRange(place=place, name=name, first=first, last=last, body=self._loop())

    def _loop(self) -> tuple[Statement, ...]:
        self.reader.expect_keyword("Цикл")
        self.loops += 1
        body = self.block("КонецЦикла")
        self.loops -= 1
        self.reader.expect_keyword("КонецЦикла")
        return body

    def _try(self) -> Statement:
        reader = self.reader
        place = reader.take().place
        body = self.block("Исключение")
        reader.expect_keyword("Исключение")
        self.handlers += 1
        handler = self.block("КонецПопытки")
        self.handlers -= 1
        reader.expect_keyword("КонецПопытки")
        return Try(place=place, body=body, handler=handler)

    def _return(self) -> Statement:
        place = self.reader.take().place
        if self.kind == "module":
            self.reader.fail("Возврат outside a method", place)
        value = None if self._ends_here() else self._value()
        if self.kind == "function" and value is None:
            self.reader.fail("a function returns a value", place)
        if self.kind == "procedure" and value is not None:
            self.reader.fail("a procedure returns no value", place)
        return Return(place=place, value=value)

    def _raise(self) -> Statement:
        place = self.reader.take().place
        value = None if self._ends_here() else self._value()
        if value is None and not self.handlers:
            self.reader.fail("ВызватьИсключение without a text belongs into Исключение", place)
        return Raise(place=place, value=value)

    def _ends_here(self) -> bool:
        reader = self.reader
        return (
            reader.sees(";")
            or reader.now.kind in ("end", "instruction")
            or (reader.now.kind == "keyword" and reader.now.text.startswith(("Конец", "Иначе", "Исключение")))
        )

    def _break(self) -> Statement:
        return Break(place=self._in_loop())

    def _continue(self) -> Statement:
        return Continue(place=self._in_loop())

    def _in_loop(self) -> Place:
        token = self.reader.take()
        if not self.loops:
            self.reader.fail(f"{token.raw} outside a loop", token.place)
        return token.place


def variables(reader: Reader, *, directive: str, may_export: bool) -> Variables:
    """`Перем …;` with the keyword still to be taken."""
    place = reader.expect_keyword("Перем").place
    names = [reader.name("the name of a variable").text]
    export = may_export and reader.skip("Экспорт", "keyword")
    while reader.skip(","):
        names.append(reader.name("the name of a variable").text)
        export = (may_export and reader.skip("Экспорт", "keyword")) or export
    reader.expect(";")
    return Variables(place=place, names=tuple(names), export=export, directive=directive)
