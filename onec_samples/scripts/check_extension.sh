#!/bin/sh
purpose='Проверяет расширение конфигуратором: в базе, куда оно загружено, или (без --base) во временной пустой.'
. "$(dirname -- "$0")/onec.sh"
options "$@"
find_platform
if [ -n "$base" ]; then
  ask_base
else
  find_sources
  new_base
  load
fi
designer "Проверяю модули" /CheckModules -ThinClient -Server -ExternalConnection -Extension "$name"
designer "Проверяю, применимо ли $name" /CheckCanApplyConfigurationExtensions -Extension "$name"
designer "Проверяю конфигурацию" /CheckConfig -IncorrectReferences -ThinClient -Server -ExternalConnection \
  -HandlersExistence -ExtendedModulesCheck -CheckUseModality -Extension "$name"
say "Готово: ошибок нет"
