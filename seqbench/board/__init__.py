"""Makes results into a leaderboard that others can trust."""

__all__ = ["bundle", "check", "make", "site", "verify"]
