"""Readers of the data sets: one module a set, each with its card and its traps."""
