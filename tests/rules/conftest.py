"""What the tests against real programs share."""

from tests.process.conftest import launcher

__all__ = ["launcher"]
