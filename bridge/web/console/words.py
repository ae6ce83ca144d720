"""The languages of the console: its texts are Russian, and may be said in English.

What comes from the bridge itself (answers of 1C, advice of the doctor) stays Russian.
"""

from collections.abc import Callable

from bridge.web.console.english import IN_ENGLISH

RUSSIAN, ENGLISH = "ru", "en"
LANGUAGES = (RUSSIAN, ENGLISH)


def speaker(language: str) -> Callable[..., str]:
    """Gives a text in a language; words in braces are filled in."""

    def say(text: str, **facts: object) -> str:
        said = IN_ENGLISH.get(text, text) if language == ENGLISH else text
        return said.format(**facts) if facts else said

    return say
