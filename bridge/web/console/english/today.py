"""The first page."""

from collections.abc import Mapping

TODAY: Mapping[str, str] = {
    "Всё работает, делать ничего не надо.": "Everything works, nothing needs to be done.",
    "Кто-то не принял последнее событие: мост пробует ещё раз, смотрите ниже.": (
        "Somebody did not take the last event: the bridge tries again, see below."
    ),
    "Сейчас": "Now",
    "ждут отправки в 1С": "wait to be told to 1C",
    "разобрать вручную": "to sort out by hand",
    "звонков сегодня": "calls today",
    "доставлено в 1С": "delivered to 1C",
    "не доставлено сегодня": "not delivered today",
    "Звенья": "Links",
    "ВАТС": "Exchange",
    "1С": "1C",
    "Ящик 1С": "1C mailbox",
    "Звонки по часам": "Calls by the hour",
    "Сегодня по часам: звонков {calls}, не доставлено {failed}": (
        "Today by the hour: calls {calls}, not delivered {failed}"
    ),
    "не доставлено": "not delivered",
    "звонки": "calls",
    "не доставлено в 1С": "not delivered to 1C",
    "показаны последние события дня: их слишком много": "of the latest events only: there are too many",
    "Последние звонки": "Latest calls",
    "Звонков ещё не было. Проверьте адрес веб-хука на странице «Настройка» или позвоните на Полигоне.": (
        "No calls yet. Check the hook's address on the page Settings, or make a call in the Sandbox."
    ),
    "веб-хук слышен": "the hook is heard",
    "веб-хук ещё не был слышен": "the hook was never heard",
    "веб-хук молчит в рабочее время": "the hook is silent in working hours",
    "слышит": "hears",
    "ещё ничего не сообщали": "was told nothing yet",
    "не приняла последнее событие": "did not take the last event",
    "не отвечает": "does not answer",
    "не принимает имя и пароль моста": "refuses the bridge's name and password",
    "забирает события": "collects its events",
    "давно не забирает события": "has not collected its events for long",
    "только звонит, событий не ждёт": "only dials, wants no events",
    "Веб-хук ВАТС молчит": "The exchange's hook is silent",
    "1С не отвечает, события ждут": "1C does not answer, events wait",
    "1С не принимает имя и пароль моста": "1C refuses the bridge's name and password",
    "Ящик давно не забирают": "A mailbox has not been collected for long",
    "Есть события, которые надо разобрать вручную": "There are events to sort out by hand",
    "События ждут слишком долго": "Events wait for too long",
    "Звонки из 1С остановлены": "Calls from 1C are stopped",
    "Сверка с журналом ВАТС не удалась": "Reconciliation with the exchange's journal failed",
    "Проверьте адрес веб-хука в кабинете ВАТС: он на странице «Настройка».": (
        "Check the hook's address in the exchange's cabinet: it is on the page Settings."
    ),
    "Включите 1С или её веб-сервер. Журнал звонков не пропадёт: мост пробует до семи дней.": (
        "Start 1C or its web server. The journal of calls is not lost: the bridge tries for seven days."
    ),
    "Проверьте имя и пароль 1С в настройках моста: 1С может его заблокировать.": (
        "Check the name and the password of 1C in the bridge's settings: 1C may lock the user out."
    ),
    "Проверьте в 1С регламентное задание, которое забирает события.": (
        "Check the scheduled job in 1C that collects events."
    ),
    "Откройте «Очередь»: прочтите ответ 1С, исправьте причину и отправьте ещё раз.": (
        "Open the Queue: read 1C's answer, mend the cause and send again."
    ),
    "Откройте «Очередь» и посмотрите последний ответ 1С.": "Open the Queue and look at 1C's last answer.",
    "Разрешить снова: vpbx-bridge dials allow": "To allow them again: vpbx-bridge dials allow",
    "Проверьте токен журнала в настройках ВАТС, затем: vpbx-bridge reconcile": (
        "Check the journal's token in the settings of the exchange, then: vpbx-bridge reconcile"
    ),
}
