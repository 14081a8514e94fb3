"""The parts that workflows are made of, one file each."""
