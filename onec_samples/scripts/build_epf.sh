#!/bin/sh
purpose='Собирает внешнюю обработку .epf из ее исходных файлов: во временной пустой базе или в той, что указана.'
. "$(dirname -- "$0")/onec.sh"
options "$@"
find_platform
out=${out:-МВ_НаборНомера.epf}
if [ -n "$base" ]; then ask_base; else new_base; fi
designer "Собираю $out" \
  /LoadExternalDataProcessorOrReportFromFiles "$samples/external_processor/МВ_НаборНомера.xml" "$out"
done_with "$out"
