"""How are cells run? One after the other here, or each in a process of its own."""
