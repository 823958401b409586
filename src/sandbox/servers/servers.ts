import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { MINUTE } from '../../base/time.ts';
import type { ReleaseRow, Server, SiteRow } from '../records.ts';
import type { State } from '../state.ts';

import DATABASE from './database.sh';
import { brokenResponse, deployLog, laravelLine, logTime, type Response, tryAppend } from './logs.ts';
import PHP from './php.sh';
import PROGRAMS from './programs.sh';
import type { Project } from './project.ts';
import SSH from './ssh.sh';

/** The servers of a sandbox: directories that are laid out like them, and an ssh that runs commands there. */
export type Servers = ReturnType<typeof createServers>;

interface WrittenFiles {
  /** Bytes of the deployment log of a release. */
  readonly logs: Map<string, number>;
  readonly sites: Set<string>;
  readonly servers: Map<string, string>;
  readonly supervisors: Map<string, string>;
  lastOrder: number;
  nextOrder: number;
}

const ORDER_MS = 5_000;

/** Creates the servers in a directory, with their programs and the `ssh` in `bin`. */
export function createServers(directory: string, project: Project | undefined) {
  writePrograms(directory);
  const written: WrittenFiles = {
    logs: new Map(),
    sites: new Set(),
    servers: new Map(),
    supervisors: new Map(),
    lastOrder: 0,
    nextOrder: 1041,
  };
  const rootOf = (server: Server): string => {
    const known = written.servers.get(server.id);
    if (known !== undefined) return known;
    const root = join(directory, /^[\w-][\w.-]*$/.test(server.name) && !existsSync(join(directory, server.name)) ? server.name : server.id);
    written.servers.set(server.id, root);
    return root;
  };
  const siteRoot = (root: string, { domain }: SiteRow): string => join(root, 'home/deploynix', domain);

  return {
    /** Brings the directories up to date with the state, and what is broken in them into the state. */
    update(state: State, now: number): void {
      project?.update(state);
      for (const server of state.servers) {
        if (server.ip_address === null) continue;
        const root = rootOf(server);
        if (!existsSync(join(directory, 'addresses', server.ip_address))) layOutServer(root, server, directory, now);
        writeSupervisor(root, state, server, written);
        for (const site of state.sites)
          if (site.server_id === server.id) updateSite(siteRoot(root, site), site, { state, now, root, written, project });
      }
      state.damage = damageIn(state, rootOf, siteRoot);
    },
    /** Breaks every site in a way that the user can repair. */
    break(state: State, failure: 'disk' | 'permission'): void {
      for (const site of state.sites) {
        const root = written.servers.get(site.server_id) ?? '';
        if (failure === 'disk') {
          mkdirSync(join(root, 'home/deploynix/backups'), { recursive: true });
          writeFileSync(join(root, 'home/deploynix/backups/shop-2025.sql.gz'), '');
        } else chmodSync(join(siteRoot(root, site), 'shared/storage'), 0o500);
      }
    },
    unlock(state: State): void {
      for (const site of state.sites) {
        const storage = join(siteRoot(written.servers.get(site.server_id) ?? '', site), 'shared/storage');
        if (isLocked(storage)) chmodSync(storage, 0o700);
      }
    },
    /** What a site responds to a request because of its server or its code; undefined if both are well. */
    brokenResponse(site: SiteRow, request: string, now: number): Response | undefined {
      const root = written.servers.get(site.server_id);
      return root === undefined ? undefined : brokenResponse(site, { server: root, site: siteRoot(root, site) }, request, now);
    },
    logRequest(site: SiteRow, words: string): void {
      const root = written.servers.get(site.server_id);
      if (root !== undefined) tryAppend(join(root, `var/log/nginx/${site.domain}-access.log`), `${words}\n`);
    },
  };
}

function writePrograms(directory: string): void {
  for (const name of ['bin', 'programs', 'addresses']) mkdirSync(join(directory, name), { recursive: true });
  const program = (path: string, script: string): void => writeFileSync(join(directory, path), `#!/bin/sh\n${script}`, { mode: 0o755 });
  program('bin/ssh', `node='${process.execPath}'\n${SSH}`);
  for (const name of ['mariadb', 'mariadb-dump', 'mysql', 'mysqldump'])
    for (const side of ['bin', 'programs']) program(`${side}/${name}`, DATABASE);
  const system = ['df', 'du', 'free', 'uptime', 'nproc', 'ps', 'ss', 'systemctl', 'supervisorctl', 'dmesg', 'journalctl', 'nginx'];
  const others = [...system, 'apt-get', 'openssl', 'sudo'];
  for (const name of process.platform === 'darwin' ? [...others, 'stat'] : others) program(`programs/${name}`, PROGRAMS);
  for (const version of ['', '8.0', '8.1', '8.2', '8.3', '8.4']) {
    program(`programs/php${version}`, PHP);
    program(`programs/php-fpm${version}`, PROGRAMS);
  }
}

