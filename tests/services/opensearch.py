"""Real OpenSearch servers for the tests."""
