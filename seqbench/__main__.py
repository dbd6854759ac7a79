"""Runs ``python -m seqbench``, which is the same as ``seqbench``."""

from seqbench.cli.main import main

if __name__ == "__main__":
    main()