function layOutServer(root: string, { ip_address, php_version }: Server, directory: string, now: number): void {
  for (const path of ['home/deploynix', 'var/log/nginx', 'var/log/supervisor']) mkdirSync(join(root, path), { recursive: true });
  // What is for none of its sites.
  const asked = `${accessLine(now - 25 * MINUTE, '203.0.113.7', 'GET /.git/config', 404, 146)}\n`;
  for (const [kind, text] of [['access', asked] as const, ['error', ''] as const])
    writeFileSync(join(root, `var/log/nginx/${kind}.log`), text);
  if (php_version !== null) {
    writeFileSync(join(root, 'php'), php_version);
    writeFileSync(join(root, `var/log/php${php_version}-fpm.log`), phpLog(now));
    const pools = join(root, 'etc/php', php_version, 'fpm/pool.d');
    mkdirSync(pools, { recursive: true });
    writeFileSync(join(pools, 'www.conf'), `[www]\nlisten = /run/php/php${php_version}-fpm.sock\npm.max_children = 10\n`);
  }
  const name = basename(root);
  const profile = [
    `PATH=${directory}/programs:$PATH`,
    `PS1='deploynix@${name}:\\w\\$ '`,
    `echo '${name} of the sandbox is a directory on this machine: commands run as you.'`,
    '',
  ].join('\n');
  for (const file of ['.profile', '.bash_profile']) writeFileSync(join(root, 'home/deploynix', file), profile);
  symlinkSync(root, join(directory, 'addresses', ip_address ?? ''));
}

function writeSupervisor(root: string, { queues, sites }: State, { id }: Server, { supervisors }: WrittenFiles): void {
  const states: Readonly<Record<string, string>> = {
    running: 'RUNNING   pid 4242, uptime 2 days, 3:14:07',
    failed: 'FATAL     Exited too quickly (process log may have details)',
  };
  const lines = queues.flatMap(({ queue, status, site_id }) => {
    const site = sites.find((candidate) => candidate.id === site_id && candidate.server_id === id);
    return site ? [`${site.domain}-${queue}:${site.domain}-${queue}_00   ${states[status] ?? 'STOPPED   Not started'}`] : [];
  });
  const text = lines.map((line) => `${line}\n`).join('');
  // Several times a second, this would keep a disk busy.
  if (supervisors.get(id) === text) return;
  writeFileSync(join(root, 'supervisor'), text);
  supervisors.set(id, text);
}

interface Update {
  readonly state: State;
  readonly now: number;
  readonly root: string;
  readonly written: WrittenFiles;
  readonly project: Project | undefined;
}

function updateSite(root: string, site: SiteRow, update: Update): void {
  const { state, now, root: server, written } = update;
  const shared = join(root, 'shared');
  if (!written.sites.has(site.id)) {
    written.sites.add(site.id);
    for (const path of ['releases', 'shared/storage/logs', 'shared/storage/framework/views'])
      mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(shared, '.env'), dotenvOf(state, site));
    if (site.type !== 'static') writeFileSync(join(shared, 'storage/logs/laravel.log'), laravelLog(now, site.domain));
    const requests = site.type === 'static' ? '' : accessLog(now);
    for (const [kind, text] of [['access', requests] as const, ['error', ''] as const])
      writeFileSync(join(server, `var/log/nginx/${site.domain}-${kind}.log`), text);
  }
  const releases = state.releases.filter(({ site_id }) => site_id === site.id);
  for (const release of releases) updateRelease(root, site, release, update);
  for (const name of readdirSync(join(root, 'releases')))
    if (!releases.some((release) => release.name === name.replace(/\.log$/, ''))) rmSync(join(root, 'releases', name), { recursive: true });
  const live = releases.find(({ active }) => active);
  if (live && makeLive(root, live)) writeFileSync(join(shared, '.env'), dotenvOf(state, site));
  if (site.domain.startsWith('shop.') && now - written.lastOrder >= ORDER_MS) {
    if (written.lastOrder > 0 && !isLocked(join(shared, 'storage')))
      tryAppend(join(shared, 'storage/logs/laravel.log'), `${laravelLine(now, 'INFO', `Order ${written.nextOrder++} paid`)}\n`);
    written.lastOrder = now;
  }
}

