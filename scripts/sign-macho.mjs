import { createHash } from 'node:crypto';

const PAGE = 4_096;
const SEGMENT = 0x19;
const SIGNATURE = 0x1d;
/** Of a linker, not of a person: `adhoc` and `linker-signed`. */
const FLAGS = 0x20002;
const MAIN_BINARY = 1;

/**
 * A program for macOS with an ad-hoc signature of all that is in it. Bun signs those for arm64, but leaves its own signature in those for x64, which
 * is wrong after the bundle was added, and macOS kills such a program.
 */
export function signed(program) {
  const commands = commandsOf(program);
  const { at } = commands.find(({ type }) => type === SIGNATURE);
  const limit = program.readUInt32LE(at + 8);
  const pages = Math.ceil(limit / PAGE);
  const head = 88 + 'dnx\0'.length;
  const size = 20 + head + pages * 32;
  const file = Buffer.concat([program.subarray(0, limit), Buffer.alloc(size)]);
  file.writeUInt32LE(size, at + 12);
  const [linked, text] = ['__LINKEDIT', '__TEXT'].map((name) => segmentOf(program, commands, name));
  const inFile = BigInt(file.length) - file.readBigUInt64LE(linked + 40);
  file.writeBigUInt64LE(inFile, linked + 48);
  file.writeBigUInt64LE(((inFile + 0xfffn) / 0x1000n) * 0x1000n, linked + 32);

  const sign = file.subarray(limit);
  // A SuperBlob with one CodeDirectory.
  for (const [index, value] of [0xfade0cc0, size, 1, 0, 20].entries()) sign.writeUInt32BE(value, 4 * index);
  const directory = sign.subarray(20);
  for (const [index, value] of [0xfade0c02, size - 20, 0x20400, FLAGS, head, 88, 0, pages, limit].entries())
    directory.writeUInt32BE(value, 4 * index);
  directory.set([32, 2, 0, Math.log2(PAGE)], 36);
  directory.writeBigUInt64BE(program.readBigUInt64LE(text + 40), 64);
  directory.writeBigUInt64BE(program.readBigUInt64LE(text + 48), 72);
  directory.writeBigUInt64BE(BigInt(MAIN_BINARY), 80);
  directory.write('dnx\0', 88, 'latin1');
  for (let page = 0; page < pages; page++) {
    const hash = createHash('sha256').update(file.subarray(page * PAGE, Math.min((page + 1) * PAGE, limit)));
    directory.set(hash.digest(), head + page * 32);
  }
  return file;
}

/** The load commands of a program for one processor. */
function commandsOf(program) {
  const commands = [];
  for (let at = 32; commands.length < program.readUInt32LE(16); at += program.readUInt32LE(at + 4))
    commands.push({ at, type: program.readUInt32LE(at) });
  return commands;
}

const segmentOf = (program, commands, name) =>
  commands.find(({ at, type }) => type === SEGMENT && program.toString('latin1', at + 8, at + 24).replace(/\0+$/, '') === name).at;
