"""Static figures of a sweep, for papers and slides, each drawn from tables that stand beside it."""
