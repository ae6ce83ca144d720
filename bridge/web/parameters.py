"""Parameters that come by the query or by a form, each once."""

from codecs import BOM_UTF8
from urllib.parse import parse_qsl

from bridge.web.http import Environ, read_body

FORM = "application/x-www-form-urlencoded"
MAX_BODY = 4096
MAX_FIELDS = 16


def parameters(environ: Environ) -> dict[str, str]:
    """All of them. Raises ValueError for what is repeated, too long or no UTF-8."""
    text = str(environ.get("QUERY_STRING", ""))
    if str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower() == FORM:
        body = read_body(environ, MAX_BODY)
        if body is None:
            raise ValueError("too long")
        body = body.removeprefix(BOM_UTF8)  # УстановитьТелоИзСтроки of 1C writes one by default
        text = "&".join(part for part in (text, body.decode("ascii")) if part)
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    words = dict(pairs)
    if len(words) != len(pairs):
        raise ValueError("repeated")
    return words
