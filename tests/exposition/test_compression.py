"""Pieces that are compressed apart make one gzip member of all of them."""

import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.checksum import Checksum
from exporter.exposition.compression import Piece, gzipped

# Short and long ones, those that cannot be compressed, and those that are beyond deflate's window.
BYTES = st.builds(
    lambda part, times: part * times, st.binary(max_size=64), st.sampled_from([0, 1, 1_000])
)


@given(st.lists(BYTES))
def test_checksums_are_zlibs(parts: Sequence[bytes]) -> None:
    """The sum of sums is the sum of everything."""
    total = 0
    for part in parts:
        total = Checksum(part).after(total)
    assert zlib.crc32(b"".join(parts)) == total


@given(st.lists(st.lists(BYTES, max_size=4), max_size=6))
def test_one_member_holds_all_pieces(pieces: Sequence[Sequence[bytes]]) -> None:
    """A decompressor that stops at the first member's end has read everything, checksum and all."""
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    plain = member.decompress(gzipped([Piece(*parts) for parts in pieces]))
    assert b"".join(part for parts in pieces for part in parts) == plain
    assert (True, b"") == (member.eof, member.unused_data)


def test_a_piece_is_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is needed, and wherever it stands."""
    piece = Piece(b"a", b"b")
    before = piece.is_compressed
    gzipped([piece])
    assert (False, True) == (before, piece.is_compressed)
    monkeypatch.delattr(zlib, "compressobj")
    assert b"abab" == zlib.decompress(gzipped([piece, piece]), wbits=zlib.MAX_WBITS | 16)


def test_a_piece_knows_its_size() -> None:
    """The size is that of what is not compressed."""
    assert [0, 3] == [Piece().size, Piece(b"a", b"", b"bc").size]
