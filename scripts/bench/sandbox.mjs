import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { barren } from './run.mjs';

const SERVERS = 15;
/** High enough never to wait; counted like any other. */
const RATE_LIMIT = '100000/1h';

/** Starts a sandbox with 15 servers in a process of its own, so that it does not share our event loop. */
export async function startSandbox(dnx, directory) {
  const file = join(directory, 'state.json');
  const env = barren(directory);
  spawnSync(process.execPath, [dnx, 'sandbox', 'run', '--state', file, '--', process.execPath, '-e', '0'], { env });
  const state = JSON.parse(readFileSync(file, 'utf8'));
  const [server] = state.servers;
  while (state.servers.length < SERVERS)
    state.servers.push({ ...server, id: `${server.id.slice(0, -2)}${10 + state.servers.length}`, name: `web-${state.servers.length}` });
  writeFileSync(file, JSON.stringify(state));

  const child = spawn(process.execPath, [dnx, 'sandbox', 'start', '--rate-limit', RATE_LIMIT, '--state', file], {
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
  const counter = await startCounter(url);
  return {
    env: { DNX_HOST: url, DNX_TOKEN: token, DNX_RATE_LIMIT: RATE_LIMIT },
    server: server.id,
    site: state.sites.find((site) => site.server_id === server.id).id,
    counter,
    close() {
      counter.close();
      child.kill('SIGINT');
    },
  };
}

/** Forwards to the sandbox and counts the requests. Only untimed runs go through it. */
async function startCounter(url) {
  const counter = { requests: 0 };
  const server = createServer((incoming, answer) => {
    counter.requests += 1;
    const { method, headers } = incoming;
    const outgoing = request(new URL(incoming.url, url), { method, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(outgoing);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(counter, { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
}
