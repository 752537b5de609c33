"""Payment providers for development: the three protocols with real signatures, and no money."""
