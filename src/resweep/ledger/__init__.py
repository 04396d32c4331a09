"""The ledger: the table of all trials of a sweep, its points, and its parameters as columns."""
