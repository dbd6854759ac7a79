"""Makes submissions of records, and reads them within limits."""

__all__ = ["archive", "folder", "manifest", "names", "strict_json", "suite"]
