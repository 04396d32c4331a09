"""Running trials: each trained once, resumed after a kill, its end recorded whatever it was."""
