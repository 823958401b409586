import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOUR } from '../../src/base/time.ts';
import type { Child } from '../../src/machine/world.ts';
import { SEED_EMAIL, SEED_PASSWORD, seeded } from '../../src/sandbox/index.ts';
import type { Bed, Run, RunOptions } from './dnx.ts';
import { openForge } from './forge.ts';
import { type PlantedBed, plantPreview } from './planted-preview.ts';
import { openPloi } from './ploi.ts';
import { addPreviews } from './preview-bed.ts';
import { deployed, Repository } from './repository.ts';
import { stateOf } from './shop-state.ts';
import { signIn } from './sign-in.ts';
import { leaves, linesOf } from './tree.ts';
import { openWebsite } from './website.ts';

const key = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 a key for the examples'.padEnd(51, '.')).toString('base64')} ada@desktop`;

const savePlan = 'site suspend shop.example.com --dry-run --out plan.json';

const undone = 'site suspend shop.example.com --yes && undo --yes';

/** A command to run before an example, or several. */
export const before: Readonly<Record<string, string>> = {
  'dnx site unschedule shop.example.com': 'site schedule shop.example.com --at 2099-12-01T02:00:00Z',
  'dnx unlink': 'link shop.example.com',
  'dnx unlink --env staging': 'link shop.example.com --env staging',
  'dnx apply plan.json --check': savePlan,
  'dnx apply plan.json --yes': savePlan,
  'dnx undo --yes': 'site suspend shop.example.com --yes',
  'dnx undo --dry-run': 'site suspend shop.example.com --yes',
  'dnx redo --yes': undone,
  'dnx redo --dry-run': undone,
  'dnx config delete-profile work --yes': 'config set output json --profile work',
  'dnx agent uninstall --yes': 'agent install claude --yes',
  'dnx agent uninstall --dry-run': 'agent install claude --yes',
};

/** Examples that start another dnx and need the built executable. */
const nested = /^dnx sandbox run/;

/** Examples that read from a server over SSH, which `test/ssh` runs. */
const remote = /^dnx (why|top|logs|service |db |tunnel |cp |storage |import verify|(ssh|artisan) --(all|on) )/;

/** Examples that need a stored token. */
const stored = /^dnx auth refresh/;

/** Examples that need a terminal, and the keys for the answers: email, password and the default abilities; the changes, and no deployment. */
const answers: readonly (readonly [line: RegExp, keys: string])[] = [
  [/^dnx auth login(?!.*--with-token)/, `${SEED_EMAIL}\r${SEED_PASSWORD}\r\r\r`],
  [/^dnx env edit(?!.*--yes)/, 'y\rn\r'],
  // The first client; its files.
  [/^dnx agent install$/, ' \ry\r'],
  // Its shell ends at once.
  [/^dnx sandbox shell/, ''],
];

const answersTo = (line: string): string | undefined => answers.find(([asking]) => asking.test(line))?.[1];

/** A line with more options, before the command that it runs. */
export const withOptions = (line = '', options: string): string => line.replace(/( -- .*)?$/, ` ${options}$1`);

/** Every example of every command, as typed. */
export const examples = leaves.flatMap((leaf) =>
  linesOf(leaf).map((line) => ({
    line,
    leaf,
    nested: nested.test(line) || remote.test(line),
    remote: remote.test(line),
    asks: answersTo(line) !== undefined,
  })),
);

/** Creates the files and the state that an example needs. */
export async function prepareExample(bed: Bed, line: string): Promise<void> {
  prepareFiles(bed.directory);
  prepareClone(bed, line);
  preparePreview(bed, line);
  if (stored.test(line)) mustSucceed(await signIn(bed, 'login --with-token', { stdin: bed.sandbox.mint(['site:read']) }));
  if (!before[line]) return;
  for (const each of before[line].split(' && ')) mustSucceed(await bed.dnx(each, cwdOf(bed, line)));
}

/** A project below the home directory, for an example that does not run there. */
export function cwdOf({ directory }: Pick<Bed, 'directory'>, line: string): Pick<RunOptions, 'cwd'> {
  if (!/^(dnx )?agent (un)?install/.test(line)) return {};
  mkdirSync(join(directory, 'project/.git'), { recursive: true });
  return { cwd: join(directory, 'project') };
}

function mustSucceed({ code, stderr }: Run): void {
  if (code !== 0) throw new Error(stderr);
}

