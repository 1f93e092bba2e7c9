/** What the command line says of its commands; a test compares it with the commands themselves. */
export interface DescribedCommand {
  readonly name: string;
  /** its arguments besides options */
  readonly takes?: string;
  readonly help: string;
  readonly example: string;
}

export const FOR_RESEARCHERS: readonly DescribedCommand[] = [
  {
    name: 'score',
    help: 'Scores predictions here, without a server: the same numbers as on the leaderboard.',
    example: 'livecell score --ground-truth test.json --predictions mine.json --protocol coco --json',
  },
  {
    name: 'validate',
    help: 'Lists every problem of the files for a task, with record numbers. Scores nothing.',
    example: 'livecell validate --images images.json --predictions mine.json',
  },
  {
    name: 'convert',
    takes: 'FROM FILE…',
    help: 'Converts what another tool wrote to COCO results, ready to validate, score and submit.',
    example: 'livecell convert cellpose masks/ --images images.json -o predictions.json',
  },
  {
    name: 'verify',
    takes: 'RECEIPT.json',
    help: 'Recomputes a published score and says whether every number agrees; checks who signed the receipt.',
    example: 'livecell verify receipt.json --predictions mine.json --ground-truth test.json',
  },
  {
    name: 'compare',
    takes: 'A B',
    help: 'Says how two entries differ, with the interval of each difference.',
    example: 'livecell compare mine.json 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11 --server https://example.org',
  },
  {
    name: 'families',
    help: 'Computes what other papers report: Cellpose’s AP, mSA, F1, PQ, SEG, AJI, from label images of the masks.',
    example: 'livecell families --ground-truth test.json --predictions mine.json',
  },
  {
    name: 'login',
    help: 'Signs this machine in to a site: shows a code that you confirm in a browser, and keeps the token.',
    example: 'livecell login --server https://example.org',
  },
  {
    name: 'whoami',
    help: 'Tells who the token belongs to, and what it is for.',
    example: 'livecell whoami',
  },
  {
    name: 'submit',
    takes: 'FILE',
    help: 'Uploads predictions to the site and submits them. Started again after an interruption, it goes on where it was.',
    example: 'livecell submit --method "My model" --wait predictions.json.gz',
  },
  {
    name: 'list',
    help: 'Lists your submissions and those of your teams, the newest first.',
    example: 'livecell list --task livecell-wide --state scored',
  },
  {
    name: 'status',
    takes: 'ID',
    help: 'Says how a submission stands, with its problems or its scores.',
    example: 'livecell status 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11',
  },
  {
    name: 'publish',
    takes: 'ID',
    help: 'Asks to publish a submission. A maintainer decides.',
    example: 'livecell publish 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11',
  },
  {
    name: 'share',
    takes: 'ID',
    help: 'Says what others may do with the predictions of a submission: see the cells, download the files.',
    example: 'livecell share 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11 --show-cells --share-files --licence CC-BY-4.0',
  },
  {
    name: 'withdraw',
    takes: 'ID',
    help: 'Withdraws a submission and deletes its files. This cannot be undone.',
    example: 'livecell withdraw 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11 --reason superseded --yes',
  },
  {
    name: 'data',
    takes: '[NAME]',
    help: 'Says where images and annotations are to be had; saves the list of a data set’s images.',
    example: 'livecell data "LIVECell test" --images images.json --server https://example.org',
  },
  {
    name: 'demo-data',
    takes: 'DIR',
    help: 'Writes a small synthetic benchmark: ground truth, predictions of three qualities, counts.',
    example: 'livecell demo-data demo --images 2',
  },
];

