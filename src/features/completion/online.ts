import { Writable } from 'node:stream';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { World } from '../../machine/world.ts';
import { targetIds } from '../../platform/names/names.ts';
import { listOfKind } from '../../platform/names/namings.ts';
import { offeredName } from './names.ts';
import type { OfferedWord } from './offer.ts';

type Words = Readonly<Record<string, string | undefined>>;

/** Runs `dnx completion names`, which gives up after 2 seconds. None if it fails. */
export async function requestNames(
  kind: string,
  options: Words,
  world: World,
  run: (argv: readonly string[], world: World) => Promise<number>,
): Promise<readonly OfferedWord[]> {
  let printed = '';
  const sink = (write: (text: string) => void) =>
    new Writable({ decodeStrings: false, write: (chunk: Buffer | string, _, done) => done(void write(String(chunk))) });
  const stdout = sink((text) => {
    printed += text;
  });
  const given = Object.entries(options).flatMap(([name, word]) => (word === undefined ? [] : [`--${name}`, word]));
  // The streams of the process are opened when they are read.
  const quiet: World = Object.create(world, { stdout: { value: stdout }, stderr: { value: sink(() => {}) } });
  const code = await run(['completion', 'names', kind, '--no-input', '--max-wait', '1s', '-o', 'text', ...given], quiet);
  return code === 0 ? printed.split('\n').flatMap((value) => (value === '' ? [] : [{ value }])) : [];
}

/** Reads the names of a kind from the API, as a shell offers them, under the parents that are given. */
export async function readNames(ctx: Context, kind: string, parents: Words): Promise<readonly string[]> {
  const items = await itemsOf(ctx, kind, parents);
  return [...new Set(items.flatMap((item) => offeredName(kind, item) ?? []))];
}

async function itemsOf(ctx: Context, kind: string, parents: Words): Promise<readonly JsonObject[]> {
  const words = Object.fromEntries(Object.entries(parents).filter(([, word]) => word !== undefined));
  if (kind === 'site' && words.server === undefined && ctx.settings.server === undefined)
    return (await ctx.everySite()).listed.map(({ site }) => site);
  const list = listOfKind(kind);
  if (!list) return [];
  const targets = await ctx.resolve(list.replace('GET ', ''), words);
  return (await ctx.api.list<unknown>(list, targetIds(targets))).filter(isObject);
}
