"""PHP as a hosting runs it: nginx before PHP-FPM, in the folder of the bench."""

import os
import shutil
from pathlib import Path

from benchmarks.side_by_side.bench import Bench, Running, free_port, ready
from benchmarks.side_by_side.tools import Missing

SCRIPTS = Path(__file__).parent / "php"
POOL = """[global]
error_log = {folder}/fpm.log
daemonize = no
[www]
listen = {folder}/fpm.sock
{owner}
pm = static
pm.max_children = {children}
php_admin_value[soap.wsdl_cache_dir] = {folder}
php_admin_value[opcache.enable] = 1
"""
NGINX = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 2;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi;
  proxy_temp_path {folder}/proxy;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  keepalive_requests 100000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      fastcgi_pass unix:{folder}/fpm.sock;
      fastcgi_param SCRIPT_FILENAME {script};
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_SOAPACTION $http_soapaction;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
{parameters}
    }}
  }}
}}
"""


def start_php(
    bench: Bench,
    name: str,
    script: str,
    *,
    children: int,
    parameters: dict[str, str],
    path: str,
    wait: bool = True,
) -> Running:
    """`script` of benchmarks/peers/php behind nginx; `parameters` are its $_SERVER.

    Raises:
        Missing: there is no php-fpm or no nginx, or they do not start.
    """
    fpm, nginx = _found(("php-fpm8.2", "php-fpm8.3", "php-fpm8.4", "php-fpm")), _found(("nginx",))
    folder, port = bench.place(name), free_port()
    root = os.geteuid() == 0
    facts = {
        "folder": folder,
        "port": port,
        "children": children,
        "owner": "user = root\ngroup = root\nlisten.owner = root\nlisten.mode = 0666" if root else "",
        "script": SCRIPTS / script,
        "parameters": "\n".join(f'      fastcgi_param {key} "{value}";' for key, value in parameters.items()),
    }
    folder.chmod(0o755)
    (folder / "fpm.conf").write_text(POOL.format(**facts), encoding="utf-8")
    user = "user root;\n" if root else ""
    (folder / "nginx.conf").write_text(user + NGINX.format(**facts), encoding="utf-8")
    processes = [
        bench.start([fpm, "-F", "-y", "fpm.conf", *(["-R"] if root else [])], folder=folder),
        bench.start([nginx, "-p", folder, "-c", folder / "nginx.conf"], folder=folder),
    ]
    running = Running(name, port, processes)
    if wait:
        try:
            ready(processes[1], f"http://127.0.0.1:{port}{path}", folder)
        except Missing:
            running.end()
            raise
    return running


def _found(names: tuple[str, ...]) -> str:
    for name in names:
        if program := shutil.which(name) or shutil.which(name, path="/usr/sbin"):
            return program
    raise Missing(f"no {names[-1]}")
