"""Wraps the rules into a PrometheusRule, the Prometheus Operator's kind of object.

``python deploy/prometheus/operator/generate.py`` writes the manifest beside itself; with
``--check`` it only tells whether the one that is there is up to date.
"""  # noqa: INP001 - a program, not a package

import argparse
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).parent
RULES = HERE.parent / "rules" / "whmcs.rules.yml"
MANIFEST = HERE / "prometheusrule.yml"
HEAD = """\
# Generated from ../rules/whmcs.rules.yml by generate.py: change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: whmcs-exporter
  labels:
    app.kubernetes.io/name: whmcs-exporter
spec:
"""


def manifest() -> str:
    """Return the manifest: a rule file is what stands beneath ``spec``, comments and all."""
    return HEAD + textwrap.indent(RULES.read_text(encoding="utf-8"), "  ")


def main() -> int:
    """Write the manifest, or compare it; return 1 when it differs."""
    parser = argparse.ArgumentParser(description="Wrap the rules into a PrometheusRule.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    if not parser.parse_args().check:
        MANIFEST.write_text(manifest(), encoding="utf-8")
    elif manifest() != MANIFEST.read_text(encoding="utf-8"):
        sys.stderr.write(f"{MANIFEST} is outdated: run {__file__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
