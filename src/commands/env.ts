import { DnxError, usage } from '../base/errors.ts';
import { isObject } from '../base/json.ts';
import { wordOf } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { strict, updating } from '../cli/language/ensure.ts';
import { argument, flag, list, required, text } from '../cli/language/options.ts';
import { creation, did, remove } from '../cli/language/resource.ts';
import { done, text as plain, rows } from '../cli/output/view.ts';
import { createEndpoint, listEndpoint, nextDeploy, open, updateEndpoint, type Variable, variables } from '../features/env/variables.ts';

const listVariables = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List environment variables',
  calls: listEndpoint,
  options: { reveal: flag('Show the values, which are masked in tables') },
  shows: open,
  examples: ['list --site shop.example.com', 'list --site shop.example.com --reveal', 'list --site shop.example.com --json'],
  run: async (ctx, { targets, options: { reveal } }) => {
    const [, , ...place] = creation('variable', targets);
    return rows(await ctx.pages<Variable>(), reveal ? open : variables.columns, 'No environment variables.', [
      'env',
      'set',
      'KEY=VALUE',
      ...place,
    ]);
  },
});

const get = command({
  name: 'get',
  aliases: ['show'],
  summary: 'Print the value of an environment variable',
  calls: `GET ${variables.path}/{variable}`,
  examples: ['get APP_URL --site shop.example.com'],
  async run(ctx) {
    const { data } = await ctx.call();
    if (!isObject(data) || data.value === undefined) throw new DnxError('failed', 'The API response has no value.');
    return plain(wordOf(data.value), data);
  },
});

const set = command({
  name: 'set',
  aliases: ['create', 'update'],
  summary: 'Set environment variables',
  description: 'Creates or updates each variable. Changes take effect on the next deployment.',
  calls: [createEndpoint, listEndpoint, updateEndpoint],
  options: {
    assignment: {
      ...argument(required(list('KEY=VALUE, or KEY alone with --from-file', 'KEY=VALUE'))),
      check: refuseTwins,
      confidential: true,
    },
    from_file: text('Read the value from a file, or - for stdin', 'file|-'),
  },
  fields: {},
  shows: variables.columns,
  examples: ['set LOG_LEVEL=warning APP_DEBUG=false --site shop.example.com', 'set LICENSE_KEY --from-file - --site shop.example.com'],
  run: async (ctx, { targets, options, body }) => (await import('../features/env/set.ts')).setVariables(ctx, targets, options, body),
});

const { assignment, from_file } = set.options as NonNullable<typeof set.options>;

const ensure = command({
  name: 'ensure',
  summary: 'Create environment variables unless they exist',
  description:
    'Compares the values of existing variables, and never shows them. Without --update, what differs is kept. Changes take effect on the next deployment.',
  exits: '10 a value differs, with --strict',
  calls: [createEndpoint, listEndpoint, { when: 'update', also: [updateEndpoint] }],
  options: { assignment, from_file, update: updating, strict },
  fields: {},
  examples: [
    'ensure APP_NAME=Shop LOG_LEVEL=warning --site shop.example.com',
    'ensure LOG_LEVEL=warning --site shop.example.com --update --json',
    'ensure LICENSE_KEY --from-file - --site shop.example.com',
  ],
  run: async (ctx, { targets, options, body }) => (await import('../features/env/ensure.ts')).ensureVariables(ctx, targets, options, body),
});

/** Rejects two values for one key. */
function refuseTwins(words: readonly string[]): void {
  const keys = words.map((word) => word.split('=', 1)[0]);
  const twin = keys.find((key, index) => keys.indexOf(key) < index);
  if (twin) throw usage(`${twin} is set twice; nothing was changed.`);
}

const unset = command({
  ...remove(variables),
  name: 'unset',
  aliases: ['delete', 'rm'],
  summary: 'Remove an environment variable',
  calls: `DELETE ${variables.path}/{variable}`,
  examples: ['unset APP_DEBUG --site blog.example.com --yes'],
  async run(ctx, { targets: { variable, site } }) {
    await ctx.call();
    return { view: done(`Removed ${variable.label} from ${site.label}`, { id: variable.id, deleted: true }), next: nextDeploy(site) };
  },
});

const importVariables = command({
  name: 'import',
  summary: 'Import variables from the .env on the server',
  description:
    'Copies the variables of the .env on the server to Deploynix, overwriting those with the same name. Nothing is downloaded to this machine.',
  calls: `POST ${variables.path}/pull`,
  consent: { level: 'moderate', warning: 'This overwrites variables with the same name in Deploynix.' },
  examples: ['import --site shop.example.com --yes'],
  run: async (ctx, { targets: { site } }) => ({
    view: did(await ctx.call(), `Imported the .env of ${site.label}`),
    next: nextDeploy(site),
  }),
});

export default group({ name: 'env', noun: 'variable', commands: [listVariables, get, set, ensure, unset, importVariables] });
