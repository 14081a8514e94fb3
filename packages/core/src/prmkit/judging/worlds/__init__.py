"""Planted worlds: problems drawn with their truth, in which a claim either holds or does not.

A world draws one seed at a time and gives a figure per arm and metric; :mod:`prmkit.judging.planted` repeats
it over seeds and holds the means against what the world's author wrote down beforehand.
"""
