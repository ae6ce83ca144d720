"""The languages of the console: its texts are Russian, and this is their English.

A text stands here word for word as the templates and `texts` have it; a test looks for those that do
not. What comes from the bridge itself (answers of 1C, advice of the doctor) stays Russian.
"""

from collections.abc import Callable, Mapping

RUSSIAN, ENGLISH = "ru", "en"
LANGUAGES = (RUSSIAN, ENGLISH)

IN_ENGLISH: Mapping[str, str] = {}


def speaker(language: str) -> Callable[..., str]:
    """Gives a text in a language; words in braces are filled in."""

    def say(text: str, **facts: object) -> str:
        said = IN_ENGLISH.get(text, text) if language == ENGLISH else text
        return said.format(**facts) if facts else said

    return say
