"""Labels: training targets from evidence, from people, from rollouts. One rule, one file."""
