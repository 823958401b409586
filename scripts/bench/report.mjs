import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, totalmem } from 'node:os';
import { grouped, ratioOf, size, verdictOf } from './statistics.mjs';

const DOCUMENT = 'docs/performance.md';
const LARGEST = { packed: 900_000, installed: 7_000_000, packages: 3 };
const STATES = { warm: '', first: ', first run', uncached: ', no compile cache', 'read-only': ', read-only home' };

/** Prints what was measured, and writes it into docs/performance.md between its markers. */
export function publish({ options, nodes, installed, rows, peers }) {
  const text = [
    circumstances(options, nodes),
    '### Time\n\nWall time, and its ratio to `node -e 0`. `≤`: within the target; `>`: over it.',
    markdown(timeTable(nodes, rows)),
    '### Memory\n\nThe most memory that the process occupied.',
    markdown(memoryTable(nodes, rows)),
    '### Size',
    markdown(sizeTable(installed.size)),
    ...(peers.length > 0 ? [`### Other command lines\n\nThose that need Node run on ${process.versions.node}.`, markdown(peers)] : []),
  ].join('\n\n');
  process.stdout.write(`${text}\n`);
  if (!options.writes) return;
  const [, start, end] =
    /^([\s\S]*<!-- bench: .*-->\n)[\s\S]*?(\n<!-- end of bench -->[\s\S]*)$/.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
  if (start === undefined) throw new Error(`${DOCUMENT} has no markers to write between.`);
  writeFileSync(DOCUMENT, `${start}\n${text}\n${end}`);
}

function circumstances({ rounds, minimum }, nodes) {
  const [cpu] = cpus();
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readOr('/etc/os-release', ''))?.[1] ?? process.platform;
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)} with Node ${nodes.map(({ version }) => version).join(', ')}: ${minimum ? 'the fastest' : 'medians'} of ${rounds} alternating rounds.`,
    `Machine: ${cpu.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB of memory, ${system} (${arch()}).`,
  ].join('\n');
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

/** The measurements of one command in one state. Those with a compile cache come first, as they are in more states. */
const lines = (rows) => [
  ...grouped(
    rows.toSorted((a, b) => b.caches - a.caches),
    ({ name, state }) => name + STATES[state],
  ),
];

function timeTable(nodes, rows) {
  const head = ['command', 'requests', ...nodes.map(({ version }) => `Node ${version}`), 'target'];
  const body = lines(rows).map(([label, found]) => [
    label,
    requests(found),
    ...nodes.map(({ version }) =>
      timeCell(
        found.find(({ node }) => node === version),
        rows,
      ),
    ),
    target(found),
  ]);
  return [head, ...body];
}

function timeCell(row, rows) {
  if (row === undefined) return '–';
  if (row.base) return `${row.ms.toFixed(0)} ms`;
  if (row.inside) return Number.isNaN(row.ms) ? 'none offered' : `${row.ms.toFixed(1)} ms`;
  const verdict = verdictOf(row, rows);
  return `${row.ms.toFixed(0)} ms · ${ratioOf(row, rows).toFixed(2)}${verdict ? (verdict.kept ? ' ≤' : ' >') : ''}`;
}

/** The requests that were counted, by any Node; `>` if there are more than the command needs. */
function requests(found) {
  const most = Math.max(...found.map(({ requested }) => requested));
  return `${most}${most > (found[0].requests ?? 0) ? ' >' : ''}`;
}

function target(found) {
  const [{ limit }] = found;
  if (typeof limit === 'object') return `${{ warm: 'warm', uncached: 'no cache' }[limit.over]} + ${limit.by.toFixed(2)}`;
  const without = found.find(({ caches }) => !caches)?.limit;
  if (limit === undefined) return '–';
  return without === undefined || without === limit ? limit.toFixed(2) : `${limit.toFixed(2)} (20: ${without.toFixed(2)})`;
}

function memoryTable(nodes, rows) {
  const body = lines(rows.filter(({ state, inside }) => state === 'warm' && !inside)).map(([label, found]) => [
    label,
    ...nodes.map(({ version }) => size(found.find(({ node }) => node === version)?.memory)),
  ]);
  return [['command', ...nodes.map(({ version }) => `Node ${version}`)], ...body];
}

function sizeTable({ packed, installed, packages }) {
  const sign = (value, most) => (value <= most ? '≤' : '>');
  return [
    ['', 'size', 'target'],
    ['packed', `${size(packed)} ${sign(packed, LARGEST.packed)}`, size(LARGEST.packed)],
    ['installed, with the keyring', `${size(installed)} ${sign(installed, LARGEST.installed)}`, size(LARGEST.installed)],
    ['packages', `${packages} ${sign(packages, LARGEST.packages)}`, String(LARGEST.packages)],
  ];
}

/** A Markdown table that is aligned in a terminal too. */
function markdown([head, ...body]) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...body].map((cells) => cells[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...body.map(line)].join('\n');
}
