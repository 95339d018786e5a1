"""Fuzzers: random and mutated bytes against everything that reads bytes.

``python -m fuzz`` runs every target for `FUZZ_SECONDS` each; ``make fuzz`` calls it.
"""
