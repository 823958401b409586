import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { plants } from '../support/audited.ts';
import { openCleanBed } from '../support/clean.ts';
import type { Run } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { junitIn } from '../support/junit.ts';
import { sarifIn } from '../support/sarif.ts';
import { leading, seedOf, volume } from '../support/volume.ts';

const bed = perSuite(openCleanBed);
beforeEach(() => bed.reset());

const plantAll = () => {
  for (const { plant } of Object.values(plants)) plant(bed.sandbox.state, bed.clock.now());
};

async function report(format: string, options = {}): Promise<string> {
  const run = await bed.dnx(`audit -o ${format}`, options);
  expect(run).toExit(0, { stderr: '' });
  return run.stdout;
}

test('SARIF and JUnit have each finding once, and are valid without any', async () => {
  expect(sarifIn(await report('sarif')).runs[0].results).toEqual([]);
  const passed = await junitIn(await report('junit'));
  expect(new Set(passed.map(({ outcome }) => outcome))).toEqual(new Set(['passed']));
  expect(await report('markdown')).toBe('## ✅ dnx audit\n\nNo findings on 3 servers and 6 sites.\n');
  plantAll();
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  const { results } = sarifIn(await report('sarif')).runs[0];
  expect(results.map(({ partialFingerprints }) => partialFingerprints['dnxAudit/v1'])).toEqual(found.map(({ fingerprint }) => fingerprint));
  expect(new Set(results.map(({ level }) => level))).toEqual(new Set(['error', 'warning', 'note']));
  const cases = await junitIn(await report('junit'));
  const failed = cases.filter(({ outcome }) => outcome === 'failed');
  expect(failed.map(({ rule }) => rule).sort()).toEqual(found.map(({ rule }) => rule).sort());
  expect(failed.map(({ text }) => text).join('\n')).toContain('Fix: dnx backup create --database shop --server db-1');
  expect(new Set(cases.map(({ rule, name }) => `${rule} ${name}`)).size).toBe(cases.length);
  const rows = (await report('markdown')).split('\n').filter((line) => /^\| (🔴|🟠|🔵)/u.test(line));
  expect(rows).toHaveLength(found.length);
});

/** Characters that mean something to a terminal, XML, Markdown, JSON, SARIF, a shell or a CI system. */
const parts = [
  ...[
    '\u0000',
    '\u0007',
    '\u001b[2J',
    '\u001b]0;x\u0007',
    '\r\n',
    '\n',
    '\t',
    '\u0085',
    '\u009b31m',
    '\u2028',
    '\u202e',
    '\u200b',
    '\ufeff',
  ],
  ...['\ufffe', '\uffff', '\ud800', '\udc00', '👩‍💻', ']]>', '<![CDATA[', '-->', '<!--', '&amp;', '&', '<', '>', '"', "'", '<script>'],
  ...['|', '\\', '`', '```', '*', '_', '[x](http://evil.test)', '![i](x)', '{0}', '@ada', '#1', ':boom:', '~~', '$x$', '$(touch x)', ';'],
  ...['::error::x', '##[error]x', 'www.evil.test', 'https://evil.test', ' ', 'shop', '漢字'],
];
const hostile = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 5 }).map((words) => words.join(''));

/** Puts a hostile text into every field of every finding. */
function spoil(text: string): void {
  const { state } = bed.sandbox;
  for (const [index, each] of state.servers.entries()) each.name = `${text}${index}`;
  for (const [index, each] of state.sites.entries()) each.domain = `${text}${index}.example.com`;
  for (const each of state.certificates) Object.assign(each, { domain: `${text}.example.com`, reason: each.reason === null ? null : text });
  for (const each of state.queues) Object.assign(each, { queue: text, connection: text });
  for (const [index, each] of state.daemons.entries()) Object.assign(each, { command: `${text}${index}`, directory: text });
  for (const each of state.databases) each.name = text;
  for (const each of state.network_rules) each.name = text;
  for (const each of state.ssh_keys) each.name = text;
  for (const each of state.tokens) each.name = text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202e\u200b\ufeff]/;

