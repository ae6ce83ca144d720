"""Who runs this command, for the audit: by the operating system, not by variables that anybody may set."""

import os
import platform
import sys


def operator() -> str:
    """The user, and behind `sudo` the one who asked for it, at this computer."""
    return f"{_user()} ({platform.node() or 'компьютер без имени'})"


def _user() -> str:
    if sys.platform == "win32":
        return os.getlogin()
    import pwd  # Windows has none

    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # in a container
        name = f"uid {uid}"
    asked = os.environ.get("SUDO_USER", "")  # set by sudo itself; anybody else may lie in it
    return f"{name}, sudo {asked[:64]}" if uid == 0 and asked.isprintable() and asked else name
