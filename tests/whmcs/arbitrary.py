"""Strategies for whatever a server may send."""

from hypothesis import strategies as st

from exporter.whmcs.document import JSON

# With lone surrogates, which a JSON text can hold as escapes.
TEXTS = st.text(st.characters(), max_size=8)
NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
# What PHP makes of numbers, good and bad.
DIGITS = st.sampled_from(
    ["0", "7", "007", "-1", "1.5", "3.0", "1_000", "١٢", "NaN", "", " 1", "1e3"]
)
SCALARS: st.SearchStrategy[JSON] = st.none() | st.booleans() | NUMBERS | TEXTS | DIGITS


def documents(
    keys: st.SearchStrategy[str] = TEXTS, scalars: st.SearchStrategy[JSON] = SCALARS
) -> st.SearchStrategy[JSON]:
    """Make any JSON document of these keys and scalars."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=20,
    )
