"""Two clocks compared by the Date header of an answer."""

import time
from email.utils import parsedate_to_datetime

from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, doubtful
from bridge.doctor.texts import span
from bridge.wire import Answer

LIMIT_S = 60.0


def clock_findings(link: str, answer: Answer, whose: str) -> list[Finding]:
    """Nothing when both clocks agree, or the answer names no time. Call it right after the answer."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return []
    ahead_s = theirs - (time.time() - answer.took_s / 2)
    if abs(ahead_s) <= LIMIT_S:
        return []
    which = "спешат" if ahead_s > 0 else "отстают"
    said = f"часы {whose} {which} на {span(abs(ahead_s))} против этого компьютера"
    advice = (
        "включите синхронизацию времени на обеих машинах (Windows: w32tm /resync, Linux: chrony); "
        "пока часы врозь, карточки звонков гаснут не вовремя и сверка ошибается"
    )
    return [doubtful(link, Code.CLOCK, said, advice)]
