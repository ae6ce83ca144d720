"""The doctor and the settings."""

from collections.abc import Mapping

SETUP: Mapping[str, str] = {
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
    "Скопировано": "Copied",
    "Новый пароль базы {name}": "A new password of infobase {name}",
    "Он уже действует. Впишите его в 1С сейчас: больше мост его не покажет, он хранит только хеш. Когда 1С войдёт с новым паролем, отзовите прежний.": (
        "It is good already. Type it into 1C now: the bridge will not show it again, it keeps only a hash. Once 1C"
        " has entered with the new one, revoke the old."
    ),
    "Пароль отозван": "The password is revoked",
    "Удалите из bridge.toml строку, которая начинается так:": "Take out of bridge.toml the line that begins with:",
    "Пароли баз 1С": "Passwords of infobases",
    "С ними 1С входит в мост. Новый действует сразу, отозванный перестаёт действовать во всех копиях моста через секунду-другую; перезапускать ничего не нужно.": (
        "1C enters the bridge by them. A new one is good at once, a revoked one ends in all copies of the bridge"
        " within a second or two; nothing needs to be restarted."
    ),
    "имя для входа": "login",
    "этой базы нет в bridge.toml: её пароли не действуют, но оживут, если она появится снова": (
        "not in bridge.toml: its passwords open nothing, but would again if it came back"
    ),
    "Нет ни одного действующего пароля: эта база не может войти в мост.": (
        "There is no valid password: this infobase cannot enter the bridge."
    ),
    "без названия": "unnamed",
    "выдан {moment}, {who}": "issued {moment}, {who}",
    "из bridge.toml": "of bridge.toml",
    "последний вход {moment}": "last used {moment}",
    "ещё не входили": "never used",
    "Отозвать": "Revoke",
    "Для кого новый пароль, если хотите отличать": "Whom the new password is for, to tell it from others",
    "Выдать новый пароль": "Issue a new password",
    "Отозванные": "Revoked",
    "отозван {moment}, {who}": "revoked {moment}, {who}",
    "его строка ещё в bridge.toml: удалите её": "its line is still in bridge.toml: take it out",
    "Отозвать пароль базы {name}?": "Revoke a password of infobase {name}?",
    "Последний вход {moment}.": "Last used {moment}.",
    "С ним ещё не входили.": "It was never used.",
    "Кто входит с этим паролем, больше не войдёт: ни одна копия моста не примет его. Вернуть его нельзя, можно только выдать другой.": (
        "Whoever enters by it will not any more, in no copy of the bridge. It cannot be had back; another one can be"
        " issued."
    ),
    "Это последний пароль базы": "This is the last password of infobase",
    "Без него 1С не позвонит и не заберёт события. Сначала выдайте новый и впишите его в 1С.": (
        "Without it 1C can neither dial nor collect events. First issue a new one and type it into 1C."
    ),
    "Пароль записан в bridge.toml: после отзыва удалите его строку и оттуда. Пока она там, он всё равно не действует.": (
        "It is written in bridge.toml: take its line out there as well. While it stands there it opens nothing anyway."
    ),
    "Пространство имён": "Namespace",
    "Сервис и порт": "Service and port",
    "Имена для входа": "Logins",
}
