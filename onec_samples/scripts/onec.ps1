<#
Общая часть load_extension.cmd, build_cfe.cmd, build_epf.cmd и check_extension.cmd.
Кодировка: UTF-8 с BOM (без него Windows PowerShell 5.1 прочтет файл в кодировке системы) и CRLF.
#>
param(
    [Parameter(Mandatory = $true)]
    [ValidateSet('load', 'build-cfe', 'build-epf', 'check')]
    [string]$Action,
    [string]$Platform,
    [string]$Ibcmd,
    [string]$Base,
    [string]$User,
    [ValidateSet('extension', 'bsp')]
    [string]$What = 'extension',
    [string]$Out,
    [switch]$Help
)
$ErrorActionPreference = 'Stop'
$samples = Split-Path -Parent $PSScriptRoot
$work = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid().ToString())
$log = Join-Path $work 'log.txt'
$password = $env:ONEC_PASSWORD
$name = if ($What -eq 'bsp') { 'МостВАТСдляБСП' } else { 'МостВАТС' }
$usage = @'
Загрузить расширение моста (load_extension), собрать .cfe (build_cfe) или .epf (build_epf),
проверить расширение конфигуратором (check_extension). Перед загрузкой сделайте копию базы.

  -Platform ПУТЬ   программа 1cv8.exe; без него берется самая новая из Program Files
  -Base БАЗА       папка файловой базы или СЕРВЕР\ИМЯ
  -User ИМЯ        пользователь базы; без него база открывается без имени
  -What extension  МостВАТС (так и без параметра); -What bsp - МостВАТСдляБСП
  -Out ФАЙЛ        куда записать то, что собрано
  -Ibcmd ПУТЬ      собрать .cfe программой ibcmd.exe вместо конфигуратора

Пароль спрашивается без показа на экране или берется из переменной ONEC_PASSWORD. Конфигуратор получает его
параметром запуска: пока он работает, пароль виден в диспетчере задач этого компьютера.
'@

function Stop-Here([string]$Problem, [string]$Advice) {
    Write-Host "Ошибка: $Problem" -ForegroundColor Red
    Write-Host "Что сделать: $Advice" -ForegroundColor Yellow
    throw [OperationCanceledException]'said'
}

