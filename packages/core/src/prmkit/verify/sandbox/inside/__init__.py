"""The part that is copied into the sandbox and runs there: standard library only, no import of prmkit."""
