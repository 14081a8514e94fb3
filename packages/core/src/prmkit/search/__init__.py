"""Search: ways of spending samples and scores on an answer."""
