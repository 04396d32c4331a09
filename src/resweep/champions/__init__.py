"""Champions: the best points of a sweep, trained again on new seeds, and what they are worth."""
