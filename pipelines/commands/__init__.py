"""The commands of `merx`, one module a group."""
