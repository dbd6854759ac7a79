"""Holds the kinds of target: what is predicted, at which steps, with which loss, and how it is checked."""

__all__ = ["classes", "kind", "labels", "numbers", "places", "transcripts"]
