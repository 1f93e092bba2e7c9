/**
 * Python that writes what the site reads, per tool. `tests/fixtures/snippets/record.py` runs each of them on a small
 * output of its tool and keeps the file; a test reads these files with the site's own reader.
 */
export interface Snippet {
  id: string;
  tool: string;
  /** how the objects in the code are had */
  setup: string;
  /** writes `file`; `out` is what the tool gave */
  code: string;
  file: string;
  /** what goes wrong most often */
  mind: string;
  /** version of the tool whose own classes made the output that was tried */
  tried: string;
}

const RECORDS_HEAD = `import json, numpy as np
from pycocotools import mask as rle

def record(image, mask, score):  # image: the file name, with or without its ending
    code = rle.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"image_id": image, "category_id": 1, "score": float(score),
            "segmentation": {"size": list(map(int, code["size"])), "counts": code["counts"].decode()}}
`;

const LABELS_HEAD = `import io, zipfile, numpy as np, tifffile

def label_zip(path, labels):  # labels: {"<image stem>": array of cell numbers, 0 is background}
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in labels.items():
            tif = io.BytesIO()
            tifffile.imwrite(tif, np.asarray(array).astype(np.int32), compression="zlib")
            archive.writestr(f"{name}.tif", tif.getvalue())
`;

export const SNIPPETS: readonly Snippet[] = [
  {
    id: 'detectron2',
    tool: 'detectron2',
    setup:
      'COCOEvaluator(name, output_dir="out") writes out/coco_instances_results.json by itself; send that file as it is. For outputs at hand:',
    code: `${RECORDS_HEAD}
# out: {"<file name>": predictor(image)["instances"].to("cpu")}
json.dump([record(name, m, s) for name, i in out.items() for m, s in zip(np.asarray(i.pred_masks), np.asarray(i.scores))],
          open("results.json", "w"))`,
    file: 'results.json',
    mind: 'DETECTIONS_PER_IMAGE is 100 by default, and dense images have 3,000 cells: set TEST.DETECTIONS_PER_IMAGE = 3000.',
    tried: 'detectron2 0.5',
  },
  {
    id: 'mmdetection',
    tool: 'MMDetection',
    setup:
      'With test_evaluator.outfile_prefix="results", testing writes results.segm.json; send that. Its converters for eight classes number images and categories anew: keep the ids of the data set. For outputs at hand:',
    code: `${RECORDS_HEAD}
# out: {"<file name>": inference_detector(model, path).pred_instances.cpu()}
json.dump([record(name, m, s) for name, i in out.items() for m, s in zip(np.asarray(i.masks), np.asarray(i.scores))],
          open("results.json", "w"))`,
    file: 'results.json',
    mind: 'max_per_img is 100 by default: set model.test_cfg.rcnn.max_per_img = 3000.',
    tried: 'mmdet 3.3.0',
  },
  {
    id: 'ultralytics',
    tool: 'Ultralytics',
    setup: 'out = [r.cpu() for r in model.predict("images/", max_det=3000, conf=0.01, retina_masks=True, stream=True)]',
    code: `${RECORDS_HEAD}
from pathlib import Path

json.dump([record(Path(r.path).stem, m, s) for r in out if r.masks is not None
           for m, s in zip(np.asarray(r.masks.data), np.asarray(r.boxes.conf))],
          open("results.json", "w"))`,
    file: 'results.json',
    mind: 'max_det is 300 by default and cuts off dense images without a word. Without retina_masks=True masks have the size that the network saw, not that of the image, and the file is refused. Outlines (masks.xy, save_txt) run through the middle of border pixels: cells lose half a pixel all around, a small one a seventh of its area.',
    tried: 'ultralytics 8.4.190',
  },
  {
    id: 'torchvision',
    tool: 'torchvision',
    setup:
      'model = maskrcnn_resnet50_fpn(box_detections_per_img=3000); out = {name: model([image])[0] for name, image in images}',
    code: `${RECORDS_HEAD}
json.dump([record(name, m[0] > 0.5, s) for name, o in out.items()
           for m, s in zip(np.asarray(o["masks"].detach()), np.asarray(o["scores"].detach()))],
          open("results.json", "w"))`,
    file: 'results.json',
    mind: 'masks are probabilities of shape [n, 1, height, width]: without > 0.5 every mask is the whole box.',
    tried: 'torchvision 0.29.2',
  },
  {
    id: 'cellpose',
    tool: 'Cellpose',
    setup:
      'out = {path.stem: model.eval(imread(path))[0] for path in paths}; or send the *_cp_masks.png of the program in one .zip',
    code: `${LABELS_HEAD}
label_zip("labels.zip", out)`,
    file: 'labels.zip',
    mind: 'The program writes no file for an image without cells: that is fine. Label images have no scores, so they are ranked among themselves.',
    tried: 'cellpose 4.2.1.1',
  },
  {
    id: 'stardist',
    tool: 'StarDist',
    setup: 'out = {path.stem: model.predict_instances(normalize(imread(path)))[1] for path in paths}',
    code: `import json, numpy as np

# details have outlines (row, column) and a probability for each cell, which make scores
json.dump([{"image_id": name, "category_id": 1, "score": float(p),
            "segmentation": [(np.asarray(c)[::-1].T + 0.5).ravel().tolist()]}
           for name, d in out.items() for c, p in zip(d["coord"], d["prob"])],
          open("results.json", "w"))`,
    file: 'results.json',
    mind: 'coord is (row, column) of pixels’ middles; COCO wants x before y, and 0 is the edge of the first pixel: hence [::-1] and + 0.5. Without the latter, a cell of 180 pixels keeps an IoU of 0.84 with itself. The label image alone would do, without scores.',
    tried: 'stardist 0.9.2',
  },
  {
    id: 'micro-sam',
    tool: 'micro-sam',
    setup: 'out = {path.stem: automatic_instance_segmentation(predictor, segmenter, str(path)) for path in paths}',
    code: `${LABELS_HEAD}
label_zip("labels.zip", out)`,
    file: 'labels.zip',
    mind: 'The masks of Segment Anything’s generator overlap and have predicted_iou: written as COCO results they keep their scores (livecell convert micro-sam).',
    tried: 'micro-sam 1.8.14',
  },
];

/** Python that sends a file, with the site's own address. */
export function sendCode(site: string, file: string): string {
  return `import os, requests
SITE, AUTH = "${site}", {"Authorization": f"Bearer {os.environ['LIVECELL_TOKEN']}"}
upload = requests.post(f"{SITE}/api/uploads", data=open("${file}", "rb"), headers={**AUTH, "Tus-Resumable": "1.0.0",
    "Upload-Length": str(os.path.getsize("${file}")), "Content-Type": "application/offset+octet-stream"})
sent = requests.post(f"{SITE}/api/v1/submissions", headers=AUTH, json={"task": "livecell-wide", "method": "My model",
    "files": [{"upload": upload.headers["Location"]}]})
print(sent.json())`;
}
