import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, dirname, join } from 'node:path';
import { installedSize, installInto } from './package.mjs';
import { barren } from './run.mjs';

const ROWS = 10;

/** Command lines of other hosts and platforms. `list`: a command that lists, for those that let us name the API's address. */
const PEERS = [
  {
    name: 'hcloud',
    version: 'version',
    list: (url) => ({ args: ['server', 'list'], env: { HCLOUD_ENDPOINT: url, HCLOUD_TOKEN: 'x'.repeat(64) } }),
  },
  { name: 'gh' },
  { name: 'glab', list: (url) => ({ args: ['repo', 'list'], env: { GITLAB_HOST: url, GITLAB_TOKEN: 'x', API_PROTOCOL: 'http' } }) },
  // Later releases depend on packages that not every registry has.
  { name: 'vercel', npm: 'vercel@50' },
  { name: 'heroku', npm: 'heroku' },
  { name: 'netlify', npm: 'netlify-cli' },
  {
    name: 'neonctl',
    npm: 'neonctl',
    list: (url) => ({ args: ['projects', 'list', '--api-host', url, '--api-key', 'x', '--no-analytics'] }),
  },
  { name: 'firebase', npm: 'firebase-tools' },
];

/** The peers on this machine, those that npm installs with --peers, and an API on loopback for their lists. */
export async function findPeers({ peers: wanted }, directory) {
  const server = await startApi();
  const url = `http://127.0.0.1:${server.address().port}`;
  const found = PEERS.flatMap((peer) => {
    const file = onPath(peer.name) ?? (wanted && peer.npm ? installed(peer, directory) : undefined);
    return file ? [{ ...peer, file }] : [];
  });
  return { found, url, home: join(directory, 'homes', 'peers'), close: () => server.close() };
}

function installed({ name, npm }, directory) {
  const folder = join(directory, 'peers', name);
  try {
    installInto(folder, npm);
  } catch (error) {
    process.stderr.write(`npm cannot install ${npm}: ${/notarget (.*)/.exec(error.stderr)?.[1] ?? error.message.split('\n')[0]}\n`);
    return undefined;
  }
  return join(folder, 'node_modules', '.bin', name);
}

const onPath = (name) =>
  process.env.PATH.split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

/** `--version`, `--help` and a list of every peer. No peer reaches another host: its proxy is a closed port. */
export function peerSubjects({ found, url, home }, node) {
  mkdirSync(home, { recursive: true });
  const closed = 'http://127.0.0.1:9';
  const env = {
    ...barren(home),
    PATH: `${dirname(node.file)}${delimiter}${process.env.PATH}`,
    ...Object.fromEntries(
      ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()].map((each) => [each, closed])),
    ),
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
    CI: 'true',
  };
  return found.flatMap(({ name, file, version = '--version', list }) => {
    const commands = { version: { args: [version] }, help: { args: ['--help'] }, ...(list && { list: list(url) }) };
    return Object.entries(commands).map(([column, command]) => ({
      name: `${name} ${command.args.join(' ')}`,
      peer: name,
      column,
      file,
      args: command.args,
      env: { ...env, ...command.env },
      times: [],
    }));
  });
}

/** Bytes and packages of a peer, as far as npm installed it; else the bytes of its one file. */
export function sizeOf({ file }) {
  const folder = file.split(`${join('node_modules', '.bin')}`)[0];
  return file === folder ? {} : installedSize(folder);
}

/** Answers every list of the peers with ten items, each with the fields that their tables show. */
async function startApi() {
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(LISTS[path] ?? {}));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const items = (item) => Array.from({ length: ROWS }, (_, at) => item(at + 1));
const DAY = '2026-01-01T00:00:00Z';
const LISTS = {
  '/servers': {
    servers: items((id) => ({ id, name: `web-${id}`, status: 'running', created: DAY, public_net: { ipv4: { ip: `192.0.2.${id}` } } })),
    meta: { pagination: { page: 1, per_page: 50, total_entries: ROWS, last_page: 1 } },
  },
  '/projects': { projects: items((id) => ({ id: `web-${id}`, name: `web-${id}`, region_id: 'aws-eu-central-1', created_at: DAY })) },
  '/projects/shared': { projects: [] },
  '/api/v4/projects': items((id) => ({ id, path_with_namespace: `ada/web-${id}`, ssh_url_to_repo: 'git@example.com:ada/web.git' })),
};
