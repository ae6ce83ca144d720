"""What waits."""

from collections.abc import Mapping

QUEUE: Mapping[str, str] = {
    "Сколько где": "How many, and where",
    "База 1С": "Infobase",
    "Попробовать сейчас же": "Try right now",
    "Отметить все на странице": "Mark all on this page",
    "отмеченные": "the marked",
    "все в этом списке": "all in this list",
    "Отметить доставку {n}": "Mark delivery {n}",
    "Здесь пусто.": "Nothing is here.",
    "Выберите число в таблице, чтобы увидеть сами события.": "Choose a number to see the events.",
    "Подтвердите": "Confirm",
    "Отброшенное в 1С не придёт. Событие останется в звонке, с отметкой, кто отбросил.": (
        "What is dropped will not come to 1C. The event stays in its call, with a note who dropped it."
    ),
    "Каждое займёт своё место в звонке и будет сообщено в 1С заново.": (
        "Each takes its place in its call and is told to 1C anew."
    ),
    "Не надо": "Cancel",
    "Идёт работа": "Working",
    "Остановиться на этом": "Stop here",
    "Продолжить": "Go on",
    "Не указано, с какой базой и с чем это сделать": "It is not said with which infobase and with what",
    "Не указано, что сделать": "It is not said what to do",
    "ждут": "waiting",
    "вручную": "by hand",
}
