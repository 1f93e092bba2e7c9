#!/usr/bin/env node
// The `livecell` program. The code is TypeScript that Node 24 runs directly; the project includes that Node, so the
// commands run on the right version whichever Node starts this file.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [major] = process.versions.node.split('.').map(Number);

if (major >= 24) {
  // keep compiled code for the next call: it starts much faster
  nodeModule.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url)));
  // for packages that were installed without running their scripts
  if (!existsSync(new URL('../lib/kernels/built.ts', import.meta.url))) await import('./kernels.mjs');
  const { programFile } = await import('./program.mjs');
  await import(pathToFileURL(programFile('workers/cli/main.ts')).href);
} else {
  const node = broughtAlong();
  if (node) rerun(node);
  else {
    const folder = fileURLToPath(new URL('..', import.meta.url));
    process.stderr.write(
      `livecell needs Node 24 or newer; this is ${process.versions.node}. Run "npm install" in ${folder}: it brings Node 24 along.\n`,
    );
    process.exitCode = 2;
  }
}

/** Return the path of the Node in this platform's optional dependency, or null. */
function broughtAlong() {
  const require = nodeModule.createRequire(import.meta.url);
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), file);
      if (existsSync(path)) return path;
    } catch {
      // another platform's package
    }
  }
  return null;
}

function rerun(node) {
  const script = fileURLToPath(import.meta.url);
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 3;
  });
}
