import { dirname } from 'node:path';
import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Tree, TypedLine } from '../../cli/language/command.ts';
import { takenBy } from '../../cli/language/signature.ts';
import { everyCommand, type Leaf, operationsOf } from '../../cli/language/tree.ts';
import { apiPath, rewritten } from '../../cli/run/hidden-values.ts';
import { takesDestination } from '../../cli/run/line.ts';
import { bareLine, type Holder, kindsOf, may, refusedToClient } from '../../cli/run/may.ts';
import { realPath, realPathOf } from '../../machine/files/text-file.ts';
import { NetworkFault, pathOf, type Transport, type World } from '../../machine/world.ts';
import { isReadMethod } from '../../platform/api/endpoint.ts';
import { isInside, projectDirectory } from '../env/local-file.ts';

/** What a person lets a client do: the options of `dnx mcp`. */
export interface Limits extends Required<Pick<Holder, 'readOnly' | 'showValues' | 'allow'>> {
  /** Nothing else is touched. */
  readonly server: string | undefined;
  readonly site: string | undefined;
}

/** The tools that run a command line. */
export type LineTool = NonNullable<Holder['tool']>;

/** Refuses a command line that a tool may not run. What it does not refuse is bounded once more, where requests leave. */
export function allowedLine(line: TypedLine, words: readonly string[], tool: LineTool, limits: Limits, world: Pick<World, 'cwd' | 'home'>) {
  const verdict = may(line, { ...limits, tool });
  if (verdict.may === 'no') throw refusedToClient(verdict, words);
  requireJson(line);
  refuseFiles(line, world);
  return verdict;
}

/** Who runs a command without options: a tool, or a person in a terminal. */
export function toolFor(leaf: Leaf, limits: Limits): 'read' | 'change' | 'person' {
  const line = bareLine(leaf);
  const tools = ['read', ...(limits.readOnly ? [] : (['change'] as const))] as const;
  return tools.find((tool) => may(line, { ...limits, tool }).may === 'yes') ?? 'person';
}

/** Refuses --allow with a word that is no kind of change, which would offer nothing. */
export async function checkKinds(tree: Tree, { allow }: Limits): Promise<void> {
  if (allow.length === 0) return;
  const known = (await everyCommand(tree)).flatMap(({ path }) => kindsOf(path));
  const wrong = allow.find((command) => !known.includes(command));
  if (wrong !== undefined)
    throw usage(`--allow: '${wrong}' is not a group or command.${didYouMean(wrong, known)}`, 'List them with: dnx schema');
}

/** What --server or --site limit a client to, in words; undefined without them. */
export const limitWords = ({ server, site }: Pick<Limits, 'server' | 'site'>): string | undefined =>
  site !== undefined
    ? `This server is limited to site ${site}.`
    : server !== undefined
      ? `This server is limited to server ${server}.`
      : undefined;

function requireJson({ command, options, globals, dryRun }: TypedLine): void {
  if (command.name === 'api' && options.include) throw usage('--include is not for an agent.');
  if (dryRun.exitCode) throw usage('--exit-code is not needed: the answer is the plan.');
  if (globals.output !== undefined && globals.output !== 'json') throw usage('Answers are JSON: leave out --output.');
}

/** A file of this computer that a command line names; `-` is its standard input. */
interface FileArgument {
  readonly file: string;
  /** The text may stand on the command line instead. */
  readonly isText: boolean;
}

function filesIn({ command, options, fields, body }: TypedLine): readonly FileArgument[] {
  const taken = takenBy(command);
  const named = Object.entries({ ...fields, ...options }).flatMap(([key, words]): readonly FileArgument[] => {
    const { kind, placeholder = '' } = taken[key] ?? {};
    const all = [words].flat().map(String);
    if (kind === 'content' || kind === 'secret') return all.flatMap(fileIn).map((file) => ({ file, isText: kind === 'content' }));
    return key !== 'out' && (/\bfile\b/.test(placeholder) || key.includes('file')) ? all.map((file) => ({ file, isText: false })) : [];
  });
  return [...named, ...(body.data === undefined ? [] : fileIn(body.data).map((file) => ({ file, isText: true })))];
}

const fileIn = (word: string): readonly string[] => (word === '-' ? [word] : word.startsWith('@') ? [word.slice(1)] : []);