/** What a Markdown reader could take for more than text, outside of the tags of the report. */
const MARKUP = /[[\]`*_~@$]|<(?!\/?code>)|https?:\/\/|www\./;

const checks: Readonly<Record<string, (run: Run) => unknown>> = {
  table: ({ stdout }) => expect(stdout).not.toMatch(UNSAFE),
  json: ({ stdout }) => expect(stdout).not.toMatch(UNSAFE),
  sarif: ({ stdout }) => {
    expect(stdout).not.toMatch(UNSAFE);
    sarifIn(stdout);
  },
  junit: async ({ stdout }) => {
    expect(stdout).not.toMatch(UNSAFE);
    await junitIn(stdout);
  },
  markdown: ({ stdout }) => {
    expect(stdout).not.toMatch(UNSAFE);
    const lines = stdout.split('\n').slice(1);
    for (const line of lines) {
      expect(line.replace(/&#\d+;/g, '')).not.toMatch(MARKUP);
      if (line.startsWith('|')) expect(line.replace(/[^|]/g, '')).toHaveLength(5);
    }
  },
};

test('hostile names break no format', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      bed.reset();
      plantAll();
      spoil(text);
      for (const [format, check] of Object.entries(checks)) {
        const run = await bed.dnx(`audit -o ${format}`, { env: { GITHUB_ACTIONS: 'true' } });
        expect([run.code, run.stderr.replace(/::\w+::.*/g, '')], run.stderr).toEqual([0, '']);
        expect(run.stdout).not.toMatch(/^\s*::\w/m);
        expect(run.stdout).not.toContain('##[');
        await check(run);
      }
    }),
    { numRuns: volume(6, 1), seed: seedOf(13), examples: [[parts.join('')]] },
  );
}, 120_000);

describe('-o sarif, junit and markdown', () => {
  test.each(leading(['sarif', 'junit', 'markdown'], 1))('%s belongs to reports alone', async (format) => {
    for (const [line, env] of [
      [`server list -o ${format}`, {}],
      ['server list', { DNX_OUTPUT: format }],
      [`config set output ${format}`, {}],
    ] as const) {
      const run = await bed.dnx(line, { env });
      expect([run.code, run.stdout, run.calls], line).toEqual([2, '', []]);
      expect(run.stderr).toContain(`'${format}' is not an output format.\n  Known: table, json, ndjson, yaml, csv, tsv, text, ids.`);
    }
    expect((await bed.dnx('audit', { env: { DNX_OUTPUT: format } })).stdout).toBe(await report(format));
    const unknown = await bed.dnx('audit -o html');
    expect([unknown.code, unknown.stderr.includes(format)]).toEqual([2, true]);
    expect((await bed.dnx('audit --help')).stdout).toContain(format);
    for (const shaping of ['--fields rule', '--query [0]', '--sort rule', '--limit 1']) {
      const run = await bed.dnx(`audit -o ${format} ${shaping}`);
      expect([run.code, run.calls], shaping).toEqual([2, []]);
      expect(run.stderr).toContain(`${shaping.split(' ')[0]} cannot be combined with -o ${format}`);
    }
  });
});

describe('the options of lists', () => {
  test('shape the findings', async () => {
    plantAll();
    const query = await bed.dnx(['audit', '--query', "[?severity=='low'].rule", '-o', 'text']);
    expect(query.stdout.split('\n').filter(Boolean).sort()).toEqual([
      'preview-unmarked',
      'ssh-key-differs',
      'ssh-key-differs',
      'zero-downtime-off',
    ]);
    const csv = await bed.dnx('audit -o csv --fields severity,rule --limit 2');
    expect(csv.stdout).toBe('severity,rule\nhigh,certificate-missing\nhigh,certificate-missing\n');
    const ndjson = (await bed.dnx('audit -o ndjson')).stdout.trimEnd().split('\n');
    expect(ndjson).toHaveLength(Object.keys(plants).length);
    expect(Object.keys(JSON.parse(ndjson[0] ?? ''))).toEqual([
      'rule',
      'severity',
      'server',
      'site',
      'resource',
      'message',
      'why',
      'fix',
      'fingerprint',
    ]);
    const table = await bed.dnx('audit --fields rule,server --limit 1');
    expect(table.stdout).toBe('RULE                 SERVER\ncertificate-missing  web-2\n');
  });

  test.each([40, 80, 120])('the report fits %i columns, but for commands and long words', async (columns) => {
    plantAll();
    const { stdout } = await bed.dnx('audit', { columns, env: { NO_COLOR: '1' } });
    const long = stdout.split('\n').filter((line) => line.length > columns && !/^ +(fix: )?dnx \S/.test(line));
    expect(long.filter((line) => line.trim().includes(' '))).toEqual([]);
    expect(stdout).toMatch(/^web-1\n {2}high {4}\S/m);
    const fixes = stdout.split('\n').filter((line) => /^ *fix: dnx \S/.test(line));
    expect(fixes.length).toBe(Object.keys(plants).length);
    for (const line of fixes) expect(line.search(/\S/)).toBe(10);
  });
});
