"""Everything a person looks at: reports of runs, pages of trajectories, the linter's findings."""
