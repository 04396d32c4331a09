"""Champions: the best points of a sweep, trained again on new seeds, and what they are worth.

A sweep's best value is the best of many noisy ones and therefore too good. Champions are judged by
new trainings: of the built-in classifier on tasks that no sweep ever saw, of an objective of one's
own by its value on seeds that the sweep did not use.
"""