function Format-Argument([string]$Value) {
    if ($Value.Contains('"')) { Stop-Here 'кавычка в параметре' 'уберите кавычки из путей, имени и пароля' }
    return '"' + $Value.TrimEnd('\') + '"'
}

# Конфигуратор - оконная программа: PowerShell дождется ее, только если запустить ее так.
function Invoke-Program([string]$Program, [string]$Line) {
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $Program
    $start.Arguments = $Line
    $start.UseShellExecute = $false
    $process = [System.Diagnostics.Process]::Start($start)
    $process.WaitForExit()
    return $process.ExitCode
}

# Журнал конфигуратора: UTF-8, у старых платформ - windows-1251.
function Read-Log {
    if (-not (Test-Path -LiteralPath $log)) { return '' }
    $bytes = [IO.File]::ReadAllBytes($log)
    try { $text = (New-Object Text.UTF8Encoding($false, $true)).GetString($bytes) }
    catch { $text = [Text.Encoding]::GetEncoding(1251).GetString($bytes) }
    return $text.TrimStart([char]0xFEFF).Trim()
}

function Stop-WithLog([string]$Doing, [int]$Code) {
    $text = Read-Log
    $advice = 'прочтите сообщение платформы выше; проверьте, что конфигуратор открывается руками'
    foreach ($line in [IO.File]::ReadAllLines((Join-Path $PSScriptRoot 'errors.txt'))) {
        $pair = $line.Split("`t")
        if ($pair.Count -eq 2 -and $text -match $pair[0]) { $advice = $pair[1]; break }
    }
    if ($text) { Write-Host $text }
    Stop-Here "$Doing`: не вышло (код $Code)" $advice
}

function Find-Platform {
    if (-not $script:Platform) {
        $found = Get-ChildItem -Path "$env:ProgramFiles\1cv8\8.*\bin\1cv8.exe",
            "${env:ProgramFiles(x86)}\1cv8\8.*\bin\1cv8.exe" -ErrorAction SilentlyContinue |
            Sort-Object { [version]$_.Directory.Parent.Name } | Select-Object -Last 1
        if (-not $found) {
            Stop-Here 'программа 1cv8.exe не найдена' 'укажите ее: -Platform "C:\Program Files\1cv8\8.3.24.1761\bin\1cv8.exe"'
        }
        $script:Platform = $found.FullName
    }
    if (-not (Test-Path -LiteralPath $script:Platform -PathType Leaf)) {
        Stop-Here "нет файла $script:Platform" 'проверьте путь в -Platform'
    }
    Write-Host "Платформа: $script:Platform"
}

# Папка выгрузки для найденной платформы: 8.3.24 и новее читают 2.17, 8.3.20-8.3.23 - 2.13.
function Find-Sources {
    $folder = if ($What -eq 'bsp') { 'extension_bsp' } else { 'extension' }
    $program = if ($Ibcmd) { $Ibcmd } else { $script:Platform }
    if ($program -notmatch '[\\/]8\.(\d+)\.(\d+)\.') { $folder += '_2.13' }
    elseif ($Matches[1] -eq '3' -and [int]$Matches[2] -lt 20) {
        Stop-Here "платформа 8.3.$($Matches[2]) не читает эту выгрузку: нужна 8.3.20 или новее" (
            'обновите платформу, попросите .cfe, собранный на другом компьютере, или возьмите текст из папки modules')
    }
    elseif ($Matches[1] -eq '3' -and [int]$Matches[2] -lt 24) { $folder += '_2.13' }
    $found = Join-Path $samples $folder
    if (-not (Test-Path -LiteralPath (Join-Path $found 'Configuration.xml'))) {
        Stop-Here "нет папки $found" 'скачайте onec_samples целиком'
    }
    Write-Host "Выгрузка: $found"
    return $found
}

function Request-Base {
    if (-not $script:Base) {
        $script:Base = Read-Host 'База (папка файловой базы или СЕРВЕР\ИМЯ)'
        $script:User = Read-Host 'Пользователь базы (Enter, если в базе нет пользователей)'
    }
    if (Test-Path -LiteralPath $script:Base -PathType Container) {
        if (-not (Test-Path -LiteralPath (Join-Path $script:Base '1Cv8.1CD'))) {
            Stop-Here "в папке $script:Base нет файла 1Cv8.1CD" 'укажите папку файловой базы'
        }
    }
    elseif ($script:Base -notmatch '^[^\\/:]+[\\/][^\\/]+$') {
        Stop-Here "нет папки $script:Base" 'укажите папку файловой базы или СЕРВЕР\ИМЯ'
    }
    if ($script:User -and -not $script:password) {
        $secret = Read-Host 'Пароль (не показывается; Enter, если его нет)' -AsSecureString
        $script:password = (New-Object Management.Automation.PSCredential('n', $secret)).GetNetworkCredential().Password
    }
}

function New-Base {
    $script:Base = Join-Path $work 'base'
    $script:User = ''
    Write-Host 'Создаю временную пустую базу'
    $code = Invoke-Program $script:Platform "CREATEINFOBASE File=$(Format-Argument $script:Base) /Out $(Format-Argument $log)"
    if ($code -ne 0) { Stop-WithLog 'создание временной базы' $code }
}

function Invoke-Designer([string]$Doing, [string]$Commands) {
    $line = if (Test-Path -LiteralPath $script:Base -PathType Container) { 'DESIGNER /F ' } else { 'DESIGNER /S ' }
    $line += Format-Argument $script:Base
    if ($script:User) {
        $line += ' /N ' + (Format-Argument $script:User) + ' /WA-'
        if ($script:password) { $line += ' /P ' + (Format-Argument $script:password) }
    }
    Write-Host $Doing
    if (Test-Path -LiteralPath $log) { Remove-Item -LiteralPath $log }
    $code = Invoke-Program $script:Platform (
        "$line $Commands /DisableStartupDialogs /DisableStartupMessages /Out $(Format-Argument $log)")
    if ($code -ne 0) { Stop-WithLog $Doing $code }
}

function Import-Extension([string]$Sources) {
    Invoke-Designer "Загружаю $name из файлов" "/LoadConfigFromFiles $(Format-Argument $Sources) -Extension $name"
}

function Get-Target([string]$Default) {
    $path = if ($Out) { $Out } else { $Default }
    return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)
}

