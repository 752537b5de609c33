"""The ground floor: settings, errors, clock, money, artifacts, and the transactional core."""
