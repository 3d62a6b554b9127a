"""The keys of both configuration files, and which keys a message may show.

Any other key may be a misplaced secret.
"""

import re
from typing import Final

_SITE = (
    *("name", "url", "interval", "timeout", "stale_after", "max_concurrency", "sources"),
    *("ignore_department_assignments", "departments", "statuses", "waiting", "limits"),
    *("allow_http", "host_header", "proxy_url", "basic_auth", "tls_config"),
    *("by", "include", "exclude", "credentials", "timezone", "max_pages"),
    *("response_bytes", "series", "ca_file", "server_name", "insecure_skip_verify"),
)
_CREDENTIALS = (
    *("username", "identifier", "identifier_file", "identifier_env"),
    *("secret", "secret_file", "secret_env", "password", "password_file", "password_env"),
    *("access_key", "access_key_file", "access_key_env"),
)
_WEB = (
    *("tls_server_config", "http_server_config", "basic_auth_users", "http2", "headers"),
    *("cert_file", "key_file", "client_auth_type", "client_ca_file", "client_allowed_sans"),
    *("min_version", "max_version", "cipher_suites", "prefer_server_cipher_suites"),
    *("curve_preferences", "Strict-Transport-Security", "X-Content-Type-Options"),
    *("X-Frame-Options", "X-XSS-Protection", "Content-Security-Policy"),
)
KNOWN: Final = frozenset(("defaults", "sites", "site_files", *_SITE, *_CREDENTIALS, *_WEB))
# A generated secret has digits or is longer.
_WORD = re.compile(r"[A-Za-z_-]{1,32}")
_SIMILAR = 0.8


def shown_key(key: str, near: str = "") -> str:
    """Return a key for a message: shown only when it is known, or a misspelling of ``near``."""
    is_shown = key in KNOWN or (_WORD.fullmatch(key) and _is_similar(key, near))
    return f"key `{key}`" if is_shown else "key (not shown)"


def _is_similar(key: str, near: str) -> bool:
    import difflib  # noqa: PLC0415 - only an error needs it, and every start would pay

    return difflib.SequenceMatcher(None, near, key).ratio() >= _SIMILAR
