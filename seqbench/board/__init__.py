"""How do results become a leaderboard that others can trust? Bundles that are checked, re-run and shown."""
