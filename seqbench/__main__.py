"""What does ``python -m seqbench`` do? The same as ``seqbench``."""

from seqbench.cli.main import main

if __name__ == "__main__":
    main()
