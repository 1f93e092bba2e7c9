"""What pycocotools says of a case, for tests/parity/random.ts; hotcoco and faster-coco-eval too, where installed.

One process for many cases, JSON lines. The first line out tells the versions. Then for every line in,

    {"gt": COCO document, "dt": COCO results, "peers": bool, "decisions": [protocol, "segm"|"bbox"] or absent}

one line out:

    {"reference": {protocol: {"segm"|"bbox": {"overall": slice, "by_type": {type: slice}}}}, "peers": {name: the same}}

A slice has the fields of tests/fixtures/golden/*/golden.json; -1 where there is nothing to average. Peers are asked for
"overall" only; for one that fails there is {"error": text} instead. With "decisions" the answer is what each detection
took, per image, in the form of tests/fixtures/golden/tiny/golden_details.json.gz.
"""

import contextlib
import copy
import importlib
import importlib.metadata
import io
import json
import sys

import numpy as np
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SIZES = ["all", "small", "medium", "large"]


def areas(small, medium):
    return [[0, 1e10], [0, small], [small, medium], [medium, 1e10]]


PROTOCOLS = {
    "livecell-paper": {"maxDets": [100, 500, 3000], "areaRng": areas(500, 1500)},
    "livecell-code": {"maxDets": [100, 500, 2000], "areaRng": areas(18**2, 31**2)},
    "coco": {"maxDets": [1, 10, 100], "areaRng": areas(32**2, 96**2)},
}


def as_rle(segmentation, height, width):
    """Any of COCO's three encodings as compressed RLE: pycocotools' loadRes takes no other without boxes."""
    if isinstance(segmentation, list):
        return mask.merge(mask.frPyObjects(segmentation, height, width))
    if isinstance(segmentation["counts"], list):
        return mask.frPyObjects(segmentation, height, width)
    return {"size": segmentation["size"], "counts": segmentation["counts"].encode()}


def normalised(gt, dt):
    sizes = {image["id"]: (image["height"], image["width"]) for image in gt["images"]}
    dt = copy.deepcopy(dt)
    for d in dt:
        d["segmentation"] = as_rle(d["segmentation"], *sizes[d["image_id"]])
        # loadRes wants a box from everyone when the first has one
        if dt[0].get("bbox") and not d.get("bbox"):
            d["bbox"] = mask.toBbox(d["segmentation"]).tolist()
    return dt


def for_masks(dt):
    """LIVECell and detectron2 drop boxes, so that size classes go by the mask; `mask_score` counts if the first has it."""
    own = "mask_score" in dt[0]
    masks = []
    for d in dt:
        d = {key: value for key, value in d.items() if key != "bbox"}
        if own:
            d["score"] = d["mask_score"]
        masks.append(d)
    return masks


def dataset(gt, make=COCO):
    coco = make()
    coco.dataset = copy.deepcopy(gt)
    coco.createIndex()
    return coco


def numbers(precision, recall, max_dets, images, eval_images):
    """One slice in the form of golden.json, from the arrays [T, R, A, M] and [T, A, M]."""

    def mean(values):
        values = values[values > -1]
        return float(values.mean()) if values.size else -1.0

    ap = [float(precision[t, :, 0, 2].mean()) for t in range(10)]
    rc = [float(recall[t, 0, 2]) for t in range(10)]
    fnr = [None if r < 0 else 1 - r for r in rc]
    found = {
        "AP": mean(precision[:, :, 0, 2]),
        "AP50": ap[0],
        "AP75": ap[5],
        "AP_at": {str(k): mean(precision[:, :, 0, m]) for m, k in enumerate(max_dets)},
        "AR": {str(k): mean(recall[:, 0, m]) for m, k in enumerate(max_dets)},
        "AP_per_iou": ap,
        "recall_per_iou": rc,
        "FNR_per_iou": fnr,
        "AFNR": None if None in fnr else float(np.mean(fnr)),
        "n_images": images,
    }
    for a, size in enumerate("sml"):
        found["AP" + size] = mean(precision[:, :, a + 1, 2])
        found["AR" + size] = mean(recall[:, a + 1, 2])
    if eval_images is not None:
        each = [[e for e in one if e is not None] for one in eval_images]
        found["n_gt_not_ignored"] = {
            size: int(sum(np.count_nonzero(e["gtIgnore"] == 0) for e in each[a])) for a, size in enumerate(SIZES)
        }
        found["n_dt_considered"] = {str(k): sum(min(k, len(e["dtIds"])) for e in each[0]) for k in max_dets}
    return found


def evaluated(gt, dt, evaluation, protocol):
    coco = dataset(gt)
    detections = for_masks(dt) if evaluation == "segm" else dt
    e = COCOeval(coco, coco.loadRes(copy.deepcopy(detections)), evaluation)
    e.params.useCats = 0
    e.params.catIds = [1]
    e.params.maxDets = list(PROTOCOLS[protocol]["maxDets"])
    e.params.areaRng = PROTOCOLS[protocol]["areaRng"]
    e.params.areaRngLbl = SIZES
    e.evaluate()
    return e


