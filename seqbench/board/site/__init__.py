"""Shows bundles as a public board: standings, pages, badges, pictures."""

__all__ = ["markdown", "merge", "picture", "publish", "site"]
