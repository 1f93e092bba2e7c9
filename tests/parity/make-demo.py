"""pycocotools' numbers for the demo images: full-size images, outlines as polygons, predictions as detectron2 writes them.

    python3 tests/parity/make-demo.py

reads tests/fixtures/golden/demo/{gt,dt}.json.gz, which workers/demo/data.ts drew once (one image per type, seed 11, the
medium model), and writes golden.json.gz beside them, in the form of the other golden files.
"""

import contextlib
import gzip
import io
import json
import pathlib

import reference

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "golden" / "demo"


def read(name):
    with gzip.open(FOLDER / name) as file:
        return json.load(file)


def main():
    with contextlib.redirect_stdout(io.StringIO()):
        found = reference.reference(read("gt.json.gz"), read("dt.json.gz"))
    names = {"paper": "livecell-paper", "reference": "livecell-code", "coco": "coco"}
    golden = {name: found[protocol] for name, protocol in names.items()}
    (FOLDER / "golden.json.gz").write_bytes(gzip.compress(json.dumps(golden).encode(), mtime=0))


if __name__ == "__main__":
    main()
