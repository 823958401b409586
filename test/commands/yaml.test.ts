import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { openBed } from '../support/dnx.ts';
import { openJson } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { lacking } from '../support/programs.ts';

/** Strings that a version of YAML, or a reader of it, takes for another type or does not accept as they are. */
const words = [
  ...[
    'NO',
    'no',
    'Yes',
    'on',
    'OFF',
    'y',
    'n',
    'Y',
    'true',
    'True',
    'nUll',
    'null',
    '~',
    '',
    '=',
    '<<',
    '---',
    '- a',
    'a: b',
    'a #b',
    '*a',
  ],
  ...['12:30:45', '-1:30', '12:30:45.5', '1_000', '1,000', '685_230.15', '0x1F', '0o17', '017', '08', '0b101', '1e3', '1.0e+3', '1.5'],
  ...['.5', '5.', '+12', '-0', '.inf', '-.INF', '.nan', '_1', '2026-12-01', '2026-12-01 02:00:00', '2026-1-1', '2026-12-01T02:00:00Z'],
  ...['a\u007fb', 'a\u0085b', 'a\u009bb', '\ufeffa', 'a\u2028b', 'a\u2029b', '\ufffe', '\u0001', '\u001b[0m', '\u202e', '😀', 'a\tb', '\t'],
  ...[
    ' a',
    'a ',
    '\na',
    'a\n',
    'a\n\n  b\n\n',
    'a\r\nb',
    'a\n\u0085b',
    `${'x'.repeat(90)} ${'y'.repeat(90)}`,
    '203.0.113.10',
    '!a',
    '%a',
    '@a',
  ],
];

const bed = perTest(openBed);

/** Prints these strings, as values and as keys, in YAML. */
async function printed(): Promise<string> {
  const server = await openJson(() => ({ values: words, keys: Object.fromEntries(words.map((word) => [word, word])) }));
  onTestFinished(() => server.close());
  const run = await bed.dnx('api GET /user -o yaml', { env: { DNX_HOST: server.url } });
  expect(run).toExit(0, { stderr: '' });
  return run.stdout;
}

type Read = { readonly values: readonly unknown[]; readonly keys: Readonly<Record<string, unknown>> };
const expected = { values: words, keys: Object.fromEntries(words.map((word) => [word, word])) };

test.each(['1.1', '1.2'] as const)('-o yaml reads the same in YAML %s', async (version) => {
  expect(parse(await printed(), { version }) as Read).toEqual(expected);
});

test('-o yaml has no character that is invisible or a line break to some readers', async () => {
  expect(await printed()).not.toMatch(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe]/);
});

const readers = [
  [
    '/usr/bin/python3',
    '/usr/lib/python3/dist-packages/yaml/__init__.py',
    ['-c', 'import json,sys,yaml; json.dump(yaml.safe_load(open(sys.argv[1], "rb")), sys.stdout)'],
  ],
  ['ruby', 'ruby', ['-ryaml', '-rjson', '-e', 'print JSON.generate(YAML.safe_load(File.read(ARGV[0], encoding: "UTF-8")))']],
] as const;

for (const [program, file, script] of readers) {
  const [missing] = lacking([file]);
  if (missing) process.stderr.write(`Skipped a test of YAML: this machine lacks ${missing}\n`);
  test.skipIf(missing !== undefined)(`-o yaml reads the same in ${program}`, async () => {
    const written = join(bed.directory, 'printed.yaml');
    writeFileSync(written, await printed());
    expect(JSON.parse((await execa(program, [...script, written])).stdout)).toEqual(expected);
  });
}
