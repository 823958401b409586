import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { barren, run } from './run.mjs';
import { median } from './statistics.mjs';

/** The round trip to Deploynix, in ms. */
const RTT_MS = 50;

/** Targets are ratios to curl: of the executable, on Node 20, and on later releases. */
const commands = ({ server, site }) => [
  { name: 'list', args: ['server', 'list', '--json'], call: ['GET', '/servers'], targets: [1.06, 1.3, 1.22] },
  { name: 'show by name', args: ['server', 'show', 'web-1', '--json'], call: ['GET', `/servers/${server}`], targets: [1.06, 1.3, 1.22] },
  {
    name: 'deploy --no-wait',
    args: ['deploy', site, '--server', server, '--no-wait', '--json'],
    call: ['POST', `/servers/${server}/sites/${site}/deploy`],
    targets: [1.1, 1.3, 1.22],
  },
];

/** Measures commands over TLS at 50 ms to the server, and curl sending the same request. Returns a table, or nothing without curl and openssl. */
export async function measureWire(nodes, { installed, sandbox, directory, rounds, minimum }) {
  if (![['curl'], ['openssl', 'version']].every(isThere)) return [];
  const line = await openLine(sandbox.env.DNX_HOST, directory);
  const homeOf = ({ version }) => join(directory, 'homes', `${version}-wire`);
  for (const node of nodes) mkdirSync(homeOf(node), { recursive: true });
  const rows = commands(sandbox).map(({ name, args, call: [method, path], targets }) => ({
    name,
    curl: {
      name: 'curl',
      times: [],
      file: 'curl',
      env: barren(directory),
      args: [
        '-sS',
        '--fail',
        '--cacert',
        line.caFile,
        '-X',
        method,
        '-H',
        `Authorization: Bearer ${sandbox.env.DNX_TOKEN}`,
        `${line.url}/api/v1${path}`,
      ],
    },
    subjects: nodes.map((node) => ({
      name: `dnx ${name}`,
      times: [],
      file: node.program ?? node.file,
      args: node.program ? args : [installed.dnx, ...args],
      env: { ...barren(homeOf(node)), ...sandbox.env, DNX_HOST: line.url, DNX_CA_FILE: line.caFile },
      target: targets[node.program ? 0 : node.version.startsWith('20.') ? 1 : 2],
    })),
  }));
  // Untimed: the names, and the compiled code.
  for (const subject of [...rows, ...rows].flatMap(({ subjects }) => subjects)) await run(subject);
  for (let round = 0; round < rounds; round++)
    for (const { curl, subjects } of rows)
      for (const subject of round % 2 === 0 ? [curl, ...subjects] : [...subjects.toReversed(), curl])
        subject.times.push((await run(subject)).ms);
  line.close();
  const timeOf = ({ times }) => (minimum ? Math.min(...times) : median(times));
  return [
    ['command', 'curl', ...nodes.map(({ name }) => name), 'target'],
    ...rows.map(({ name, curl, subjects }) => [
      name,
      `${timeOf(curl).toFixed(0)} ms`,
      ...subjects.map((subject) => {
        const ratio = (timeOf(subject) / timeOf(curl)).toFixed(2);
        return `${timeOf(subject).toFixed(0)} ms · ${ratio} ${Number(ratio) <= subject.target ? '≤' : '>'}`;
      }),
      targetsOf(commands(sandbox).find((each) => each.name === name).targets),
    ]),
  ];
}

const targetsOf = ([executable, oldest, others]) => `${others.toFixed(2)} (20: ${oldest.toFixed(2)}, executable: ${executable.toFixed(2)})`;

function isThere([program, argument = '--version']) {
  try {
    execFileSync(program, [argument], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A line with TLS to the sandbox. TCP's handshake costs its round trip, too. */
async function openLine(target, directory) {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '9', ...subject], { stdio: 'ignore' });
  const upstream = await listening(
    createServer((incoming, answer) => {
      // The sandbox answers only to its own name.
      const headers = { ...incoming.headers, host: new URL(target).host };
      const outgoing = request(new URL(incoming.url, target), { method: incoming.method, headers }, (response) => {
        answer.writeHead(response.statusCode, response.headers);
        response.pipe(answer);
      });
      incoming.pipe(outgoing);
    }),
  );
  const end = await listening(
    createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (client) => joined(client, connect(upstream.port, '127.0.0.1'))),
  );
  const line = await listening(createTcpServer((client) => delayed(client, connect(end.port, '127.0.0.1'))));
  const close = () => [line, end, upstream].map(({ server }) => server.close());
  return { url: `https://localhost:${line.port}`, caFile: cert, close };
}

async function listening(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: server.address().port };
}

/** Two ends that fail together. */
function joined(client, server) {
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
  client.pipe(server).pipe(client);
}

/** Passes on bytes half a round trip later, the first of them after TCP's handshake. */
function delayed(client, server) {
  const born = performance.now();
  for (const socket of [client, server]) socket.setNoDelay(true);
  const later = (to, at, data) => setTimeout(() => to.destroyed || to.write(data), Math.max(0, at - performance.now()));
  client.on('data', (data) => later(server, Math.max(performance.now(), born + RTT_MS) + RTT_MS / 2, data));
  server.on('data', (data) => later(client, performance.now() + RTT_MS / 2, data));
  client.on('end', () => setTimeout(() => server.end(), RTT_MS));
  server.on('end', () => setTimeout(() => client.end(), RTT_MS));
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
}
