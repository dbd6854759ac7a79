#!/usr/bin/env bash
# sacrebleu 2.6.0: importing the module sacrebleu.sacrebleu changes what the whole process does when a pipe is closed.
#
# `import sacrebleu` leaves signals alone. `import sacrebleu.sacrebleu`, its command line, where older code finds
# corpus_bleu and corpus_chrf too, sets SIGPIPE to its default. Python ignores that signal and raises BrokenPipeError
# instead. So after the import a program that writes to a pipe or socket whose reader has gone is ended by the
# signal, without an exception or a message: a worker of a training run that does so looks as if it had been killed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check sacrebleu==2.6.0
"$work/venv/bin/python" - <<'PY'
import subprocess
import sys

WRITE = """
import importlib, os, sys
importlib.import_module(sys.argv[1])
reader, writer = os.pipe()
os.close(reader)
try:
    os.write(writer, b"score")
except BrokenPipeError:
    print("BrokenPipeError")
"""


def ends(module: str) -> tuple[str, int]:
    done = subprocess.run([sys.executable, "-c", WRITE, module], capture_output=True, text=True)
    return done.stdout.strip(), done.returncode


plain, command = ends("sacrebleu"), ends("sacrebleu.sacrebleu")
print(f"after import sacrebleu: {plain[0]}, status {plain[1]}")
print(f"after import sacrebleu.sacrebleu: {command[0] or 'nothing said'}, status {command[1]} (-13 is SIGPIPE)")
assert plain == ("BrokenPipeError", 0)
assert command == ("", -13)
PY
