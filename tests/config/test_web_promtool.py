"""Promtool, which has exporter-toolkit's own reader, judges web configuration files as we do."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

from exporter.config import ConfigError
from tests.config.web_files import BAD, GOOD, HASH, HOPELESS, NEWER, PAIR, load
from tests.tools import tool


def promtool(folder: Path, files: list[Path]) -> dict[str, bool]:
    """Return which files promtool takes."""
    done = subprocess.run(
        [tool("promtool"), "check", "web-config", *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    said = re.findall(r"^(\S+) (SUCCESS|FAILED)", done.stdout + done.stderr, re.MULTILINE)
    return {Path(path).name: verdict == "SUCCESS" for path, verdict in said}


def takes(folder: Path, texts: list[str]) -> tuple[list[bool], list[bool]]:
    """Return which of these files we take, and which promtool does."""
    files = [folder / f"{number}.yml" for number in range(len(texts))]
    ours = []
    for file, text in zip(files, texts, strict=True):
        try:
            load(folder, text, file.name)
        except ConfigError:
            ours.append(False)
        else:
            ours.append(True)
    theirs = promtool(folder, files)
    return ours, [theirs[file.name] for file in files]


def test_promtool_judges_alike(folder: Path) -> None:
    """What Prometheus's own reader takes is taken and what it refuses refused, but for a list."""
    texts = [*GOOD.values(), *BAD.values()]
    ours, theirs = takes(folder, texts)
    assert [True] * len(GOOD) + [False] * len(BAD) == theirs
    assert theirs == ours


def test_differences_from_promtool_are_known(folder: Path) -> None:
    """Beyond it are hopeless files that it takes, and keys that it does not know yet."""
    ours, theirs = takes(folder, [*HOPELESS.values(), *NEWER.values()])
    assert [True] * len(HOPELESS) + [False] * len(NEWER) == theirs
    assert [False] * len(HOPELESS) + [True] * len(NEWER) == ours


POLICIES = ("RequireAnyClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
CHOICES = {
    "cert_file": ["a.pem", "a.pem", "a.pem", "''", "", "none", "a.key"],
    "key_file": ["a.key", "a.key", "a.key", "", "b.key"],
    "client_auth_type": ["", "''", "NoClientCert", "RequestClientCert", *POLICIES, "true", "[]"],
    "client_ca_file": ["", "''", "ca.pem", "ca.pem", "none"],
    "min_version": ["TLS10", "TLS11", "TLS12", "TLS12", "", "''", "TLS1.2", "12"],
    "max_version": ["TLS13", "TLS13", "", "tls13"],
    "cipher_suites": ["[]", "", "[TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA]", "[x]", "{}"],
    "prefer_server_cipher_suites": ["true", "NO", "", "2", "y"],
    "curve_preferences": ["[X25519]", "[CurveP256, CurveP384]", "[P256]", ""],
    "certificate": ["a.pem"],
}
HTTP = {"http2": ["true", "no", "", "2"], "headers": ["", "{X-Frame-Options: deny}", "{X: y}"]}


def generated(seed: int) -> str:
    """Write some file, most of the time one that is nearly good."""
    chance = random.Random(seed)  # noqa: S311 - no secret

    def some(choices: dict[str, list[str]], share: float) -> str:
        keys = [key for key in choices if chance.random() < share]
        return ", ".join(f"{key}: {chance.choice(choices[key])}" for key in keys)

    tls = some(CHOICES, 0.3)
    if chance.random() < 0.5:
        keys = {key: choices for key, choices in CHOICES.items() if "_file" not in key}
        tls = f"{PAIR}, {some(keys, 0.25)}"
    hashed = chance.choice([HASH, HASH.replace("2y", "2b"), "x"])
    users = chance.choice(["", "{}", f"{{alice: {hashed}}}", f"{{a: {HASH}, b: {HASH}}}"])
    return (
        f"tls_server_config: {{{tls}}}\nhttp_server_config: {{{some(HTTP, 0.2)}}}\n"
        f"basic_auth_users: {users}\n"
    )


def test_promtool_judges_generated_files_alike(folder: Path) -> None:
    """Hundreds of files at random get the same verdict, and neither verdict is rare."""
    ours, theirs = takes(folder, [generated(seed) for seed in range(400)])
    assert theirs == ours
    assert 0.1 < sum(ours) / len(ours) < 0.9
