import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Bed, openBed, type Run, split } from '../support/dnx.ts';
import { examples, prepareExample } from '../support/examples.ts';
import { type Hostile, openHostile } from './hostile.ts';
import { brokenBy, shown } from './promises.ts';
import { type Plan, plan } from './wrong.ts';

/** A command line and the responses to its requests. */
export interface Trial {
  readonly line: string;
  readonly options: readonly string[];
  readonly columns: number | undefined;
  readonly dumb: boolean;
  readonly plan: Plan;
}

/** Command lines besides the examples. */
const further = [
  'deploy shop.example.com blog.example.com --yes',
  'deploy shop.example.com --verify-cmd true --rollback-on-fail',
  'deploy shop.example.com --if-running attach',
  'deploy shop.example.com --if-running fail --no-wait',
  'site suspend shop.example.com blog.example.com --yes',
  'server restart web-1 web-2 --yes',
  'database delete shop --server db-1 --confirm shop',
  'api DELETE /servers/{server} --server web-1 --yes',
  'backup restore 01JQ8Z4T9G000000000000BK06 --confirm shop',
];

/** Commands that print a result even if they fail: the state of a deployment, a rejected token or a new token. */
const resulting = /^((site )?(deploy|watch|rollback)|auth status|token rotate|doctor)/;

/** Commands that send no requests or prompt. */
const silent = /^dnx (completion|config|sandbox|version|auth login(?!.*--with-token))/;

const lines = [
  // --verify would leave this machine.
  ...examples
    .filter(({ line }) => !silent.test(line) && !line.includes(' --verify '))
    .map(({ line }) => line.replace(/^dnx /, '').replace(/ > \S+$/, '')),
  ...further,
];

const shapes = [
  ['-o', 'json'],
  ['-o', 'ndjson'],
  ['-o', 'yaml'],
  ['-o', 'csv'],
  ['-o', 'tsv'],
  ['-o', 'text'],
  ['-o', 'ids'],
  ['--query', '[].id'],
  ['--query', 'id'],
  ['--query', '@', '-o', 'csv'],
  ['--query', '[].{id: id, name: name}', '-o', 'text'],
  ['--fields', 'id,name,constructor'],
  ['--sort', '-created_at'],
  ['--limit', '2'],
  ['--debug'],
  ['--quiet'],
];

export const trial: fc.Arbitrary<Trial> = fc.record({
  line: fc.constantFrom(...lines),
  options: fc.oneof(fc.constant<string[]>([]), fc.constantFrom(...shapes)),
  columns: fc.oneof({ arbitrary: fc.constantFrom(80, 40, 120), weight: 3 }, { arbitrary: fc.constant(undefined), weight: 1 }),
  dumb: fc.boolean(),
  plan,
});

/** More fake time than any command needs: four attempts, each delayed by the rate limit for as long as dnx waits. */
const LONGEST_MS = 20 * 60_000;
/** Real ms after which a command counts as hanging. */
const HANGS_MS = 8_000;

/** The environment of trials. `rejections` are unhandled promise rejections. */
export interface Laboratory {
  readonly hostile: Hostile;
  readonly rejections: unknown[];
  /** The exit codes so far. */
  readonly codes: Set<number>;
}

export async function openLaboratory(): Promise<Laboratory & { close(): Promise<void> }> {
  const hostile = await openHostile();
  const rejections: unknown[] = [];
  const keep = (reason: unknown) => void rejections.push(reason);
  process.on('unhandledRejection', keep);
  return {
    hostile,
    rejections,
    codes: new Set(),
    async close() {
      process.off('unhandledRejection', keep);
      await hostile.close();
    },
  };
}

/** Runs a trial on its own bed. Returns the broken promise and the run, or undefined. */
export async function attempt({ hostile, rejections, codes }: Laboratory, given: Trial): Promise<string | undefined> {
  const { line, columns, dumb } = given;
  const bed = await openBed();
  try {
    await prepareExample(bed, `dnx ${line}`);
    hostile.begin(given.plan, bed.sandbox);
    const leaked: string[] = [];
    const started = performance.now();
    const run = await execute(bed, hostile.url, { ...given, leaked });
    codes.add(run.code);
    const early = given.options.includes('ndjson') || resulting.test(line);
    const broken =
      (performance.now() - started >= HANGS_MS ? 'hangs' : undefined) ??
      brokenBy(run, { terminal: columns !== undefined, dumb, early }) ??
      outcomeBroken(run, hostile, line) ??
      (rejections.length > 0 ? `an unhandled rejection: ${String(rejections.splice(0))}` : undefined) ??
      (leaked.length > 0 ? `the token went to ${leaked}` : undefined) ??
      (leaksToken(run, bed) ? 'the token is printed' : undefined);
    return (
      broken &&
      `${broken}\n${shown(run)}\n${hostile.asked
        .slice(-8)
        .map(({ method, path, status }) => `${method} ${path} -> ${status}`)
        .join('\n')}`
    );
  } finally {
    await bed.close();
  }
}

function execute(bed: Bed, host: string, { line, options, columns, dumb, leaked }: Trial & { leaked: string[] }): Promise<Run> {
  const [words = '', from] = line.split(' < ');
  const cwd = join(bed.directory, 'work');
  mkdirSync(cwd);
  return bed.dnx([...split(words), ...options], {
    cwd,
    stdin: from === 'token.txt' ? bed.sandbox.token : 'a secret that is long enough\n',
    env: {
      DNX_HOST: host,
      DNX_TIMEOUT: '60s',
      SHELL: '/bin/bash',
      NO_COLOR: '1',
      TERM: dumb ? 'dumb' : 'xterm',
      ...(words.startsWith('auth login') && { DNX_TOKEN: '' }),
    },
    ...(columns !== undefined && { columns }),
    limitMs: HANGS_MS,
    lies: true,
    elsewhere: ({ url, headers }) => {
      if (headers.authorization !== undefined) leaked.push(url);
    },
  });
}

/** Lines that give a program a token of its own, which is revoked until that is certain. */
const leasing = /^(token lease|agent run) /;

function outcomeBroken({ waited }: Run, { asked }: Hostile, line: string): string | undefined {
  if (waited > LONGEST_MS) return `waited ${waited} ms`;
  const performed = asked
    .filter(({ method, status }) => method !== 'GET' && status !== 429 && !(method === 'DELETE' && leasing.test(line)))
    .map(({ method, path, body }) => `${method} ${path} ${body}`);
  const again = performed.find((each, index) => performed.indexOf(each) < index);
  return again && `sent twice: ${again}`;
}

const leaksToken = ({ stdout, stderr }: Run, { sandbox }: Bed): boolean => `${stdout}${stderr}`.includes(sandbox.token);
