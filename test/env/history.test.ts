import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEnvSite, SITE_FILE } from '../support/env-site.ts';
import { perSuite } from '../support/fixtures.ts';
import { seedOf, volume } from '../support/volume.ts';
import { after, type Event, histories, nothing, type Values } from './model.ts';

const SEED = seedOf(3);
const COMMENT = '# My settings';

const site = perSuite(openEnvSite);

const home = (who: number) => join(site.bed.directory, `person-${who}`);
const fileOf = (who: number) => join(home(who), SITE_FILE);

function start(): void {
  for (const who of [0, 1]) {
    rmSync(home(who), { recursive: true, force: true });
    mkdirSync(home(who));
  }
  site.setAll({});
}

function inFile(who: number): Values | undefined {
  if (!existsSync(fileOf(who))) return undefined;
  const lines = readFileSync(fileOf(who), 'utf8').split('\n');
  return Object.fromEntries(lines.filter((line) => /^\w/.test(line)).map((line) => line.split('=') as [string, string]));
}

/** Edits a file by hand: a line in place, at the end, or removed. */
function edit({ who, key, value }: Extract<Event, { readonly do: 'edit' }>): void {
  const lines = existsSync(fileOf(who)) ? readFileSync(fileOf(who), 'utf8').split('\n').slice(0, -1) : [COMMENT];
  const at = lines.findIndex((line) => line.startsWith(`${key}=`));
  const line = value === undefined ? [] : [`${key}=${value}`];
  if (at >= 0) lines.splice(at, 1, ...line);
  else lines.push(...line);
  writeFileSync(fileOf(who), `${lines.join('\n')}\n`);
}

/** Runs a pull or push. Returns its exit code. */
async function run(event: Extract<Event, { readonly do: 'pull' | 'push' }>): Promise<number> {
  const { who } = event;
  const known = { ...inFile(who), ...site.values() };
  const named = (side: 'ours' | 'theirs') => event[side].filter((key) => key === '*' || key in known).flatMap((key) => [`--${side}`, key]);
  const flags = event.do === 'push' ? ['--yes', ...(event.prune ? ['--prune'] : [])] : event.force ? ['--force'] : [];
  const { code, stderr } = await site.env([event.do, ...flags, ...named('ours'), ...named('theirs')], {
    cwd: home(who),
    env: { DNX_STATE_DIR: join(home(who), 'state') },
  });
  expect(stderr).not.toContain('bug in dnx');
  return code;
}

async function replay(history: readonly Event[]): Promise<void> {
  start();
  let world = nothing;
  // Who created the file by hand, with a comment.
  const written = new Set<number>();
  for (const event of history) {
    const expected = after(world, event);
    if (event.do === 'edit' && world.people[event.who]?.file === undefined) written.add(event.who);
    if (event.do === 'delete file') written.delete(event.who);
    if (event.do === 'edit') edit(event);
    else if (event.do === 'dashboard') site.setAll(expected.world.site);
    else if (event.do === 'lose base') rmSync(join(home(event.who), 'state'), { recursive: true, force: true });
    else if (event.do === 'delete file') rmSync(fileOf(event.who), { force: true });
    else {
      const missing = event.do === 'push' && world.people[event.who]?.file === undefined;
      expect(await run(event)).toBe(missing ? 2 : expected.conflict ? 10 : 0);
    }
    world = expected.world;
    expect(site.values()).toEqual(world.site);
    for (const [index, { file }] of world.people.entries()) {
      expect(inFile(index)).toEqual(file);
      if (file !== undefined && written.has(index)) expect(readFileSync(fileOf(index), 'utf8').split('\n')[0]).toBe(COMMENT);
    }
  }
}

test('random histories of two people through the command line agree with the rules', async () => {
  await fc.assert(fc.asyncProperty(histories(false), replay), { seed: SEED, numRuns: volume(300, 6) });
}, 180_000);
