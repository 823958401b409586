import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { lacking } from '../support/programs.ts';
import { deep, leading } from '../support/volume.ts';
import { type Completer, missing, openCompleter, programsIn, type Tested, tested } from './shell.ts';

/**
 * What the user types before Tab, and the words after dnx that result: first what each shell inserts in its own way.
 * `test/commands/tab.test.ts` has everything that dnx offers.
 */
const completed: readonly (readonly [typed: string, becomes: string])[] = [
  ['dnx site list --output=nd', 'site list --output=ndjson'],
  ['dnx token create ci --ability=queue-worker:u', 'token create ci --ability=queue-worker:update'],
  ['dnx server create web-3 --data=@pay', 'server create web-3 --data=@payload.json'],
  ['dnx sandbox run -- basena', 'sandbox run -- basename'],
  ['deploynix site dep', 'site deploy'],
  ['dnx env set --site=shop.example.com APP_DE', 'env set --site=shop.example.com APP_DEBUG='],
  ['dnx audit --baseline below/pay', 'audit --baseline below/payment.json'],
  ['dnx -o json server list --fields name,ip', '-o json server list --fields name,ip_address'],
  ['dnx certi', 'certificate'],
  ['dnx nothing dep', 'nothing dep'],
  ['dnx site deploy --no-w', 'site deploy --no-wait'],
  // Names.
  ['dnx deploy blog.example.com sho', 'deploy blog.example.com shop.example.com'],
  ['dnx env get --site shop.example.com APP_DE', 'env get --site shop.example.com APP_DEBUG'],
  ['dnx site update --branch feat', 'site update --branch feature/cart'],
  // Files.
  ['dnx server create web-3 --data @pay', 'server create web-3 --data @payload.json'],
  ['dnx server create web-3 -F key=@pay', 'server create web-3 -F key=@payload.json'],
  // Programs on this machine.
  ['dnx env run --site=shop.example.com basena', 'env run --site=shop.example.com basename'],
  ['dnx sandbox run -- cat pay', 'sandbox run -- cat payload.json'],
  ['dnx ssh web-1 -- cat pay', 'ssh web-1 -- cat pay'],
];

/** Names that a server may have, each with its own beginning. */
const hostile = (pwned: string): readonly (readonly [name: string, typed: string])[] => [
  [`run$(touch ${pwned})`, 'run'],
  ["o'neil's server", 'o'],
  ['colon:at@equals=x', 'colon:at'],
  ['back\\slash', 'back'],
  [`tick\`touch ${pwned}\``, 'tick'],
  ['q"uoted', 'q'],
  ['bang!bang', 'bang'],
  [`semi; touch ${pwned}; true`, 'semi'],
  ['glob*?[a]', 'glob'],
  ['per%cent%s', 'per'],
  ['hash #tag', 'hash'],
  ['colon:at@equals=x', 'colon'],
  ['colon:at@equals=x', 'colon:at@equals='],
  ['münchen', 'mü'],
];

/** Without Git, there is no branch to complete. */
const isThere = ([typed]: readonly [typed: string, becomes: string]) => hasGit || !typed.includes('--branch');

/** How many of them run in each shell by default: most in bash, fewer where bash reads the same script as an older one. */
const few: Readonly<Record<Tested, number>> = { bash: 6, 'bash --posix': 1, 'bash in 3.2 mode': 1, zsh: 3, fish: 2 };

const hasGit = lacking(['git']).length === 0;
if (!hasGit) process.stderr.write('Skipped the completion of branches: this machine lacks git\n');

let executable: Executable;
let pwned: string;
let options: Parameters<typeof openCompleter>[1];
beforeAll(async () => {
  executable = await openExecutable({ rateLimit: 0 });
  const { directory, env, sandbox } = executable;
  pwned = join(directory, 'pwned');
  const [first] = sandbox.state.servers;
  if (!first) throw new Error('the seed has servers');
  sandbox.state.servers.push(
    ...hostile(pwned).map(([name], index) => ({ ...first, id: `01JQ8Z4T9G000000000000H0${String(index).padStart(2, '0')}`, name })),
  );
  for (const line of ['server list', 'site list', 'env list --site shop.example.com', 'releases shop.example.com']) {
    const { exitCode, stderr } = await executable.here(line.split(' '));
    expect(exitCode, stderr).toBe(0);
  }
  const cwd = join(directory, 'clone');
  mkdirSync(join(cwd, 'below'), { recursive: true });
  writeFileSync(join(cwd, 'payload.json'), '{}');
  writeFileSync(join(cwd, 'below/payment.json'), '{}');
  if (hasGit) {
    const git = (...args: readonly string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd });
    git('init', '-q', '-b', 'feature/cart');
    git('commit', '-q', '--allow-empty', '-m', 'First');
  }
  options = { cwd, env: { ...env, LC_ALL: 'C.UTF-8', PATH: `${programsIn(directory)}:${dirname(process.execPath)}:${env.PATH}` } };
}, 60_000);
afterAll(() => executable.close());

describe.each(tested)('%s', { timeout: 60_000 }, (shell) => {
  describe.skipIf(missing(shell))('at a Tab', () => {
    let completer: Completer;
    beforeAll(async () => {
      completer = await openCompleter(shell, options);
    }, 30_000);
    afterAll(() => completer.close());

    test('completes without a request', async () => {
      const before = executable.sandbox.calls.length;
      for (const [typed, becomes] of leading(completed, few[shell]).filter(isThere))
        expect([typed, await completer.tab(typed)]).toEqual([typed, becomes]);
      const { releases } = executable.sandbox.state;
      const name = releases.filter(({ site_id }) => site_id === seeded.sites['shop.example.com']).at(-1)?.name ?? '';
      expect(await completer.tab(`dnx rollback shop.example.com --to ${name.slice(0, -2)}`)).toBe(`rollback shop.example.com --to ${name}`);
      expect(executable.sandbox.calls.length).toBe(before);
    });

    test('takes a hostile name as one word, and does not run it', async () => {
      for (const [name, typed] of leading(hostile(pwned), few[shell])) {
        const line = `dnx server show ${typed}`;
        expect([name, await completer.tab(line)]).toEqual([name, `server show ${name}`]);
      }
      expect(existsSync(pwned)).toBe(false);
    });

    test.runIf(deep ? shell !== 'fish' : ['bash', 'zsh'].includes(shell))('completes in a quote that is still open', async () => {
      expect(await completer.tab("dnx server show 'hash")).toBe('server show hash #tag');
      expect(await completer.tab('dnx server show "colon')).toBe('server show colon:at@equals=x');
    });
  });
});
