"""Makes one network of embedding, layer and head, and runs it over long sequences in chunks."""

__all__ = ["chunks", "copies", "hidden_weights", "learning_rates", "network", "stack", "weight_groups"]