export const FOR_OPERATORS: readonly DescribedCommand[] = [
  {
    name: 'import-ground-truth',
    takes: 'FILE',
    help: 'Registers ground truth with the site; submissions are scored against the newest of their task.',
    example: 'livecell import-ground-truth livecell_coco_test.json --name "LIVECell test"',
  },
  {
    name: 'import-images',
    takes: 'NAME DIR|ZIP',
    help: 'Registers the images of a data set: its page then tells of intensities too, and shows examples if they are public.',
    example: 'livecell import-images "LIVECell test" images.zip --public',
  },
  {
    name: 'ground-truth list',
    help: 'Lists the registered ground truth: name, task, split, size, and whether it is public.',
    example: 'livecell ground-truth list --json',
  },
  {
    name: 'ground-truth public',
    takes: 'NAME',
    help: 'Makes annotations public: shown, downloadable, and with every number that is computed from them.',
    example: 'livecell ground-truth public "LIVECell test" --reason "Published by its authors"',
  },
  {
    name: 'ground-truth private',
    takes: 'NAME',
    help: 'Stops showing annotations. Scores computed from them stay, and are told as for hidden ground truth.',
    example: 'livecell ground-truth private "Challenge 2027" --reason "Registered as public by mistake"',
  },
  {
    name: 'split',
    takes: 'NAME',
    help: 'Divides ground truth: boards show scores on its public part until a date, then on its private part.',
    example: 'livecell split "LIVECell test" --by well --share 0.5 --until 2027-03-01',
  },
  {
    name: 'rescore',
    help: 'Has what was scored scored again by the evaluator of this version; boards switch when all of it is done.',
    example: 'livecell rescore --task livecell-wide --reason "Ties are broken by image order now"',
  },
  {
    name: 'retry',
    takes: '[SUBMISSION…]',
    help: 'Lists submissions that a fault of the site ended or keeps waiting, and has them tried again now.',
    example: 'livecell retry --all',
  },
  {
    name: 'migrate',
    help: 'Brings the database to the current schema.',
    example: 'livecell migrate',
  },
  {
    name: 'seed',
    help: 'Adds the published reference results and the demo benchmark, where they are missing.',
    example: 'livecell seed',
  },
  {
    name: 'build',
    help: 'Builds the pages, unless those that are there belong to these very sources.',
    example: 'livecell build',
  },
  {
    name: 'web',
    help: 'Runs one web process until it is stopped. Needs DATABASE_URL, AUTH_URL and AUTH_SECRET.',
    example: 'DATABASE_URL=postgres://… AUTH_URL=https://example.org AUTH_SECRET=… livecell web',
  },
  {
    name: 'worker',
    help: 'Runs a scoring process until it is stopped. Needs DATABASE_URL, or a site running on this machine.',
    example: 'livecell worker',
  },
  {
    name: 'doctor',
    help: 'Examines this installation: says what is wrong, and the command that mends it.',
    example: 'livecell doctor --json',
  },
  {
    name: 'backup',
    takes: 'FILE|FOLDER',
    help: 'Backs up database, stored files and keys of the site, which may go on running.',
    example: 'livecell backup /backups/livecell --verify',
  },
  {
    name: 'restore',
    takes: 'FILE|FOLDER',
    help: 'Restores a backup into an empty database and an empty data folder.',
    example: 'LIVECELL_DATA=/srv/livecell livecell restore /backups/livecell',
  },
  {
    name: 'export',
    takes: 'DIR',
    help: 'Writes the whole public site as HTML, JSON and CSV that need no server, with digests and a signature.',
    example: 'livecell export public-copy',
  },
  {
    name: 'user list',
    help: 'Lists the people who have signed in, with their roles.',
    example: 'livecell user list --json',
  },
  {
    name: 'user role',
    takes: 'EMAIL maintainer|researcher',
    help: 'Makes somebody a maintainer, or a researcher again. Somebody who never signed in is added.',
    example: 'livecell user role you@example.org maintainer',
  },
  {
    name: 'sign-in-link',
    help: 'Makes a link that signs you in, once, to the site that runs on this machine.',
    example: 'livecell sign-in-link',
  },
  {
    name: 'receipts keys',
    help: 'Lists the public keys that sign receipts, old ones included.',
    example: 'livecell receipts keys --json',
  },
  {
    name: 'receipts rotate',
    help: 'Makes a new key for receipts. The old public key stays published, so that old receipts can be checked.',
    example: 'livecell receipts rotate',
  },
  {
    name: 'token create',
    help: 'Makes an API token for somebody. It is shown once.',
    example: 'livecell token create --user you@example.org --scope submit --expires 30',
  },
];
