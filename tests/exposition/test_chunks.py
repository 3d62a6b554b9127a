"""All sites' lines stay in order, and what did not change stays compressed."""

import tracemalloc
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from exporter.exposition.chunks import Chunks

LARGEST = 64 * 1024
SITES = st.integers(0, 12).map(str)
# Lines of next to nothing, of some to a chunk, and of more than a chunk is meant to have.
SIZES = st.sampled_from([0, 1, 10_000, 40_000, LARGEST, LARGEST + 1])
STEPS = st.lists(st.tuples(SITES, st.none() | SIZES), max_size=30)


def played(steps: Sequence[tuple[str, int | None]]) -> tuple[Chunks, dict[str, bytes]]:
    """Put lines, or remove a site where there are none; return the chunks and what is right."""
    chunks, right = Chunks(), dict[str, bytes]()
    for number, (site, size) in enumerate(steps):
        if size is not None:
            right[site] = bytes([number % 256]) * size
            chunks.put(site, right[site])
        elif right.pop(site, None) is not None:
            chunks.remove(site)
    return chunks, right


def joined(chunks: Chunks) -> bytes:
    """Return what the pieces hold."""
    return b"".join(part for piece in chunks.pieces() for part in piece.parts)


@given(STEPS)
def test_lines_stand_in_the_order_of_the_sites(steps: list[tuple[str, int | None]]) -> None:
    """Whatever comes, changes and goes, each site's newest lines are there, in their place."""
    chunks, right = played(steps)
    assert b"".join(right.values()) == joined(chunks)


@given(STEPS)
@example([("a", 10_000), ("b", 10_000), ("c", 40_000), ("b", LARGEST + 1)])
def test_only_a_site_alone_is_larger_than_a_chunk(steps: list[tuple[str, int | None]]) -> None:
    """No chunk grows beyond the limit by having many sites, and no piece is empty."""
    pieces = tuple(played(steps)[0].pieces())
    lines = [sum(map(bool, piece.parts)) for piece in pieces]
    assert all(
        0 < piece.size <= LARGEST or count == 1 for piece, count in zip(pieces, lines, strict=True)
    )


@given(STEPS, SITES, SIZES)
def test_a_change_leaves_other_pieces_alone(
    steps: list[tuple[str, int | None]], site: str, size: int
) -> None:
    """One piece goes, at most; the site's own and the two halves beside it may come instead."""
    chunks, _ = played(steps)
    before = set(chunks.pieces())
    chunks.put(site, b"x" * size)
    after = set(chunks.pieces())
    assert len(before - after) <= 1
    assert len(after - before) <= 3


def test_small_lines_share_a_chunk() -> None:
    """Many sites of a line each are not many pieces."""
    chunks, _ = played([(str(number), 40) for number in range(250)] * 2)
    assert 1 == len(tuple(chunks.pieces()))


def churn(chunks: Chunks, times: int) -> None:
    """Add and remove sites, each larger than the half of a chunk."""
    for _ in range(times):
        for number in range(3):
            chunks.put(str(number), b"x" * 40_000)
        for number in range(3):
            chunks.remove(str(number))


def test_removed_sites_leave_nothing() -> None:
    """No line, and no memory: 100 bytes for each of 2,000 sites that came and went are too much."""
    chunks = Chunks()
    churn(chunks, 10)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        churn(chunks, 2_000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100 * 2_000
    assert [] == list(chunks.pieces())
    chunks.put("new", b"x")
    assert b"x" == joined(chunks)
