"""Passwords of people: hashed by scrypt, so that guessing them offline costs memory and time.

Only so many are hashed at once: each takes 32 MiB for a moment.
"""

import base64
import hashlib
import hmac
import secrets
import threading

N, R, P = 2**15, 8, 1
MAX_MEMORY = 64 * 1024 * 1024
SALT_BYTES, HASH_BYTES = 16, 32
MIN_CHARS, MAX_CHARS = 10, 200
_AT_ONCE = threading.BoundedSemaphore(2)
# compared, never believed: a name that nobody has costs the same time
NOBODY = f"scrypt${N}${R}${P}${'A' * 22}==${'A' * 43}="


def problem_of(password: str, name: str) -> str:
    """Why it is no password for `name`, in Russian; "" when it is one."""
    if len(password) < MIN_CHARS:
        return "Пароль короче десяти знаков: придумайте длиннее"
    if len(password) > MAX_CHARS:
        return "Пароль длиннее двухсот знаков"
    if name and name.casefold() in password.casefold():
        return "В пароле есть имя: придумайте другой"
    return ""


def hashed(password: str) -> str:
    """What is kept instead of it: the parameters, the salt and the hash."""
    salt = secrets.token_bytes(SALT_BYTES)
    made = _scrypt(password, salt, N, R, P)
    return f"scrypt${N}${R}${P}${_text(salt)}${_text(made)}"


def same(password: str, kept: str) -> bool:
    """Is this the password that `kept` was made of?"""
    name, n, r, p, salt, expected = kept.split("$")
    if name != "scrypt" or len(password) > MAX_CHARS:
        return False
    made = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, base64.b64decode(expected))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    with _AT_ONCE:
        return hashlib.scrypt(
            password.encode("utf-8", "replace"),
            salt=salt,
            n=n,
            r=r,
            p=p,
            maxmem=MAX_MEMORY,
            dklen=HASH_BYTES,
        )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
