"""The live view: how far a running sweep is, on the terminal and as a page."""
