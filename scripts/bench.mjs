// Measures dnx as users get it, packed and installed: npm run bench -- [options]. The options are in scripts/bench/options.mjs, and how to read
// the result in docs/performance.md.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparison } from './bench/comparison.mjs';
import { measure } from './bench/measure.mjs';
import { findNodes } from './bench/nodes.mjs';
import { readOptions } from './bench/options.mjs';
import { installPackage } from './bench/package.mjs';
import { findPeers, peerSubjects } from './bench/peers.mjs';
import { publish, publishWire } from './bench/report.mjs';
import { startSandbox } from './bench/sandbox.mjs';
import { subjectsOn } from './bench/subjects.mjs';
import { measureWire } from './bench/wire.mjs';

const options = readOptions();
const directory = mkdtempSync(join(tmpdir(), 'dnx-bench-'));
// Another user runs what needs a home that cannot be written to.
chmodSync(directory, 0o755);
const closing = [() => rmSync(directory, { recursive: true, force: true })];
const closeAll = () => {
  for (const close of closing.splice(0)) close();
};
process.on('SIGINT', () => {
  closeAll();
  process.exit(130);
});

try {
  const nodes = findNodes(options, directory);
  const installed = installPackage(options, directory);
  const sandbox = await startSandbox(installed.dnx, directory);
  closing.unshift(sandbox.close);
  const wire = await measureWire(nodes, { ...options, installed, sandbox, directory });
  publishWire(wire, nodes, options);
  if (!options.wire) await measureStart(nodes, { installed, sandbox });
} finally {
  closeAll();
}

/** Measures how commands start, beside other command lines. */
async function measureStart(nodes, { installed, sandbox }) {
  const rows = nodes.flatMap((node) => subjectsOn(node, { directory, installed, sandbox }));
  const peers = await findPeers(options, directory);
  closing.unshift(peers.close);
  const running = nodes.find((node) => node.running);
  const beside = { rows: peerSubjects(peers, running), base: rows.find(({ base, node }) => base && node === running.version) };
  await measure(rows, beside, { ...options, sandbox, directory });
  publish({ options, nodes, installed, rows, peers: comparison(peers, beside, rows, installed) });
}
