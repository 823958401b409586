// Measures the start-up of dnx against `node -e 0`: npm run bench -- [rounds]. Runs alternate, so that a busy moment affects all alike.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROUNDS = Math.max(20, Number(process.argv[2] ?? 30));
const SERVERS = 15;
const WARM_UP = 2;
const dnx = join(import.meta.dirname, '..', 'bin', 'dnx.js');

// NODE_EXTRA_CA_CERTS costs tens of ms at every start of Node 20, whatever it runs.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
const home = mkdtempSync(join(tmpdir(), 'dnx-bench-'));
Object.assign(env, { HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home });

/** Starts a sandbox in its own process, so that it does not share our event loop. Its state is the seed with more servers. */
async function startSandbox() {
  const file = join(home, 'state.json');
  spawnSync(process.execPath, [dnx, 'sandbox', 'run', '--state', file, '--', process.execPath, '-e', '0'], { env });
  const state = JSON.parse(readFileSync(file, 'utf8'));
  const [server] = state.servers;
  while (state.servers.length < SERVERS)
    state.servers.push({ ...server, id: `${server.id.slice(0, -2)}${10 + state.servers.length}`, name: `web-${state.servers.length}` });
  writeFileSync(file, JSON.stringify(state));

  const child = spawn(process.execPath, [dnx, 'sandbox', 'start', '--rate-limit', '0', '--state', file], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = await new Promise((resolve, reject) => {
    let all = '';
    child.stderr.on('data', (chunk) => {
      all += chunk;
      if (all.includes('DNX_TOKEN=')) resolve(all);
    });
    child.on('exit', () => reject(new Error(`The sandbox did not start: ${all}`)));
  });
  const [, url, token] = /DNX_HOST=(\S+)[\s\S]*?DNX_TOKEN='([^']+)'/.exec(said) ?? [];
  // High enough never to wait, but counted like any other.
  Object.assign(env, { DNX_HOST: url, DNX_TOKEN: token, DNX_RATE_LIMIT: '1000' });
  return child;
}

const node = (...args) => [process.execPath, args];
const installed = (name) => spawnSync(name, ['--version'], { env, stdio: 'ignore' }).status === 0;

const subjects = [
  { name: 'node -e 0', run: node('-e', '0') },
  { name: 'dnx --version', run: node(dnx, '--version'), target: 1.2 },
  { name: 'dnx --help', run: node(dnx, '--help'), target: 1.6 },
  { name: 'dnx server list --json', run: node(dnx, 'server', 'list', '--json'), target: 2.0 },
  { name: 'dnx server list', run: node(dnx, 'server', 'list'), target: 2.6 },
  ...['gh', 'hcloud', 'vercel', 'neonctl', 'heroku', 'netlify', 'flyctl', 'doctl']
    .filter(installed)
    .flatMap((name) => ['--version', '--help'].map((flag) => ({ name: `${name} ${flag}`, run: [name, [flag]] }))),
].map((subject) => ({ ...subject, times: [] }));

/** Wall-clock ms from spawn to exit, with the output read through a pipe as in a script. */
function time({ name, run: [file, args] }) {
  const start = performance.now();
  const { status, stderr } = spawnSync(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  if (status !== 0) throw new Error(`${name} exited ${status}: ${stderr}`);
  return performance.now() - start;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const sandbox = await startSandbox();
try {
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const subject of subjects) {
      const ms = time(subject);
      if (round >= 0) subject.times.push(ms);
    }
  }
} finally {
  sandbox.kill('SIGINT');
  rmSync(home, { recursive: true, force: true });
}

const base = median(subjects[0].times);
process.stdout.write(`Node ${process.version}, medians of ${ROUNDS} alternating runs, ${SERVERS} servers\n\n`);
process.stdout.write(`${'command'.padEnd(26)}${'ms'.padStart(8)}${'ratio'.padStart(8)}${'target'.padStart(9)}\n`);
for (const { name, times, target } of subjects) {
  const ratio = median(times) / base;
  const goal = target ? `${ratio <= target ? '≤' : '>'} ${target.toFixed(1)}` : '';
  process.stdout.write(`${name.padEnd(26)}${median(times).toFixed(1).padStart(8)}${ratio.toFixed(2).padStart(8)}${goal.padStart(9)}\n`);
}
