import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run, type RunOptions, temporary } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { writeState } from '../support/state-bed.ts';

const bed = perTest(openBed);

const state = (text: string) => writeState(bed.directory, text);
const file = (name: string, text: string) => writeFileSync(join(bed.directory, name), text);
const shop = (text: string): string => `sites:\n  shop.example.com:\n    server: web-1\n    ${text}\n`;
const apply = (words = '', options?: RunOptions): Promise<Run> => bed.dnx(`apply --yes ${words}`, options);
const value = (key: string) =>
  bed.sandbox.state.environment_variables.find((row) => row.site_id === seeded.sites['shop.example.com'] && row.key === key)?.value;

const SECRET = 'corr3ct horse # "battery"';
const dotenv = `# Shop\nNEW_A=one\nNEW_B='${SECRET}'\nNEW_C="\${NEW_A} two"\nNEW_A=three\n`;

describe('env_file of a site', () => {
  beforeEach(() => {
    file('.env.shop', dotenv);
    state(shop('env_file: .env.shop'));
  });

  test('stands for each of its variables, and applying twice sends nothing', async () => {
    const dry = await bed.dnx('apply --dry-run');
    expect(dry).toExit(0, { changes: [] });
    expect(dry.stdout + dry.stderr).not.toContain('corr3ct');
    const run = await apply();
    expect(run).toExit(0);
    expect(run.stdout + run.stderr).not.toContain('corr3ct');
    // Of a key that is there twice, the last value, as Laravel reads it.
    expect(['NEW_A', 'NEW_B', 'NEW_C'].map(value)).toEqual(['three', SECRET, 'one two']);
    await expect(apply()).toExit(0, { changes: [] });
    const drift = await bed.dnx('drift');
    expect(drift).toExit(0);
    expect(drift.stdout).toContain('3 values are not compared');
  });

  test('gives way to what the site itself says', async () => {
    state(shop("env_file: .env.shop\n    env: { NEW_A: own, NEW_C: { text: 'op://not/a/reference' } }"));
    await expect(apply()).toExit(0);
    expect(['NEW_A', 'NEW_B', 'NEW_C'].map(value)).toEqual(['own', SECRET, 'op://not/a/reference']);
  });

  test('is read again by a saved plan, which holds no value', async () => {
    await expect(bed.dnx('apply --dry-run --out plan.json')).toExit(0);
    expect(readFileSync(join(bed.directory, 'plan.json'), 'utf8')).not.toContain('corr3ct');
    await expect(bed.dnx('apply plan.json --yes')).toExit(0);
    expect(value('NEW_B')).toBe(SECRET);
  });

  test('is taken back by undo, without a value on the screen', async () => {
    await expect(apply()).toExit(0);
    const undone = await bed.dnx('undo --yes');
    expect(undone).toExit(0);
    expect(undone.stdout + undone.stderr).not.toContain('corr3ct');
    expect(value('NEW_B')).toBeUndefined();
  });

  test('is never written by export or by drift --accept', async () => {
    await expect(bed.dnx('export shop.example.com --out deploynix.yml')).toExit(0);
    const exported = readFileSync(join(bed.directory, 'deploynix.yml'), 'utf8');
    expect(exported).toContain('env_file: .env.shop\n');
    expect(exported).not.toContain('NEW_B');
    state(shop('env_file: .env.shop'));
    const drift = await bed.dnx('drift --accept all');
    expect(drift).toExit(0, { says: 'The file keeps what it refers to, and names: NEW_A, NEW_B, NEW_C' });
    expect(readFileSync(join(bed.directory, 'deploynix.yml'), 'utf8')).toContain('env_file: .env.shop\n');
    expect(readFileSync(join(bed.directory, '.env.shop'), 'utf8')).toBe(dotenv);
  });

  test('may be a list that the site owns', async () => {
    state(shop('env_file: .env.shop\n    owns: [env]'));
    const run = await bed.dnx('apply --dry-run --delete');
    expect(run).toExit(0);
    expect(run.stdout).toContain('delete variable APP_KEY');
  });

  test.each([
    ['does not exist', '', '.env.none', '.env.none does not exist.'],
    ['is no dotenv file', 'what is this', '.env.shop', '.env.shop line 1: '],
    ['never closes a quote', 'A="b\nC=d', '.env.shop', '.env.shop line 1: a quote is never closed'],
    ['is huge', `A=${'x'.repeat(1_100_000)}\n`, '.env.shop', 'is larger than 1 MB'],
    ['has too many keys', Array.from({ length: 5_001 }, (_, at) => `K${at}=v`).join('\n'), '.env.shop', 'at most 5000 entries'],
    ['is a directory', '', '.', 'is not a regular file'],
    ['is empty as a name', '', "''", 'is not a regular file'],
  ])('that %s is an error at its line, which quotes no value', async (_, text, name, says) => {
    file('.env.shop', text);
    state(shop(`env_file: ${name}`));
    const run = await apply();
    expect(run).toExit(2, { calls: [] });
    expect(run.stderr.replaceAll(/\s+/g, ' ')).toMatch(/^Error: deploynix\.yml:4:\d+: /);
    expect(run.stderr.replaceAll(/\s+/g, ' ')).toContain(says);
    expect(run.stderr).not.toContain('this is');
  });

  test.each(['../secrets', 'link', '/absolute'])('never reads a file outside of the project: %s', async (kind) => {
    const outside = temporary();
    writeFileSync(join(outside, '.env'), 'OUTSIDE=corr3ct\n');
    mkdirSync(join(bed.directory, '.git'), { recursive: true });
    symlinkSync(join(outside, '.env'), join(bed.directory, 'link'));
    const name = kind === 'link' ? 'link' : kind === '/absolute' ? join(outside, '.env') : relative(bed.directory, join(outside, '.env'));
    state(shop(`env_file: ${name}`));
    const run = await apply(`--allow-file ${join(outside, '.env')}`);
    expect(run).toExit(2, { calls: [] });
    expect(run.stderr).not.toContain('OUTSIDE');
  });

  test('sends no reference that a dotenv file has itself', async () => {
    file('.env.shop', "NEW_A=op://vault/item/field\nNEW_B='file:///etc/passwd'\nNEW_C=file:///etc/passwd\n");
    await expect(apply()).toExit(2, { changes: [], says: 'deploynix.yml:4:15: NEW_A in file://.env.shop is a reference itself.' });
    state(shop("env_file: .env.shop\n    env: { NEW_A: a, NEW_C: { text: 'file:///etc/passwd' } }"));
    await expect(apply()).toExit(0);
    expect(['NEW_B', 'NEW_C'].map(value)).toEqual(['file:///etc/passwd', 'file:///etc/passwd']);
  });
});

