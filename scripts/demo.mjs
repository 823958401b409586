// The main job against a sandbox on this machine: sign in, look around, deploy, roll back, mint a token for CI.
// Every line after a `$` is a real command over real HTTP; nothing here knows what it will print.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters, styleText } from 'node:util';
import pty from '@lydell/node-pty';

const dnx = join(import.meta.dirname, '../bin/dnx.js');
const directory = mkdtempSync(join(tmpdir(), 'dnx-demo-'));
const terminal = process.stdout.isTTY;
const env = {
  ...process.env,
  DNX_CONFIG_DIR: `${directory}/config`,
  DNX_CACHE_DIR: `${directory}/cache`,
  DNX_STATE_DIR: `${directory}/state`,
};
delete env.CI;

const paint = (style, text) => (terminal ? styleText(style, text) : text);
const say = (text) => console.log(`\n${paint('cyan', `# ${text}`)}`);
const prompt = (line) => console.log(`${paint('dim', '$')} ${paint('bold', line)}`);

/** Runs one command with this terminal; answers with its exit code and, when `keep` is set, its stdout. */
function run(line, { keep = false, shown = `dnx ${line}` } = {}) {
  prompt(shown);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [dnx, ...line.split(' ')], { env, stdio: ['inherit', keep ? 'pipe' : 'inherit', 'inherit'] });
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.on('close', (code) => resolve({ code, stdout: stdout.trim() }));
  });
}

/** Runs one command in a terminal of its own and types the answers to its questions, as a person would. */
function converse(line, answers) {
  prompt(`dnx ${line}`);
  return new Promise((resolve) => {
    const child = pty.spawn(process.execPath, [dnx, ...line.split(' ')], { cols: 100, rows: 30, env });
    const waiting = [...answers];
    let seen = '';
    child.onData((chunk) => {
      if (terminal) process.stdout.write(chunk);
      seen += stripVTControlCharacters(chunk);
      const [next] = waiting;
      if (next && seen.includes(next.question)) {
        waiting.shift();
        seen = '';
        child.write(`${next.answer}\r`);
      }
    });
    child.onExit(({ exitCode }) => {
      if (!terminal) console.log(seen.trim().split(/\r?\n/).at(-1));
      resolve({ code: exitCode });
    });
  });
}

/** Starts the sandbox; resolves with its address and the account that it has for everybody. */
function startSandbox() {
  prompt('dnx sandbox start');
  const child = spawn(process.execPath, [dnx, 'sandbox', 'start'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: child.stderr });
  return new Promise((resolve) => {
    let url;
    let email;
    lines.on('line', (line) => {
      url ??= /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      email ??= /^ +Email +(.+)/.exec(line)?.[1];
      const password = /^ +Password +(.+)/.exec(line)?.[1];
      if (password) console.log(`A local Deploynix API is running on ${url}.`);
      if (password) resolve({ child, url, email, password });
    });
  });
}

function check({ code }, expected = 0) {
  if (code !== expected) throw new Error(`exit code ${code}, not ${expected}`);
}

const started = Date.now();
const sandbox = await startSandbox();
try {
  env.DNX_HOST = sandbox.url;

  say('Sign in. The token goes to the keychain; this demo keeps it in a private file instead.');
  check(
    await converse(`login --email ${sandbox.email} --preset full --insecure-storage`, [{ question: 'Password', answer: sandbox.password }]),
  );

  say('Mint a token that can do just what is needed here, and use it from now on.');
  const { code, stdout: token } = await run('token create demo --preset ci-deploy --ability server:read', {
    keep: true,
    shown: 'export DNX_TOKEN=$(dnx token create demo --preset ci-deploy --ability server:read)',
  });
  check({ code });
  env.DNX_TOKEN = token;

  say('What is there?');
  check(await run('server list'));
  check(await run('site list --server web-1'));

  say('Deploy, and follow it to its end. The exit code tells how it ended.');
  check(await run('deploy shop.example.com'));
  check(await run('site releases shop.example.com --limit 3'));

  say('Something is wrong with it? Make the release before live again.');
  check(await run('rollback shop.example.com --yes'));

  say('For a script: the same, as JSON.');
  check(await run('site show shop.example.com --json --fields domain,status,last_deployed_at'));

  console.log(
    `\n${paint('green', '✔')} That was dnx, in ${Math.round((Date.now() - started) / 1000)} s. Try it yourself: node bin/dnx.js sandbox start\n`,
  );
} finally {
  sandbox.child.kill('SIGINT');
  rmSync(directory, { recursive: true, force: true });
}
