"""The sample shop: generated with a seed, so that everything can be tried without anybody's data."""
