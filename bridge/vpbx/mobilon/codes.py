"""Mobilon's words and ours: refusals, states and directions, in the order of Mobilon's manual."""

from collections.abc import Mapping

from bridge.core.calls import CallState, Direction

# What the accountant reads for a refusal with a code. Mobilon, contents/vpbx/api.md, 2017-06-02;
# the remark beside each is the manual's own text.
REFUSALS: Mapping[int, str] = {
    # Operator is not registered
    1: "Ваш телефон не зарегистрирован на АТС: проверьте, что он включён, и повторите",
    # Invalid API key
    2: "АТС не приняла ключ абонента: попросите администратора проверить ключ в настройках моста",
    # Number may only contain digits and Latin letters
    3: "АТС не приняла номер: проверьте, что в поле записан один номер телефона, и повторите",
    # Internal error
    4: "На АТС внутренняя ошибка, звонок не начат: повторите через минуту",
    # User doesn't have subscriber or operator
    5: "За вашим ключом на АТС не закреплён телефон: попросите администратора назначить его в кабинете АТС",
}

# Refusals that came without a code, recognised by what their text contains, in lower case.
# English: Mobilon, contents/vpbx/api.md, 2017-06-02. Russian: contents/vpbx2/api.md, 2017-02.
REFUSAL_TEXTS: Mapping[str, int] = {
    "operator is not registered": 1,
    "invalid api key": 2,
    "digits and latin letters": 3,
    "internal error": 4,
    "have subscriber or operator": 5,
    "неверный ключ": 2,
}

# Answers that are refusals by their HTTP status alone; none is documented, all mean "not dialled".
STATUS_REFUSALS: Mapping[int, str] = {
    401: "АТС не пускает мост: попросите администратора проверить доступ к АТС в настройках моста",
    403: "АТС не пускает мост: попросите администратора проверить доступ к АТС в настройках моста",
    429: "АТС не принимает столько звонков подряд, звонок не начат: повторите через минуту",
}

# 1C extension TelephonyMobilon, 2019-12-12. Anything else is CallState.UNKNOWN, delivered as it came.
STATES: Mapping[str, CallState] = {
    "START": CallState.START,
    "PREANSWER": CallState.PREANSWER,
    "IVR": CallState.IVR,
    "ANSWER": CallState.ANSWER,
    "HANGUP": CallState.HANGUP,
    "END": CallState.END,
}

DIRECTIONS: Mapping[str, Direction] = {
    "incoming": Direction.INCOMING,  # 1C extension TelephonyMobilon, 2019-12-12
    "external": Direction.EXTERNAL,  # the same
    "outgoing": Direction.EXTERNAL,  # the journal's word: Mobilon, contents/vpbx/api.md, 2017-06-02
}  # anything else is Direction.UNKNOWN


def refusal_code(code: object, text: str) -> int | None:
    """The manual's code of a refusal, None when neither `code` nor `text` is of the manual.

    >>> refusal_code("1", ""), refusal_code(None, "Неверный ключ"), refusal_code(77, "")
    (1, 2, None)
    """
    known = code_number(code)
    if known:  # 0 is "done": beside a FAIL it says nothing
        return known if known in REFUSALS else None
    folded = text.casefold()
    return next((value for words, value in REFUSAL_TEXTS.items() if words in folded), None)


def code_number(code: object) -> int | None:
    """A code as a number: the manual shows it both as 0 and as "1"."""
    if isinstance(code, str) and code.strip().isascii() and code.strip().isdigit() and len(code) < 10:
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def state_of(word: str) -> CallState:
    return STATES.get(word.upper(), CallState.UNKNOWN)


def direction_of(word: str) -> Direction:
    return DIRECTIONS.get(word.lower(), Direction.UNKNOWN)
