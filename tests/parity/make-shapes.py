"""Shapes and principal components by numpy, pixel by pixel: python3 make-shapes.py > ../fixtures/parity/shapes.json"""
import json
import sys

import numpy as np

rng = np.random.default_rng(7)


def shape(mask):
    """The eight numbers of SHAPE_METRICS, each by the plainest way."""
    area = int(mask.sum())
    p = np.pad(mask, 1).astype(bool)
    enter = lambda a, b: int((b & ~a).sum())
    down = enter(p[:-1], p[1:])
    along = enter(p[:, :-1], p[:, 1:])
    falling = enter(p[:-1, :-1], p[1:, 1:])
    rising = enter(p[1:, :-1], p[:-1, 1:])
    perimeter = np.pi / 4 * (down + along + (falling + rising) / np.sqrt(2))
    ys, xs = np.nonzero(mask)
    corners = np.unique(np.concatenate([np.stack([xs + a, ys + b], 1) for a in (0, 1) for b in (0, 1)]), axis=0)
    apart = corners[:, None].astype(float) - corners[None]
    feret = np.sqrt((apart**2).sum(-1).max())
    # second moments with a pixel's own
    xx = ((xs - xs.mean()) ** 2).mean() + 1 / 12
    yy = ((ys - ys.mean()) ** 2).mean() + 1 / 12
    xy = ((xs - xs.mean()) * (ys - ys.mean())).mean()
    short, long = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
    return [
        area,
        perimeter,
        feret,
        np.sqrt(max(0, 1 - short / long)),
        4 * area / (np.pi * feret**2),
        4 * np.pi * area / perimeter**2,
        area / hull_area(corners),
        np.sqrt(long / short),
    ]


def hull_area(points):
    points = sorted(map(tuple, points.tolist()))

    def half(points):
        chain = []
        for c in points:
            while len(chain) > 1:
                a, b = chain[-2], chain[-1]
                if (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0:
                    break
                chain.pop()
            chain.append(c)
        return chain[:-1]

    hull = np.array(half(points) + half(points[::-1]), float)
    nxt = np.roll(hull, -1, axis=0)
    return abs((hull[:, 0] * nxt[:, 1] - hull[:, 1] * nxt[:, 0]).sum()) / 2


def blob(height, width):
    y, x = np.mgrid[:height, :width]
    mask = np.zeros((height, width), bool)
    for _ in range(rng.integers(1, 4)):
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        a, b, turn = rng.uniform(1, width / 2), rng.uniform(1, height / 2), rng.uniform(0, np.pi)
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        mask |= (u / a) ** 2 + (v / b) ** 2 <= 1
    return mask


def counts(mask):
    flat = np.concatenate([[0], mask.T.ravel().astype(int)])
    edges = np.flatnonzero(np.diff(flat)) if flat.any() else np.array([], int)
    return np.diff(np.concatenate([[0], edges, [mask.size]])).tolist()


masks = [blob(int(h), int(w)) for h, w in rng.integers(3, 40, (24, 2))]
masks += [rng.random((9, 7)) < q for q in (0.1, 0.3, 0.5, 0.8)] + [np.ones((6, 4), bool), np.eye(8, dtype=bool)]
masks = [mask for mask in masks if mask.any()]

rows = rng.normal(size=(30, 5)) @ rng.normal(size=(5, 5)) + rng.uniform(1, 100, 5)
z = (rows - rows.mean(0)) / rows.std(0)
values, vectors = np.linalg.eigh(z.T @ z / len(z))
values, vectors = values[::-1], vectors.T[::-1]
vectors = np.array([v * np.sign(v[np.abs(v).argmax()]) for v in vectors])

json.dump(
    {
        "shapes": [
            {"size": list(mask.shape), "counts": counts(mask), "numbers": [float(x) for x in shape(mask)]}
            for mask in masks
        ],
        "components": {
            "rows": rows.tolist(),
            "explained": (values / values.sum()).tolist(),
            "loadings": vectors.tolist(),
            "scores": (z @ vectors.T).tolist(),
        },
    },
    sys.stdout,
)
print()
