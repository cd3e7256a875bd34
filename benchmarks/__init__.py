"""Benchmarks: this API beside a hand-written floor and an idiomatic ORM version.

`python -m benchmarks` starts a PostgreSQL of its own, loads it, measures and leaves nothing
behind. How to read what it prints: docs/performance.md.
"""
