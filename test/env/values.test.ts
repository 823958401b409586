import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isMask } from '../../src/base/text.ts';
import { formatDotenv, parseDotenv } from '../../src/features/env/dotenv/dotenv.ts';
import { file, variables } from '../support/dotenv-files.ts';
import { openEnvSite, SITE_FILE } from '../support/env-site.ts';
import { perSuite } from '../support/fixtures.ts';
import { seedOf, volume } from '../support/volume.ts';

const SEED = seedOf(7);

const site = perSuite(openEnvSite);

const empty = () => mkdtempSync(join(site.bed.directory, 'empty-'));

/** Without keys that the API refuses, and values that stand for hidden ones. */
const isAccepted = (all: ReadonlyMap<string, string>): boolean =>
  [...all].every(([key, value]) => /^[A-Za-z_]\w*$/.test(key) && !isMask(value));

async function succeed(verb: string, cwd: string, ...words: readonly string[]): Promise<void> {
  await expect(site.env([verb, ...words], { cwd })).toExit(0);
}

test('any variables are the same after a push and a pull into an empty directory', async () => {
  const property = fc.asyncProperty(variables.filter(isAccepted), async (all) => {
    site.setAll({});
    const [from, to] = [empty(), empty()];
    writeFileSync(join(from, SITE_FILE), formatDotenv(all));
    await succeed('push', from, '--yes');
    expect(site.values()).toEqual(Object.fromEntries(all));
    await succeed('pull', to);
    if (all.size > 0) expect(parseDotenv(readFileSync(join(to, SITE_FILE), 'utf8')).variables).toEqual(all);
  });
  await fc.assert(property, { seed: SEED, numRuns: volume(200, 12) });
}, 120_000);

/** The lines that set no variable. */
const remarks = (text: string): readonly string[] => text.split(/\r\n|\r|\n/).filter((line) => /^\s*(#|$)/.test(line));

test('any dotenv file survives a push and a pull, and a change at Deploynix leaves everything else as it was', async () => {
  let changed = 0;
  const property = fc.asyncProperty(file, fc.nat(), async (text, chosen) => {
    let all: ReadonlyMap<string, string> = new Map();
    try {
      all = parseDotenv(text).variables;
    } catch {
      fc.pre(false);
    }
    fc.pre(isAccepted(all));
    site.setAll({});
    const cwd = empty();
    const path = join(cwd, SITE_FILE);
    writeFileSync(path, text);
    await succeed('push', cwd, '--yes');
    expect(site.values()).toEqual(Object.fromEntries(all));
    await succeed('pull', cwd);
    expect(readFileSync(path, 'utf8')).toBe(text);
    const key = [...all.keys()][chosen % Math.max(1, all.size)];
    if (key === undefined) return;
    changed += 1;
    site.set(key, 'changed at Deploynix');
    await succeed('pull', cwd);
    const after = readFileSync(path, 'utf8');
    expect(Object.fromEntries(parseDotenv(after).variables)).toEqual(site.values());
    // A value of several lines may have looked like remarks.
    if (!/"[^"]*[\r\n]/.test(text)) expect(remarks(after)).toEqual(remarks(text));
  });
  await fc.assert(property, { seed: SEED, numRuns: volume(200, 12) });
  expect(changed).toBeGreaterThan(5);
}, 120_000);
