"""The sandbox."""

from collections.abc import Mapping

SANDBOX: Mapping[str, str] = {
    "клиент позвонил, ему ответили": "a client called and was answered",
    "клиент позвонил, никто не ответил": "a client called, nobody answered",
    "ответили и перевели на другого": "answered, then transferred to another",
    "звонят два телефона, отвечает второй": "two telephones ring, the second answers",
    "звонят два телефона, никто не ответил": "two telephones ring, nobody answers",
    "первый не ответил, ответил второй": "the first does not answer, the second does",
    "первый не ответил, второй тоже": "the first does not answer, nor does the second",
    "перевели, но второй не ответил": "transferred, but the second does not answer",
    "звонок по кнопке в 1С": "a call by the button in 1C",
    "звонок по кнопке в 1С, клиент не ответил": "a call by the button in 1C, the client does not answer",
    "сотрудник набрал номер на телефоне": "an employee dials on the telephone",
    "сотрудник набрал номер, клиент не ответил": "an employee dials, the client does not answer",
    "клиент положил трубку в меню": "the client hangs up in the menu",
    "сотрудник звонит сотруднику": "employee to employee",
    "старый веб-хук: только номер и ключ": "the old hook: a number and a key only",
    "каждое событие приходит по нескольку раз": "each event comes several times",
    "события приходят не по порядку": "events come out of order",
    "Настоящий мост между имитацией ВАТС и имитацией 1С: никому не звонит и ничего не пишет в вашу 1С.": (
        "A real bridge between a fake exchange and a fake 1C: rings nobody, writes nothing into your 1C."
    ),
    "Полигон в этом запуске моста не включён. На своём компьютере: vpbx-bridge demo --serve": (
        "This bridge runs without the Sandbox. On your own computer: vpbx-bridge demo --serve"
    ),
    "Полигон в этом запуске моста не включён: попробуйте vpbx-bridge demo --serve": (
        "This bridge runs without the Sandbox: try vpbx-bridge demo --serve"
    ),
    "Позвонить из 1С": "Call from 1C",
    "Кто звонит": "Who calls",
    "ключ, которого нет": "a key that does not exist",
    "Куда": "Whom",
    "Звонит клиент": "A client calls",
    "Что случится": "What happens",
    "Номер клиента": "The client's number",
    "Отправить события": "Send the events",
    "Имитация 1С": "The fake 1C",
    "1С выключена: события ждут.": "1C is off: events wait.",
    "Включить 1С": "Switch 1C on",
    "1С включена.": "1C is on.",
    "Выключить 1С": "Switch 1C off",
    "Что произошло": "What happened",
    "Отправлено": "Sent",
    "Ответ": "Answer",
    "Такого сценария нет": "There is no such scenario",
    "1С выключена: события ждут, карточка звонка через полминуты истечёт. Включите 1С и посмотрите «Очередь».": (
        "1C is off: events wait, the card expires in half a minute. Switch 1C on and look at the Queue."
    ),
    "1С просит мост позвонить": "1C asks the bridge to call",
    "Мост просит ВАТС набрать": "The bridge asks the exchange to dial",
    "ВАТС сообщает мосту о событии": "The exchange tells the bridge of an event",
    "Мост сообщает 1С": "The bridge tells 1C",
    "То же из 1С": "The same from 1C",
    "То же из командной строки": "The same from the command line",
    "На Полигоне сейчас пробует другой: повторите через несколько секунд": (
        "Somebody else is trying something in the sandbox now: try again in a few seconds"
    ),
    # a real call
    "Настоящий звонок": "A real call",
    "Через настоящую ВАТС, настоящему человеку, за деньги. Сначала мост покажет, что произойдёт, и спросит ещё раз.": (
        "By the real exchange, to a real person, for money. First the bridge shows what will happen, and asks again."
    ),
    "Чей телефон зазвонит первым": "Whose telephone rings first",
    "Номер, который наберёт ВАТС": "The number for the exchange to dial",
    "Дальше: подтверждение": "Next: confirm",
    "Позвонить по-настоящему?": "Really call?",
    "Мост не станет звонить": "The bridge will not dial",
    "Вернуться на Полигон": "Back to the Sandbox",
    "Сначала зазвонит телефон сотрудника": "First the employee's telephone rings",
    "Когда там снимут трубку, ВАТС {exchange} ({host}) наберёт номер": (
        "When it is picked up, exchange {exchange} ({host}) dials"
    ),
    "Звонок стоит денег": "The call costs money",
    "он настоящий, и у того, кому вы звоните, зазвонит телефон.": "it is real, and whom you call hears the telephone.",
    "Он пойдёт той же дорогой, что MakeCall базы": "It takes the road of MakeCall of the infobase",
    "с теми же запретами и пределами. Кто звонил, записывается.": (
        "the same rules and limits. It is written down who called."
    ),
    "Звонок настоящий, я этого хочу": "The call is real, and I want it",
    "Звоню…": "Calling…",
    "Позвонить по-настоящему": "Really call",
    "Подтверждение действует пять минут; сколько раз ни нажать, звонок будет один.": (
        "This page is good for five minutes; however often the button is pressed, there is one call."
    ),
    "Отметьте, что звонок настоящий: без этого он не начнётся": "Tick that the call is real: it does not begin without",
    "Страница открыта давно: подтвердите ещё раз": "The page was open for long: confirm again",
    "Этот звонок никто не подтверждал: начните с Полигона": (
        "Nobody has confirmed this call: begin at the Sandbox"
    ),
    "Отсюда звонить по-настоящему некому или не через что": "From here nobody can really call",
    "В настройках этой базы такого абонента нет": "The settings of this infobase have no such subscriber",
    "Код ответа": "Code",
    "Когда ВАТС расскажет о звонке, он появится на странице «Звонки».": (
        "When the exchange tells of the call, it is on the page Calls."
    ),
    "Как это сделала бы 1С": "How 1C would do it",
    # its process
    "Полигон — отдельный процесс: {span} без дела, и он закончит, а всё, что в нём было, забудется.": (
        "The Sandbox is a process of its own: {span} without a try, and it ends and forgets everything."
    ),
    "1С выключена: события ждут, карточка звонка через полминуты истечёт. Включите 1С: что дождалось, придёт и будет показано здесь.": (
        "1C is off: events wait, the card expires in half a minute. Switch 1C on: what has waited comes and is shown here."
    ),
    "Полигон поднимается: повторите через несколько секунд": "The Sandbox is starting: try again in a few seconds",
    "На Полигон пришло слишком много сразу: повторите через несколько секунд": (
        "Too many came to the sandbox at once: try again in a few seconds"
    ),
    "Полигон не запустился: причина в журнале моста": "The Sandbox did not start: the bridge's log says why",
    "Полигон не ответил вовремя: повторите": "The Sandbox did not answer in time: try again",
    "Полигон споткнулся: причина в журнале моста": "The Sandbox has stumbled: the bridge's log says why",
}
