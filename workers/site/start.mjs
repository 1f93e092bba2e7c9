// The first file that `npm start` runs: plain JavaScript, so that an old Node can print this message.
const [major] = process.versions.node.split('.').map(Number);
if (major >= 24) {
  await import('./launch.ts');
} else {
  process.stderr.write(
    `This needs Node 24, and the Node that was found is ${process.versions.node}. Run it as "npm start" after "npm install",\n` +
      'which brings Node 24 along (unless it was told to leave out optional dependencies).\n',
  );
  process.exitCode = 2;
}
