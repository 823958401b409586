import { plural, title } from '../../base/text.ts';
import type { Keys } from '../../platform/names/existing.ts';
import { command } from './command.ts';
import { flag, type Options, required } from './options.ts';
import { article, endpoint, exampleLine, type Resource, secretFields } from './resource.ts';
import { anything, item, listOf, nullable, objectOf, oneOf, type Shape, word, words, yes } from './shape.ts';

interface EnsureOptions {
  readonly keys: Keys;
  readonly update?: boolean;
}

export const strict = flag('Exit with 10 if something differs and is not updated');
export const updating = flag('Update what differs');

/** `GET path`, then `POST path` if it is not there, or `PUT path/{noun}` with `--update` if it differs. Takes what `create` takes. */
export const ensure = (resource: Resource, declared: Options, { keys, update = true }: EnsureOptions) => {
  const { noun, path, example } = resource;
  const first = keys.flatMap(([field = '']) => Object.entries(declared).filter(([key]) => key === field));
  const fields: Options = { ...declared, ...Object.fromEntries(first.map(([key, option]) => [key, required(option)])) };
  const secrets = secretFields(fields);
  return command({
    name: 'ensure',
    summary: `Create ${article(title(noun))} unless it exists`,
    description: description(noun, keys, update, secrets),
    exits: '10 it differs, with --strict',
    prints: () => ensuredShape(noun),
    calls: [endpoint(`POST ${path}`), endpoint(`GET ${path}`), { when: 'update', also: update ? [endpoint(`PUT ${path}/{${noun}}`)] : [] }],
    options: (update ? { update: updating, strict } : { strict }) as Options,
    fields,
    examples: [
      exampleLine('ensure', example.site, example.create, example.parents),
      ...(update && example.ensure ? [exampleLine('ensure', example.site, example.ensure, example.parents, '--update')] : []),
      exampleLine('ensure', example.site, example.create, example.parents, '--json'),
    ],
    run: async (ctx, { targets, options, body }) =>
      (await import('../run/ensured.ts')).ensured(ctx, {
        resource,
        keys,
        secrets,
        targets,
        wanted: body,
        update: options.update === true,
        strict: options.strict === true,
        updates: update,
      }),
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

function description(noun: string, keys: Keys, update: boolean, secrets: readonly string[]): string {
  const by = keys.map((fields) => wordsOf(fields)).join(', else by ');
  const more = keys.some((fields) => fields.length > 1) ? ', as far as they are given' : '';
  return [
    `Looks for ${article(title(noun))} by ${by}${more}, and compares only what is given.`,
    update
      ? 'Without --update, what differs is shown and kept.'
      : `The API cannot update ${plural(title(noun))}: what differs is shown and kept.`,
    ...secrets.map((field) => `An existing ${field} is neither compared nor updated.`),
  ].join(' ');
}

const wordsOf = (fields: readonly string[]): string => {
  const names = fields.map((field) => field.replaceAll('_', ' '));
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join('');
};
