"""The words of a module, with the strictness of the platform's own compiler."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NoReturn

from onec.bsl.tree import Place


class SyntaxError1C(Exception):
    """What the platform would refuse to compile."""

    def __init__(self, path: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{path}:{line}:{column}: {message}")
        self.path = path
        self.line = line
        self.column = column
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Token:
    """`kind`: name, keyword, number, string, date, sign, directive (&…), instruction (#…) or end.

    `text` of a keyword is its Russian spelling; `raw` is always the source's own.
    """

    kind: str
    text: str
    raw: str
    place: Place
    value: object = None


@dataclass(frozen=True, kw_only=True)
class Words:
    """`comments`: the lines that hold nothing but a comment, by number, without slashes."""

    tokens: tuple[Token, ...]
    comments: dict[int, str] = field(default_factory=dict)


# Russian and English spelling; Асинх and Ждать are words of context (async methods only): see the parser.
KEYWORDS = {
    "Если": "If", "Тогда": "Then", "ИначеЕсли": "ElsIf", "Иначе": "Else", "КонецЕсли": "EndIf",
    "Для": "For", "Каждого": "Each", "Из": "In", "По": "To", "Пока": "While", "Цикл": "Do",
    "КонецЦикла": "EndDo", "Процедура": "Procedure", "Функция": "Function",
    "КонецПроцедуры": "EndProcedure", "КонецФункции": "EndFunction", "Перем": "Var",
    "Экспорт": "Export", "Знач": "Val", "Возврат": "Return", "Продолжить": "Continue",
    "Прервать": "Break", "И": "And", "Или": "Or", "Не": "Not", "Попытка": "Try",
    "Исключение": "Except", "ВызватьИсключение": "Raise", "КонецПопытки": "EndTry", "Новый": "New",
    "Выполнить": "Execute", "Перейти": "Goto", "Истина": "True", "Ложь": "False",
    "Неопределено": "Undefined", "Null": "Null", "ДобавитьОбработчик": "AddHandler",
    "УдалитьОбработчик": "RemoveHandler",
}  # fmt: skip
_CANON = {
    spelling.casefold(): russian for russian, english in KEYWORDS.items() for spelling in (russian, english)
}

_NAME = re.compile(r"[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё_0-9]*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SIGN = re.compile(r"<>|<=|>=|[-+*/%=<>()\[\],;.?]")
_DATE = re.compile(r"'([^'\n]*)'")
_BLANK = re.compile(r"[ \t]+")


@lru_cache(maxsize=128)
def words(text: str, path: str) -> Words:
    """All tokens of a module, the instructions of the preprocessor among them."""
    return _Lexer(text, path).run()


class _Lexer:
    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        self.row = 0
        self.at = 0
        self.tokens: list[Token] = []
        self.comments: dict[int, str] = {}

    def run(self) -> Words:
        while self.row < len(self.lines):
            self._line()
            self.row += 1
            self.at = 0
        self.row -= 1
        self.at = len(self.lines[self.row])
        self._add("end", "end of module", "")
        return Words(tokens=tuple(self.tokens), comments=self.comments)

    def _line(self) -> None:
        fresh = True
        while self._skip_blanks():
            line = self.lines[self.row]
            if line.startswith("//", self.at):
                if fresh:
                    self.comments[self.row + 1] = line[self.at + 2 :].strip()
                return
            if line[self.at] == "#":
                if not fresh:
                    self._fail("an instruction of the preprocessor must begin its line")
                self._instruction()
                return
            fresh = False
            self._token()

    def _skip_blanks(self) -> bool:
        line = self.lines[self.row]
        blank = _BLANK.match(line, self.at)
        if blank:
            self.at = blank.end()
        return self.at < len(line)

    def _instruction(self) -> None:
        line = self.lines[self.row]
        text = line[self.at :].partition("//")[0].rstrip()
        self._add("instruction", text, line[self.at :])

    def _token(self) -> None:
        line = self.lines[self.row]
        head = line[self.at]
        if head == '"':
            self._string()
        elif head == "&":
            name = _NAME.match(line, self.at + 1)
            if name is None:
                self._fail("a directive without a name")
            self._add("directive", name[0], line[self.at : name.end()])
        elif head == "'":
            self._date()
        elif name := _NAME.match(line, self.at):
            canon = _CANON.get(name[0].casefold())
            self._add("keyword" if canon else "name", canon or name[0], name[0])
        elif number := _NUMBER.match(line, self.at):
            if _NAME.match(line, number.end()):
                self._fail("a number runs into a name")
            self._add("number", number[0], number[0], Decimal(number[0]))
        elif sign := _SIGN.match(line, self.at):
            self._add("sign", sign[0], sign[0])
        else:
            self._fail(f"unknown character {head!r} (U+{ord(head):04X})")

    def _date(self) -> None:
        match = _DATE.match(self.lines[self.row], self.at)
        if match is None:
            self._fail("a date is not closed")
        digits = re.sub(r"[ .:/\-]", "", match[1])
        if not digits.isdecimal() or len(digits) not in (8, 14):
            self._fail(f"not a date: {match[0]}")
        if not digits.strip("0"):
            digits = "00010101"
        try:
            value = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
        except ValueError:
            self._fail(f"not a date: {match[0]}")
        self._add("date", match[0], match[0], value)

    def _string(self) -> None:
        """A literal, over several lines where each next one begins with `|`."""
        place = self._place()
        parts = []
        self.at += 1
        while True:
            part, closed = self._string_part()
            parts.append(part)
            if closed:
                break
            self._next_string_line(place)
        value = "\n".join(parts)
        self.tokens.append(Token(kind="string", text=value, raw=value, place=place, value=value))

    def _string_part(self) -> tuple[str, bool]:
        line = self.lines[self.row]
        text = []
        while self.at < len(line):
            if line[self.at] != '"':
                text.append(line[self.at])
                self.at += 1
            elif line.startswith('""', self.at):
                text.append('"')
                self.at += 2
            else:
                self.at += 1
                return "".join(text), True
        return "".join(text), False

    def _next_string_line(self, opened: Place) -> None:
        while self.row + 1 < len(self.lines):
            self.row += 1
            self.at = 0
            line = self.lines[self.row].lstrip(" \t")
            if line.startswith("|"):
                self.at = self.lines[self.row].index("|") + 1
                return
            if not line.startswith("//"):
                break
        raise SyntaxError1C(self.path, opened.line, opened.column, "a string is not closed")

    def _place(self) -> Place:
        return Place(line=self.row + 1, column=self.at + 1)

    def _add(self, kind: str, text: str, raw: str, value: object = None) -> None:
        self.tokens.append(Token(kind=kind, text=text, raw=raw, place=self._place(), value=value))
        self.at += len(raw)

    def _fail(self, message: str) -> NoReturn:
        raise SyntaxError1C(self.path, self.row + 1, self.at + 1, message)
