"""``python -m exporter``: the same as the command ``whmcs-exporter``."""

from exporter.cli import run

run()
