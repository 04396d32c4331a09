"""Where finished sweeps come from: one module for each kind of study that can be imported."""
