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
    "Новый пароль для 1С": "A new password for 1C",
    "Пароль для 1С, покажется один раз:": "The password for 1C, shown once:",
    "Впишите в раздел базы в bridge.toml рядом с прежним и перезапустите мост; уберите прежний, когда в 1С будет новый:": (
        "Put it into the infobase's section of bridge.toml beside the old one and restart the bridge; take the old one"
        " out once 1C has the new:"
    ),
    "Пространство имён": "Namespace",
    "Сервис и порт": "Service and port",
    "Имена для входа": "Logins",
}
