"""Refinement: evidence and a policy give one decision per parameter, and the next space."""
