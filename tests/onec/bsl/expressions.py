"""Expressions of the language: Или, then И, then Не, then comparison, sums, products, sign."""

from collections.abc import Callable

from onec.bsl.lexer import Token
from onec.bsl.reader import Reader
from onec.bsl.tree import (
    Await,
    Binary,
    Call,
    Expression,
    Index,
    Literal,
    Member,
    Name,
    New,
    Place,
    Ternary,
    Unary,
)

_COMPARISON = ("=", "<>", "<", "<=", ">", ">=")
_CONSTANTS = {"Истина": True, "Ложь": False, "Неопределено": None, "Null": None}


def literal(token: Token) -> Literal | None:
    """The constant a single token is, or None."""
    if token.kind in ("string", "number", "date"):
        return Literal(place=token.place, value=token.value)
    if token.kind == "keyword" and token.text in _CONSTANTS:
        return Literal(place=token.place, value=_CONSTANTS[token.text], is_null=token.text == "Null")
    return None


class Expressions:
    def __init__(self, reader: Reader, *, is_async: bool) -> None:
        self.reader = reader
        self.is_async = is_async

    def expression(self) -> Expression:
        return self._chain_of_words("Или", lambda: self._chain_of_words("И", self._negation))

    def postfix(self) -> Expression:
        """A name, a call, an element: what may begin a statement too."""
        bracketed = self.reader.sees("(")
        head = self._head()
        return head if isinstance(head, New) and not bracketed else self._tails(head, bracketed=bracketed)

    def _chain_of_words(self, word: str, inner: Callable[[], Expression]) -> Expression:
        left = inner()
        while self.reader.sees_keyword(word):
            self.reader.take()
            left = Binary(place=left.place, operator=word, left=left, right=inner())
        return left

    def _negation(self) -> Expression:
        if self.reader.sees_keyword("Не"):
            place = self.reader.take().place
            return Unary(place=place, operator="Не", operand=self._negation())
        return self._chain(_COMPARISON, lambda: self._chain(("+", "-"), self._product))

    def _product(self) -> Expression:
        return self._chain(("*", "/", "%"), self._signed)

    def _chain(self, operators: tuple[str, ...], inner: Callable[[], Expression]) -> Expression:
        left = inner()
        while self.reader.now.kind == "sign" and self.reader.now.text in operators:
            operator = self.reader.take().text
            left = Binary(place=left.place, operator=operator, left=left, right=inner())
        return left

    def _signed(self) -> Expression:
        reader = self.reader
        if reader.now.kind == "sign" and reader.now.text in "+-":
            sign = reader.take()
            return Unary(place=sign.place, operator=sign.text, operand=self._signed())
        if reader.sees_keyword("Не"):
            place = reader.take().place
            return Unary(place=place, operator="Не", operand=self._signed())
        if self.is_async and reader.sees_word("Ждать", "Await"):
            place = reader.take().place
            return Await(place=place, value=self.postfix())
        return self.postfix()

    def _head(self) -> Expression:
        reader = self.reader
        token = reader.now
        constant = literal(token)
        if constant is not None:
            reader.take()
            return constant
        if token.kind == "name":
            reader.take()
            return Name(place=token.place, name=token.text)
        if token.kind == "keyword" and token.text == "Новый":
            return self._new()
        if reader.skip("("):
            inner = self.expression()
            reader.expect(")")
            return inner
        if reader.skip("?"):
            return self._ternary(token.place)
        return reader.fail(f"expected an expression, found {token.raw or token.text}")

    def _ternary(self, place: Place) -> Expression:
        reader = self.reader
        reader.expect("(")
        condition = self.expression()
        reader.expect(",")
        yes = self.expression()
        reader.expect(",")
        no = self.expression()
        reader.expect(")")
        return Ternary(place=place, condition=condition, yes=yes, no=no)

    def _new(self) -> Expression:
        reader = self.reader
        place = reader.take().place
        if reader.sees("("):
            arguments = self.arguments()
            if len(arguments) not in (1, 2) or arguments[0] is None:
                reader.fail("Новый(…) takes a type and, if wanted, an array of parameters", place)
            return New(place=place, type_name="", arguments=arguments)
        name = reader.name("the name of a type").text
        arguments = self.arguments() if reader.sees("(") else ()
        if reader.sees(".") or reader.sees("["):
            reader.fail("a new value is stored before its members are used")
        return New(place=place, type_name=name, arguments=arguments)

    def arguments(self) -> tuple[Expression | None, ...]:
        reader = self.reader
        reader.expect("(")
        if reader.skip(")"):
            return ()
        found: list[Expression | None] = []
        while True:
            left_out = reader.sees(",") or reader.sees(")")
            found.append(None if left_out else self.expression())
            if reader.skip(")"):
                return tuple(found)
            reader.expect(",")

    def _tails(self, left: Expression, *, bracketed: bool) -> Expression:
        reader = self.reader
        while not isinstance(left, Literal):
            if reader.sees("(") and isinstance(left, Name | Member) and not bracketed:
                left = Call(place=left.place, function=left, arguments=self.arguments())
            elif reader.skip("."):
                left = Member(place=left.place, of=left, name=reader.member().raw)
            elif reader.skip("["):
                index = self.expression()
                reader.expect("]")
                left = Index(place=left.place, of=left, index=index)
            else:
                break
            bracketed = False
        return left
