"""The entry point of ``whmcs-exporter`` and of ``python -m exporter``."""

import sys

from exporter import signals


def run() -> None:
    """Run the command that the arguments name."""
    signals.block_for(sys.argv[1:])
    from exporter import cli  # noqa: PLC0415 - signals first, since the import takes a while

    cli.run()


if __name__ == "__main__":
    run()
