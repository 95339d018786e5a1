"""Tests of the project itself: its layers, sizes, packages and documents."""
