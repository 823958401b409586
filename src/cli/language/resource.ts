import { DnxError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { flagName, plural, title } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Reply } from '../../platform/api/api.ts';
import { type Endpoint, parameters } from '../../platform/api/endpoint.ts';
import type { Thing, Work } from '../../platform/follow/work.ts';
import type { CreateContext, Creation } from '../../platform/names/creation.ts';
import { called, namings, resourceName, type Target, type Targets, targetIds } from '../../platform/names/names.ts';
import { type Column, done, ending, type Item, type Result, record, rows } from '../output/view.ts';
import { type Command, type Consent, type Context, command } from './command.ts';
import { flag, ifExists, type Option, type Options, optional } from './options.ts';
import { deleted, item, listOf, recordOf, shownRecordOf, word } from './shape.ts';

/** A collection of the API: `path` lists and creates, `path/{noun}` shows, updates and deletes one. */
export interface Resource<P extends `/${string}` = `/${string}`> {
  readonly noun: string;
  readonly path: P;
  readonly columns: readonly Column[];
  /** What `show` prints. */
  readonly details: readonly Column[];
  /** The fields that the API reference shows. */
  readonly stated?: readonly string[];
  /** Reads the computed details that `show` prints in a table. Must not fail if the token cannot read them. */
  readonly more?: (ctx: Pick<Context, 'api' | 'clock' | 'world'>, item: Item, targets: Targets) => Promise<Item>;
  /** What the examples use: an id or name in the sandbox, and its parents. */
  readonly example: {
    readonly target: string;
    /** The site, if it is a parent that leads. */
    readonly site?: string;
    readonly parents?: string;
    readonly create?: string;
    readonly update?: string;
    /** What `ensure --update` changes. */
    readonly ensure?: string;
  };
}
/** Declares a collection; without details, `show` prints its columns. */
export const resource = <const P extends `/${string}`>(
  definition: Omit<Resource<P>, 'details'> & Partial<Pick<Resource<P>, 'details'>>,
): Resource<P> => ({ details: definition.columns, ...definition });

/** `GET path`: every item, as rows. What belongs to a server or a site can be listed for all of them. */
export const list = ({ noun, path, columns, stated, example }: Resource) => {
  const calls = endpoint(`GET ${path}`);
  // Not what belongs to something else of a server, such as the users of a database.
  const parent = (['server', 'site'] as const).find((_, index) => parameters(path).join(' ') === ['server', 'server site'][index]);
  const all = parent && everywhere(parent, calls);
  const one = exampleLine('list', example.site, example.parents);
  return command({
    name: 'list',
    aliases: ['ls'],
    summary: `List ${plural(title(noun))}`,
    calls: all ? [calls, ...all.calls] : calls,
    ...(all && { options: all.options }),
    prints: () => listOf(shownRecordOf(columns, stated, all?.fields)),
    examples: [one, `${one} --json`, ...(all ? ['list --all'] : [])],
    run: async (ctx, { targets, options }) => {
      if (parent && options.all) {
        const { listEverywhere } = await import('../run/everywhere.ts');
        const read = (place: Targets) => ctx.api.list<Item>(calls, targetIds(place));
        return listEverywhere(ctx, { what: plural(title(noun)), columns, of: parent, read });
      }
      return rows(await ctx.shown<object>(), columns, `No ${plural(title(noun))}.`, example.create ? creation(noun, targets) : undefined);
    },
  });
};

/** How `list --all` lists what all servers or all sites have: its option, what it calls, and the fields that it adds. */
export const everywhere = (parent: 'server' | 'site', calls: Endpoint) => ({
  options: { all: flag(parent === 'site' ? 'List those of every site, or of the sites of --server' : 'List those of every server') },
  calls: [
    { when: 'all', instead: 'GET /servers' },
    { when: 'all', also: [...(parent === 'site' ? (['GET /servers/{server}/sites'] as const) : []), calls] },
  ] as const,
  fields: parent === 'site' ? { server: word, site: word } : { server: word },
});

/** `GET path/{noun}`: one item, as a record. */
export const show = ({ noun, path, details, stated, example, more }: Resource) =>
  command({
    name: 'show',
    aliases: ['get'],
    summary: `Show ${article(title(noun))}`,
    ...(more && { description: 'The table also shows related resources, if the token can read them; JSON does not.' }),
    calls: endpoint(`GET ${path}/{${noun}}`),
    prints: () => shownRecordOf(details, stated),
    examples: [exampleLine('show', example.site, example.target, example.parents)],
    async run(ctx, { targets }) {
      const { data } = await ctx.call();
      if (!isObject(data)) throw new DnxError('failed', `The API response has no ${title(noun)}.`);
      const view = record(data, details);
      return more ? { ...view, more: () => more(ctx, data, targets) } : view;
    },
  });

