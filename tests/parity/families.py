"""Cellpose's and StarDist's own formulas on label images, for `npm run parity -- --families`.

Reads a case per line: {"truth": [[rows]…], "found": [[rows]…], "thresholds": […]}, and answers a line of numbers. Needs
stardist, and cellpose with what its metrics import; either alone will do.
"""
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import sys
from unittest.mock import MagicMock

import numpy as np

try:
    from stardist.matching import matching_dataset
except ImportError as error:
    print(f"stardist: {error}", file=sys.stderr)
    matching_dataset = None


def cellpose_metrics():
    """The module of Cellpose's metrics by itself: its package imports what segments, which metrics do not use."""
    path = importlib.metadata.distribution("cellpose").locate_file("cellpose/metrics.py")
    for name in ("cellpose", "cellpose.utils", "cellpose.dynamics"):
        sys.modules[name] = MagicMock(__path__=[], __spec__=importlib.machinery.ModuleSpec(name, None, is_package=True))
    spec = importlib.util.spec_from_file_location("cellpose.metrics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


try:
    average_precision = cellpose_metrics().average_precision
except (ImportError, importlib.metadata.PackageNotFoundError) as error:
    print(f"cellpose: {error}", file=sys.stderr)
    average_precision = None

if not (average_precision or matching_dataset):
    sys.exit(2)
tools = [name for name, here in (("cellpose", average_precision), ("stardist", matching_dataset)) if here]
print(json.dumps([f"{name} {importlib.metadata.version(name)}" for name in tools]), flush=True)

for line in sys.stdin:
    case = json.loads(line)
    truth, found = ([np.asarray(image, np.int32) for image in case[key]] for key in ("truth", "found"))
    answer = {}
    if average_precision:
        ap = average_precision(truth, found, threshold=case["thresholds"])[0]
        answer["cellpose"] = {"cellposeAp": np.mean(ap, axis=0).astype(float).tolist()}
    if matching_dataset:
        at = {}
        for by_image in (False, True):
            at[by_image] = [
                matching_dataset(truth, found, thresh=t, by_image=by_image, show_progress=False)
                for t in case["thresholds"]
            ]
        # our panoptic quality takes IoU above 0.5, theirs from the threshold on
        above = matching_dataset(truth, found, thresh=0.5 + 1e-6, by_image=False, show_progress=False)
        answer["stardist"] = {
            "f1Pooled": [float(m.f1) for m in at[False]],
            "f1PerImage": [float(m.f1) for m in at[True]],
            "cellposeAp": [float(m.accuracy) for m in at[True]],
            "pq": float(above.panoptic_quality),
        }
    print(json.dumps(answer), flush=True)
