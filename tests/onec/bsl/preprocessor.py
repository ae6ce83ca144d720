"""What `#Если` leaves of a module, and its regions."""

import re
from dataclasses import dataclass, field
from typing import NoReturn

from onec.bsl.lexer import SyntaxError1C, Token
from onec.bsl.tree import Place, Region

# The platform's own list, Russian and English.
_SYMBOLS = {
    "Сервер": "Server", "Клиент": "Client", "НаСервере": "AtServer", "НаКлиенте": "AtClient",
    "ТонкийКлиент": "ThinClient", "ВебКлиент": "WebClient", "ВнешнееСоединение": "ExternalConnection",
    "ТолстыйКлиентОбычноеПриложение": "ThickClientOrdinaryApplication",
    "ТолстыйКлиентУправляемоеПриложение": "ThickClientManagedApplication",
    "МобильноеПриложениеКлиент": "MobileAppClient", "МобильноеПриложениеСервер": "MobileAppServer",
    "МобильныйКлиент": "MobileClient", "МобильныйАвтономныйСервер": "MobileStandaloneServer",
}  # fmt: skip
_BOTH = {
    spelling.casefold(): russian for russian, english in _SYMBOLS.items() for spelling in (russian, english)
}
SERVER = frozenset({"Сервер", "НаСервере"})
CLIENT = frozenset({"Клиент", "НаКлиенте", "ТонкийКлиент"})
ORDINARY = frozenset({"Клиент", "НаКлиенте", "ТолстыйКлиентОбычноеПриложение"})

_NAME = r"[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё_0-9]*"
_INSTRUCTION = re.compile(rf"#({_NAME})(?:[ \t]+(.*))?", re.DOTALL)
_CONDITION = re.compile(r"(?is)(.+?)\s+(?:Тогда|Then)")
_WORDS = {
    "если": "если", "if": "если", "иначеесли": "иначеесли", "elsif": "иначеесли",
    "иначе": "иначе", "else": "иначе", "конецесли": "конецесли", "endif": "конецесли",
    "область": "область", "region": "область", "конецобласти": "конецобласти", "endregion": "конецобласти",
}  # fmt: skip


@dataclass
class _Open:
    """An `#Если` or `#Область` that waits for its end; `inner` of a region."""

    kind: str
    place: Place
    name: str = ""
    taken: bool = True  # this branch is compiled
    decided: bool = True  # a branch was
    inner: list[Region] = field(default_factory=list)


def preprocess(
    tokens: tuple[Token, ...], path: str, symbols: frozenset[str]
) -> tuple[list[Token], tuple[Region, ...]]:
    """The tokens to compile (of instructions only those of regions stay), and all regions."""
    return _Preprocessor(path, symbols).run(tokens)


class _Preprocessor:
    def __init__(self, path: str, symbols: frozenset[str]) -> None:
        self.path = path
        self.symbols = symbols
        self.stack = [_Open(kind="module", place=Place(line=1, column=1))]
        self.kept: list[Token] = []

    def run(self, tokens: tuple[Token, ...]) -> tuple[list[Token], tuple[Region, ...]]:
        for token in tokens:
            if token.kind == "instruction":
                self._instruction(token)
            elif self._compiled() or token.kind == "end":
                self.kept.append(token)
        if len(self.stack) > 1:
            self._fail(self.stack[-1].place, f"#{self.stack[-1].kind} is not closed")
        return self.kept, tuple(self.stack[0].inner)

    def _compiled(self) -> bool:
        return all(one.taken for one in self.stack)

    def _instruction(self, token: Token) -> None:
        match = _INSTRUCTION.fullmatch(token.text)
        kind = _WORDS.get(match[1].casefold()) if match else None
        if match is None or kind is None:
            self._fail(token.place, f"unknown instruction {token.text}")
        rest = (match[2] or "").strip()
        if kind in ("иначе", "конецесли", "конецобласти") and rest:
            self._fail(token.place, f"unexpected text after #{match[1]}")
        if kind == "если":
            taken = self._condition(token, rest)
            self.stack.append(_Open(kind="если", place=token.place, taken=taken, decided=taken))
        elif kind == "область":
            if not re.fullmatch(_NAME, rest):
                self._fail(token.place, f"not the name of a region: {rest!r}")
            self._keep(token, "область")
            self.stack.append(_Open(kind="область", place=token.place, name=rest))
        elif kind == "конецобласти":
            region = self._pop(token, "область")
            self.stack[-1].inner.append(
                Region(place=region.place, name=region.name, end=token.place, inner=tuple(region.inner))
            )
            self._keep(token, "конецобласти")
        else:
            self._branch(token, kind, rest)

    def _branch(self, token: Token, kind: str, rest: str) -> None:
        opened = self._pop(token, "если")
        above = self.stack[-1]
        above.inner.extend(opened.inner)
        if kind == "конецесли":
            return
        if opened.name == "иначе":
            self._fail(token.place, f"#{kind} after #Иначе")
        taken = not opened.decided and (kind == "иначе" or self._condition(token, rest))
        if kind == "иначеесли" and opened.decided:
            self._condition(token, rest)
        name = "иначе" if kind == "иначе" else ""
        decided = opened.decided or taken
        self.stack.append(_Open(kind="если", place=opened.place, name=name, taken=taken, decided=decided))

    def _keep(self, token: Token, text: str) -> None:
        if self._compiled():
            self.kept.append(Token(kind="instruction", text=text, raw=token.raw, place=token.place))

    def _pop(self, token: Token, kind: str) -> _Open:
        if self.stack[-1].kind != kind:
            self._fail(token.place, f"{token.text} without its #{kind}")
        return self.stack.pop()

    def _condition(self, token: Token, rest: str) -> bool:
        match = _CONDITION.fullmatch(rest)
        if match is None:
            self._fail(token.place, "a condition without Тогда")
        parts = re.findall(rf"{_NAME}|[()]|\S", match[1])
        value = self._either(token, parts)
        if parts:
            self._fail(token.place, f"unexpected {parts[0]} in a condition")
        return value

    def _either(self, token: Token, parts: list[str]) -> bool:
        value = self._both(token, parts)
        while parts and parts[0].casefold() in ("или", "or"):
            parts.pop(0)
            right = self._both(token, parts)
            value = value or right
        return value

    def _both(self, token: Token, parts: list[str]) -> bool:
        value = self._one(token, parts)
        while parts and parts[0].casefold() in ("и", "and"):
            parts.pop(0)
            right = self._one(token, parts)
            value = value and right
        return value

    def _one(self, token: Token, parts: list[str]) -> bool:
        if not parts:
            self._fail(token.place, "a condition breaks off")
        part = parts.pop(0)
        if part.casefold() in ("не", "not"):
            return not self._one(token, parts)
        if part == "(":
            value = self._either(token, parts)
            if not parts or parts.pop(0) != ")":
                self._fail(token.place, "a bracket of a condition is not closed")
            return value
        symbol = _BOTH.get(part.casefold())
        if symbol is None:
            self._fail(token.place, f"unknown symbol {part} of the preprocessor")
        return symbol in self.symbols

    def _fail(self, place: Place, message: str) -> NoReturn:
        raise SyntaxError1C(self.path, place.line, place.column, message)
