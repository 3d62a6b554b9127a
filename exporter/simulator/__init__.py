"""A simulated WHMCS help desk that lives, and answers WHMCS's API over real HTTP.

The parts and the one direction in which they know each other::

    rhythm, state -> names, life -> desk ---------.
                                                  v
    access, answers -> reply -> mishaps, faults -> site -> control, server -> command

``desk`` and what stands before it know nothing of HTTP: a model that can be stepped through weeks.
``clock`` says which moment it is there.
"""
