"""Makes results a leaderboard that others can trust: bundles that are checked, run again and shown."""
