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
        total = self._value
        for products in self._products:
            total ^= products[before & 15]
            before >>= 4
        return total


def _power(length: int) -> int:
    """Return x^(8·length): what so many zeros make of x^0. The sum inverts its register twice."""
    return zlib.crc32(bytes(length), _ONE ^ _ALL_BITS) ^ _ALL_BITS


def _products(factor: int) -> list[list[int]]:
    """Return a factor's products with each half byte, the lowest of the eight first."""
    by_bit = []
    for _ in range(32):
        by_bit.append(factor)
        factor = factor >> 1 ^ (_POLYNOMIAL if factor & 1 else 0)
    by_bit.reverse()
    halves = []
    for lowest in range(0, 32, 4):
        products = [0]
        for product in by_bit[lowest : lowest + 4]:
            products += [product ^ other for other in products]
        halves.append(products)
    return halves
