import { DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { flagName, plural, title } from '../../base/text.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import type { Reply } from '../../platform/api/reply.ts';
import { type Column, message, record, rows, type View } from '../output/view.ts';
import { type Command, type Consent, type Context, command } from './command.ts';
import { type Options, optional } from './options.ts';

type Path = `/${string}`;

/** A collection of the API: `path` lists and creates, `path/{noun}` reads, changes and deletes one. */
export interface Resource<P extends Path, N extends string> {
  readonly noun: N;
  readonly path: P;
  readonly columns: readonly Column[];
  /** What `show` prints; the columns otherwise. */
  readonly details?: readonly Column[];
  /** An id or a name of the sandbox, and its parents, as the examples spell them: `01J… --server web-1`. */
  readonly example: { readonly target: string; readonly parents?: string; readonly create?: string; readonly update?: string };
}
/** Declares a collection; its type carries the path, so that the builders know the parameters. */
export const resource = <const P extends Path, const N extends string>(definition: Resource<P, N>): Resource<P, N> => definition;

/** `GET path`: every thing in it, as rows. */
export function list<P extends Path, N extends string>({ noun, path, columns, example }: Resource<P, N>) {
  const endpoint = `GET ${path}` as const;
  return command({
    name: 'list',
    aliases: ['ls'],
    summary: `List ${plural(title(noun))}`,
    endpoint,
    shows: columns,
    examples: [line('list', example.parents), `${line('list', example.parents)} --json`],
    run: async (ctx, args) => rows(await ctx.api.list<object>(endpoint, args), columns, `No ${plural(title(noun))}.`),
  });
}

/** `GET path/{noun}`: one thing, as a record. */
export function show<P extends Path, N extends string>({ noun, path, columns, details, example }: Resource<P, N>) {
  const endpoint = `GET ${path}/{${noun}}` as const;
  return command({
    name: 'show',
    aliases: ['get'],
    summary: `Show one ${title(noun)}`,
    endpoint,
    shows: details ?? columns,
    examples: [line('show', example.target, example.parents)],
    async run(ctx, args) {
      const { data } = await ctx.api.send(endpoint, args);
      if (!isObject(data)) throw new DnxError('failed', `Deploynix answered without the ${title(noun)}.`);
      return record(data, details ?? columns);
    },
  });
}

/** `POST path` with the fields that were given, and `-F` and `--data` over them. */
export function create<P extends Path, N extends string, const F extends Options>(of: Resource<P, N>, fields: F) {
  const { noun, path, columns, details, example } = of;
  const endpoint = `POST ${path}` as const;
  return command({
    name: 'create',
    summary: `Create ${article(title(noun))}`,
    endpoint,
    options: fields,
    body: true,
    shows: details ?? columns,
    examples: [line('create', example.create, example.parents)],
    run: async (ctx, args) =>
      answer(await ctx.api.send(endpoint, args, { body: bodyOf(args, fields) }), details ?? columns, `Created ${article(title(noun))}.`),
  });
}

/** `PUT path/{noun}` with the fields that were given; refuses to send none. */
export function update<P extends Path, N extends string, const F extends Options>(of: Resource<P, N>, fields: F) {
  const { noun, path, columns, details, example } = of;
  const endpoint = `PUT ${path}/{${noun}}` as const;
  return command({
    name: 'update',
    summary: `Change ${article(title(noun))}`,
    endpoint,
    options: optional(fields),
    body: true,
    shows: details ?? columns,
    examples: [line('update', example.target, example.update, example.parents)],
    run: async (ctx, args) => {
      const body = bodyOf(args, fields);
      if (Object.keys(body).length === 0) {
        throw usage('Nothing to change.', `Give at least one of ${Object.keys(fields).map(flagName).join(', ')}, or -F key=value.`);
      }
      return answer(await ctx.api.send(endpoint, args, { body }), details ?? columns, `Changed ${title(noun)} ${target(ctx, noun).label}.`);
    },
  });
}

/** `DELETE path/{noun}`, once the user has agreed. A severe consent is for what cannot be undone. */
export function remove<P extends Path, N extends string>(
  { noun, path, example }: Resource<P, N>,
  consent: Consent = { level: 'moderate' },
) {
  const endpoint = `DELETE ${path}/{${noun}}` as const;
  const agreed = consent.level === 'severe' ? `--confirm ${example.target}` : '--yes';
  return command({
    name: 'delete',
    aliases: ['rm'],
    summary: `Delete ${article(title(noun))}`,
    endpoint,
    // One name agrees to the end of one thing.
    many: consent.level !== 'severe',
    consent,
    examples: [line('delete', example.target, example.parents, agreed)],
    run: async (ctx, args) => {
      await ctx.api.send(endpoint, args);
      const { id, label } = target(ctx, noun);
      return message(`Deleted ${title(noun)} ${label}.`, { id, deleted: true });
    },
  });
}

/** A bare `POST …/verb` that answers with a status message, and perhaps with the thing as it is now. */
export function action<const E extends Endpoint>(
  definition: Pick<
    Command<E, Record<never, never>>,
    'name' | 'aliases' | 'summary' | 'description' | 'endpoint' | 'consent' | 'afterwards' | 'examples' | 'many'
  > & {
    readonly endpoint: E;
    /** Said when the API says nothing. */
    readonly done: string;
  },
) {
  const { done, ...rest } = definition;
  return command({
    ...rest,
    run: async (ctx, args) => said(await ctx.api.send(definition.endpoint, args), done),
  });
}

/** Restarts the thing itself, and each of several. */
export function restart<P extends Path, N extends string>({ noun, path, example }: Resource<P, N>, consent?: Consent) {
  return action({
    name: 'restart',
    summary: `Restart ${article(title(noun))}`,
    endpoint: `POST ${path}/{${noun}}/restart` as const,
    many: true,
    ...(consent && { consent }),
    done: 'Restarting.',
    examples: [line('restart', example.target, example.parents, consent && '--yes')],
  });
}

/** A reply as a view: the thing that it holds, else its message. */
export function answer(reply: Pick<Reply, 'data' | 'message'>, shown: readonly Column[], done = 'Done.'): View {
  if (isObject(reply.data)) return record(reply.data, shown);
  return said(reply, done);
}

/** A reply whose message is the result. A script gets the thing where the API sent one. */
export function said(reply: Pick<Reply, 'data' | 'message'>, done: string): View {
  const sentence = reply.message ?? done;
  return message(sentence, isObject(reply.data) ? reply.data : { message: sentence });
}

/** The body of a create or update: the flags that were given, with `-F` and `--data` merged over them. */
export function bodyOf(args: object, fields: Options): Record<string, unknown> {
  const given = Object.entries(args).filter(([key, value]) => key in fields && value !== undefined);
  return { ...Object.fromEntries(given), ...((args as { extra?: Record<string, unknown> }).extra ?? {}) };
}

const target = (ctx: Pick<Context, 'targets'>, noun: string) => ctx.targets[noun] ?? { id: '', label: '' };
const line = (...words: readonly (string | undefined)[]) => words.filter(Boolean).join(' ');

const article = (words: string) => `${/^(?!us)[aeiou]|^ssh/i.test(words) ? 'an' : 'a'} ${words}`;
