#!/usr/bin/env bash
# datasets 5.2.0: a row of audio cannot even be written without torchcodec, although nothing is encoded.
#
# Audio.encode_example imports torch and torchcodec.encoders before it looks at the value. A path, or bytes that are
# an encoded file already, are only put into a struct of bytes and path, yet Dataset.from_dict, map and from_generator
# with such a feature raise an ImportError. The message says "To support encoding audio data, please install
# 'torchcodec'" where torch is what is missing, too. Columns that are cast to Audio() afterwards need neither, nor does
# reading such a file with decode=False: the struct of bytes and path is there, to be decoded by another library.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0
"$work/venv/bin/python" -W ignore - "$work/one.parquet" <<'PY'
import sys

from datasets import Audio, Dataset, Features

rows = {"audio": ["a.wav", {"bytes": b"an encoded file", "path": None}]}
features = Features({"audio": Audio()})
for each in rows["audio"]:
    try:
        Dataset.from_dict({"audio": [each]}, features=features)
    except ImportError as error:
        print(f"{each}: {error} (after: {error.__cause__})")
        assert "please install 'torchcodec'" in str(error)
    else:
        raise SystemExit(f"{each} was written")

cast = Dataset.from_dict({"audio": rows["audio"][1:]}).cast_column("audio", Audio())
cast.to_parquet(sys.argv[1])
read = Dataset.from_parquet(sys.argv[1]).cast_column("audio", Audio(decode=False))
print("cast afterwards, and read without decoding:", read[0]["audio"])
assert read[0]["audio"]["bytes"] == b"an encoded file"
PY
