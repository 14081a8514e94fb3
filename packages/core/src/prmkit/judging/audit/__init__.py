"""The audit of a process reward model: what it scores, how it may be misled, and whether its numbers hold.

Any object with ``score`` can be audited. Each check is a function of scores, or of a scorer and rows, that
returns findings; :mod:`prmkit.judging.audit.run` puts them together.
"""
