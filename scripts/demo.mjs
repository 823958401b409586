// Shows dnx in a sandbox: a deployment, one that fails, why, the fix. Every line after a prompt is typed into a real shell, and what follows is
// its real output. scripts/day.mjs has the lines.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters, styleText } from 'node:util';
import { day, live, withoutGit } from './day.mjs';

const terminal = process.stdout.isTTY;
const paint = (style, text) => (terminal ? styleText(style, text) : text);
const started = Date.now();
console.log('Time passes twice as fast here.');
const hasGit = spawnSync('git', ['--version']).status === 0;
if (!hasGit) console.log('Git is not installed, so this is a short demo, without the clone of a project.');
const home = mkdtempSync(join(tmpdir(), 'dnx-demo-'));
/** How much faster than in reality time passes, so that the demo takes less than a minute with the installation. */
const SPEED = 2;
const env = {
  ...process.env,
  HOME: home,
  SHELL: 'bash',
  TERM: 'xterm-256color',
  DNX_NO_UPDATE_NOTIFIER: '1',
  NODE_OPTIONS: `--require ${join(import.meta.dirname, '../test/support/hastened.cjs')}`,
  DNX_TEST_TIME: `${SPEED} ${started}`,
};
for (const name of ['CI', 'DNX_SANDBOX']) delete env[name];

/** What a spinner writes before it draws its next frame, or leaves the line to other output. */
const ERASE = '\x1b[1G\x1b[0K';

/** What remains of the output on a screen: the log and the result, without the frames of a spinner. */
const settled = (output) =>
  output
    .split('\n')
    .map((line) => stripVTControlCharacters(line.split(ERASE).at(-1)).replaceAll('\r', ''))
    .slice(0, -1)
    .join('\n');

try {
  let begun = false;
  await live(hasGit ? day.filter(({ demo }) => demo) : withoutGit, {
    cwd: home,
    env,
    typing: terminal ? 15 : 0,
    onStep({ say }) {
      begun = true;
      if (say) console.log(`\n\n${paint('cyan', `# ${say}`)}`);
      if (terminal) process.stdout.write(`${paint('dim', '$')} `);
    },
    onOutput: (data) => terminal && begun && process.stdout.write(data),
    onDone: (_step, _plain, output) => terminal || console.log(`$ ${settled(output)}`),
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`\n${paint('green', '✓')} Done in ${seconds}s. Try it yourself: node bin/dnx.js sandbox shell\n`);
} finally {
  rmSync(home, { recursive: true, force: true });
}
