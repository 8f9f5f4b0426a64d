"""Measurements, run by hand: `python -m tests.benchmarks.strategies`, `python -m tests.benchmarks.many_tables`."""
