"""The search space: its model, its file format, its review, its inference from recorded trials."""
