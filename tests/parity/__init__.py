"""Replays what was recorded from the C program through the proxy."""
