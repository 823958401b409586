import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { barren } from './run.mjs';

/** As many as its plan allows. */
const SERVERS = 10;
/** High enough never to wait; counted like any other. */
const RATE_LIMIT = '100000/1h';

/** Starts a sandbox with ten servers in a process of its own, so that it does not share our event loop. */
export async function startSandbox(dnx, directory) {
  const child = spawn(process.execPath, [dnx, 'sandbox', 'start', '--rate-limit', RATE_LIMIT], {
    env: barren(directory),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // Also if something fails before it can be closed.
  process.once('exit', () => child.kill());
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
    counter,
    ...(await fill(url, token)),
    close() {
      counter.close();
      child.kill();
    },
  };
}

/** Adds servers up to ten, and returns the ids of a server and one of its sites. */
async function fill(url, token) {
  const api = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json', 'Content-Type': 'application/json' };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`The sandbox answered ${response.status} to ${method} ${path}: ${await response.text()}`);
    return (await response.json()).data;
  };
  const servers = await api('GET', '/servers');
  for (let at = servers.length + 1; at <= SERVERS; at++)
    await api('POST', '/servers', { name: `web-${at}`, provider: 'custom', ip_address: `203.0.113.${100 + at}` });
  const [site] = await api('GET', `/servers/${servers[0].id}/sites`);
  return { server: servers[0].id, site: site.id };
}

/** Forwards to the sandbox and counts the requests. Only untimed runs go through it. */
async function startCounter(url) {
  const counter = { requests: 0 };
  const server = createServer((incoming, answer) => {
    counter.requests += 1;
    const { method } = incoming;
    const headers = { ...incoming.headers, host: new URL(url).host };
    const outgoing = request(new URL(incoming.url, url), { method, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(outgoing);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(counter, { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
}
