"""Random polygons with the masks that pycocotools makes of them, for tests/coco/properties.test.ts.

    python3 tests/parity/make-polygons.py

writes tests/fixtures/parity/polygons.json.gz: a list of {kind, h, w, parts, counts}. The same seed gives the same file.
Needs pycocotools 2.0.11 (x86-64: the casts of maskApi.c are those of its compiler).
"""

import gzip
import io
import json
import math
import pathlib
import random

from pycocotools import mask

SEED = 20211
OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "parity" / "polygons.json.gz"
SIZES = [(520, 704), (520, 704), (200, 300), (64, 64), (33, 47), (1, 40), (40, 1), (7, 5), (1, 1)]


def cell(r, h, w):
    """A contour as LIVECell has them: two decimals, 5 to 140 points around a middle."""
    n = r.randint(5, 140)
    x, y, radius = r.uniform(0, w), r.uniform(0, h), r.choice([3, 8, 15, 30])
    stretch, turn = r.uniform(1, 4), r.uniform(0, math.pi)
    points = []
    for k in range(n):
        angle = 2 * math.pi * k / n
        length = radius * r.uniform(0.7, 1.3)
        u, v = length * stretch * math.cos(angle), length * math.sin(angle)
        points += [
            round(x + u * math.cos(turn) - v * math.sin(turn), 2),
            round(y + u * math.sin(turn) + v * math.cos(turn), 2),
        ]
    return points


def points(r, n, number):
    return [number() for _ in range(2 * n)]


def anywhere(r, h, w):
    """Any order of any points: crosses itself everywhere, and leaves the image."""
    n = r.randint(3, 14)
    return [v for _ in range(n) for v in (round(r.uniform(-0.2 * w, 1.2 * w), 3), round(r.uniform(-0.2 * h, 1.2 * h), 3))]


def whole(r, h, w):
    return [v for _ in range(r.randint(3, 9)) for v in (r.randint(-2, w + 2), r.randint(-2, h + 2))]


def halves(r, h, w):
    return [v for _ in range(r.randint(3, 9)) for v in (r.randint(-4, 2 * w + 4) / 2, r.randint(-4, 2 * h + 4) / 2)]


def fifths(r, h, w):
    """On the fine grid of the rasteriser, and just beside it."""
    def near(limit):
        return r.randint(-5, 5 * limit + 5) / 5 + r.choice([0, 0.1, -0.1, 1e-9, -1e-9])
    return [v for _ in range(r.randint(3, 9)) for v in (near(w), near(h))]


def sliver(r, h, w):
    x, y, angle = r.uniform(0, w), r.uniform(0, h), r.choice([0, math.pi / 2, math.pi / 4, r.uniform(0, math.pi)])
    length, thick = r.uniform(1, 100), r.choice([0, 0.01, 0.1, 0.3, 1])
    u, v = math.cos(angle), math.sin(angle)
    corners = [(0, 0), (length, 0), (length, thick), (0, thick)]
    return [round(c, 4) for a, b in corners for c in (x + a * u - b * v, y + a * v + b * u)]


def tiny(r, h, w):
    x, y = r.uniform(-1, w), r.uniform(-1, h)
    return [round(c, 3) for _ in range(r.randint(3, 6)) for c in (x + r.uniform(0, 1.5), y + r.uniform(0, 1.5))]


def huge(r, h, w):
    return [round(c, 1) for _ in range(r.randint(3, 6)) for c in (r.uniform(-9, 10) * w, r.uniform(-9, 10) * h)]


def repeated(r, h, w):
    """Points twice in a row, and the first again at the end."""
    once = cell(r, h, w)[:40]
    xy = []
    for k in range(0, len(once), 2):
        xy += once[k : k + 2] * r.choice([1, 1, 2, 3])
    return xy + once[:2]


def outside(r, h, w):
    dx, dy = r.choice([(-w, 0), (w, 0), (0, -h), (0, h), (w, h)])
    xy = cell(r, h, w)
    return [round(c + (dx if k % 2 == 0 else dy), 2) for k, c in enumerate(xy)]


KINDS = [cell, cell, cell, anywhere, whole, halves, fifths, sliver, tiny, huge, repeated, outside]


def main():
    r = random.Random(SEED)
    cases = []
    for k in range(1500):
        make = KINDS[k % len(KINDS)]
        h, w = SIZES[0] if make is cell else r.choice(SIZES)
        parts = [make(r, h, w) for _ in range(r.choice([1, 1, 1, 1, 2, 3]))]
        # pycocotools takes a first part of four numbers for a box
        rles = mask.frPyObjects(parts, h, w)
        counts = mask.merge(rles)["counts"].decode()
        cases.append({"kind": make.__name__, "h": h, "w": w, "parts": parts, "counts": counts})
    text = json.dumps(cases, separators=(",", ":")).encode()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, compresslevel=9) as file:
        file.write(text)
    OUT.write_bytes(packed.getvalue())
    print(f"{len(cases)} polygons, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
