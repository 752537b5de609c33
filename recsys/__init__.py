"""Recommendation models behind one protocol, and their evaluation."""