function Confirm-File([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path) -or (Get-Item -LiteralPath $Path).Length -eq 0) {
        Stop-Here "платформа не записала $Path" 'проверьте, что в эту папку можно писать'
    }
    Write-Host "Готово: $Path"
}

function Invoke-Load {
    Find-Platform
    $sources = Find-Sources
    Request-Base
    Import-Extension $sources
    Invoke-Designer "Применяю $name к базе" "/UpdateDBCfg -Extension $name"
    Write-Host @"
Готово: $name в базе. Осталось сделать руками:
1. Конфигуратор, «Конфигурация - Расширения конфигурации»: у $name снимите флажок «Безопасный режим»,
   иначе 1С не пустит расширение к мосту.
2. Дайте роли: МВ_ИспользованиеМоста - тем, кто звонит; МВ_ПолныеПрава - администратору (БСП 3.1.6 и новее
   выдает ее администраторам сама); МВ_ОбменСМостом - пользователю, под которым мост обращается к 1С.
   Полных прав для этого мало.
"@
}

function Invoke-BuildCfe {
    if (-not $Ibcmd) { Find-Platform }
    $sources = Find-Sources
    $target = Get-Target "$name.cfe"
    if ($Ibcmd) {
        $place = "--data=$(Format-Argument (Join-Path $work 'data')) --db-path=$(Format-Argument (Join-Path $work 'base'))"
        foreach ($step in "infobase create $place",
            "infobase config import --extension=$name $place $(Format-Argument $sources)",
            "infobase config save --extension=$name $place $(Format-Argument $target)") {
            $code = Invoke-Program $Ibcmd $step
            if ($code -ne 0) { Stop-WithLog "ibcmd $step" $code }
        }
    }
    else {
        if ($Base) { Request-Base } else { New-Base }
        Import-Extension $sources
        Invoke-Designer "Сохраняю $target" "/DumpCfg $(Format-Argument $target) -Extension $name"
    }
    Confirm-File $target
}

function Invoke-BuildEpf {
    Find-Platform
    $target = Get-Target 'МВ_НаборНомера.epf'
    $root = Join-Path $samples 'external_processor\МВ_НаборНомера.xml'
    if ($Base) { Request-Base } else { New-Base }
    Invoke-Designer "Собираю $target" (
        "/LoadExternalDataProcessorOrReportFromFiles $(Format-Argument $root) $(Format-Argument $target)")
    Confirm-File $target
}

function Invoke-Check {
    Find-Platform
    if ($Base) { Request-Base }
    else {
        $sources = Find-Sources
        New-Base
        Import-Extension $sources
    }
    Invoke-Designer 'Проверяю модули' "/CheckModules -ThinClient -Server -ExternalConnection -Extension $name"
    Invoke-Designer "Проверяю, применимо ли $name" "/CheckCanApplyConfigurationExtensions -Extension $name"
    Invoke-Designer 'Проверяю конфигурацию' ('/CheckConfig -IncorrectReferences -ThinClient -Server ' +
        "-ExternalConnection -HandlersExistence -ExtendedModulesCheck -CheckUseModality -Extension $name")
    Write-Host 'Готово: ошибок нет'
}

if ($Help) { Write-Host $usage; exit 0 }
New-Item -ItemType Directory -Path $work | Out-Null
try {
    switch ($Action) {
        'load' { Invoke-Load }
        'build-cfe' { Invoke-BuildCfe }
        'build-epf' { Invoke-BuildEpf }
        'check' { Invoke-Check }
    }
}
catch [OperationCanceledException] { exit 1 }
finally { Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue }
