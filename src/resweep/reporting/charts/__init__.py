"""The charts: each is defined once, and serves the files of a sweep, its report and the docs."""
