"""CRC-32 of pieces that follow one another, from what was summed up of each alone.

The same as zlib's crc32_combine, which Python's zlib has from 3.15 on: bytes that follow multiply
the sum of those before by a power of x, over GF(2) and modulo CRC-32's polynomial.
"""

from __future__ import annotations

import zlib

# The highest bit is the coefficient of x^0, the lowest that of x^31.
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31
_ALL_BITS = 0xFFFFFFFF


class Checksum:
    """The sum of some bytes, and what they make of a sum before them."""

    __slots__ = ("_products", "_value")

    def __init__(self, plain: bytes) -> None:
        """Sum up bytes."""
        self._value = zlib.crc32(plain)
        self._products = _products(_power(len(plain)))

    def after(self, before: int) -> int:
        """Return the sum of other bytes, whose sum was ``before``, and these."""
        # Tables of several bits were faster here, and so slow to make that few scrapes gained.
        total = self._value
        for product in self._products:
            if before & 1:
                total ^= product
            before >>= 1
        return total


def _power(length: int) -> int:
    """Return x^(8·length): what so many zeros make of x^0. The sum inverts its register twice."""
    return zlib.crc32(bytes(length), _ONE ^ _ALL_BITS) ^ _ALL_BITS


def _products(factor: int) -> list[int]:
    """Return a factor's products with each single bit, the lowest first."""
    products = []
    for _ in range(32):
        products.append(factor)
        factor = factor >> 1 ^ (_POLYNOMIAL if factor & 1 else 0)
    products.reverse()
    return products
