"""What is on every page, how people come in, and what can go wrong."""

from collections.abc import Mapping

FRAME: Mapping[str, str] = {
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
}
