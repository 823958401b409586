import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allows } from '../../src/features/changes/php.ts';
import { find, lacking, required } from '../support/programs.ts';
import { seedOf, volume } from '../support/volume.ts';

/** Composer's own parser, from Debian's php-composer-semver. */
const LIBRARY = '/usr/share/php/Composer/Semver/autoload.php';

const skipped = lacking(['php', LIBRARY]).length > 0 && !required;
if (skipped) process.stderr.write("Skipped the comparison with Composer: install Debian's php-cli and php-composer-semver\n");

/**
 * Reads `[version, constraint]` pairs; prints true, false, or null for a constraint that Composer refuses. The alternatives are asked
 * one by one: Composer 3.4 joins `^8 || 9 - 7` to `8 - 7`, which nothing satisfies.
 */
const ORACLE = `
  require ${JSON.stringify(LIBRARY)};
  foreach (json_decode(stream_get_contents(STDIN)) as [$version, $constraint]) {
    try {
      $any = false;
      foreach (preg_split('{\\s*\\|\\|?\\s*}', trim($constraint)) as $one) $any = Composer\\Semver\\Semver::satisfies($version, $one) || $any;
      $answers[] = $any;
    } catch (Throwable $e) { $answers[] = null; }
  }
  echo json_encode($answers);`;

// For a busy machine.
const limitMs = 120_000;

type Pair = readonly [version: string, constraint: string];

function composer(pairs: readonly Pair[]): readonly (boolean | null)[] {
  const { status, stdout, stderr } = spawnSync(find('php') ?? '', ['-r', ORACLE], {
    input: JSON.stringify(pairs),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`php failed: ${stderr}${stdout}`);
  return JSON.parse(stdout) as (boolean | null)[];
}

const ours = ([version, constraint]: Pair): boolean | null => allows(constraint, version) ?? null;

const part = fc.constantFrom('0', '1', '2', '3', '5', '7', '8', '9', '10');
const suffix = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  fc.constantFrom(
    '-dev',
    '-RC1',
    'RC2',
    '-beta.2',
    '-alpha',
    '-stable',
    '-p1',
    'pl2',
    '.x-dev',
    '-b',
    '_a3',
    '+build',
    '@dev',
    '@RC',
    '@stable',
  ),
);
const version = fc
  .tuple(fc.constantFrom('', '', '', 'v'), fc.constantFrom('5', '7', '8', '8', '8', '9', '0'), fc.array(part, { maxLength: 3 }), suffix)
  .map(([v, major, rest, end]) => `${v}${[major, ...rest].join('.')}${end}`);
const single = fc.oneof(
  fc.tuple(fc.constantFrom('^', '~', '>=', '>', '<', '<=', '=', '==', '', '>= ', '< '), version).map((each) => each.join('')),
  fc.tuple(version, fc.constantFrom(' - ', '  -  '), version).map((each) => each.join('')),
  fc
    .tuple(part, fc.array(part, { maxLength: 2 }), fc.constantFrom('.*', '.x', '.X', '.*.*'))
    .map(([a, b, end]) => [a, ...b].join('.') + end),
  fc.constantFrom(
    '*',
    'x',
    '@dev',
    'dev-main',
    '!=8.1',
    '<>8.3.1',
    '!=dev-main',
    '8.x-dev',
    'feature-dev',
    '8.3 as 8.4',
    '',
    '~>8.1',
    '=>8.1',
    'eight',
    '8..1',
    '^',
  ),
);
const constraint = fc
  .array(fc.tuple(single, fc.constantFrom(' || ', '|', '||', ' | ', ',', ', ', ' ', '  ', ' , ')), { minLength: 1, maxLength: 4 })
  .map((all) => all.flatMap(([each, glue], at) => (at === all.length - 1 ? [each] : [each, glue])).join(''));
const release = fc.tuple(fc.constantFrom(5, 7, 8, 8, 8, 9), fc.nat(5), fc.nat(10)).map((numbers) => numbers.join('.'));

/** Every kind of constraint. */
const KINDS = [
  '^8.2',
  '~8.1.0',
  '~8.1',
  '>=8.1 <8.4',
  '>=8.1,<8.4',
  '8.*',
  '8.3.*',
  '^8.1 || ^7.4',
  '^7.4|^8.0',
  '8.1 - 8.3',
  '8.1.2 - 8.3.5',
  '>=8.3@stable',
  '>=8.4@dev',
  '*',
  '8.3',
  '>8.3',
  '<=8.3',
  '^8',
  '~8',
  '>=8.3.0RC1',
  '<8.4-dev',
  '7.4.* || ~8.3.2',
];
const RELEASES = ['7.4.0', '8.1.0', '8.2.9', '8.3.0', '8.3.1', '8.3.5', '8.4.0', '9.0.0'];

describe.skipIf(skipped)('a constraint of composer.json', { timeout: limitMs }, () => {
  test('of every kind is read as Composer reads it', () => {
    const pairs = KINDS.flatMap((kind) => RELEASES.map((each): Pair => [each, kind]));
    const read = (answers: readonly unknown[]) => pairs.map((pair, at) => [...pair, answers[at]]);
    expect(read(pairs.map(ours))).toEqual(read(composer(pairs)));
  });

  test('of any form is read as Composer reads it, or not at all', () => {
    const pairs: Pair[] = fc.sample(fc.tuple(release, constraint), { numRuns: volume(50_000, 2_000), seed: seedOf(12) });
    const theirs = composer(pairs);
    const read = pairs.map((pair, at) => [...pair, ours(pair), theirs[at]] as const).filter(([, , own]) => own !== null);
    expect(read.filter(([, , own, composers]) => own !== composers).slice(0, 20)).toEqual([]);
    expect(read.length).toBeGreaterThan(pairs.length / 10);
    expect(read.filter(([, , own]) => own).length).toBeGreaterThan(pairs.length / 30);
  });

  test('allows a minor version if it allows one of its releases', () => {
    const minors = fc.tuple(fc.constantFrom('7.4', '8.0', '8.1', '8.2', '8.3', '8.4'), constraint);
    const asked = fc.sample(minors, { numRuns: volume(5_000, 100), seed: seedOf(13) });
    const patches = [...Array(13).keys(), 9_999];
    const answers = composer(asked.flatMap(([minor, given]) => patches.map((patch): Pair => [`${minor}.${patch}`, given])));
    for (const [at, [minor, given]] of asked.entries()) {
      const theirs = answers.slice(at * patches.length, (at + 1) * patches.length);
      const any = allows(given, minor);
      if (any !== undefined) expect(any, `${minor} for ${given}`).toBe(theirs.includes(true));
    }
  });
});
