"""Nine-way classification of ARC tasks from a few demonstration pairs."""
