"""Which parameters each trial of a sweep gets: a pure function of space, seed and known results."""