function updateRelease(root: string, site: SiteRow, release: ReleaseRow, { now, written, project }: Update): void {
  const at = join(root, 'releases', release.name);
  if (!written.logs.has(release.id)) {
    mkdirSync(at, { recursive: true });
    if (project?.checkOut(release.commit_hash, at) !== true && site.type !== 'static') writeFileSync(join(at, 'artisan'), '<?php\n');
    if (site.type !== 'static') mkdirSync(join(at, 'bootstrap/cache'), { recursive: true });
    for (const name of ['.env', 'storage']) if (!existsSync(join(at, name))) symlinkSync(join('../../shared', name), join(at, name));
    written.logs.set(release.id, 0);
  }
  const log = Buffer.from(deployLog(site, release, now - Date.parse(release.created_at)));
  const from = written.logs.get(release.id) ?? 0;
  if (log.length <= from) return;
  appendFileSync(`${at}.log`, log.subarray(from));
  written.logs.set(release.id, log.length);
}

/** Points `current` to a release. False if it does already. */
function makeLive(root: string, { name }: ReleaseRow): boolean {
  const link = join(root, 'current');
  const target = `releases/${name}`;
  if (existsSync(link) && readlinkSync(link) === target) return false;
  rmSync(link, { force: true });
  symlinkSync(target, link);
  return true;
}

/** The variables of a site as a deployment writes them, or what was on the server before. */
function dotenvOf({ environment_variables }: State, { id, dotenv }: SiteRow): string {
  const variables = environment_variables.filter(({ site_id }) => site_id === id);
  if (variables.length === 0) return dotenv;
  return variables.map(({ key, value }) => `${key}="${value.replace(/["\\$]/g, '\\$&').replaceAll('\n', '\\n')}"\n`).join('');
}

const exceptionOf = (domain: string): string =>
  [
    `Undefined array key "vat" {"exception":"[object] (ErrorException(code: 0): Undefined array key \\"vat\\" at /home/deploynix/${domain}/current/app/Cart.php:12)`,
    '[stacktrace]',
    `#0 /home/deploynix/${domain}/current/app/Cart.php(12): Illuminate\\Foundation\\Bootstrap\\HandleExceptions->handleError()`,
    `#1 /home/deploynix/${domain}/current/app/Http/Controllers/CartController.php(31): App\\Cart->total()`,
    `#2 /home/deploynix/${domain}/current/public/index.php(20): Illuminate\\Foundation\\Application->handleRequest()`,
    '#3 {main}',
    '"}',
  ].join('\n');

const laravelLog = (now: number, domain: string): string =>
  [
    laravelLine(now - 190 * MINUTE, 'INFO', 'Order 1038 paid'),
    laravelLine(now - 170 * MINUTE, 'ERROR', exceptionOf(domain)),
    laravelLine(now - 95 * MINUTE, 'WARNING', 'Slow query: 1204 ms {"sql":"select * from orders where customer_id = ?"}'),
    laravelLine(now - 41 * MINUTE, 'INFO', 'Order 1039 paid'),
    laravelLine(now - 12 * MINUTE, 'INFO', 'Order 1040 paid'),
    '',
  ].join('\n');

/** A request as nginx logs it. */
export function accessLine(at: number, from: string, request: string, status: number, bytes: number): string {
  const [day, month, year, time] = new Date(at).toUTCString().slice(5, -4).split(' ');
  return `${from} - - [${day}/${month}/${year}:${time} +0000] "${request} HTTP/1.1" ${status} ${bytes} "-" "-"`;
}

const accessLog = (now: number): string =>
  [
    accessLine(now - 190 * MINUTE, '198.51.100.4', 'POST /checkout', 302, 390),
    accessLine(now - 41 * MINUTE, '198.51.100.23', 'POST /checkout', 302, 390),
    accessLine(now - 12 * MINUTE, '198.51.100.4', 'GET /wp-login.php', 404, 146),
    '',
  ].join('\n');

const phpLog = (now: number): string => {
  const at = logTime(now - 190 * MINUTE);
  return `[${at}] NOTICE: fpm is running, pid 812\n[${at}] NOTICE: ready to handle connections\n`;
};

/** What a deployment would fail on: backups that fill the disk of a server, and a storage directory that cannot be written. */
function damageIn(state: State, rootOf: (server: Server) => string, siteRoot: (root: string, site: SiteRow) => string): readonly string[] {
  return state.servers.flatMap((server) => {
    const root = rootOf(server);
    const full = existsSync(join(root, 'home/deploynix/backups')) ? [`disk ${server.id}`] : [];
    const sites = state.sites.filter((site) => site.server_id === server.id && isLocked(join(siteRoot(root, site), 'shared/storage')));
    return [...full, ...sites.map(({ id }) => `permission ${id}`)];
  });
}

/** By its mode, which root does not heed. */
const isLocked = (directory: string): boolean => ((statSync(directory, { throwIfNoEntry: false })?.mode ?? 0o700) & 0o200) === 0;
