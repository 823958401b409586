// Runs dnx against a local sandbox: sign in, list, deploy, roll back. Every line after a `$` is a real command over real HTTP, and what follows
// is its real output.
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
  DNX_NO_UPDATE_NOTIFIER: '1',
  DNX_CONFIG_DIR: `${directory}/config`,
  DNX_CACHE_DIR: `${directory}/cache`,
  DNX_STATE_DIR: `${directory}/state`,
};
delete env.CI;

const paint = (style, text) => (terminal ? styleText(style, text) : text);
const say = (text) => console.log(`\n${paint('cyan', `# ${text}`)}`);
const prompt = (line) => console.log(`${paint('dim', '$')} ${paint('bold', line)}`);

/** Runs a command on this terminal. Resolves with its exit code and, with `keep`, its stdout. */
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

/** Runs a command on a pseudo-terminal and types the answers to its prompts. */
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
      if (!terminal) console.log(seen.slice(Math.max(0, seen.indexOf('✓'))).trimEnd());
      resolve({ code: exitCode });
    });
  });
}

/** Starts the sandbox and shows what it prints. Resolves with its URL and the account to sign in with. */
function startSandbox() {
  prompt('dnx sandbox start');
  const child = spawn(process.execPath, [dnx, 'sandbox', 'start'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: child.stderr });
  return new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error('The sandbox did not start')));
    const found = { url: /http:\/\/127\.0\.0\.1:\d+/, email: /\S+@\S+/, password: /password:? +(.+)/i };
    const account = {};
    lines.on('line', (line) => {
      console.log(line);
      for (const [name, pattern] of Object.entries(found)) account[name] ??= pattern.exec(line)?.at(-1);
      if (account.url && account.email && account.password) resolve({ child, ...account });
    });
  });
}

function check({ code }, expected = 0) {
  if (code !== expected) throw new Error(`Expected exit code ${expected}, got ${code}`);
}

const started = Date.now();
const sandbox = await startSandbox();
try {
  env.DNX_HOST = sandbox.url;

  say('Sign in. The token normally goes to the keychain; this demo stores it in a temporary file.');
  check(
    await converse(`login --email ${sandbox.email} --preset full --insecure-storage`, [{ question: 'Password', answer: sandbox.password }]),
  );

  say('Create a token that can do only what follows, and use it from now on.');
  const { code, stdout: token } = await run('token create demo --preset ci-deploy --ability server:read', {
    keep: true,
    shown: 'export DNX_TOKEN=$(dnx token create demo --preset ci-deploy --ability server:read)',
  });
  check({ code });
  env.DNX_TOKEN = token;

  say('List servers and sites.');
  check(await run('server list'));
  check(await run('site list --server web-1'));

  say('Deploy a site and wait for the result. The exit code is 0 only if the release is live.');
  check(await run('deploy shop.example.com'));
  check(await run('site releases shop.example.com --limit 3'));

  say('Roll back to the previous release.');
  check(await run('rollback shop.example.com --yes'));

  say('The same as JSON, for scripts.');
  check(await run('site show shop.example.com --json --fields domain,status,last_deployed_at'));

  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`\n${paint('green', '✓')} Done in ${seconds}s. Try it yourself: node bin/dnx.js sandbox start\n`);
} finally {
  sandbox.child.kill('SIGINT');
  rmSync(directory, { recursive: true, force: true });
}
