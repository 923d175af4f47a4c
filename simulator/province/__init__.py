"""A stand-in for the provincial platform: a real HTTP server that signs for what it takes in a ledger of its own.

It is another implementation of what is agreed with the platform and shares nothing with the side that calls it. ``server``
listens, ``reception`` decides what becomes of a request, ``acceptance`` what becomes of an item, ``ledger`` keeps the effects;
``faults`` and its neighbours misbehave on request, ``running`` starts it beside a test.
"""
