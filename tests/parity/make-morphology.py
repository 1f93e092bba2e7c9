"""Morphology by scikit-image and SciPy: python3 make-morphology.py < ../fixtures/parity/shapes.json > ../fixtures/parity/morphology.json

Takes the masks of shapes.json, gives each a picture, and writes the numbers under the names of the site's metrics.
The fixture names the versions.
"""
import json
import sys

import numpy as np
import scipy
import skimage
from scipy import stats
from skimage.measure import perimeter_crofton, regionprops

rng = np.random.default_rng(11)
found = []
for shape in json.load(sys.stdin)["shapes"]:
    height, width = shape["size"]
    runs = np.asarray(shape["counts"])
    mask = np.repeat(np.arange(len(runs)) % 2, runs).reshape(width, height).T.astype(np.uint8)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    picture = np.clip(90 + 40 * np.sin(x / 5) + 30 * np.cos(y / 7) + rng.normal(0, 25, mask.shape), 0, 255)
    picture = picture.astype(np.uint8)
    (props,) = regionprops(mask, intensity_image=picture)
    values = picture[mask == 1].astype(float)
    shift = np.hypot(*(np.array(props.centroid_weighted) - np.array(props.centroid)))
    found.append(
        {
            "size": [height, width],
            "counts": [int(n) for n in runs],
            "picture": picture.ravel().tolist(),
            "intensity": {
                "intensityMean": float(props.intensity_mean),
                "intensitySd": float(props.intensity_std),
                "intensitySkewness": float(stats.skew(values)),
                "intensityKurtosis": float(stats.kurtosis(values)),
                "intensityMin": float(props.intensity_min),
                "intensityMax": float(props.intensity_max),
                "intensity5": float(np.percentile(values, 5)),
                "intensity95": float(np.percentile(values, 95)),
                "centroidShift": float(shift),
            },
            "shape": {
                "area": float(props.area),
                "perimeter": float(perimeter_crofton(np.pad(mask, 1), directions=4)),
                "feret": float(props.feret_diameter_max),
                "eccentricity": float(props.eccentricity),
                "solidity": float(props.solidity),
            },
        }
    )
versions = {"skimage": skimage.__version__, "scipy": scipy.__version__, "numpy": np.__version__}
json.dump({"versions": versions, "shapes": found[:8]}, sys.stdout)
