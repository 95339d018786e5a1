"""Counters in shared memory and everything that shows them."""
