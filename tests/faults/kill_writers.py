"""Tests that every record that was reported as written is there when its writer is killed at random.

    python tests/faults/kill_writers.py [--records N] [--seed N]

Four processes write 1,000 records each into one store and report each on a pipe once it is written. They are
killed with kill -9 at random and restarted after the last reported record. At the end every reported record must
be there and parse. Exit status 0, or 4 where one is missing.
"""

from __future__ import annotations

import argparse
import random
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from seqbench.records.schema import Record
from seqbench.records.store import Store

WRITERS = 4
SECONDS_BETWEEN_KILLS = 0.2
"""At most."""

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "quick" / "records"


def main() -> int:
    """Run, or write in one of the processes that this starts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", nargs=4, metavar=("DIR", "WRITER", "FIRST", "END"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        folder, *numbers = options.write
        return write(Path(folder), *map(int, numbers))
    with tempfile.TemporaryDirectory(prefix="kill-writers-") as folder:
        return storm(Path(folder), options.records, random.Random(options.seed))


def write(folder: Path, writer: int, first: int, end: int) -> int:
    """Write some of a writer's records, each reported once it is written."""
    store = Store(folder)
    store.prepare()
    source = min(PUBLISHED.glob("*.json"), key=lambda path: path.stat().st_size)
    record = Record.from_json(source.read_bytes(), str(source))
    for number in range(first, end):
        store.write(record.model_copy(update={"key": key(writer, number)}))
        print(number, flush=True)
    return 0


def key(writer: int, number: int) -> str:
    """Return the key of a record."""
    return f"{writer:04x}{number:016x}"


def storm(folder: Path, records: int, chance: random.Random) -> int:
    """Kill the writers until all is written, then look what is there."""
    began = time.monotonic()
    writers = [Writer(folder, number, records) for number in range(WRITERS)]
    watched = selectors.DefaultSelector()
    for writer in writers:
        watched.register(writer.start(), selectors.EVENT_READ, writer)
    kills, due = 0, time.monotonic()
    while watched.get_map():
        for ready, _ in watched.select(timeout=0.05):
            writer = ready.data
            if not writer.hear():
                watched.unregister(ready.fileobj)
                if writer.reported + 1 < records:
                    watched.register(writer.start(), selectors.EVENT_READ, writer)
        if time.monotonic() > due:
            due = time.monotonic() + chance.uniform(0.0, SECONDS_BETWEEN_KILLS)
            kills += chance.choice(writers).kill()
    seconds = time.monotonic() - began
    there = {record.key for record in Store(folder).each()}
    missing = [
        key(writer.number, i) for writer in writers for i in range(records) if key(writer.number, i) not in there
    ]
    halves = len(list(folder.rglob(".*.tmp")))
    Store(folder).prepare()
    print(
        f"{kills} kills in {seconds:.0f} s; reported {sum(writer.reported + 1 for writer in writers)},"
        f" missing {len(missing)}, all {len(there)} parse; half-written files {halves},"
        f" after the next start {len(list(folder.rglob('.*.tmp')))}"
    )
    return 4 if missing else 0


class Writer:
    """A process that writes, started again whenever it was killed."""

    def __init__(self, folder: Path, number: int, records: int) -> None:
        self.number = number
        self.reported = -1
        self._has_begun = False
        self._folder = folder
        self._records = records
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> IO[str]:
        """Start after the last record that was reported, and give what the process says."""
        if self._process is not None:
            self._process.wait()
        asked = [str(self._folder), str(self.number), str(self.reported + 1), str(self._records)]
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--write", *asked], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        return self._process.stdout

    def hear(self) -> bool:
        """Note one report; False where the process has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line.endswith("\n"):
            self.reported = int(line)
            self._has_begun = True
        return bool(line)

    def kill(self) -> bool:
        """Kill the process once it has begun to write; say whether it was there to be killed."""
        assert self._process is not None
        if not self._has_begun or self._process.poll() is not None:
            return False
        self._has_begun = False
        self._process.kill()
        return True


if __name__ == "__main__":
    sys.exit(main())
