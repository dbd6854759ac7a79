"""Holds what every room may use: texts, files, random numbers, processes, and what is known of the machine."""

__all__ = [
    "allocator",
    "atomic_files",
    "checksums",
    "counts",
    "csv_fields",
    "differences",
    "environment",
    "leftover_threads",
    "machines",
    "plain_files",
    "printable",
    "process_identity",
    "processor",
    "random_state",
    "refusals",
    "seeds",
    "signal_handlers",
    "stop",
    "tensor_files",
]
