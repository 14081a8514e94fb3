"""Queries that a model wrote: let through a gate, resolved against a schema, run where they do no harm."""
