"""Policies: what writes solutions. Local weights, an HTTP endpoint, or recorded completions."""