describe('file://PATH#KEY', () => {
  const users = (password: string) =>
    `servers:\n  web-1:\n    databases:\n      shop:\n        users:\n          mover: { password: ${password} }\n`;

  test('reads a variable of a dotenv file for any secret', async () => {
    file('.env.shop', dotenv);
    state(users("'file://.env.shop#NEW_B'"));
    const bodies: unknown[] = [];
    const through = ({ request, ...network }: Transport): Transport => ({
      ...network,
      request: (sent) => {
        if (sent.body !== undefined) bodies.push(JSON.parse(String(sent.body)));
        return request(sent);
      },
    });
    const run = await apply('', { through });
    expect(run).toExit(0, { changes: [expect.stringContaining('/databases'), expect.stringContaining('/users')] });
    expect(run.stdout + run.stderr).not.toContain('corr3ct');
    expect(bodies).toContainEqual({ username: 'mover', password: SECRET });
    await expect(apply()).toExit(0, { changes: [] });
  });

  test.each([
    ['a key that is not there', 'file://.env.shop#NONE', 'deploynix.yml:6:11: file://.env.shop has no NONE.'],
    ['a file that is not there', 'file://.env.none#A', 'deploynix.yml:6:11: Could not resolve password'],
  ])('fails at its place for %s', async (_, reference, says) => {
    file('.env.shop', dotenv);
    state(users(`'${reference}'`));
    const run = await apply();
    expect(run).toExit(2, { changes: [] });
    expect(run.stderr.replaceAll(/\s+/g, ' ')).toContain(says);
  });

  test('reads outside of the project what --allow-file names, and nothing else', async () => {
    const outside = join(temporary(), '.env');
    writeFileSync(outside, dotenv);
    mkdirSync(join(bed.directory, '.git'), { recursive: true });
    state(users(`'file://${outside}#NEW_B'`));
    await expect(apply()).toExit(2, { changes: [], says: 'is outside of this project.' });
    await expect(apply(`--allow-file ${outside}`)).toExit(0, {
      changes: [expect.stringContaining('/databases'), expect.stringContaining('/users')],
    });
  });
});
