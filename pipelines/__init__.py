"""The jobs, and the `merx` command that runs them."""
