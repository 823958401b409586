import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
// @ts-expect-error: it has no types.
import { signed } from '../../scripts/sign-macho.mjs';

const LIMIT = 10_000;

/** A program for macOS with an old signature of 100 bytes. */
function program(): Buffer {
  const file = Buffer.alloc(LIMIT + 100, 'x');
  file.fill(0, 0, 400);
  file.writeUInt32LE(3, 16);
  const segment = (at: number, name: string, offset: number, size: number) => {
    file.writeUInt32LE(0x19, at);
    file.writeUInt32LE(72, at + 4);
    file.write(name, at + 8, 'latin1');
    file.writeBigUInt64LE(BigInt(offset), at + 40);
    file.writeBigUInt64LE(BigInt(size), at + 48);
  };
  segment(32, '__TEXT', 0, 4_096);
  segment(104, '__LINKEDIT', 8_192, LIMIT + 100 - 8_192);
  for (const [index, value] of [0x1d, 16, LIMIT, 100].entries()) file.writeUInt32LE(value, 176 + 4 * index);
  return file;
}

test('a program for macOS gets a signature of each of its pages', () => {
  const file: Buffer = signed(program());
  expect(file.readUInt32LE(188)).toBe(file.length - LIMIT);
  // Its last segment ends with the file.
  expect(8_192n + file.readBigUInt64LE(152)).toBe(BigInt(file.length));
  const directory = file.subarray(LIMIT + 20);
  const [hashes, pages, limit] = [16, 28, 32].map((at) => directory.readUInt32BE(at)) as [number, number, number];
  expect([file.readUInt32BE(LIMIT), directory.readUInt32BE(0), pages, limit]).toEqual([0xfade0cc0, 0xfade0c02, 3, LIMIT]);
  for (const page of [0, 1, 2]) {
    const bytes = file.subarray(page * 4_096, Math.min((page + 1) * 4_096, LIMIT));
    const hash = directory.subarray(hashes + page * 32, hashes + (page + 1) * 32);
    expect(hash.toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
  expect(hashes + 3 * 32).toBe(directory.length);
});
