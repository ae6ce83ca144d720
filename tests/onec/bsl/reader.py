"""Walks the tokens of a module for the parser."""

from typing import NoReturn

from onec.bsl.lexer import SyntaxError1C, Token
from onec.bsl.tree import Place


class Reader:
    def __init__(self, tokens: list[Token], path: str) -> None:
        self.tokens = tokens
        self.path = path
        self.at = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    @property
    def after(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.now
        if token.kind != "end":
            self.at += 1
        return token

    def sees(self, text: str, kind: str = "sign") -> bool:
        return self.now.kind == kind and self.now.text == text

    def sees_keyword(self, *texts: str) -> bool:
        return self.now.kind == "keyword" and self.now.text in texts

    def sees_word(self, *texts: str) -> bool:
        """A word that is a keyword only here: Асинх, Ждать."""
        return self.now.kind == "name" and self.now.text.casefold() in {one.casefold() for one in texts}

    def skip(self, text: str, kind: str = "sign") -> bool:
        if self.sees(text, kind):
            self.at += 1
            return True
        return False

    def expect(self, text: str, kind: str = "sign") -> Token:
        if not self.sees(text, kind):
            self.fail(f"expected {text}, found {self.now.raw or self.now.text}")
        return self.take()

    def expect_keyword(self, text: str) -> Token:
        return self.expect(text, "keyword")

    def name(self, what: str) -> Token:
        if self.now.kind != "name":
            self.fail(f"expected {what}, found {self.now.raw or self.now.text}")
        return self.take()

    def member(self) -> Token:
        """A name after a dot: there a keyword is a name too (Запрос.Выполнить)."""
        if self.now.kind not in ("name", "keyword"):
            self.fail(f"expected a name after the dot, found {self.now.raw or self.now.text}")
        return self.take()

    def fail(self, message: str, place: Place | None = None) -> NoReturn:
        where = place or self.now.place
        raise SyntaxError1C(self.path, where.line, where.column, message)
