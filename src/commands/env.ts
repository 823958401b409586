import { DnxError, usage } from '../base/errors.ts';
import { isObject } from '../base/json.ts';
import { wordOf } from '../base/text.ts';
import { type Context, command, group } from '../cli/language/command.ts';
import { argument, flag, list, required, text } from '../cli/language/options.ts';
import { action, answer, creation, remove, resource } from '../cli/language/resource.ts';
import { asResult, columns, text as plain, rows } from '../cli/output/view.ts';
import { contentOf } from '../cli/run/values.ts';
import { requireId } from '../platform/names/names.ts';

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
const later = 'It takes effect at the next deploy.';

const listVariables = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List environment variables; values are masked in the table',
  calls: listEndpoint,
  options: { reveal: flag('Show the values in the table too') },
  shows: open,
  examples: ['list --site shop.example.com', 'list --site shop.example.com --reveal', 'list --site shop.example.com --json'],
  run: async (ctx, { targets, options: { reveal } }) => {
    const [, , ...place] = creation('variable', targets);
    return rows(await ctx.list<Variable>(), reveal ? open : variables.columns, 'No environment variables.', [
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
  summary: 'Print the value of one environment variable, alone on stdout',
  calls: `GET ${variables.path}/{variable}`,
  examples: ['get APP_URL --site shop.example.com'],
  async run(ctx) {
    const { data } = await ctx.call();
    if (!isObject(data) || data.value === undefined) throw new DnxError('failed', 'Deploynix answered without the value.');
    return plain(wordOf(data.value), data);
  },
});

const set = command({
  name: 'set',
  aliases: ['create', 'update'],
  summary: 'Set environment variables: K=V [K2=V2…], or K --from-file',
  description: 'A key that is not there yet is created, another is updated. The change takes effect at the next deploy.',
  calls: [createEndpoint, listEndpoint, updateEndpoint],
  options: {
    assignment: { ...argument(required(list('KEY=value; KEY alone with --from-file'))), check: refuseTwins },
    from_file: text('Read the value of the one KEY from this file, or - for standard input', 'file|-'),
  },
  fields: {},
  shows: variables.columns,
  examples: ['set LOG_LEVEL=warning APP_DEBUG=false --site shop.example.com', 'set LICENSE_KEY --from-file - --site shop.example.com'],
  async run(ctx, { options: { assignment, from_file }, body }) {
    const wanted = from_file === undefined ? assignment.map(pair) : [await fromFile(ctx, assignment, from_file)];
    const known = await ctx.list<Variable>(listEndpoint);
    let changed = false;
    const one = async ({ key, value }: Pair) => {
      const before = known.find((each) => each.key === key);
      if (before?.value === value && Object.keys(body).length === 0) return answer({ data: before, message: undefined }, variables.columns);
      changed = true;
      const reply = before
        ? await ctx.call(updateEndpoint, { params: { variable: requireId({ id: before.id }, 'variable') }, body: { value, ...body } })
        : await ctx.call(createEndpoint, { body: { key, value, ...body } });
      return answer(reply, variables.columns, `Set ${key}.`);
    };
    const [only] = wanted;
    const items = wanted.map((each) => ({ ...each, id: each.key, label: each.key }));
    const result = asResult(only && wanted.length === 1 ? await one(only) : await ctx.each(items, one));
    return { ...result, note: changed ? later : 'Nothing to change.' };
  },
});

interface Pair {
  readonly key: string;
  readonly value: string;
}

function pair(word: string): Pair {
  const at = word.indexOf('=');
  if (at < 1) throw usage(`“${word}” is not KEY=value.`, 'For an empty value give KEY=, and for one in a file KEY --from-file FILE.');
  return { key: word.slice(0, at), value: word.slice(at + 1) };
}

/** One key has one value. */
function refuseTwins(words: readonly string[]): void {
  const keys = words.map((word) => word.split('=', 1)[0]);
  const twin = keys.find((key, index) => keys.indexOf(key) < index);
  if (twin) throw usage(`${twin} is given twice. Nothing was set.`);
}

async function fromFile(ctx: Context, [key, ...others]: readonly string[], file: string): Promise<Pair> {
  if (!key || others.length > 0 || key.includes('=')) throw usage('--from-file takes one KEY, without a value.');
  return { key, value: await contentOf(file === '-' ? file : `@${file}`, ctx) };
}

const removal = remove(variables);
const unset = command({
  ...removal,
  name: 'unset',
  aliases: ['delete', 'rm'],
  examples: ['unset APP_DEBUG --site blog.example.com --yes'],
  run: async (ctx, args) => ({ ...asResult(await removal.run(ctx, args)), note: later }),
});

export default group({
  name: 'env',
  noun: 'variable',
  commands: [
    listVariables,
    get,
    set,
    unset,
    action({
      name: 'import',
      summary: 'Import the .env that lies on the server into Deploynix',
      description: `It reads the site's .env on its server and stores it at Deploynix, over variables of the same name. Nothing comes to this machine. ${later}`,
      calls: `POST ${variables.path}/pull`,
      consent: { level: 'moderate', warning: 'Variables of the same name at Deploynix are overwritten.' },
      note: later,
      done: 'Imported.',
      examples: ['import --site shop.example.com --yes'],
    }),
  ],
});
