import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';

const bed = perTest(() => openBed());

/** Files as dnx keeps them, and what is in them. */
const kept = ['config/config.json', 'config/tokens.json', 'config/leases/agent-1.json', 'cache/update.json', 'state/history.jsonl'];
const CONTENT = '{"kept": true}\n';

function keep(name: string): string {
  const file = join(bed.directory, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, CONTENT);
  return file;
}

const SUSPEND = 'site suspend shop.example.com';

describe('a file that dnx keeps', () => {
  test.each([
    `${SUSPEND} --dry-run --out FILE`,
    'undo --dry-run --out FILE',
    'deploy shop.example.com --result-file FILE',
    'audit --baseline FILE --update-baseline',
    'env pull shop.example.com FILE',
    'backup download 01JQ8Z4T9G000000000000BK06 -O FILE --force',
    'db dump shop.example.com -O FILE --force',
    'sandbox start --state FILE',
  ])('is not replaced by: dnx %s', async (line) => {
    if (line.startsWith('undo')) await expect(bed.dnx(`${SUSPEND} --yes`)).toExit(0);
    for (const name of kept.filter((each) => !line.startsWith('undo') || !each.startsWith('state/'))) {
      const file = keep(name);
      symlinkSync(dirname(file), join(bed.directory, `to-${name.replaceAll('/', '-')}`));
      for (const path of [file, join(bed.directory, `to-${name.replaceAll('/', '-')}`, name.split('/').at(-1) ?? '')]) {
        const run = await bed.dnx(line.replace('FILE', path));
        expect([run.code, run.stderr], path).toEqual([2, expect.stringContaining('is where dnx keeps its own files.')]);
        expect(readFileSync(file, 'utf8')).toBe(CONTENT);
      }
    }
  });

  test('is not replaced through a link either', async () => {
    const file = keep('config/config.json');
    symlinkSync(file, join(bed.directory, 'link.json'));
    await expect(bed.dnx(`deploy shop.example.com --result-file ${join(bed.directory, 'link.json')}`)).toExit(2);
    expect(readFileSync(file, 'utf8')).toBe(CONTENT);
  });

  test('is not replaced in a session, whose lease it may be', async () => {
    await expect(
      leasing(bed, 'agent run', async (inside, { env }) => {
        const lease = join(bed.directory, 'config/leases', `${env.DNX_LEASE}.json`);
        const before = readFileSync(lease, 'utf8');
        await expect(inside(`${SUSPEND} --dry-run --out ${lease}`)).toExit(2);
        expect(readFileSync(lease, 'utf8')).toBe(before);
      }),
    ).toExit(0);
  });
});

describe('--out', () => {
  test.each([
    ['a dotenv file', 'APP_KEY=base64:x\n'],
    ['other JSON', '{"version":1}'],
    ['a list', '[]'],
  ])('does not replace %s', async (_, text) => {
    writeFileSync(join(bed.directory, 'file'), text);
    const run = await bed.dnx(`${SUSPEND} --dry-run --out file`);
    expect(run).toExit(2, { stderr: 'Error: file exists, and is not a plan.\n  Use another name, or remove it.\n' });
    expect(readFileSync(join(bed.directory, 'file'), 'utf8')).toBe(text);
  });

  test('replaces a plan, and an empty file', async () => {
    writeFileSync(join(bed.directory, 'file'), '');
    for (const line of [SUSPEND, 'site suspend blog.example.com']) {
      await expect(bed.dnx(`${line} --dry-run --out file`)).toExit(0);
      expect(JSON.parse(readFileSync(join(bed.directory, 'file'), 'utf8'))).toMatchObject({ version: 1 });
    }
  });
});