/** Only files of the project, which the agent can read anyway. */
function refuseFiles(line: TypedLine, world: Pick<World, 'cwd' | 'home'>): void {
  const project = projectDirectory(world);
  for (const { file, isText } of filesIn(line)) {
    const instead = isText ? 'Give the text itself, or a file of the project.' : 'Give a file of the project.';
    if (file === '-') throw usage('There is no standard input here.', instead);
    const path = pathOf(file, world);
    if (!isInside(realPath(path), project) || !isInside(realPathOf(dirname(path)) ?? path, project))
      throw usage(`${file} is outside of this project (${project}).`, instead);
  }
}

/** The ids to which --server and --site limit requests. */
export interface PlaceIds {
  readonly server: string;
  readonly site: string | undefined;
}

/** What requests may do. */
export interface Bounds {
  readonly changes: boolean;
  values: boolean;
  /** The command is about a site, and reads what is around it. */
  around: boolean;
  readonly host: string;
  readonly within: PlaceIds | undefined;
  readonly limits: Limits;
  /** Receives the tokens that are sent. */
  readonly tokens: Set<string>;
}

/** A transport that refuses requests outside of the bounds, and narrows lists to what is within. */
export function bounded(transport: Transport, bounds: Bounds): Transport {
  return {
    close: () => transport.close(),
    async request(request) {
      const token = request.headers.authorization?.replace(/^Bearer /, '');
      if (token) bounds.tokens.add(token);
      const path = apiPath(request, bounds.host);
      const refused = mayTouch(request.method, path, bounds);
      if (refused) throw refused.with({ cause: new NetworkFault(refused.message, { sent: false }) });
      const response = await transport.request(request);
      const { within } = bounds;
      return path !== undefined && within ? rewritten(response, (data) => narrowed(data, path, within)) : response;
    },
  };
}

const outside = (limits: Limits): DnxError => usage(`${limitWords(limits)} This goes beyond it.`);

/** Why a request may not leave; undefined if it may. */
export function mayTouch(
  method: string,
  path: string | undefined,
  { changes, around, within, limits }: Pick<Bounds, 'changes' | 'around' | 'within' | 'limits'>,
): DnxError | undefined {
  const reads = isReadMethod(method);
  if (!reads && !(changes && path !== undefined)) return usage('This would change something. Nothing was sent.');
  // Names are looked up in the lists of servers and sites, and what a site depends on may be in those of the account.
  if (!within || path === undefined || (reads && (around ? /^\/[\w-]+$/ : /^\/(user|servers)$/).test(path))) return undefined;
  const [serverPath, server, , site] = /^\/servers\/([^/]+)(?:(\/sites)(?:\/([^/]+))?)?/.exec(path) ?? [];
  const isAround = reads && site === undefined && (around || serverPath === path);
  return server === within.server && (within.site === undefined || site === within.site || isAround) ? undefined : outside(limits);
}

/** A list with only what is within; anything else as it is. */
function narrowed(data: unknown, path: string, within: PlaceIds): unknown {
  if (Array.isArray(data)) return data.filter((item) => isWithin(item, path, within));
  if (!isObject(data) || !Array.isArray(data.data)) return data;
  const { total: _, ...meta } = isObject(data.meta) ? data.meta : {};
  return { ...data, data: narrowed(data.data, path, within), ...(isObject(data.meta) && { meta }) };
}

function isWithin(item: unknown, path: string, { server, site }: PlaceIds): boolean {
  if (!isObject(item)) return false;
  if (path === '/servers') return item.id === server;
  if (path === `/servers/${server}/sites`) return site === undefined || item.id === site;
  // What is of no server belongs to the account.
  if (!path.startsWith('/servers/') && item.server_id !== server && (site === undefined || item.site_id !== site)) return false;
  return site === undefined || item.site_id === undefined || item.site_id === null || item.site_id === site;
}

/** True if a line is about a site, and may read what is around it. A server alone is too much if only a site is allowed. */
export function isAboutSite(line: TypedLine, { within, limits }: Pick<Bounds, 'within' | 'limits'>): boolean {
  const { command, targets } = line;
  if (within?.site !== undefined && takesDestination(command) && targets.server && !targets.site) throw outside(limits);
  return operationsOf(command).some((operation) => operation.includes('{site}'));
}
