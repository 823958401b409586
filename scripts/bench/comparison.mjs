import { sizeOf } from './peers.mjs';
import { size } from './statistics.mjs';

const HEADINGS = ['', 'version', '--version', '--help', 'list', 'memory of --help', 'installed', 'packages'];

/** The table of dnx beside its peers, on the running Node. Empty without peers. */
export function comparison({ found }, { rows: subjects, base }, rows, installed) {
  if (found.length === 0) return [];
  const ofDnx = (name) => rows.find((row) => row.name === name && row.node === base.node && row.state === 'warm');
  const cell = (subject) => subject && `${subject.ms.toFixed(0)} ms · ${(subject.ms / base.ms).toFixed(2)}`;
  const line = (name, version, columns, { installed: bytes, packages }) => [
    name,
    version ?? '–',
    ...['version', 'help', 'list'].map((column) => cell(columns[column]) ?? '–'),
    size(columns.help.memory),
    size(bytes),
    String(packages ?? '–'),
  ];
  const dnx = { version: ofDnx('dnx --version'), help: ofDnx('dnx --help'), list: ofDnx('dnx server list') };
  return [
    HEADINGS,
    line('dnx', installed.version, dnx, installed.size),
    ...found.map((peer) => {
      const columns = Object.fromEntries(
        subjects.filter((subject) => subject.peer === peer.name).map((subject) => [subject.column, subject]),
      );
      return line(peer.name, /\d+\.\d+[\w.-]*/.exec(columns.version.printed)?.[0], columns, sizeOf(peer));
    }),
  ];
}
