"""Evidence tables: pure functions of a ledger (and its space) that state what a sweep shows.

Every table is computed over the completed points where a parameter is active, says how many
those are, and holds no opinion: decisions are made in :mod:`resweep.refinement`.
"""
