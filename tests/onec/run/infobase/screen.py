"""What a user sees of a client, and what a test answers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from onec.run.objects import Value


@dataclass(frozen=True, kw_only=True)
class Notice:
    """ПоказатьОповещениеПользователя: at the corner of the screen."""

    text: str
    explanation: str = ""
    link: Value = None


@dataclass(kw_only=True)
class Question:
    """Waits for the user: a list to choose from, a text to type, a warning to close."""

    kind: str
    text: str
    choices: list[tuple[Value, str]] = field(default_factory=list)
    answer: Callable[[Value], None] = field(repr=False)


@dataclass
class Screen:
    notices: list[Notice] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # dialogs of exceptions nobody caught

    def take_question(self) -> Question:
        """The question asked last; it is answered now."""
        return self.questions.pop()