/** `POST path` with the given fields; `-F` and `--data` override them. */
export const create = <const F extends Options>({ noun, path, details, stated, example }: Resource, fields: F) =>
  command({
    name: 'create',
    summary: `Create ${article(title(noun))}`,
    calls: endpoint(`POST ${path}`),
    fields,
    prints: () => recordOf(details, stated),
    examples: [exampleLine('create', example.site, example.create, example.parents)],
    async run(ctx, { targets, body }) {
      const secrets = secretFields(fields);
      const creation = { ...creationOf(noun, endpoint(`GET ${path}`), targets, body), secret: secrets.length > 0 };
      const reply = await created(ctx, creation, () => ctx.call());
      const item = isObject(reply.data) ? reply.data : {};
      const name = resourceName(item, noun);
      const view = answer(reply, details, `Created ${name === undefined ? article(title(noun)) : called(noun, { label: name })}`);
      return { view, ...generatedIn(noun, secrets, body, item) };
    },
  });

/** `PUT path/{noun}` with the given fields; at least one is required. */
export const update = <const F extends Options>({ noun, path, details, stated, example }: Resource, fields: F) =>
  command({
    name: 'update',
    summary: `Update ${article(title(noun))}`,
    calls: endpoint(`PUT ${path}/{${noun}}`),
    fields: optional(fields),
    prints: () => recordOf(details, stated),
    examples: [exampleLine('update', example.site, example.target, example.update, example.parents)],
    run: async (ctx, { targets, body }) => {
      if (Object.keys(body).length === 0) {
        throw usage('Nothing to update.', `Use at least one of ${Object.keys(fields).map(flagName).join(', ')}, or -F key=value.`);
      }
      return answer(await ctx.call(), details, `Updated ${called(noun, targetIn(targets, noun))}`);
    },
  });

/** `DELETE path/{noun}`, after confirmation. Use a severe consent if it cannot be undone. */
export const remove = ({ noun, path, example }: Resource, consent: Consent = { level: 'moderate' }) =>
  command({
    name: 'delete',
    aliases: ['rm'],
    summary: `Delete ${article(title(noun))}`,
    calls: endpoint(`DELETE ${path}/{${noun}}`),
    // A typed name confirms one deletion.
    targets: consent.level === 'severe' ? 'one' : 'each',
    consent,
    options: ifExists,
    prints: () => deleted,
    examples: [
      exampleLine(
        'delete',
        example.site,
        example.target,
        example.parents,
        consent.level === 'severe' ? `--confirm ${example.target}` : '--yes',
      ),
    ],
    run: async (ctx, { targets, options }) => {
      const { id, label } = targetIn(targets, noun);
      const send = async () => {
        await ctx.call();
        return done(`Deleted ${called(noun, { label })}`, { id, deleted: true });
      };
      return (await import('../run/gone.ts')).unlessGone(ctx, noun, targets, options, send);
    },
  });

type Action = Pick<
  Command<Endpoint, 'one' | 'each', Record<never, never>, Record<never, never>>,
  'name' | 'aliases' | 'summary' | 'description' | 'targets' | 'examples'
> & {
  readonly calls: Endpoint;
  readonly consent?: Consent | Consent['level'];
  /** The success line: a string if the API sends no message, a function to replace the message. */
  readonly done: string | ((targets: Targets) => string);
  readonly note?: string;
};

/** A bare `POST …/verb` that returns a message, and perhaps the updated item. */
export const action = ({ done: sentence, note, ...definition }: Action) =>
  command({
    ...definition,
    prints: () => item,
    run: async (ctx, { targets }) => {
      const reply = await ctx.call();
      const view = typeof sentence === 'string' ? said(reply, sentence) : did(reply, sentence(targets));
      return { view, ...(note !== undefined && { note }) };
    },
  });

/** `POST path/{noun}/restart`, for each of several. */
export const restart = ({ noun, path, example }: Resource, consent?: Consent) =>
  command({
    name: 'restart',
    summary: `Restart ${article(title(noun))}`,
    calls: endpoint(`POST ${path}/{${noun}}/restart`),
    targets: 'each',
    ...(consent && { consent }),
    prints: () => item,
    examples: [exampleLine('restart', example.site, example.target, example.parents, consent && '--yes')],
    async run(ctx, { targets }) {
      const reply = await ctx.call();
      const { id, label } = targetIn(targets, noun);
      const name = label === id && isObject(reply.data) ? (resourceName(reply.data, noun) ?? label) : label;
      // A server takes a while to come back.
      return did(reply, `${noun === 'server' ? 'Restarting' : 'Restarted'} ${called(noun, { label: name })}`);
    },
  });

