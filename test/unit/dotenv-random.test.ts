import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isError } from '../../src/base/errors.ts';
import { editDotenv, formatDotenv, parseDotenv } from '../../src/features/env/dotenv/dotenv.ts';
import { calmParts, file, join, key, noise, type Part, value, variables } from '../support/dotenv-files.ts';
import { absentForPhpdotenv, type Reading, readWithPhp } from '../support/phpdotenv.ts';
import { required } from '../support/programs.ts';
import { seedOf, volume } from '../support/volume.ts';

const absent = absentForPhpdotenv();
if (absent.length > 0 && !required) {
  process.stderr.write(`Skipped the phpdotenv tests: this machine has no ${absent.join(', ')}\n`);
}

const runs = volume(20_000, 150);
const options = { seed: seedOf(20_260_501), numRuns: runs };
const limitMs = 300_000;

const sorted = (map: ReadonlyMap<string, string> = new Map()) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** What dnx makes of a file: its variables, or the message. */
function read(text: string): ReadonlyMap<string, string> | string {
  try {
    return parseDotenv(text).variables;
  } catch (error) {
    if (isError(error, 'usage')) return error.message;
    throw error;
  }
}

/** Edits a file; undefined if it or the edit is refused. */
function edit(text: string, changes: ReadonlyMap<string, string | undefined>): string | undefined {
  try {
    return editDotenv(text, changes);
  } catch (error) {
    if (isError(error, 'usage')) return undefined;
    throw error;
  }
}

const changes = fc
  .array(fc.tuple(key, fc.option(value, { nil: undefined, freq: 3 })), { minLength: 1, maxLength: 4 })
  .map((pairs) => new Map(pairs));

describe(`${runs} random`, { timeout: limitMs }, () => {
  test('maps are read back as they were written, without references', () => {
    const property = fc.property(variables, (map) => {
      const { variables: found, references } = parseDotenv(formatDotenv(map));
      expect([...found]).toEqual([...map]);
      expect(references.size).toBe(0);
    });
    fc.assert(property, options);
  });

  test('edits leave every other variable, and nothing to edit again', () => {
    let edits = 0;
    const property = fc.property(file, changes, (text, wanted) => {
      const edited = edit(text, wanted);
      if (edited === undefined) return;
      const expected = new Map(parseDotenv(text).variables);
      for (const [name, to] of wanted) to === undefined ? expected.delete(name) : expected.set(name, to);
      const found = parseDotenv(edited).variables;
      for (const name of wanted.keys()) expect(found.get(name)).toBe(expected.get(name));
      // With ${…}, other variables may change too.
      if (!text.includes('$')) expect(sorted(found)).toEqual(sorted(expected));
      expect(editDotenv(edited, wanted)).toBe(edited);
      edits += 1;
    });
    fc.assert(property, options);
    expect(edits).toBeGreaterThan(runs / 3);
  });

  test('edits to the values that are there change nothing', () => {
    const property = fc.property(file, (text) => {
      const found = read(text);
      if (typeof found !== 'string') expect(editDotenv(text, found)).toBe(text);
    });
    fc.assert(property, options);
  });

  test('edits of one variable keep every other byte', () => {
    let edits = 0;
    const property = fc.property(calmParts, fc.nat(), value, (parts, pick, wanted) => {
      const keyed = parts.filter((part) => part.key !== undefined);
      const name = keyed[pick % keyed.length]?.key;
      const text = join(parts);
      const edited = name === undefined ? undefined : edit(text, new Map([[name, wanted]]));
      if (name === undefined || edited === undefined || parseDotenv(text).variables.get(name) === wanted) return;
      const at = parts.findLastIndex((part) => part.key === name);
      const { before, written, after } = parts[at] as Part;
      const [start, end] = written === '' ? [before.trimEnd(), before.slice(before.trimEnd().length) + after] : [before, after];
      expect(edited.slice(0, join(parts.slice(0, at)).length + start.length)).toBe(join(parts.slice(0, at)) + start);
      expect(edited.endsWith(end + join(parts.slice(at + 1)))).toBe(true);
      edits += 1;
    });
    fc.assert(property, options);
    expect(edits).toBeGreaterThan(runs / 4);
  });
});

describe.skipIf(absent.length > 0 && !required)(`phpdotenv and dnx, on ${runs} random`, { timeout: limitMs }, () => {
  beforeAll(() => expect(absent, 'what CI must have').toEqual([]));

  /** Compares both readers, and returns how many files were read and how many refused. */
  function compare(files: readonly string[]): { readonly read: number; readonly refused: number } {
    const answers = readWithPhp(files);
    const known = files.map(read);
    const differing = files.filter((text, index) => !agree(text, known[index] ?? '', answers[index] ?? {}));
    expect(differing.sort((a, b) => a.length - b.length).slice(0, 3)).toEqual([]);
    const refused = answers.filter(({ error }) => error !== undefined).length;
    return { read: answers.filter((answer) => answer.variables?.size).length, refused };
  }

  test('files agree', () => {
    const { read: accepted, refused } = compare(fc.sample(file, options));
    expect(accepted).toBeGreaterThan(runs / 3);
    expect(refused).toBeGreaterThan(runs / 20);
  });

  test('strings of special characters agree', () => {
    expect(compare(fc.sample(noise, options)).refused).toBeGreaterThan(runs / 2);
  });

  test('maps agree once written', () => {
    const maps = fc.sample(variables, options);
    const found = readWithPhp(maps.map(formatDotenv)).map(({ variables: each }) => sorted(each));
    expect(found.filter((each, index) => JSON.stringify(each) !== JSON.stringify(sorted(maps[index])))).toEqual([]);
  });

  test('edited files agree', () => {
    const edited = fc.sample(fc.tuple(file, changes), options).map(([text, wanted]) => edit(text, wanted));
    expect(compare(edited.filter((text) => text !== undefined)).refused).toBe(0);
  });
});

/** True if dnx and phpdotenv read the same. dnx also refuses NUL, and a quote after which phpdotenv ignores the file. */
function agree(text: string, ours: ReadonlyMap<string, string> | string, theirs: Reading): boolean {
  if (typeof ours !== 'string') return JSON.stringify(sorted(ours)) === JSON.stringify(sorted(theirs.variables));
  const line = Number(/^\.env line (\d+): /.exec(ours)?.[1]);
  if (!(line > 0)) return false;
  if (theirs.error !== undefined) return true;
  if (/NUL/.test(ours)) return [...(theirs.variables ?? [])].some(([, each]) => each.includes('\0')) || text.includes('\0');
  const above = text
    .split(/\r\n|\n|\r/)
    .slice(0, line - 1)
    .join('\n');
  return /never closed/.test(ours) && JSON.stringify(sorted(parseDotenv(above).variables)) === JSON.stringify(sorted(theirs.variables));
}
