@echo off
rem ASCII only, CRLF: cmd.exe reads this file in the OEM code page. The work and the Russian texts are in onec.ps1.
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%~dp0onec.ps1" -Action load %*
set RESULT=%ERRORLEVEL%
if "%~1"=="" pause
exit /b %RESULT%
