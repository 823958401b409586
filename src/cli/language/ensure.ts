import type { JsonObject } from '../../base/json.ts';
import { plural, title, wordOf } from '../../base/text.ts';
import type { Followable } from '../../platform/follow/work.ts';
import type { Keys } from '../../platform/kinds.ts';
import { type KindName, kindOf } from '../../platform/kinds.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type Context, command } from './command.ts';
import { flag, following, type Options, required } from './options.ts';
import { article, endpoint, exampleLine, type Resource, secretFields } from './resource.ts';
import { anything, item, listOf, nullable, objectOf, oneOf, type Shape, word, words, yes } from './shape.ts';

interface EnsureOptions {
  readonly update?: boolean;
  /** The API makes up a secret that is not given, and only its response shows it. */
  readonly generates?: true;
  /** What goes on after the response to the create. */
  readonly work?: (ctx: Context, targets: Targets, name: string) => Promise<Followable>;
  /** For one that does not count as existing, in one sentence for the help. */
  readonly spent?: { readonly is: (item: JsonObject, now: number) => boolean; readonly sentence: string };
}

const { notify: _, ...waiting } = following;

export const strict = flag('Exit with 10 if something differs and is not updated');
export const updating = flag('Update what differs');

/** `GET path`, then `POST path` if it is not there, or `PUT path/{noun}` with `--update` if it differs. Takes what `create` takes. */
export const ensure = (resource: Resource, declared: Options, { update = true, generates, work, spent }: EnsureOptions = {}) => {
  const { noun, path, example } = resource;
  const { keys, fixed = [] } = kindOf(noun as KindName);
  const isKey = (key: string) => keys.some(([first]) => first === key);
  // A script runs it, so nothing optional is asked for.
  const fields: Options = Object.fromEntries(
    Object.entries(declared).map(([key, { prompt, ...option }]) => {
      const asked = { ...option, ...((option.required || isKey(key)) && prompt && { prompt }) };
      return [key, isKey(key) ? required(asked) : asked];
    }),
  );
  const secrets = secretFields(fields);
  const one = `${path}/{${noun}}` as const;
  return command({
    name: 'ensure',
    summary: `Create ${article(title(noun))} unless it exists`,
    description: description(noun, keys, update, secrets, spent?.sentence),
    exits: `10 it differs, with --strict${work ? '; 1 it failed; 124 timed out, and the work continues' : ''}`,
    prints: () => ensuredShape(noun),
    calls: [
      endpoint(`POST ${path}`),
      endpoint(`GET ${path}`),
      { when: 'update', also: update ? [endpoint(`PUT ${one}`)] : [] },
      { when: 'wait', also: work ? [endpoint(`GET ${one}`)] : [] },
    ],
    options: { ...(update && { update: updating }), strict, ...(work && waiting) } as Options,
    fields,
    examples: [
      exampleLine('ensure', example.site, example.create, example.parents),
      ...(update && example.ensure ? [exampleLine('ensure', example.site, example.ensure, example.parents, '--update')] : []),
      exampleLine('ensure', example.site, example.create, example.parents, '--json'),
    ],
    run: async (ctx, { targets, options, body }) => {
      const followed = work && {
        ...(await work(ctx, targets, wordOf(body[keys[0]?.[0] ?? '']))),
        wait: options.wait as boolean | undefined,
      };
      return (await import('../run/ensured.ts')).ensured(ctx, {
        resource,
        keys,
        secrets: generates ? secrets : secrets.filter((field) => field in body),
        fixed,
        ...(followed && { work: followed }),
        ...(spent && { isSpent: (item) => spent.is(item, ctx.clock.now()) }),
        targets,
        wanted: body,
        update: options.update === true,
        strict: options.strict === true,
        updates: update,
      });
    },
  });
};

/** What `ensure` prints, with the resource under its noun. */
export const ensuredShape = (noun: string): Shape<object> =>
  objectOf({
    changed: yes,
    outcome: oneOf('created', 'updated', 'unchanged', 'different'),
    id: nullable(word),
    differences: listOf(objectOf({ field: word, is: anything, wanted: anything })),
    unknown: words,
    [noun]: nullable(item),
  });

function description(noun: string, keys: Keys, update: boolean, secrets: readonly string[], spent: string | undefined): string {
  const by = keys.map((fields) => wordsOf(fields)).join(', else by ');
  const more = keys.some((fields) => fields.length > 1) ? ', as far as they are given' : '';
  return [
    `Looks for ${article(title(noun))} by ${by}${more}, and compares only what is given.`,
    update
      ? 'Without --update, what differs is shown and kept.'
      : `The API cannot update ${plural(title(noun))}: what differs is shown and kept.`,
    ...(spent === undefined ? [] : [spent]),
    ...secrets.map((field) => `An existing ${field.replaceAll('_', ' ')} is neither compared nor updated.`),
  ].join(' ');
}

const wordsOf = (fields: readonly string[]): string => {
  const names = fields.map((field) => field.replaceAll('_', ' '));
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join('');
};
