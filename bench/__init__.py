"""Benchmarks against a usual script and hand-written SQL: the same lists in, the same outputs out, checked for agreement.

Nothing here is part of the product and nothing of the product depends on it: ``make bench``.
"""
