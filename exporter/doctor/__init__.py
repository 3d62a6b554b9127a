"""The doctor: looks at each site from its name to its answers, and says what to do.

A site is examined step by step, the way a call goes: its name is looked up, a connection is made,
TLS agreed on, then each action of each source is called once, with the parts that the exporter
itself is made of. What fails becomes an ``Advice``: a cause and a remedy, found by the reason.
"""
