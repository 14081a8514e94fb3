"""``python -m prmkit``."""

from prmkit.cli.main import main

main()
