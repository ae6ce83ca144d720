"""The settings file that `init` writes. Examples in it are held against the real settings by a test."""

SETTINGS = """\
# Настройки моста ВАТС—1С. После правки: vpbx-bridge check, затем перезапуск моста.
# Любую настройку можно задать переменной среды, например BRIDGE__INFOBASE__BUH__PASSWORD.

[server]
listen = "127.0.0.1:8080"                # наружу — через прокси с TLS: docs/install.md
public_url = "http://127.0.0.1:8080"     # адрес моста, видимый из 1С и из ВАТС; он попадёт в WSDL
database = "bridge.db"                   # файл рядом с этим; или "postgresql://имя:пароль@сервер/база"
# keep_days = 180                        # сколько дней хранить события
# audit_days = 1095                      # и журнал действий: vpbx-bridge audit list
# threads = 64                           # сколько запросов сразу
# pin = true                             # процесс держится одного ядра (Linux)
# mailbox_waiters = 8                    # сколько PollEvents могут ждать сразу
# drain_s = 5                            # за прокси: перед остановкой ещё столько принимать
# trusted_proxy = "127.0.0.1"            # адрес прокси, которому верить в X-Forwarded-*
# log_format = "json"
link_secret = "{link_secret}"            # подписывает ссылки на записи разговоров
# record_link_s = 2592000                # сколько такая ссылка открывается
# records_dir = "records"                # куда складывать копии записей (keep_records)

# --- ВАТС. В её кабинете укажите адрес веб-хука:
# <public_url>/hooks/main/<hook_secret>?key={{KEY}}&number={{NUMBER}}
[exchange.main]
kind = "mobilon"
# base_url = "https://connect.mobilon.ru" # если адрес API другой
api = "connect"                          # connect | webapi2 | callapi | simple-calls
hook_secret = "{hook_secret}"
# old_hook_secret = ""                   # прежний секрет, пока в кабинете ВАТС меняют адрес
# networks = ["91.199.46.0/24"]          # откуда обращается ВАТС; без неё — отовсюду (см. trusted_proxy)
# node_token = ""                        # для api = "callapi"
# api_password = ""                      # для api = "simple-calls"
# area_code = "391"                      # дополняет городские номера, записанные без кода
# timeout_s = 5                          # сколько ждать ответа ВАТС на набор

# журнал звонков ВАТС: с ним мост каждую ночь находит звонки, о которых веб-хук промолчал
# journal_token = ""                     # токен ВАТС из её кабинета
# timezone = "Europe/Moscow"             # в каком поясе ВАТС пишет время журнала
# reconcile_at = "03:30"
# work_hours = "09:00-18:00"             # когда молчание веб-хука подозрительно
# work_days = "1-5"
# silence_s = 14400

# кто звонит: АТС спрашивает имя по номеру, мост отвечает из 1С или из памяти
# caller_s = 0.8                         # отвечать не позже
# caller_fresh_s = 3600                  # столько имя не переспрашивается
# caller_unknown_s = 300                 # столько незнакомый номер не переспрашивается
# caller_order = ["buh"]                 # в каком порядке спрашивать базы; без неё — все по порядку
# missed_by = "last"                     # чей пропущенный: last — у кого звонило последним, first — первым
# keep_records = false                   # копировать записи разговоров, пока АТС их не удалила
# record_hosts = ["records.mobilon.ru"]  # с каких ещё серверов их можно брать

# Сотрудники с телефонами: 1С вызывает их по ключу, внутреннему номеру или имени.
[[exchange.main.subscribers]]
name = "Иванова Анна"
extension = "101"
key = "впишите ключ абонента из кабинета ВАТС"

# --- Информационная база 1С
[infobase.buh]
exchange = "main"

# как 1С входит в мост: имя buh и пароль, хеш которого здесь; ещё один, сразу: vpbx-bridge token issue buh
token_hashes = ["{token_hash}"]
# login = "buh"
# show_keys = false                      # показывать ли 1С ключи абонентов в GetSubscribers
# unlisted_keys = false                  # передавать ли ВАТС ключи, которых нет в списке абонентов

# как мост сообщает в 1С: vats (IncomingCall), vatscalls (Event), custom (свой веб-сервис),
# miko (панель МИКО), mailbox (1С не опубликована и забирает сама) или none (не сообщает);
# пример разделов для custom — в docs/operating.md
contract = "none"
# url = "http://server/base/ws/VATScalls"
# namespace = "http://VATSCalls"
# user = "Телефония"
# password = ""
# timeout_s = 10
# popup_lifetime_s = 30                  # карточка звонка позже не нужна
# journal_lifetime_s = 604800            # журнал звонков: пытаться семь дней

# если баз несколько: чьи звонки нужны этой (без них — все)
# subscribers = ["101", "Иванова Анна"]
# called = ["83912000000"]

# куда разрешено звонить
[infobase.buh.dial]
countries = ["RU"]
premium = false
# allow = ["375"]                        # и начала других номеров, с кодом страны; deny — запретить
# short_numbers = ["300"]                # короткие номера, кроме внутренних номеров абонентов
# hours = "08:00-20:00"                  # когда; days = "1-5"
# subscriber_minute = 10                 # звонков абонента за минуту (subscriber_hour, subscriber_day)
# infobase_minute = 60                   # звонков всей базы за минуту (infobase_hour, infobase_day)
# same_number_hour = 5                   # звонков на один номер за час
# double_click_s = 10                    # повторный щелчок в это время — тот же звонок
"""
