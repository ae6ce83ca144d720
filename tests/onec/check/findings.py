"""What a check has against a module."""

from dataclasses import dataclass

from onec.bsl.tree import Place


@dataclass(frozen=True, kw_only=True)
class Finding:
    path: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.rule}: {self.message}"


def finding(path: str, place: Place, rule: str, message: str) -> Finding:
    return Finding(path=path, line=place.line, column=place.column, rule=rule, message=message)
