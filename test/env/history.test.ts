import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { seedOf, volume } from '../support/volume.ts';
import { after, type Event, histories, nothing, type Values } from './model.ts';

const SEED = seedOf(3);
const BLOG = seeded.sites['blog.example.com'];
const ON = ['--site', BLOG, '--server', seeded.servers['web-1']];
const COMMENT = '# My settings';

let bed: Bed;
beforeAll(async () => {
  bed = await openBed({ rateLimit: 0 });
});
afterAll(() => bed.close());

const home = (who: number) => join(bed.directory, `person-${who}`);
const fileOf = (who: number) => join(home(who), '.env');

function start(): void {
  for (const who of [0, 1]) {
    rmSync(home(who), { recursive: true, force: true });
    mkdirSync(home(who));
  }
  write({});
}

const isBlog = ({ site_id }: { readonly site_id: string }) => site_id === BLOG;

function write(values: Values): void {
  const { state } = bed.sandbox;
  const others = state.environment_variables.filter((each) => !isBlog(each));
  const time = '2026-04-16T12:00:00Z';
  const own = Object.entries(values).map(([key, value]) => ({
    id: `v-${key}`,
    site_id: BLOG,
    key,
    value,
    created_at: time,
    updated_at: time,
  }));
  state.environment_variables.splice(0, state.environment_variables.length, ...others, ...own);
}

const onSite = (): Values =>
  Object.fromEntries(bed.sandbox.state.environment_variables.filter(isBlog).map(({ key, value }) => [key, value]));

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
  const known = { ...inFile(who), ...onSite() };
  const named = (side: 'ours' | 'theirs') => event[side].filter((key) => key === '*' || key in known).flatMap((key) => [`--${side}`, key]);
  const flags = event.do === 'push' ? ['--yes', ...(event.prune ? ['--prune'] : [])] : event.force ? ['--force'] : [];
  const { code, stderr } = await bed.dnx(['env', event.do, ...ON, ...flags, ...named('ours'), ...named('theirs')], {
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
    else if (event.do === 'dashboard') write(expected.world.site);
    else if (event.do === 'lose base') rmSync(join(home(event.who), 'state'), { recursive: true, force: true });
    else if (event.do === 'delete file') rmSync(fileOf(event.who), { force: true });
    else {
      const missing = event.do === 'push' && world.people[event.who]?.file === undefined;
      expect(await run(event)).toBe(missing ? 2 : expected.conflict ? 10 : 0);
    }
    world = expected.world;
    expect(onSite()).toEqual(world.site);
    for (const [index, { file }] of world.people.entries()) {
      expect(inFile(index)).toEqual(file);
      if (file !== undefined && written.has(index)) expect(readFileSync(fileOf(index), 'utf8').split('\n')[0]).toBe(COMMENT);
    }
  }
}

test('random histories of two people through the command line agree with the rules', async () => {
  await fc.assert(fc.asyncProperty(histories(false), replay), { seed: SEED, numRuns: volume(300, 20) });
}, 180_000);
