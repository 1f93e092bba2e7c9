import type { Metadata } from 'next';
import Link from 'next/link';
import {
  type AreaRange,
  IOU_THRESHOLDS,
  PRIMARY_PROTOCOL,
  PROTOCOL_IDS,
  PROTOCOLS,
  type Protocol,
  RECALL_THRESHOLDS,
} from '#lib/coco/protocol.ts';
import { integer, list } from '#lib/format.ts';
import { CONTROLS } from '#lib/scoring/controls.ts';
import { FAMILY_NUMBERS } from '#lib/tasks/families.ts';
import { TableFrame } from '../_components/table-frame.tsx';

export const metadata: Metadata = {
  title: 'How scores are computed',
  description:
    'AP, AFNR, size classes and detection limits of the LIVECell benchmark, rendered from the settings the evaluator itself uses.',
};

/** 0.875 mm over 704 pixels */
const MICRONS_PER_PIXEL = 875 / 704;

export default function ProtocolPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>How scores are computed</h1>
        <p className="lead">
          The settings on this page are printed from the objects that the evaluator itself uses. Every entry is scored
          under all of them.
        </p>
      </header>

      <section className="section first" aria-labelledby="protocols">
        <h2 id="protocols">The protocols</h2>
        <Settings />
      </section>

      <div className="protocol-text">
        <Contents />
        <article className="prose">
          <h2 id="units">Why there are two LIVECell protocols</h2>
          <p>
            The paper gives the limits of small and large cells as 320 and 970 µm², which it equates with 500 and 1,500
            pixels. But at {(MICRONS_PER_PIXEL ** 2).toFixed(3)} µm² a pixel it is the other way round: 324 pixels are
            500 µm², and 961 pixels are about 1,500 µm². The authors’ released evaluator uses these pixel limits. The
            units were swapped in print. The released code also keeps 2,000 detections per image where the paper says
            3,000.
          </p>
          <p>
            Neither can be called wrong: the paper is what people read, the code is what made its numbers. So both are
            computed for every entry. <b>{PROTOCOLS[PRIMARY_PROTOCOL].name}</b> ranks; results published by others were
            made with the released code and compare with that one. AP and AFNR over all sizes differ between the two
            only on images with more than 2,000 detections; the numbers by size differ everywhere.
          </p>

          <h2 id="matching">Matching detections to cells</h2>
          <p>
            The method is that of the COCO challenge, followed to the last digit of its reference implementation,
            pycocotools. Within an image, detections take turns by falling score. Each takes, among the annotated cells
            that no earlier detection has taken, the one it overlaps most, if the overlap reaches the threshold. Overlap
            is intersection over union (IoU) of the masks, or of the boxes. There are {IOU_THRESHOLDS.length}{' '}
            thresholds, {IOU_THRESHOLDS[0].toFixed(2)} to {IOU_THRESHOLDS[IOU_THRESHOLDS.length - 1].toFixed(2)} in
            steps of 0.05.
          </p>
          <p>
            Regions annotated as crowds are neither found nor missed: detections inside them do not count. There is one
            category, cell; a detection of another category is not scored, with a warning.
          </p>

          <h2 id="ap">AP, average precision</h2>
          <p>
            All detections of all images are put in one list, best score first. Going down the list, precision is the
            share of detections that are right so far, recall the share of cells found so far. Precision is made
            non-increasing and read at {RECALL_THRESHOLDS.length} recall values from 0 to 1; where that recall is never
            reached it is 0. The mean of these values is the AP of one IoU threshold (AP50 and AP75 are those of 0.50
            and 0.75), and the mean over the {IOU_THRESHOLDS.length} thresholds is AP. A good AP needs outlines that
            fit, few missed cells, few false detections, and scores that put the sure detections first.
          </p>

          <h2 id="afnr">AFNR, average false-negative ratio</h2>
          <p>
            One minus recall, averaged over the {IOU_THRESHOLDS.length} thresholds: the share of cells that were not
            found, with no penalty for false detections. Lower is better. A method that detects everything everywhere
            can have a good AFNR and a poor AP, so the two belong together.
          </p>

          <h2 id="ar">AR, average recall</h2>
          <p>
            Recall when only the best <i>k</i> detections of each image are kept, averaged over the thresholds. At the
            largest <i>k</i> it is one minus AFNR.
          </p>

          <h2 id="sizes">Sizes</h2>
          <p>
            APs, APm and APl (and ARs, ARm, ARl) count small, medium and large cells. A cell’s size is the area written
            in its annotation; a detection’s is the number of pixels of its mask, or the area of its box when boxes are
            scored. Both ends of a class belong to it, so a cell of exactly {sharedBoundary()} pixels is small and
            medium. Cells outside the class are ignored, and so are detections that match one of them, or match nothing
            and are outside the class themselves.
          </p>

          <h2 id="types">Cell types, pooled and averaged</h2>
          <p>
            The headline pools all images, so a dense culture with thousands of cells weighs more than a sparse one. The
            number of a cell type is computed on its images alone, as a pool of its own. Entry pages also give the plain
            mean over the types, where each type weighs the same. The two answer different questions and can differ by
            several points.
          </p>

          <h2 id="null">Nothing is not zero</h2>
          <p>
            Where there is no cell to find (a size class without cells, say) there is no number: the table shows –, the
            files say <code>null</code>, COCO tools print −1. Zero means that there were cells and none was found. A
            number that was never published is left blank.
          </p>

          <h2 id="ranks">Ranks and ties</h2>
          <p>
            Entries are ranked by the column the board is sorted by, on unrounded numbers; equal ones share a rank and
            the next is skipped: 1, 2, 2, 4. Only entries that were scored here and published are ranked. Results
            published elsewhere stand below, marked, with protocol and source. Detections with equal scores keep the
            order of the images’ ids and, within an image, of the file, as in the reference.
          </p>

          <h2 id="intervals">How sure a number is</h2>
          <p>
            AP and AFNR stand with a 95 % interval, such as 57.9–61.2. It says how different the number could have been
            if other fields of view of the same wells had been imaged. Crops and time points of one field are strongly
            alike, so the unit is the field, with all its time points and crops: LIVECell’s test set has 18 fields, two
            for each cell type and four for SK-OV-3. Each field is left out in turn, the other fields of its cell type
            take over its weight, and the number is computed anew (a stratified delete-one jackknife). The interval is
            made from these differences on the logit scale, with Student’s t for fields less cell types, 10 degrees of
            freedom. Nothing is drawn at random: a score computed again has the same interval to the last digit.
          </p>
          <p>
            The interval covers other fields in the same nine wells. It does not cover other wells, plates or
            microscopes, or another training run. A single cell type has two fields, which is too few for an interval:
            there the numbers of the fields themselves are given. Two intervals that overlap do not prove that two
            methods are alike, since both are tested on the same images: the difference has an interval of its own, made
            from the same fields, which <code>livecell compare</code> prints.
          </p>
          <p>
            <code>npm run coverage</code> simulates test sets of LIVECell’s shape and counts how often nominal 95 %
            intervals hold the known truth. Intervals of means over cell types do so about 95 % of the time. Those of
            pooled AP do so less often: read them as intervals of about 90 %, and look at the mean over types before
            calling a small difference real. Resampling held the truth in 13 to 71 % of cases for single images, and in
            36 to 85 % for blocks of days; so this site does neither.
          </p>
          <CoverageTable />

          <h2 id="without-ranking">Measures without ranking</h2>
          <p>
            Entry pages also give measures that look at one set of detections, not at their order: those at or above the
            score that gives the best F1 at IoU 0.50. F1 is twice the matched detections over all detections and all
            cells; Jaccard is the number of matched pairs over matched, missed and false ones together, pooled over all
            images. Its mean over images is what the Cellpose and StarDist papers call average precision. Panoptic
            quality multiplies F1 at IoU above 0.50 with the mean overlap of what matched. Label images have no scores:
            all their outlines count, their AP is one precision read up to one recall, and they are ranked among
            themselves. A table of their scores in the same archive, <code>image,label,score</code>, makes them an entry
            like any other.
          </p>

          <h2 id="other-papers">Numbers of other papers</h2>
          <p>
            Other papers print other numbers for LIVECell, several of them under the same name. Entries with masks have
            them all, under their full names, as <code>family/truth</code>. They compare label images: outlines at or
            above the score of the best F1 are painted, best score first, each pixel to the first; the ground truth is
            flattened in two ways that other papers use, <code>flat-large</code> (torch-em, micro-sam) and{' '}
            <code>flat-cellpose</code> (Cellpose 2), each named by a digest. They are computed after the score, by a job
            that waits for all others, and rank no board.
          </p>
          <dl>
            {FAMILY_NUMBERS.map(({ family, key, name, text }) => (
              <div key={key}>
                <dt>
                  {name} (<code>{family}</code>)
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>

          <h2 id="controls">Controls</h2>
          <p>
            Beside the board of public ground truth stand predictions made from the ground truth itself. They give the
            numbers their scale and have no rank. Like label images they have no scores. The two flattened ground truths
            can be downloaded on the page of the data set.
          </p>
          <dl>
            {CONTROLS.map(({ id, name, text }) => (
              <div key={id}>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>

          <h2 id="duplicates">Images that occur twice</h2>
          <p>
            In the official test set 52 files are listed under two image ids with two sets of annotations. The official
            number is over all 1,564 ids. Predictions that name images by file name therefore count for both ids. What
            AP and AFNR would be with every file once, and without two images of BV-2 that carry only two annotations
            each, stands on the entry’s page.
          </p>

          <h2 id="check">Check it yourself</h2>
          <p>
            An entry states the SHA-256 digests of its file and of the ground truth, and the version of the evaluator.
            The same program scores on your own machine, without an account:
          </p>
          <pre>
            <code>{'npx livecell score \\\n  --ground-truth GT.json --predictions FILE.json'}</code>
          </pre>
          <p>
            The numbers of the other tasks (single cell types, transferability, counts, training-set size, outside data
            sets) are on <Link href="/tasks">the pages of the tasks</Link>, with the files and commands of each. Go to
            the <Link href="/leaderboards/livecell-wide">leaderboard</Link> or{' '}
            <Link href="/submit">submit predictions</Link>.
          </p>
        </article>
      </div>
    </div>
  );
}

/** From `npm run coverage`, 1,000 test sets per setting; docs/statistics.md says more. */
const COVERAGE: [setting: string, pooled: number, mean: number, pooledDifference: number, meanDifference: number][] = [
  ['Fields, drift, crops and images each differ somewhat', 89.5, 94.7, 89.5, 94.4],
  ['Fields differ strongly', 90.1, 94.6, 90.4, 95.5],
  ['Fields hardly differ, images do', 91.1, 93.3, 93.8, 94.8],
  ['Quality falls strongly as cells grow dense', 90.9, 94.8, 92.0, 94.7],
  ['Fields drift strongly and slowly', 90.2, 94.3, 88.9, 94.2],
  ['Fields differ strongly in density', 88.5, 94.0, 88.5, 93.7],
  ['Poor methods, AP near 0.15', 88.9, 94.1, 91.9, 95.4],
];

function CoverageTable() {
  return (
    <TableFrame label="How often intervals hold the truth">
      <table>
        <caption>Per cent of 95 % intervals that hold the truth, in 1,000 simulated test sets per setting</caption>
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Pooled AP</th>
            <th scope="col">Mean over types</th>
            <th scope="col">Difference in pooled AP</th>
            <th scope="col">Difference in the mean</th>
          </tr>
        </thead>
        <tbody>
          {COVERAGE.map(([setting, ...shares]) => (
            <tr key={setting}>
              <th scope="row">{setting}</th>
              {shares.map((share, k) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a column each, always the same
                <td key={k}>{share.toFixed(1)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

function Settings() {
  const protocols = PROTOCOL_IDS.map((id) => PROTOCOLS[id]);
  const sizes = protocols[0].areaRanges.filter(({ id }) => id !== 'all').map(({ id }) => id);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard
    <section className="table-scroll settings" tabIndex={0} aria-label="Settings of the protocols">
      <table>
        <caption className="visually-hidden">Settings of each protocol</caption>
        <thead>
          <tr>
            <td />
            {protocols.map((protocol) => (
              <th key={protocol.id} scope="col">
                {protocol.name}{' '}
                {protocol.id === PRIMARY_PROTOCOL && (
                  <span className="badge" data-kind="good">
                    Primary
                  </span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Line name="Name in files" protocols={protocols} show={({ id }) => <code>{id}</code>} />
          <Line name="In words" protocols={protocols} show={({ description }) => description} />
          <Line
            name="Detections per image, at most"
            protocols={protocols}
            show={({ maxDets }) => list(maxDets.map(integer))}
          />
          {sizes.map((size) => (
            <Line
              key={size}
              name={`${size[0].toUpperCase()}${size.slice(1)} cells, pixels`}
              protocols={protocols}
              show={({ areaRanges }) => range(areaRanges.find(({ id }) => id === size)!)}
            />
          ))}
          <Line
            name="IoU thresholds"
            protocols={protocols}
            show={() =>
              `${IOU_THRESHOLDS[0].toFixed(2)} to ${IOU_THRESHOLDS[9].toFixed(2)}, ${IOU_THRESHOLDS.length} of them`
            }
          />
        </tbody>
      </table>
    </section>
  );
}

function Line(props: { name: string; protocols: readonly Protocol[]; show: (protocol: Protocol) => React.ReactNode }) {
  return (
    <tr>
      <th scope="row">{props.name}</th>
      {props.protocols.map((protocol) => (
        <td key={protocol.id}>{props.show(protocol)}</td>
      ))}
    </tr>
  );
}

function range({ min, max }: AreaRange): string {
  if (min === 0) return `up to ${integer(max)}`;
  return max >= 1e10 ? `from ${integer(min)}` : `${integer(min)} to ${integer(max)}`;
}

function sharedBoundary(): string {
  return integer(PROTOCOLS[PRIMARY_PROTOCOL].areaRanges[1].max);
}

const SECTIONS = [
  ['units', 'Two LIVECell protocols'],
  ['matching', 'Matching'],
  ['ap', 'AP'],
  ['afnr', 'AFNR'],
  ['ar', 'AR'],
  ['sizes', 'Sizes'],
  ['types', 'Pooled and averaged'],
  ['null', 'Nothing is not zero'],
  ['ranks', 'Ranks and ties'],
  ['intervals', 'How sure a number is'],
  ['without-ranking', 'Without ranking'],
  ['duplicates', 'Images that occur twice'],
  ['check', 'Check it yourself'],
] as const;

function Contents() {
  return (
    <nav className="contents" aria-label="On this page">
      <ul>
        {SECTIONS.map(([id, title]) => (
          <li key={id}>
            <a href={`#${id}`}>{title}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
