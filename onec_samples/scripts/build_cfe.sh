#!/bin/sh
purpose='Собирает файл расширения .cfe из выгрузки: во временной пустой базе или в той, что указана.'
. "$(dirname -- "$0")/onec.sh"
options "$@"
[ -n "$ibcmd" ] || find_platform
find_sources
out=${out:-$name.cfe}
if [ -n "$ibcmd" ]; then
  [ -x "$ibcmd" ] || fail "$ibcmd не запускается" "проверьте путь в --ibcmd"
  for step in "create" "config import --extension=$name" "config save --extension=$name"; do
    set -- "--data=$work/data" "--db-path=$work/base"
    case $step in
      *import*) set -- "$@" "$sources" ;;
      *save*) set -- "$@" "$out" ;;
    esac
    say "ibcmd infobase $step"
    # shellcheck disable=SC2086 # слова шага разделены пробелами
    "$ibcmd" infobase $step "$@" >"$work/log.txt" 2>&1 || explain "ibcmd infobase $step" "$?"
  done
else
  if [ -n "$base" ]; then ask_base; else new_base; fi
  load
  designer "Сохраняю $out" /DumpCfg "$out" -Extension "$name"
fi
done_with "$out"
