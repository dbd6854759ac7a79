"""Holds what every room may use: texts, files, random numbers, processes, and facts about the machine."""

__all__ = [
    "allocator",
    "atomic_files",
    "checksums",
    "collector",
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
