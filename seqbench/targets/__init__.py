"""Holds published numbers against what seqbench measures: measures, keeps the outcomes, shows them."""

__all__ = ["measuring", "outcomes", "page", "run"]
