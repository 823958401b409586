import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { systemCode } from '../../base/errors.ts';
import type { Sandbox } from '../server.ts';
import BROWSER from './browser.sh';
import { createAuthority } from './certificate.ts';
import { shopDatabase } from './database.ts';
import { createProject } from './project.ts';
import { endRunning } from './running.ts';
import { accessLine, createServers } from './servers.ts';
import { openWebsites } from './websites.ts';

/** Everything around the API that a sandbox has on this machine. */
export interface Surroundings {
  /** What a program needs to find it: ssh, the websites, and their certificates. */
  readonly env: Readonly<Record<string, string>>;
  /** A clone of the repository of shop.example.com; undefined without Git. */
  readonly clone: string | undefined;
  close(): Promise<void>;
}

/** What the user has outside of the sandbox. */
interface Outside {
  /** The script that runs dnx. */
  readonly program: string;
  /** The URL of a proxy for other hosts. */
  readonly proxy: string | undefined;
  /** A file of certificates to trust. */
  readonly authorities: string | undefined;
}

/** How often the servers are brought up to date, besides at every request, in ms. */
const TICK_MS = 200;

/** Puts the servers, the websites and the repository of a sandbox into a directory. Whoever made it removes it. */
export async function openSurroundings(
  sandbox: Sandbox,
  directory: string,
  { program, proxy, authorities }: Outside,
): Promise<Surroundings> {
  const now = sandbox.now();
  const clone = join(directory, 'shop');
  const project = createProject(join(directory, 'git'), clone, localDotenv(directory), sandbox.state, now);
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
  const websites = await openWebsites({
    authority,
    state: () => sandbox.state,
    isDown: servers.isDown,
    served: (site, { method, path, status, bytes }) => {
      servers.logRequest(site, accessLine(sandbox.now(), '127.0.0.1', `${method} ${path}`, status, bytes));
    },
    upstream: proxy,
  });
  writeFileSync(join(directory, 'bin/browser'), `#!/bin/sh\nwebsites=${websites.proxy}\n${BROWSER}`, { mode: 0o755 });
  return {
    env: {
      BROWSER: join(directory, 'bin/browser'),
      HTTPS_PROXY: websites.proxy,
      https_proxy: websites.proxy,
      HTTP_PROXY: websites.proxy,
      http_proxy: websites.proxy,
      NODE_EXTRA_CA_CERTS: trusted,
    },
    clone: project && clone,
    async close() {
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
