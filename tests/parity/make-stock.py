"""pycocotools' numbers with its own settings (maxDets 1, 10, 100; sizes 32² and 96²) on the golden inputs.

    python3 tests/parity/make-stock.py

writes tests/fixtures/parity/stock.json.gz: {"tiny/dt.json.gz": {"segm": …, "bbox": …}, …}.
"""

import contextlib
import gzip
import io
import json
import pathlib

import reference

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
FILES = ["tiny/dt.json.gz", "tiny/dt_uncompressed.json.gz", "tiny/dt_polygon.json.gz", "tiny/dt_maskscore.json.gz", "small/dt.json.gz"]


def read(name):
    with gzip.open(FIXTURES / "golden" / name) as file:
        return json.load(file)


def main():
    reference.PROTOCOLS = {"coco": reference.PROTOCOLS["coco"]}
    found = {}
    for name in FILES:
        with contextlib.redirect_stdout(io.StringIO()):
            found[name] = reference.reference(read(f"{name.split('/')[0]}/gt.json.gz"), read(name))["coco"]
        print(name, found[name]["segm"]["overall"]["AP"], found[name]["bbox"]["overall"]["AP"])
    out = FIXTURES / "parity" / "stock.json.gz"
    out.write_bytes(gzip.compress(json.dumps(found).encode(), mtime=0))
    print(f"{out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