def decisions(gt, dt, protocol, evaluation):
    e = evaluated(gt, normalised(gt, dt), evaluation, protocol)
    images = list(e.params.imgIds)
    found = []
    for i, image in enumerate(images):
        by_area = [e.evalImgs[a * len(images) + i] for a in range(4)]
        if by_area[0] is None:
            found.append({"image_id": int(image), "none": True})
            continue
        iou = e.ious[image, -1]
        ids = by_area[0]["dtIds"]
        found.append(
            {
                "image_id": int(image),
                "gt_order": [g["id"] for g in e._gts[image, 1]],
                "dt_sorted_ids": ids,
                "dt_scores": by_area[0]["dtScores"],
                "dt_areas": [float(e.cocoDt.anns[d]["area"]) for d in ids],
                "iou": [[[g, float(v)] for g, v in enumerate(row) if v > 0] for row in iou],
                "areas": [
                    {
                        "label": size,
                        "gt_ids_sorted": area["gtIds"],
                        "gt_ignore": [int(v) for v in area["gtIgnore"]],
                        "dt_match": area["dtMatches"].astype(int).tolist(),
                        "dt_ignore": area["dtIgnore"].astype(int).tolist(),
                        "gt_match": area["gtMatches"].astype(int).tolist(),
                    }
                    for size, area in zip(SIZES, by_area)
                ],
            }
        )
    return found


def reference(gt, dt):
    types = {}
    for image in gt["images"]:
        types.setdefault(image["file_name"].split("_")[0], set()).add(image["id"])
    dt = normalised(gt, dt)
    results = {protocol: {} for protocol in PROTOCOLS}
    for evaluation in ("segm", "bbox"):
        for protocol, settings in PROTOCOLS.items():
            e = evaluated(gt, dt, evaluation, protocol)
            images = list(e.params.imgIds)
            by_area = [e.evalImgs[a * len(images) : (a + 1) * len(images)] for a in range(4)]
            everything = {}
            for name, chosen in [("overall", set(images)), *types.items()]:
                # accumulate() over some images wants what it looks at to be about these images only
                picked = [i for i, image in enumerate(images) if image in chosen]
                e.params.imgIds = e._paramsEval.imgIds = [images[i] for i in picked]
                parts = [[area[i] for i in picked] for area in by_area]
                e.evalImgs = [one for part in parts for one in part]
                e.accumulate()
                arrays = e.eval["precision"][:, :, 0], e.eval["recall"][:, 0]
                everything[name] = numbers(*arrays, settings["maxDets"], len(picked), parts)
            overall = everything.pop("overall")
            results[protocol][evaluation] = {"overall": overall, "by_type": everything}
    return results


def peer(make_coco, make_eval, gt, dt):
    """The same question to a library with pycocotools' interface, with its one category only."""
    gt = {**gt, "annotations": [a for a in gt["annotations"] if a["category_id"] == 1]}
    # where the very first detection, of whatever category, has no box, areas of boxes go by masks: not asked
    has_boxes = bool(dt[0].get("bbox"))
    dt = [d for d in normalised(gt, dt) if d["category_id"] == 1]
    for d in dt:
        d["segmentation"]["counts"] = d["segmentation"]["counts"].decode()
    results = {protocol: {} for protocol in PROTOCOLS}
    for evaluation in ("segm", "bbox"):
        if evaluation == "bbox" and not has_boxes:
            continue
        detections = for_masks(dt) if evaluation == "segm" else dt
        for protocol, settings in PROTOCOLS.items():
            coco = make_coco(copy.deepcopy(gt))
            e = make_eval(coco, coco.loadRes(copy.deepcopy(detections)), evaluation)
            e.params.catIds = [1]
            e.params.maxDets = list(settings["maxDets"])
            e.params.areaRng = settings["areaRng"]
            e.params.areaRngLbl = SIZES
            e.evaluate()
            e.accumulate()
            shape = 10, 101, 4, 3
            precision = np.asarray(e.eval["precision"]).reshape(shape)
            recall = np.asarray(e.eval["recall"]).reshape(10, 4, 3)
            found = numbers(precision, recall, settings["maxDets"], len(gt["images"]), None)
            results[protocol][evaluation] = {"overall": found, "by_type": {}}
    return results


def peers():
    """Libraries that are installed: name and version, and how to ask them."""
    found = {}
    for package, classes in [("hotcoco", ("COCO", "COCOeval")), ("faster-coco-eval", ("COCO", "COCOeval_faster"))]:
        try:
            module = importlib.import_module(package.replace("-", "_"))
            make = [getattr(module, name) for name in classes]
            found[f"{package} {importlib.metadata.version(package)}"] = make
        except (ImportError, AttributeError):
            pass
    return found


def main():
    out = sys.stdout
    second = peers()
    print(json.dumps({"reference": f"pycocotools {importlib.metadata.version('pycocotools')}", "peers": list(second)}), file=out, flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        # all three print as they go
        with contextlib.redirect_stdout(io.StringIO()):
            if "decisions" in case:
                answer = {"decisions": decisions(case["gt"], case["dt"], *case["decisions"]), "peers": {}}
            else:
                answer = {"reference": reference(case["gt"], case["dt"]), "peers": {}}
            for name, make in second.items() if case.get("peers") else []:
                try:
                    answer["peers"][name] = peer(*make, case["gt"], case["dt"])
                except Exception as error:
                    answer["peers"][name] = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
