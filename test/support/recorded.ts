import { optionsOf } from '../../src/cli/language/signature.ts';
import type { Leaf } from '../../src/cli/language/tree.ts';
import type { HttpRequest, Transport } from '../../src/machine/world.ts';
import { sandboxOperations } from '../../src/sandbox/operations.ts';
import { type Bed, openBed } from './dnx.ts';
import { examples, needsClone, prepareExample, runExample } from './examples.ts';
import { find } from './programs.ts';
import { leaves } from './tree.ts';

/** A request that a command sent to the sandbox, and its response. */
export interface Exchange {
  readonly line: string;
  /** As the API reference writes it: `GET /servers/{server}`. */
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  /** Undefined without one. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly status: number;
  readonly type: string;
  /** The JSON of the response. */
  readonly answer: unknown;
}

const patterns = sandboxOperations.map(({ route, method, path }) => ({
  route,
  method,
  pattern: new RegExp(`^/api/v1${path.replace(/\{\w+\}/g, '[^/]+')}$`),
  parameters: path.split('{').length,
}));

/** The route of a request, the one with the fewest parameters. */
function routeOf(method: string, path: string): string {
  const [found] = patterns
    .filter((each) => each.method === method && each.pattern.test(path))
    .sort((one, other) => one.parameters - other.parameters);
  if (!found) throw new Error(`no route for ${method} ${path}`);
  return found.route;
}

let known: Promise<readonly Exchange[]> | undefined;

/** What every example of every command sends and gets over HTTP, and every command with all of its fields. Runs them once. */
export function exchanges(): Promise<readonly Exchange[]> {
  known ??= record();
  return known;
}

async function record(): Promise<readonly Exchange[]> {
  const found: Exchange[] = [];
  const hasGit = find('git') !== undefined;
  const runs = examples.filter(({ nested, leaf, line }) => !nested && leaf.group.name !== 'sandbox' && (hasGit || !needsClone(line)));
  for (const { line } of runs) await recordLine(line, line, found);
  for (const leaf of leaves) {
    const [example] = runs.filter((each) => each.leaf.path === leaf.path);
    if (example && leaf.command.fields) await recordLine(withEveryField(leaf, example.line), example.line, found);
  }
  return found;
}

/** An example with every field that it leaves out. The sandbox may reject the values, which does not matter. */
function withEveryField({ group, command }: Leaf, line: string): string {
  const flags = Object.entries(optionsOf(group, command)).filter(
    ([name, { place, as }]) =>
      name in (command.fields ?? {}) && !place && as === undefined && !line.includes(` --${name.replaceAll('_', '-')}`),
  );
  return [line, ...flags.map(([name, option]) => `--${name.replaceAll('_', '-')}${wordFor(name, option)}`)].join(' ');
}

function wordFor(name: string, { kind, choices, from }: ReturnType<typeof optionsOf>[string]): string {
  if (kind === 'flag') return '';
  if (kind === 'secret') return ' -';
  if (from?.resolve) return ' 01JQ8Z4T9G0000000000XX0001';
  return ` ${choices?.[0] ?? (kind === 'integer' ? '1' : name === 'ip_address' ? '203.0.113.99' : 'x')}`;
}

async function recordLine(line: string, example: string, found: Exchange[]): Promise<void> {
  const bed = await openBed({ rateLimit: 0 });
  const tapped: Bed = { ...bed, dnx: (words, options) => bed.dnx(words, { ...options, through: (network) => tap(network, line, found) }) };
  try {
    await prepareExample(bed, example);
    const { code, stderr } = await runExample(tapped, line);
    if (code !== 0 && line === example) throw new Error(`${line}: ${stderr}`);
  } finally {
    await bed.close();
  }
}

/** Records what passes through. */
function tap(network: Transport, line: string, found: Exchange[]): Transport {
  return {
    close: () => network.close(),
    async request(request) {
      const response = await network.request(request);
      const { pathname } = new URL(request.url);
      if (!pathname.startsWith('/api/v1/')) return response;
      const type = response.headers['content-type'] ?? '';
      const parts: Uint8Array[] = [];
      if (type.includes('json')) for await (const part of response.body) parts.push(part);
      const text = Buffer.concat(parts).toString();
      found.push({ ...sentIn(request), line, status: response.status, type, answer: text === '' ? undefined : JSON.parse(text) });
      return type.includes('json') ? { ...response, body: once(parts) } : response;
    },
  };
}

function sentIn({ method, url, body }: HttpRequest): Pick<Exchange, 'route' | 'query' | 'body'> {
  const { pathname, searchParams } = new URL(url);
  return {
    route: routeOf(method, pathname),
    query: Object.fromEntries(searchParams),
    body: body === undefined ? undefined : (JSON.parse(body) as Record<string, unknown>),
  };
}

async function* once(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
