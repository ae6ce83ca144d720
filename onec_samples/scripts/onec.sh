# Общая часть load_extension.sh, build_cfe.sh, build_epf.sh и check_extension.sh: сама она не запускается.
# shellcheck shell=sh
set -eu

scripts=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
samples=$(dirname -- "$scripts")
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'stty echo 2>/dev/null || true; exit 130' INT TERM

platform=''
ibcmd=''
base=''
user=''
password=${ONEC_PASSWORD:-}
what=extension
out=''

say() { printf '%s\n' "$*"; }

fail() { # что случилось, что сделать
  printf 'Ошибка: %s\nЧто сделать: %s\n' "$1" "$2" >&2
  exit 1
}

usage() {
  cat <<TEXT
$purpose

  --platform ПУТЬ   программа 1cv8; без него берется самая новая из /opt/1cv8
  --base БАЗА       папка файловой базы или СЕРВЕР/ИМЯ
  --user ИМЯ        пользователь базы; без него база открывается без имени
  --what extension  МостВАТС (так и без параметра); --what bsp - МостВАТСдляБСП
  --out ФАЙЛ        куда записать то, что собрано
  --ibcmd ПУТЬ      собрать .cfe программой ibcmd вместо конфигуратора

Пароль спрашивается без показа на экране или берется из переменной ONEC_PASSWORD. Конфигуратор получает его
параметром запуска: пока он работает, пароль виден в списке процессов этого компьютера.
TEXT
}

options() {
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage; exit 0 ;;
      --platform | --ibcmd | --base | --user | --what | --out)
        [ $# -ge 2 ] || fail "у параметра $1 нет значения" "посмотрите: $0 --help"
        case $1 in
          --platform) platform=$2 ;;
          --ibcmd) ibcmd=$2 ;;
          --base) base=$2 ;;
          --user) user=$2 ;;
          --what) what=$2 ;;
          --out) out=$2 ;;
        esac
        shift 2
        ;;
      *) fail "неизвестный параметр $1" "посмотрите: $0 --help" ;;
    esac
  done
  case $what in
    extension) name=МостВАТС ;;
    bsp) name=МостВАТСдляБСП ;;
    *) fail "--what $what" "напишите --what extension или --what bsp" ;;
  esac
}

find_platform() {
  if [ -z "$platform" ]; then
    platform=$(ls -d /opt/1cv8/x86_64/8.*/1cv8 /opt/1cv8/i386/8.*/1cv8 /opt/1C/v8.3/x86_64/1cv8 2>/dev/null |
      sort -t. -k2,2n -k3,3n -k4,4n | tail -n 1)
  fi
  [ -n "$platform" ] ||
    fail "программа 1cv8 не найдена" "укажите ее: --platform /opt/1cv8/x86_64/8.3.24.1761/1cv8"
  [ -x "$platform" ] || fail "$platform не запускается" "проверьте путь в --platform"
  [ -n "${DISPLAY:-}" ] || command -v xvfb-run >/dev/null ||
    fail "у этого сеанса нет экрана, а конфигуратору он нужен" "установите пакет xvfb или работайте на рабочем месте"
  say "Платформа: $platform"
}

# Папка выгрузки для найденной платформы: 8.3.24 и новее читают 2.17, 8.3.20-8.3.23 - 2.13.
find_sources() {
  case $what in
    bsp) sources=$samples/extension_bsp ;;
    *) sources=$samples/extension ;;
  esac
  numbers=$(printf '%s' "${ibcmd:-$platform}" | sed -n 's|.*/8\.\([0-9][0-9]*\)\.\([0-9][0-9]*\)\..*|\1 \2|p')
  major=${numbers% *}
  minor=${numbers#* }
  if [ -z "$numbers" ]; then
    sources=${sources}_2.13
  elif [ "$major" -eq 3 ] && [ "$minor" -lt 20 ]; then
    fail "платформа 8.3.$minor не читает эту выгрузку: нужна 8.3.20 или новее" \
      "обновите платформу, попросите .cfe, собранный на другом компьютере, или возьмите текст из папки modules"
  elif [ "$major" -eq 3 ] && [ "$minor" -lt 24 ]; then
    sources=${sources}_2.13
  fi
  [ -f "$sources/Configuration.xml" ] || fail "нет папки $sources" "скачайте onec_samples целиком"
  say "Выгрузка: $sources"
}

ask_base() {
  if [ -z "$base" ]; then
    [ -t 0 ] || fail "не указана база" "добавьте --base ПАПКА или --base СЕРВЕР/ИМЯ"
    printf 'База (папка файловой базы или СЕРВЕР/ИМЯ): '
    read -r base
    printf 'Пользователь базы (Enter, если в базе нет пользователей): '
    read -r user
  fi
  if [ -d "$base" ]; then
    [ -f "$base/1Cv8.1CD" ] || fail "в папке $base нет файла 1Cv8.1CD" "укажите папку файловой базы"
  else
    case $base in
      /* | */*/* | '') fail "нет папки $base" "укажите папку файловой базы или СЕРВЕР/ИМЯ" ;;
      */*) ;;
      *) fail "непонятно, какая база: $base" "укажите папку файловой базы или СЕРВЕР/ИМЯ" ;;
    esac
  fi
  if [ -n "$user" ] && [ -z "$password" ] && [ -t 0 ]; then
    printf 'Пароль (не показывается; Enter, если его нет): '
    stty -echo
    read -r password
    stty echo
    printf '\n'
  fi
}

# Конфигуратору нужен экран; на сервере без него - xvfb.
graphical() {
  if [ -n "${DISPLAY:-}" ]; then "$@"; else xvfb-run -a "$@"; fi
}

new_base() { # пустая файловая база во временной папке
  base=$work/base
  user=''
  say "Создаю временную пустую базу"
  graphical "$platform" CREATEINFOBASE "File=$base" /Out "$work/log.txt" >/dev/null 2>&1 ||
    explain "создание временной базы" "$?"
}

designer() { # что делается, затем команды конфигуратора
  doing=$1
  shift
  if [ -n "$user" ]; then
    if [ -n "$password" ]; then set -- /P "$password" "$@"; fi
    set -- /N "$user" /WA- "$@"
  fi
  if [ -d "$base" ]; then set -- /F "$base" "$@"; else set -- /S "$base" "$@"; fi
  say "$doing"
  : >"$work/log.txt"
  code=0
  graphical "$platform" DESIGNER "$@" /DisableStartupDialogs /DisableStartupMessages \
    /Out "$work/log.txt" >/dev/null 2>&1 || code=$?
  [ "$code" -eq 0 ] || explain "$doing" "$code"
}

explain() { # что не вышло, код: слова платформы и совет
  log=$(LC_ALL=C sed '1s/^\xef\xbb\xbf//' "$work/log.txt" 2>/dev/null || true)
  advice=''
  tab=$(printf '\t')
  while IFS="$tab" read -r pattern text; do
    case $pattern in '#'* | '') continue ;; esac
    if printf '%s\n' "$log" | grep -Eq -- "$pattern"; then
      advice=$text
      break
    fi
  done <"$scripts/errors.txt"
  [ -z "$log" ] || printf '%s\n' "$log" >&2
  fail "$1: не вышло (код $2)" \
    "${advice:-прочтите сообщение платформы выше; проверьте, что конфигуратор открывается руками}"
}

load() {
  designer "Загружаю $name из файлов" /LoadConfigFromFiles "$sources" -Extension "$name"
}

done_with() { # собранный файл
  [ -s "$1" ] || fail "платформа не записала $1" "проверьте, что в эту папку можно писать"
  say "Готово: $1"
}
