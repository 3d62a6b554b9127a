"""Web configuration files for the tests: what they name is beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.config import web
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

HASH = "$2y$04$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
PAIR = "cert_file: a.pem, key_file: a.key"
# Each of them starts, and does what it says.
GOOD = {
    "nothing": "",
    "a comment": "# nothing\n",
    "null": "null",
    "empty": "{}",
    "no sections": "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\n",
    "empty sections": "{tls_server_config: {}, http_server_config: {}, basic_auth_users: {}}",
    "tls": f"tls_server_config: {{{PAIR}}}",
    "blank policy": f"tls_server_config: {{{PAIR}, client_auth_type: '', client_ca_file: ''}}",
    "null policy": f"tls_server_config: {{{PAIR}, client_auth_type: , cipher_suites: ~}}",
    "no policy": f"tls_server_config: {{{PAIR}, client_auth_type: NoClientCert}}",
    "asked": f"tls_server_config: {{{PAIR}, client_auth_type: RequestClientCert}}",
    "given": "tls_server_config: {client_auth_type: VerifyClientCertIfGiven, "
    f"client_ca_file: ca.pem, {PAIR}}}",
    "required": "tls_server_config: {client_auth_type: RequireAndVerifyClientCert, "
    f"client_ca_file: ca.pem, {PAIR}}}",
    "any": f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}",
    "any, by its old name": f"tls_server_config: {{{PAIR}, client_auth_type: RequireClientCert}}",
    "this machine's authorities": f"tls_server_config: {{{PAIR}, "
    "client_auth_type: RequireAndVerifyClientCert}",
    "versions": f"tls_server_config: {{{PAIR}, min_version: TLS10, max_version: TLS13}}",
    "one version": f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS13}}",
    "old version": f"tls_server_config: {{{PAIR}, min_version: TLS10, max_version: TLS11}}",
    "curves": f"tls_server_config: {{{PAIR}, curve_preferences: [CurveP384, X25519, CurveP256]}}",
    "server's order": f"tls_server_config: {{{PAIR}, prefer_server_cipher_suites: no}}",
    "suites": f"tls_server_config: {{{PAIR}, cipher_suites: "
    "[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]}",
    "suites of 1.3": f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
    "no certificate": "tls_server_config: {min_version: TLS13}",
    "blank files": "tls_server_config: {cert_file: '', key_file: ''}",
    "http2": "http_server_config: {http2: false}",
    "http2 in YAML 1.1": "http_server_config: {http2: Off}",
    "headers": "http_server_config: {headers: {X-Frame-Options: deny, X-XSS-Protection: 1, "
    "X-Content-Type-Options: nosniff, Strict-Transport-Security: max-age=1, "
    "Content-Security-Policy: }}",
    "users": f"basic_auth_users: {{alice: {HASH}, 'Zoë': '{HASH}', '': '{HASH}', 1: '{HASH}'}}",
    "any letter": f"basic_auth_users: {{a: {HASH.replace('2y', '2a')}, b: "
    f"{HASH.replace('2y', '2')}, c: {HASH.replace('2y', '2x')}}}",
    "something behind the hash": f"basic_auth_users: {{alice: '{HASH} '}}",
    "an anchor": f"basic_auth_users: {{alice: &hash {HASH}, bob: *hash}}",
    "a merge": f"tls_server_config: {{<<: {{{PAIR}}}}}",
    "JSON": f'{{"basic_auth_users": {{"alice": "{HASH}"}}}}',
}
# Refused, here and by exporter-toolkit.
BAD = {
    "a word": "word",
    "a list": "[]",
    "no YAML": "tls_server_config: {",
    "unknown section": "tls_config: {}",
    "unknown key": f"tls_server_config: {{{PAIR}, cert_filse: a}}",
    "unknown null": f"tls_server_config: {{{PAIR}, cert_filse: }}",
    "a section twice": "basic_auth_users: {}\nbasic_auth_users: {}\n",
    "a key twice": f"tls_server_config: {{{PAIR}, key_file: a.key}}",
    "a user twice": f"basic_auth_users: {{alice: {HASH}, alice: {HASH}}}",
    "a blank section": "tls_server_config: ''",
    "certificate alone": "tls_server_config: {cert_file: a.pem}",
    "key alone": "tls_server_config: {key_file: a.key}",
    "policy alone": "tls_server_config: {client_auth_type: NoClientCert}",
    "missing file": "tls_server_config: {cert_file: none.pem, key_file: a.key}",
    "folder": "tls_server_config: {cert_file: folder, key_file: a.key}",
    "exchanged": "tls_server_config: {cert_file: a.key, key_file: a.pem}",
    "another's key": "tls_server_config: {cert_file: a.pem, key_file: b.key}",
    "garbage": "tls_server_config: {cert_file: garbage, key_file: garbage}",
    "unknown policy": f"tls_server_config: {{{PAIR}, client_auth_type: Always}}",
    "authority without policy": f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem}}",
    "authority, no policy": f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem, "
    "client_auth_type: NoClientCert}",
    "missing authority": f"tls_server_config: {{{PAIR}, client_ca_file: none, "
    "client_auth_type: RequestClientCert}",
    "unknown version": f"tls_server_config: {{{PAIR}, min_version: TLS111}}",
    "blank version": f"tls_server_config: {{{PAIR}, max_version: ''}}",
    "unknown suite": f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_AES_128_GCM_SHA2048]}}",
    "insecure suite": f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}}",
    "suites as a word": f"tls_server_config: {{{PAIR}, cipher_suites: TLS_AES_128_GCM_SHA256}}",
    "unknown curve": f"tls_server_config: {{{PAIR}, curve_preferences: [CurveP257]}}",
    "a number for a truth value": "http_server_config: {http2: 1}",
    "unknown header": "http_server_config: {headers: {Content-Type: text/html}}",
    "header in small letters": "http_server_config: {headers: {x-frame-options: deny}}",
    "unknown header value": "http_server_config: {headers: {X-Frame-Options: DENY}}",
    "blank header value": "http_server_config: {headers: {X-Content-Type-Options: }}",
    "a list of header values": "http_server_config: {headers: {X-XSS-Protection: [1]}}",
    "no hash": "basic_auth_users: {alice: hunter2}",
    "null hash": "basic_auth_users: {alice: }",
    "short hash": f"basic_auth_users: {{alice: {HASH[:-2]}}}",
    "cost 3": f"basic_auth_users: {{alice: {HASH.replace('$04', '$03')}}}",
    "cost 32": f"basic_auth_users: {{alice: {HASH.replace('$04', '$32')}}}",
    "version 3": f"basic_auth_users: {{alice: {HASH.replace('2y', '3y')}}}",
    "users as a list": "basic_auth_users: []",
    "a mapping of hashes": f"basic_auth_users: {{alice: {{hash: {HASH}}}}}",
}
# Taken by exporter-toolkit, and refused here, for none of it could ever work.
HOPELESS = {
    "no version in between": f"tls_server_config: {{{PAIR}, min_version: TLS13, "
    "max_version: TLS12}",
    "suites of no version": f"tls_server_config: {{{PAIR}, max_version: TLS12, "
    "cipher_suites: [TLS_AES_128_GCM_SHA256]}",
    "a null suite": f"tls_server_config: {{{PAIR}, cipher_suites: [null]}}",
    "no certificates of authorities": f"tls_server_config: {{{PAIR}, client_ca_file: garbage, "
    "client_auth_type: RequireAndVerifyClientCert}",
    "a line break in a header": 'http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}',
    "a colon in a name": f"basic_auth_users: {{'a:b': {HASH}}}",
    "no base64 in a hash": f"basic_auth_users: {{alice: {HASH[:-1]}!}}",
    "a hash that lacks its end": f"basic_auth_users: {{alice: {HASH[:-1]}}}",
    "a second document": "{}\n---\n{}\n",
}
# Keys of exporter-toolkit 0.10 and later, which Prometheus 2.42 does not know.
NEWER = {
    "names": "tls_server_config: {client_auth_type: VerifyClientCertIfGiven, "
    f"client_ca_file: ca.pem, client_allowed_sans: [a.example], {PAIR}}}",
}
# The same, refused: the first would let in everybody, the second nobody.
NEWER_BAD = {
    "names of nobody": f"tls_server_config: {{{PAIR}, client_allowed_sans: [a.example]}}",
    "no name": "tls_server_config: {client_auth_type: VerifyClientCertIfGiven, client_ca_file: "
    f"ca.pem, client_allowed_sans: [], {PAIR}}}",
    "inline": "tls_server_config: {cert: x, key: y}",
    "rate": "rate_limit: {interval: 1s, burst: 1}",
}


def write_certificates(folder: Path) -> None:
    """Write an authority, two pairs of its making, and a file that is nothing of all that."""
    authority = Authority(folder)
    assert authority.ca_file.exists()
    for name in ("a", "b"):
        pair = authority.key_pair(name)
        pair.key_file.chmod(0o600)
    (folder / "folder").mkdir()
    (folder / "garbage").write_text("garbage", encoding="utf-8")


def load(folder: Path, text: str | bytes, name: str = "web.yml") -> web.WebConfig:
    """Write a file that only its owner may read, and load it."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return web.load(path)
