import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { attempt, systemCode } from '../../base/errors.ts';
import { seeded } from '../seed/ids.ts';
import type { Sandbox } from '../server.ts';
import type { State } from '../state.ts';
import BROWSER from './browser.sh';
import { createProject } from './project.ts';
import { createServers } from './servers.ts';
import { createAuthority, openWebsites } from './websites.ts';

/** Everything around the API that a sandbox has on this machine. */
export type Surroundings = Awaited<ReturnType<typeof openSurroundings>>;

interface Outside {
  /** The script that runs dnx. */
  readonly program: string;
  readonly authorities: string | undefined;
}

/** How often the servers are brought up to date, besides at every request, in ms. */
const TICK_MS = 200;

/** Puts the servers, the websites and the repository of a sandbox into a directory. Whoever made it removes it. */
export async function openSurroundings(sandbox: Sandbox, directory: string, { program, authorities }: Outside) {
  const now = sandbox.now();
  const clone = join(directory, 'shop');
  const project = createProject(join(directory, 'git'), clone, localDotenv(directory), sandbox.state, now);
  if (!project) mkdirSync(clone);
  const servers = createServers(directory, project);
  writeFileSync(join(directory, 'database.sql'), shopDatabase(sandbox.state));
  const update = () => {
    try {
      servers.update(sandbox.state, sandbox.now());
    } catch (error) {
      // A user may have removed what it writes to.
      if (systemCode(error) === undefined) throw error;
    }
  };
  update();
  const { fail_deploys: failure } = sandbox.state;
  if (failure === 'disk' || failure === 'permission') servers.break(sandbox.state, failure);
  sandbox.onRequest(update);
  const ticking = setInterval(update, TICK_MS).unref();

  const authority = createAuthority(now);
  const trusted = join(directory, 'trusted.pem');
  writeFileSync(trusted, authority.certificate + (authorities ? readFileSync(authorities, 'utf8') : ''));
  const websites = await openWebsites(sandbox, servers, authority);
  writeFileSync(join(directory, 'bin/browser'), `#!/bin/sh\nwebsites=${websites.proxy}\n${BROWSER}`, { mode: 0o755 });
  return {
    /** What a program needs to find ssh, the websites, and their certificates. */
    env: {
      BROWSER: join(directory, 'bin/browser'),
      HTTPS_PROXY: websites.proxy,
      https_proxy: websites.proxy,
      HTTP_PROXY: websites.proxy,
      http_proxy: websites.proxy,
      NODE_EXTRA_CA_CERTS: trusted,
    },
    /** A clone of the repository of shop.example.com; an empty directory without Git. */
    project: clone,
    hasClone: project !== undefined,
    async close(): Promise<void> {
      clearInterval(ticking);
      websites.close();
      await endRunning(directory, program);
      servers.unlock(sandbox.state);
    },
  };
}

/** The .env of the clone. Its database is in the sandbox, too, because `dnx db pull` replaces it. */
const localDotenv = (directory: string): string =>
  `APP_NAME="Example Shop"\nAPP_ENV=local\nAPP_DEBUG=true\nDB_CONNECTION=mysql\nDB_SOCKET=${directory}/database/socket\nDB_DATABASE=shop_local\nDB_USERNAME=root\nDB_PASSWORD=\n`;

/** SQL that makes the database of the shop, for an account with the password of its variables. */
export function shopDatabase({ environment_variables }: State): string {
  const site = seeded.sites['shop.example.com'];
  const password = environment_variables.find(({ site_id, key }) => site_id === site && key === 'DB_PASSWORD')?.value ?? '';
  return `CREATE DATABASE IF NOT EXISTS shop;
CREATE USER IF NOT EXISTS shop@localhost IDENTIFIED BY '${password.replace(/['\\]/g, '\\$&')}';
GRANT ALL ON shop.* TO shop@localhost;
USE shop;
CREATE TABLE customers (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NOT NULL, email VARCHAR(255) NOT NULL UNIQUE);
INSERT INTO customers (name, email) SELECT CONCAT('Customer ', seq), CONCAT('customer', seq, '@example.com') FROM seq_1_to_40;
CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer_id BIGINT UNSIGNED NOT NULL, total DECIMAL(10, 2) NOT NULL, created_at TIMESTAMP NOT NULL, FOREIGN KEY (customer_id) REFERENCES customers (id));
INSERT INTO orders (customer_id, total, created_at) SELECT 1 + seq % 40, 9.9 + seq, NOW() - INTERVAL seq HOUR FROM seq_1_to_1040;
CREATE TABLE sessions (id VARCHAR(255) PRIMARY KEY, user_id BIGINT UNSIGNED, payload LONGTEXT NOT NULL, last_activity INT NOT NULL);
INSERT INTO sessions SELECT MD5(seq), NULL, REPEAT('x', 400), UNIX_TIMESTAMP() - 60 * seq FROM seq_1_to_120;
`;
}

const PAUSE_MS = 50;
/** After so many pauses, a program that does not end is killed. */
const PATIENCE = 20;

/** Ends what still runs on the servers of a sandbox, and every dnx in it: `program` is a word of its command line. Waits until all have ended. */
async function endRunning(directory: string, program: string): Promise<void> {
  for (let round = 0; round < 2 * PATIENCE; round += 1) {
    const running = processesOfUser().filter(
      ({ words }) =>
        words.includes(`SANDBOX_SERVER=${directory}/`) || (words.includes(`DNX_SANDBOX=${directory}`) && words.includes(program)),
    );
    if (running.length === 0) return;
    for (const { pid } of running) attempt(() => process.kill(pid, round < PATIENCE ? 'SIGTERM' : 'SIGKILL'));
    await delay(PAUSE_MS);
  }
}

/** The command lines and environments of the processes whose environment this user may read. */
function processesOfUser(): readonly { readonly pid: number; readonly words: string }[] {
  if (!existsSync('/proc/self/environ')) {
    const listed = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return listed.split('\n').map((line) => ({ pid: Number.parseInt(line, 10), words: line }));
  }
  return readdirSync('/proc').flatMap((name) => {
    const words = /^\d+$/.test(name)
      ? ['cmdline', 'environ'].map((file) => attempt(() => readFileSync(`/proc/${name}/${file}`, 'utf8'))).join('\0')
      : '';
    return words === '' ? [] : [{ pid: Number(name), words }];
  });
}
