// A day with dnx, on a terminal of its own in `dnx sandbox shell`: what `npm run demo` shows, what docs/screens/day.svg is drawn from, and a
// test (test/docs/day.test.ts) at once.
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import pty from '@lydell/node-pty';

export const COLUMNS = 80;
export const ROWS = 24;

/**
 * The lines to type, and what each must show. `answers`: what to type when a question appears. `shown`: part of the picture, and with `demo`
 * of the demo.
 */
export const day = [
  { type: 'dnx whoami', shows: ['ada@example.com'] },
  {
    type: 'env -u DNX_TOKEN dnx login --insecure-storage',
    answers: [
      [/Email:/, 'ada@example.com\r'],
      [/Password:/, 'correct horse battery staple\r'],
      [/able to do\?/, '\r'],
    ],
    shows: ['✓ Signed in to 127.0.0.1', 'ada@example.com'],
  },
  { type: 'dnx site list', shows: ['shop.example.com', 'web-1'], shown: true },
  { type: 'dnx changes', shows: ['2 commits, 1 migration', 'CART_DAYS'], shown: true },
  {
    say: 'Deploy what was pushed, and wait until it is live.',
    type: 'dnx deploy',
    shows: ['✓ Deployed shop.example.com'],
    shown: true,
    demo: true,
  },
  {
    say: 'A colleague requires PHP 8.4, which the site does not have.',
    type: 'git merge -q origin/php-8.4 && git push -q && dnx deploy',
    shows: ['✗ Deployment of shop.example.com failed'],
    shown: true,
    demo: true,
  },
  { say: 'Why?', type: 'dnx why', shows: ['PHP 8.3 is too old', '--php-version 8.4'], shown: true, demo: true },
  {
    say: 'Fix it, and deploy again.',
    type: 'dnx site update shop.example.com --php-version 8.4',
    shows: ['✓ Updated site shop.example.com'],
    shown: true,
    demo: true,
  },
  { type: 'dnx deploy --verify /up', shows: ['passed verification', '✓ Deployed shop.example.com'], shown: true, demo: true },
  {
    type: 'dnx rollback',
    answers: [
      [/Roll back .* to:/, '\r'],
      [/\(y\/N\)/, 'y\r'],
    ],
    shows: ['✓ Rolled back shop.example.com'],
  },
  { type: 'dnx releases --limit 3', shows: ['Show the cart on every page'] },
  { type: 'dnx env pull', shows: ['.env.production'] },
  { type: 'echo CART_DAYS=30 >> .env.production && dnx env diff', shows: ['CART_DAYS'] },
  {
    type: 'dnx env push',
    answers: [
      [/Push 1 variable.*\(y\/N\)/, 'y\r'],
      [/Deploy now\? \(y\/N\)/, 'n\r'],
    ],
    shows: ['✓'],
  },
  { type: 'dnx env get CART_DAYS', shows: ['30'] },
  {
    type: `EDITOR='sed -i.bak s/CART_DAYS=30/CART_DAYS=60/' dnx env edit`,
    answers: [
      [/Update 1 variable.*\(y\/N\)/, 'y\r'],
      [/Deploy now\? \(y\/N\)/, 'n\r'],
    ],
    shows: ['✓ Updated 1 variable'],
  },
  { type: 'dnx artisan about', shows: ['Laravel Version'] },
  { type: 'dnx logs -n 3', shows: ['Order'] },
  { type: 'dnx ssh shop.example.com -- ls', shows: ['artisan'] },
  { type: 'dnx token create ci --for "deploy --wait" --to-file token.txt', shows: ['✓'] },
  { type: 'DNX_TOKEN=$(cat token.txt) CI=1 dnx deploy', shows: ['✓ Deployed shop.example.com'] },
];

/** What the demo shows without Git, so without a clone to push from. */
export const withoutGit = [
  { say: 'Six sites on three servers.', type: 'dnx site list', shows: ['shop.example.com', 'api.example.com'] },
  { say: 'Deploy one, and wait until it is live.', type: 'dnx deploy shop.example.com', shows: ['✓ Deployed shop.example.com'] },
  { say: 'The last deployment of another one failed. Why?', type: 'dnx why api.example.com', shows: ['creates the table'] },
];

const PROMPT = /\(sandbox\) \S+ ?[$#] $/;

/** How long nothing may happen, in ms. */
const PATIENCE_MS = 60_000;

/**
 * Runs steps in a new sandbox. `env`: the environment. `onOutput` receives all that the terminal prints, `onStep` each step before it is typed,
 * `onDone` its own output, without and with control sequences. `clear`: begin each step on an empty screen.
 */
export function live(steps, { env, cwd, typing = 0, clear = false, onOutput = () => {}, onStep = () => {}, onDone = () => {} }) {
  const dnx = join(import.meta.dirname, '../bin/dnx.js');
  const child = pty.spawn(process.execPath, [dnx, 'sandbox', 'shell'], { cols: COLUMNS, rows: ROWS, cwd, env });
  let text = '';
  let notify = () => {};
  let over = false;
  child.onData((data) => {
    onOutput(data);
    text += data;
    notify();
  });
  const ended = new Promise((resolve) =>
    child.onExit(({ exitCode }) => {
      over = true;
      notify();
      resolve(exitCode);
    }),
  );
  const plain = () => stripVTControlCharacters(text);
  const more = () =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`Nothing happens any more:\n${plain()}`)), PATIENCE_MS);
      notify = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  const until = async (pattern) => {
    while (!pattern.test(plain())) {
      if (over) throw new Error(`The sandbox ended before ${pattern}:\n${plain()}`);
      await more();
    }
  };

  async function perform(step) {
    onStep(step);
    text = '';
    if (clear) onOutput('\x1b[2J\x1b[H\x1b[36m(sandbox)\x1b[0m shop$ ');
    for (const key of step.type) {
      child.write(key);
      if (typing > 0) await new Promise((resolve) => setTimeout(resolve, typing));
    }
    child.write('\r');
    for (const [question, keys] of step.answers ?? []) {
      await until(question);
      if (typing > 0) await new Promise((resolve) => setTimeout(resolve, 20 * typing));
      child.write(keys);
    }
    await until(/\n[\s\S]*\(sandbox\) \S+ ?[$#] $/);
    const output = plain();
    onDone(step, output, text);
    const missing = step.shows.filter((words) => !output.replace(/\s+/g, ' ').includes(words));
    if (missing.length > 0) throw new Error(`'${step.type}' does not show '${missing.join("', '")}':\n${output}`);
  }

  return (async () => {
    try {
      await until(PROMPT);
      for (const step of steps) await perform(step);
      child.write('exit\r');
      return await ended;
    } finally {
      if (!over) child.kill('SIGHUP');
      await ended;
    }
  })();
}