/** A reply as a view: its record under `sentence`, else its message. */
export function answer(reply: Pick<Reply, 'data' | 'message'>, shown: readonly Column[], sentence?: string) {
  return isObject(reply.data) ? record(reply.data, shown, sentence) : said(reply, sentence ?? 'Done');
}

/** A reply whose message is the result. Scripts get the record if the API sent one. */
export function said(reply: Pick<Reply, 'data' | 'message'>, sentence: string) {
  const words = reply.message ?? sentence;
  return done(words.replace(/\.$/, ''), isObject(reply.data) ? reply.data : { message: words });
}

/** `sentence` for people; for scripts, the item or message that the API sent. */
export const did = ({ data, message }: Pick<Reply, 'data' | 'message'>, sentence: string) =>
  done(sentence, isObject(data) ? data : { message: message ?? `${sentence}.` });

/** An endpoint built at run time: the compiler does not know its parameters. */
export const endpoint = (value: Endpoint): Endpoint => value;
/** The command that creates one under the same parents. */
export const creation = (noun: string, targets: Targets): readonly string[] => under(noun, 'create', targets);

const groupOf = (noun: string): string => namings[noun]?.group ?? noun.replaceAll('_', '-');

const under = (noun: string, verb: string, targets: Targets): readonly string[] => [
  ...[groupOf(noun), verb],
  ...Object.entries(targets).flatMap(([parent, { label }]) => [flagName(parent), label]),
];

/** How a new resource under these parents is found in its list. */
export const creationOf = (noun: string, list: Endpoint, targets: Targets, sent: JsonObject): Creation => ({
  noun,
  list: { endpoint: list, params: targetIds(targets) },
  sent,
  see: under(noun, 'list', targets),
});

/** The fields that hold a secret. */
export const secretFields = (fields: Options): readonly string[] =>
  Object.entries<Option<unknown>>(fields).flatMap(([key, { kind }]) => (kind === 'secret' ? [key] : []));

/** The secret that the API generated because none was sent. Only the response to the create shows it. */
export function generatedIn(noun: string, secrets: readonly string[], sent: JsonObject, item: JsonObject = {}): Pick<Result, 'secret'> {
  const name = secrets.find((key) => sent[key] === undefined && typeof item[key] === 'string' && item[key] !== '');
  if (name === undefined) return {};
  const hint = `Set a new one with \`dnx ${groupOf(noun)} update\`.`;
  return { secret: { name, value: String(item[name]), hint } };
}

/** Sends the request of a create once, and adopts what it made if the response is lost. */
export async function created(ctx: CreateContext, search: Creation, send: () => Promise<Reply>): Promise<Reply> {
  return (await import('../../platform/names/creation.ts')).creatingOnce(ctx, search, send).create();
}

interface Shown<T extends Thing> extends Work<T> {
  readonly columns: readonly Column[];
  /** The success line, to which the time is added: `Created server web-3`. */
  readonly did: string;
  /** How to find what the request creates if its response is lost. */
  readonly creates?: Creation;
}

/** Starts and follows work, and shows the last state of the resource. */
export async function workResult<T extends Thing>(
  ctx: Pick<Context, 'api' | 'clock' | 'deadline' | 'signal' | 'progress' | 'timeoutMs'>,
  { columns, did, creates, ...work }: Shown<T>,
) {
  const { startAndFollow } = await import('../../platform/follow/work.ts');
  const once = creates && (await import('../../platform/names/creation.ts')).creatingOnce(ctx, creates, work.start);
  // The list also shows whether the token can follow what it creates.
  const started = { ...work, ...(once && { list: once.read, start: once.create }) };
  const { reply, thing, elapsedMs = 0, failure } = await startAndFollow(ctx, started);
  const view = thing ? ending(record(thing, columns, `${did} in ${duration(elapsedMs)}`), 'data') : answer(reply, columns, work.doing);
  return { view, exit: failure };
}

function targetIn(targets: Targets, noun: string): Target {
  const target = targets[noun];
  if (!target) throw new Error(`A command without its ${noun}.`);
  return target;
}

/** The words of an example. */
export const exampleLine = (...words: readonly (string | undefined)[]) => words.filter(Boolean).join(' ');

/** `a database`, `an SSH key`. */
export const article = (words: string) => `${/^(?!us)[aeiou]|^ssh/i.test(words) ? 'an' : 'a'} ${words}`;