/** The files in examples. */
export function prepareFiles(directory: string): void {
  mkdirSync(join(directory, '.ssh'), { recursive: true });
  writeFileSync(join(directory, '.ssh/id_ed25519.pub'), key);
  for (const name of ['.env', '.env.shop.example.com', `.env.${seeded.sites['shop.example.com']}`])
    writeFileSync(join(directory, name), '# Local\nLOG_LEVEL=debug\n');
  writeFileSync(join(directory, '.env.staging'), 'CACHE_STORE=redis\n');
  writeFileSync(join(directory, 'deploynix.yml'), stateOf('branch: main', 'env: { APP_ENV: production }'));
  writeFileSync(join(directory, 'deploy.log'), 'npm error code EUSAGE\n');
}

/** An editor that adds a variable. */
export const editor = `sh -c 'echo EDITED=1 >> "$1"' --`;

/** Does what this editor does, as a child process of a bed. Other programs do nothing. */
export function addVariable({ args }: Pick<Child, 'args'>): number {
  const file = args.at(-1) ?? '';
  if (file.includes('dnx-private-')) appendFileSync(file, 'EDITED=1\n');
  return 0;
}

/** Whether an example runs only in a clone. */
export const needsClone = (line: string): boolean => / --guard|^(dnx )?preview /.test(line);

/** A clone in the working directory, for an example that does not run without one. */
export function prepareClone(bed: Pick<Bed, 'directory' | 'sandbox'>, line: string): void {
  if (/^(dnx )?preview /.test(line)) {
    const { clone } = addPreviews(bed, bed.directory);
    clone.git('switch', '--quiet', '--create', 'feature/cart');
    clone.git('push', '--quiet', 'origin', 'feature/cart');
  } else if (needsClone(line))
    deployed(bed, Repository.create(bed.directory).commit('Start', { 'composer.json': '{"require":{"php":"^8.2"}}' }));
}

/** A preview of the branch of that clone, for an example that shows or removes one. Its time is over. */
export function preparePreview(bed: PlantedBed, line: string): void {
  if (/^(dnx )?preview (open|down|sweep) /.test(line)) plantPreview(bed, 'feature/cart', { left: -HOUR });
}

/** Runs an example in this process, with its redirected stdin and answers to its prompts. */
export function runExample(bed: Bed, line: string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const [words = '', from] = line
    .replace(/^dnx /, '')
    .replace(/ > \S+$/, '')
    // The port may be in use on this machine.
    .replace(/^sandbox start --port \d+/, 'sandbox start --port 0')
    .split(' < ');
  const keys = answersTo(line);
  const options: RunOptions = {
    child: addVariable,
    stdin: from === 'token.txt' ? bed.sandbox.token : 'a secret that is long enough\n',
    env: { SHELL: '/bin/bash', ...env, ...(/^auth (login|refresh)/.test(words) && { DNX_TOKEN: '' }) },
    ...cwdOf(bed, words),
    ...(keys !== undefined && { columns: 100, keys }),
    // The site of the example does not answer.
    ...(words.startsWith('why ') && { elsewhere: () => {} }),
    // The sandbox runs until Ctrl-C.
    ...(words.startsWith('sandbox start') && { interruptOn: 'Ctrl-C stops it' }),
  };
  if (/^import (forge|ploi)/.test(words)) return runImport(bed, words, options);
  return words.includes(' --verify ') ? runVerified(bed, words, options) : bed.dnx(words, options);
}

/** Runs a command that reads Forge or Ploi. */
async function runImport(bed: Bed, words: string, options: RunOptions): Promise<Run> {
  const { token, url, close } = await (words.startsWith('import ploi') ? openPloi() : openForge());
  try {
    const env = { ...options.env, FORGE_TOKEN: token, PLOI_TOKEN: token, DNX_IMPORT_HOST: url, DNX_RATE_LIMIT: 'off' };
    return await bed.dnx(words, { ...options, env, stdin: token });
  } finally {
    await close();
  }
}

/** Runs a command that requests the deployed site. */
async function runVerified(bed: Bed, words: string, options: RunOptions): Promise<Run> {
  const site = await openWebsite(bed.sandbox, '', () => ({ status: 200 }));
  try {
    return await bed.dnx(`${words} --url ${site.url}`, options);
  } finally {
    await site.close();
  }
}
