import type { Context } from '../context.ts';
import { DnxError, isError, usage } from '../errors.ts';
import { columns, failing, rows, type View } from '../output/view.ts';
import { resolve, type Scope, type Targets } from '../scope/resolve.ts';
import { flagName, title } from '../words.ts';
import { extraBody } from './body.ts';
import { obtainConsent, requireConsent } from './consent.ts';
import type { Option } from './options.ts';
import { parseValue, type Sources } from './parse.ts';
import type { Invocation } from './program.ts';

/** Everything between argv and a command's `run`: values, questions, names, consent; and several targets as one view. */
export async function perform(invocation: Invocation, ctx: Context, scope: Scope, sources: Sources): Promise<View> {
  const { group, command, words } = invocation;
  requireConsent(invocation, ctx.ask);
  const values = await valuesOf(invocation, sources);
  const endpoint = command.endpoint ?? '';
  const own = words[group.noun];
  const targetWords: readonly (string | undefined)[] = Array.isArray(own) ? own : [own as string | undefined];
  const lookUp = () =>
    Promise.all(targetWords.map((word) => resolve(endpoint, { ...(words as Record<string, string>), [group.noun]: word }, scope)));
  let all = await lookUp();
  await obtainConsent(invocation, all, ctx);

  const run = (targets: Targets) => {
    const ids = Object.fromEntries(Object.entries(targets).map(([name, { id }]) => [name, id]));
    return command.run({ ...ctx, targets }, { ...values, ...ids });
  };
  const [only] = all;
  if (all.length > 1) return several(invocation, all, run);
  try {
    return await run(only ?? {});
  } catch (error) {
    // A remembered name may be of another workspace by now: look once more, then believe it.
    if (!isError(error, 'not_found') || !scope.sites.forget()) throw error;
    all = await lookUp();
    return run(all[0] ?? {});
  }
}

async function valuesOf({ command, words }: Invocation, sources: Sources): Promise<Record<string, unknown>> {
  const options = command.options ?? {};
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) {
    if (words[key] !== undefined) values[key] = await parseValue(key, option, words[key], sources);
  }
  const extra = command.body ? await extraBody(words.field as string[] | undefined, words.data as string | undefined, sources) : {};
  for (const [key, option] of Object.entries(options)) {
    if (option.required && values[key] === undefined && extra[key] === undefined) values[key] = await askFor(key, option, sources);
  }
  return { ...values, ...(command.body && { extra }) };
}

async function askFor(key: string, option: Option<unknown>, sources: Sources): Promise<unknown> {
  const { ask } = sources;
  const named = option.place === 'argument' ? `<${key}>` : flagName(key);
  if (!ask.allowed) throw usage(`${named} is missing.`, `${option.help}. Give it as ${named}.`);
  if (option.kind === 'secret') return ask.password(option.help);
  return parseValue(key, option, await ask.input(`${option.help}:`), sources);
}

/** One after the other, each reported; exit 12 when some failed. */
async function several({ group, command }: Invocation, all: readonly Targets[], run: (targets: Targets) => Promise<View>): Promise<View> {
  const items: Record<string, unknown>[] = [];
  let failures = 0;
  for (const targets of all) {
    const label = targets[group.noun]?.label ?? '';
    try {
      const view = await run(targets);
      items.push(
        view.kind === 'record' ? { ...view.item } : view.kind === 'message' ? withId(view.data, targets[group.noun]?.id) : { id: label },
      );
      if (view.failure) failures += 1;
    } catch (error) {
      if (!(error instanceof DnxError) || ['interrupted', 'terminated'].includes(error.code)) throw error;
      failures += 1;
      items.push({ id: targets[group.noun]?.id, error: { code: error.code, message: error.message, status: error.status ?? null } });
    }
  }
  const shown = columns<{ id: string; result: string }>(
    {
      key: 'id',
      title: title(group.noun),
      cell: (item) => all.find((each) => each[group.noun]?.id === item.id)?.[group.noun]?.label ?? item.id,
    },
    { key: 'result', cell: (item) => resultOf(item as unknown as Record<string, unknown>, command.name) },
  );
  const failure = failures > 0 ? new DnxError('partial', `${failures} of ${all.length} failed.`) : undefined;
  return failing(rows(items, shown, ''), failure);
}

const withId = (data: unknown, id: string | undefined): Record<string, unknown> => ({ id, ...(data as object) });

function resultOf(item: Record<string, unknown>, verb: string): string {
  const error = item.error as { message: string } | undefined;
  return error ? error.message : String(item.message ?? item.status ?? `${verb}: done`);
}
