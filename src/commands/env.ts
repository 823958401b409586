import { DnxError, isError, type Next, usage } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json.ts';
import { wordOf } from '../base/text.ts';
import { type Context, command, group } from '../cli/language/command.ts';
import { argument, flag, list, required, text } from '../cli/language/options.ts';
import { created, creation, creationOf, did, remove, resource } from '../cli/language/resource.ts';
import { asResult, columns, done, message, text as plain, rows } from '../cli/output/view.ts';
import { contentOf } from '../cli/run/values.ts';
import { requireId, type Target } from '../platform/names/names.ts';

interface Variable {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly created_at: string;
  readonly updated_at: string;
}

const masked = ({ value }: Variable): string | undefined => (value ? '••••••••' : undefined);
const open = columns<Variable>('key', { key: 'value', wrap: true }, 'updated_at');

const variables = resource({
  noun: 'variable',
  path: '/servers/{server}/sites/{site}/environment-variables',
  columns: columns<Variable>('key', { key: 'value', cell: masked }, 'updated_at'),
  example: { target: 'APP_DEBUG', parents: '--site shop.example.com' },
});

const listEndpoint = `GET ${variables.path}` as const;
const createEndpoint = `POST ${variables.path}` as const;
const updateEndpoint = `PUT ${variables.path}/{variable}` as const;

/** Deploynix writes variables into the site's .env when it deploys. */
const nextDeploy = (site: Target): readonly Next[] => [
  { command: ['deploy', site.label], why: 'Takes effect on the next deployment. Run' },
];

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
  async run(ctx, { targets, options: { assignment, from_file }, body }) {
    const { site } = targets;
    const wanted = from_file === undefined ? assignment.map(pair) : [await fromFile(ctx, assignment, from_file)];
    const known = await ctx.list<Variable>(listEndpoint);
    const add = (sent: JsonObject) =>
      created(ctx, { ...creationOf('variable', listEndpoint, targets, sent), known }, () => ctx.call(createEndpoint, { body: sent }));
    let changed = false as boolean;
    const one = async ({ key, value }: Pair) => {
      const before = known.find((each) => each.key === key);
      if (before?.value === value && Object.keys(body).length === 0) return message(`Unchanged: ${key} already has this value.`, before);
      changed = true;
      const reply = before
        ? await ctx.call(updateEndpoint, { params: { variable: requireId({ id: before.id }, 'variable') }, body: { value, ...body } })
        : await add({ key, value, ...body }).catch((error: unknown) => {
            throw isError(error, 'invalid') && !/^[a-z_]\w*$/i.test(key) ? invalidName(key, error) : error;
          });
      return did(reply, `Set ${key} on ${site.label}`);
    };
    const [only] = wanted;
    const items = wanted.map((each) => ({ ...each, id: each.key, label: each.key }));
    const result = asResult(only && wanted.length === 1 ? await one(only) : await ctx.each(items, one));
    return { ...result, ...(changed && { next: nextDeploy(site) }) };
  },
});

/** A name that the API refused and that no shell would take either. */
const invalidName = (key: string, { status, errors, cause }: DnxError): DnxError =>
  new DnxError('invalid', `'${key}' is not a valid variable name.`, { status, errors, cause });

interface Pair {
  readonly key: string;
  readonly value: string;
}

function pair(word: string): Pair {
  const at = word.indexOf('=');
  if (at < 1) throw usage(`'${word}' is not KEY=VALUE.`, 'Use KEY= for an empty value, or KEY --from-file FILE.');
  return { key: word.slice(0, at), value: word.slice(at + 1) };
}

/** Rejects two values for one key. */
function refuseTwins(words: readonly string[]): void {
  const keys = words.map((word) => word.split('=', 1)[0]);
  const twin = keys.find((key, index) => keys.indexOf(key) < index);
  if (twin) throw usage(`${twin} is set twice; nothing was changed.`);
}

async function fromFile(ctx: Context, [key, ...others]: readonly string[], file: string): Promise<Pair> {
  if (!key || others.length > 0 || key.includes('=')) throw usage('--from-file takes one KEY without a value.');
  return { key, value: await contentOf(file === '-' ? file : `@${file}`, ctx) };
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

export default group({ name: 'env', noun: 'variable', commands: [listVariables, get, set, unset, importVariables] });
