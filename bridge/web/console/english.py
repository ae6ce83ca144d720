"""The console's texts in English, by the Russian of the templates and `texts`, word for word."""

from collections.abc import Mapping

IN_ENGLISH: Mapping[str, str] = {
    # times and amounts
    "{n} дн.": "{n} d",
    "{n} ч": "{n} h",
    "{n} мин": "{n} min",
    "{n} с": "{n} s",
    "{n} мс": "{n} ms",
    "{span} назад": "{span} ago",
    "с {moment}": "since {moment}",
    "принято {moment}": "accepted {moment}",
    "ждёт до {moment}": "waits until {moment}",
    "попыток {n}": "attempts: {n}",
    "пришло ещё раз: {n}": "came again: {n}",
    "раз: {n}": "times: {n}",
    "в среднем за {took}": "in {took} on average",
    "старшее — {age}": "the oldest for {age}",
    "Сделано: {n}": "Done: {n}",
    "Сделано {done} из {total}": "Done {done} of {total}",
    "Время — {zone}": "Times are of {zone}",
    # the frame
    "Мост ВАТС—1С": "VPBX–1C bridge",
    "К содержанию": "Skip to content",
    "Разделы": "Sections",
    "Сегодня": "Today",
    "Звонки": "Calls",
    "Очередь": "Queue",
    "Полигон": "Sandbox",
    "Доктор": "Doctor",
    "Настройка": "Settings",
    "оператор": "operator",
    "наблюдатель: номера скрыты": "viewer: numbers are hidden",
    "Сменить пароль": "Change password",
    "Выйти": "Log out",
    # coming in
    "Вход": "Log in",
    "Имя": "Name",
    "Пароль": "Password",
    "Войти": "Log in",
    "Код": "Code",
    "Первый вход": "First login",
    "Прежний пароль": "Old password",
    "Пароль, не короче десяти знаков": "Password, at least ten characters",
    "Пароль ещё раз": "Password again",
    "Все другие сеансы этого имени закончатся.": "All other sessions of this name will end.",
    "Забыли пароль? На компьютере моста: vpbx-bridge console users password ИМЯ": (
        "Forgot the password? On the bridge's computer: vpbx-bridge console users password NAME"
    ),
    "Пользователей ещё нет. Первым может стать только тот, кто управляет компьютером моста: получите там код.": (
        "There are no users yet. Only who runs the bridge's computer may be the first: get a code there."
    ),
    "Имя или пароль не подходят": "The name or the password is wrong",
    "Имя — латинские строчные буквы и цифры, например operator": (
        "A name is lower-case Latin letters and digits, for example operator"
    ),
    "Код не подходит или устарел: получите новый командой vpbx-bridge console code": (
        "The code is wrong or too old: get a new one by vpbx-bridge console code"
    ),
    "Пароли в двух полях разные": "The two passwords differ",
    "Слишком много неудачных попыток: подождите пять минут": "Too many failed attempts: wait five minutes",
    "Прежний пароль не подходит": "The old password is wrong",
    "Пароль короче десяти знаков: придумайте длиннее": "The password is shorter than ten characters",
    "Пароль длиннее двухсот знаков": "The password is longer than two hundred characters",
    "В пароле есть имя: придумайте другой": "The password has the name in it",
    # what can go wrong
    "Не получилось": "It did not work",
    "На первую страницу": "To the first page",
    "Такой страницы нет": "There is no such page",
    "Это может только оператор": "Only an operator may do this",
    "Запрос не читается": "The request cannot be read",
    "Форма устарела или пришла не с этой страницы: откройте страницу заново и повторите": (
        "The form is too old or is not of this page: open the page anew and repeat"
    ),
    "Мост сейчас не может прочесть или записать свою базу": (
        "The bridge cannot read or write its database now"
    ),
    # today
    "Всё работает, делать ничего не надо.": "Everything works, nothing needs to be done.",
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
    "ответила ошибкой": "answered with an error",
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
    # calls
    "Время": "Time",
    "Кто": "From",
    "Кому": "To",
    "Сотрудник": "Employee",
    "Чем кончился": "Outcome",
    "Длился": "Length",
    "Поиск звонков": "Search of calls",
    "Номер": "Number",
    "любой": "anybody",
    "чем угодно": "any",
    "С даты": "From day",
    "По дату": "To day",
    "Найти": "Find",
    "Сбросить": "Reset",
    "На этой странице ничего не нашлось.": "Nothing was found on this page.",
    "Звонков не нашлось.": "No calls were found.",
    "К новым": "Newest",
    "Более ранние": "Earlier",
    "В номере нет цифр: укажите номер целиком или внутренний": (
        "There are no digits in the number: give a whole number or an extension"
    ),
    "Дата не читается: нужна, например, 2026-11-23": "The day cannot be read: write, for example, 2026-11-23",
    "входящий": "incoming",
    "исходящий": "outgoing",
    "неизвестно": "unknown",
    "разговор": "answered",
    "пропущен": "missed",
    "не ответили": "not answered",
    "ушёл из меню": "left the menu",
    "звонит": "ringing",
    "говорят": "talking",
    # a call
    "Звонок": "Call",
    "Начался": "Began",
    "Направление": "Direction",
    "по кнопке в 1С": "by a click in 1C",
    "Номер звонка": "Id",
    "Запись разговора": "Recording",
    "Прослушивание записывается.": "It is written down who listens.",
    "Запись есть; слушать её может оператор, если задан link_secret.": (
        "There is a recording; an operator may listen to it where link_secret is set."
    ),
    "Вся жизнь звонка": "The life of the call",
    "найдено сверкой": "found by reconciliation",
    "Как пришло": "As it came",
    "событие": "event",
    "Тот же звонок, что событие {n}: отдельно не сообщается.": "The same ring as event {n}: not told apart.",
    "Отправить ещё раз": "Send again",
    "Отбросить": "Drop",
    "Никому не сообщается: ни одна база не слушает такие события.": (
        "Nobody is told: no infobase hears such events."
    ),
    "никому не сообщается": "nobody is told",
    "Следующие события": "Further events",
    "Событие {n}, как пришло": "Event {n}, as it came",
    "Показать номера": "Show the numbers",
    "Кто смотрел, записывается.": "It is written down who looked.",
    "Такого звонка нет: возможно, срок его хранения вышел": "There is no such call: it may have been too old",
    "Такого события нет": "There is no such event",
    "звонок начался": "the call began",
    "голосовое меню": "voice menu",
    "звонит телефон": "a telephone rings",
    "ответили": "answered",
    "положили трубку": "hung up",
    "звонок закончился": "the call ended",
    "неизвестное событие": "unknown event",
    "карточка": "card",
    "журнал": "journal",
    "в очереди": "waiting",
    "доставлено": "delivered",
    "истекло": "expired",
    "не нужно": "not needed",
    "принято": "taken",
    "отложено": "postponed",
    "оставлено": "given up",
    "повторено": "sent again",
    "отброшено": "dropped",
    # the queue
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
    # the sandbox
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
    # the doctor
    "Проверяет каждое звено: настройки, базу, адрес моста, ВАТС, каждую 1С. Никому не звонит; занимает до минуты.": (
        "Looks at each link: settings, database, the bridge's address, exchanges, each 1C. Calls nobody; takes up"
        " to a minute."
    ),
    "Проверить": "Check",
    "Проверяю…": "Checking…",
    "В этом запуске моста доктора нет: на компьютере моста наберите vpbx-bridge check": (
        "This bridge runs without its doctor: type vpbx-bridge check on the bridge's computer"
    ),
    "Доктор доступен только мосту, запущенному командой serve с файлом настроек: vpbx-bridge check": (
        "The doctor is there only for a bridge started by serve with a file of settings: vpbx-bridge check"
    ),
    "хорошо": "good",
    "посмотрите": "look",
    "ошибка": "wrong",
    # settings
    "Мост настраивается файлом bridge.toml; здесь его можно только читать. Секреты скрыты.": (
        "The bridge is set up by the file bridge.toml; here it can only be read. Secrets are hidden."
    ),
    "Для кабинета ВАТС": "For the exchange's cabinet",
    "Адрес передачи информации о звонках, ВАТС {name}:": "The address to tell of calls, exchange {name}:",
    "Скопировать": "Copy",
    "В адресе секрет: не показывайте его посторонним.": "There is a secret in it: show it to nobody.",
    "Показать адрес веб-хука с секретом: {name}": "Show the hook's address with its secret: {name}",
    "Такой ВАТС в настройках нет": "There is no such exchange in the settings",
    "Для 1С": "For 1C",
    "Новый пароль для 1С": "A new password for 1C",
    "Пароль для 1С, покажется один раз:": "The password for 1C, shown once:",
    "Впишите в раздел базы в bridge.toml рядом с прежним и перезапустите мост; уберите прежний, когда в 1С будет новый:": (
        "Put it into the infobase's section of bridge.toml beside the old one and restart the bridge; take the old one"
        " out once 1C has the new:"
    ),
    "Пространство имён": "Namespace",
    "Сервис и порт": "Service and port",
    "Имена для входа": "Logins",
    "На Полигоне сейчас пробует другой: повторите через несколько секунд": (
        "Somebody else is trying something in the sandbox now: try again in a few seconds"
    ),
}
