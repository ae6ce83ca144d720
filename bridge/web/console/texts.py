"""The words of the console for what the bridge knows, in Russian; `words` has them in English."""

from collections.abc import Mapping

from bridge.core.delivery import DeliveryState
from bridge.core.folded import CallStatus
from bridge.web.console.roads import Condition

# of a link: what is said, and how it looks
LINKS: Mapping[Condition, tuple[str, str]] = {
    Condition.HEARD: ("веб-хук слышен", "good"),
    Condition.NEVER_HEARD: ("веб-хук ещё не был слышен", "idle"),
    Condition.SILENT: ("веб-хук молчит в рабочее время", "bad"),
    Condition.HEARS: ("слышит", "good"),
    Condition.NOT_TOLD: ("ещё ничего не сообщали", "idle"),
    Condition.FAULTS: ("не приняла последнее событие", "doubtful"),
    Condition.AWAY: ("не отвечает", "bad"),
    Condition.DENIED: ("не принимает имя и пароль моста", "bad"),
    Condition.COLLECTS: ("забирает события", "good"),
    Condition.NOT_COLLECTED: ("давно не забирает события", "bad"),
    Condition.ONLY_DIALS: ("только звонит, событий не ждёт", "idle"),
}
ALARMS: Mapping[Condition, str] = {
    Condition.SILENT: "Веб-хук ВАТС молчит",
    Condition.AWAY: "1С не отвечает, события ждут",
    Condition.DENIED: "1С не принимает имя и пароль моста",
    Condition.NOT_COLLECTED: "Ящик давно не забирают",
    Condition.DEAD: "Есть события, которые надо разобрать вручную",
    Condition.OLD: "События ждут слишком долго",
    Condition.STOPPED: "Звонки из 1С остановлены",
    Condition.NOT_RECONCILED: "Сверка с журналом ВАТС не удалась",
}
ADVICE: Mapping[Condition, str] = {
    Condition.SILENT: "Проверьте адрес веб-хука в кабинете ВАТС: он на странице «Настройка».",
    Condition.AWAY: "Включите 1С или её веб-сервер. Журнал звонков не пропадёт: мост пробует до семи дней.",
    Condition.DENIED: "Проверьте имя и пароль 1С в настройках моста: 1С может его заблокировать.",
    Condition.NOT_COLLECTED: "Проверьте в 1С регламентное задание, которое забирает события.",
    Condition.DEAD: "Откройте «Очередь»: прочтите ответ 1С, исправьте причину и отправьте ещё раз.",
    Condition.OLD: "Откройте «Очередь» и посмотрите последний ответ 1С.",
    Condition.STOPPED: "Разрешить снова: vpbx-bridge dials allow",
    Condition.NOT_RECONCILED: "Проверьте токен журнала в настройках ВАТС, затем: vpbx-bridge reconcile",
}
STATES: Mapping[DeliveryState, tuple[str, str]] = {
    DeliveryState.QUEUED: ("в очереди", "idle"),
    DeliveryState.DELIVERED: ("доставлено", "good"),
    DeliveryState.EXPIRED: ("истекло", "doubtful"),
    DeliveryState.SUPERSEDED: ("не нужно", "idle"),
    DeliveryState.DEAD: ("разобрать вручную", "bad"),
}
STATUSES: Mapping[CallStatus, tuple[str, str]] = {
    CallStatus.ANSWERED: ("разговор", "good"),
    CallStatus.MISSED: ("пропущен", "bad"),
    CallStatus.NOT_ANSWERED: ("не ответили", "doubtful"),
    CallStatus.IVR: ("ушёл из меню", "doubtful"),
    CallStatus.RINGING: ("звонит", "idle"),
    CallStatus.TALKING: ("говорят", "idle"),
    CallStatus.UNKNOWN: ("неизвестно", "idle"),
}
VERDICTS: Mapping[str, str] = {
    "done": "принято",
    "retry": "отложено",
    "away": "1С не ответила",
    "denied": "1С не пустила мост",
    "gave_up": "оставлено",
    "replayed": "повторено",
    "discarded": "отброшено",
}
EVENTS: Mapping[str, str] = {
    "START": "звонок начался",
    "IVR": "голосовое меню",
    "PREANSWER": "звонит телефон",
    "ANSWER": "ответили",
    "HANGUP": "положили трубку",
    "END": "звонок закончился",
    "UNKNOWN": "неизвестное событие",
}
HEADS: Mapping[DeliveryState, str] = {
    DeliveryState.QUEUED: "ждут",
    DeliveryState.DEAD: "вручную",
    DeliveryState.EXPIRED: "истекло",
}
PURPOSES: Mapping[str, str] = {"popup": "карточка", "journal": "журнал"}
DEEDS: Mapping[str, str] = {"replay": "Отправить ещё раз", "discard": "Отбросить"}
# of the sandbox: what may happen, by the name of the scenario
SCENARIOS: Mapping[str, str] = {
    "answered": "клиент позвонил, ему ответили",
    "missed": "клиент позвонил, никто не ответил",
    "transferred": "ответили и перевели на другого",
    "group": "звонят два телефона, отвечает второй",
    "group_missed": "звонят два телефона, никто не ответил",
    "forwarded": "первый не ответил, ответил второй",
    "forwarded_missed": "первый не ответил, второй тоже",
    "transfer_missed": "перевели, но второй не ответил",
    "click_to_call": "звонок по кнопке в 1С",
    "click_unanswered": "звонок по кнопке в 1С, клиент не ответил",
    "outgoing": "сотрудник набрал номер на телефоне",
    "outgoing_unanswered": "сотрудник набрал номер, клиент не ответил",
    "ivr_drop": "клиент положил трубку в меню",
    "internal": "сотрудник звонит сотруднику",
    "old_hook": "старый веб-хук: только номер и ключ",
    "duplicates": "каждое событие приходит по нескольку раз",
    "shuffled": "события приходят не по порядку",
}
