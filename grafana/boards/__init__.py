"""The three boards, one module each."""
