"""The command line; ``prmkit --help`` imports neither models nor tables."""
