"""Evaluation: splits that do not leak, metrics over all items, intervals."""
