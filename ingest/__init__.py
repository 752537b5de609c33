"""Brings data in: outside feeds into the core, and the core into Parquet snapshots."""
