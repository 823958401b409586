import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { abilities } from '../../src/base/abilities.ts';
import { flagName } from '../../src/base/text.ts';
import { type Bed, openBed } from './dnx.ts';

/** One command and its result with the seed. Command lines omit `dnx` and the group. */
export interface Case {
  readonly line: string;
  readonly stdin?: string;
  /** Texts on stdout. */
  readonly table: readonly string[];
  /** The output of `--json`, compared with `toMatchObject`. */
  readonly json: object;
  /** A text on stderr, which is empty without it. */
  readonly says?: string;
  readonly ability: string;
  /** A command line for something that does not exist; exit 6. */
  readonly missing?: string;
  /** A command line with a body that the API rejects, the field it names, and its label if that is not the flag; exit 7. */
  readonly invalid?: readonly [line: string, field: string, label?: string];
}

/** A valid id that does not exist. */
export const missingId = '01JQ8Z4T9G00000000000N0NE1';

/** Tests each command of a group: text, JSON, 403, 404, 422, and missing consent. */
export function testGroup(group: string, cases: Readonly<Record<string, Case>>): void {
  let bed: Bed;
  beforeEach(async () => {
    bed = await openBed();
  });
  afterEach(() => bed.close());

  describe.each(Object.entries(cases))(`${group} %s`, (_, { line, stdin = '', table, json, says, ability, missing, invalid }) => {
    const dnx = (words: string, env = {}) => bed.dnx(`${group} ${words}`, { stdin, env });

    test('prints text', async () => {
      const run = await dnx(line);
      for (const each of table) expect(run.stdout).toContain(each);
      if (says === undefined) expect(run.stderr).toBe('');
      else expect(run.stderr).toContain(says);
      expect(run).toExit(0);
    });

    test('prints JSON as the API sent it', async () => {
      const run = await dnx(`${line} --json`);
      expect(run.json()).toMatchObject(json);
      expect(run).toExit(0);
    });

    test(`names ${ability} if the token lacks it`, async () => {
      const run = await dnx(line, { DNX_TOKEN: bed.sandbox.mint(abilities.filter((each) => each !== ability)) });
      expect(run.stderr).toMatch(new RegExp(`(Token is missing the ability|Forbidden\\. The token probably lacks) ${ability} `));
      expect(run.stdout).toBe('');
      expect(run).toExit(5);
    });

    const consent = / --yes| --confirm \S+/;
    if (consent.test(line))
      test('sends nothing without consent if there is no terminal', async () => {
        const run = await dnx(line.replace(consent, ''));
        expect(run.calls).toEqual([]);
        expect(run.stdout).toBe('');
        expect(run).toExit(2);
      });

    if (missing !== undefined)
      test('exits 6 if it does not exist', async () => {
        const run = await dnx(missing);
        expect(run.stderr).toMatch(/not found/i);
        expect(run.stdout).toBe('');
        expect(run).toExit(6);
      });

    if (invalid !== undefined)
      test('names a rejected field by its flag', async () => {
        const [words, field, label = flagName(field)] = invalid;
        const run = await dnx(words);
        const [first, ...others] = run.stderr.split('\n');
        expect(first).toBe('Error: Deploynix rejected the request.');
        expect(others).toContainEqual(expect.stringMatching(`^  ${label}: The `));
        expect(run).toExit(7);
        const { error } = JSON.parse((await dnx(`${words} --json`)).stderr.split('\n').at(-2) ?? '');
        expect(error).toMatchObject({ code: 'invalid', status: 422, errors: { [field]: expect.any(Array) } });
      });
  });
}
