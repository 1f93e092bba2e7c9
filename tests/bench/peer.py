"""One whole process of another evaluator, for `npm run bench -- --peers`: tool, ground truth, predictions, segm|bbox.

LIVECell's settings (maxDets 100, 500, 2000; areas 324 and 961; categories not used), one protocol, no cell types.
Prints what it cost as a line of JSON. Needs the tool from the Python package index; the project never needs this file.
"""
import contextlib
import io
import json
import resource
import sys

tool, gt_path, dt_path, iou_type = sys.argv[1:5]

if tool == "pycocotools":
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval as Eval
elif tool == "faster-coco-eval":
    from faster_coco_eval import COCO
    from faster_coco_eval import COCOeval_faster as Eval
elif tool == "hotcoco":
    from hotcoco import COCO
    from hotcoco import COCOeval as Eval
else:
    sys.exit(f"unknown tool {tool}")

with contextlib.redirect_stdout(io.StringIO()):
    gt = COCO(gt_path)
    if iou_type == "segm":
        # as LIVECell's evaluator: without their boxes, detections are measured by their masks
        with open(dt_path) as file:
            detections = json.load(file)
        for detection in detections:
            detection.pop("bbox", None)
        dt = gt.loadRes(detections)
        del detections
    else:
        dt = gt.loadRes(dt_path)
    evaluation = Eval(gt, dt, iou_type)
    params = evaluation.params
    params.maxDets = [100, 500, 2000]
    large = 10000000000.0
    areas = [[0, large], [0, 324], [324, 961], [961, large]]
    if tool == "hotcoco":
        params.use_cats = False
        params.area_rng = areas
        params.max_dets = [100, 500, 2000]
        try:
            params.cat_ids = [1]
        except AttributeError:
            pass
    else:
        params.useCats = 0
        params.catIds = [1]
        params.areaRng = areas
        params.areaRngLbl = ["all", "small", "medium", "large"]
    evaluation.params = params  # some versions of hotcoco hand out a copy
    evaluation.evaluate()
    evaluation.accumulate()

precision = evaluation.eval["precision"] if isinstance(evaluation.eval, dict) else None
ap = None
if precision is not None:
    import numpy

    array = numpy.asarray(precision).reshape(10, 101, -1, 4, 3)[:, :, 0, 0, 2]
    ap = float(array[array > -1].mean())
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpu": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss / 1024, "stages": {"AP": ap}}))
