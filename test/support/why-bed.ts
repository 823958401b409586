import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Diagnosis, QuotedLine } from '../../src/features/why/diagnosis.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { ReleaseRow, SiteRow } from '../../src/sandbox/records.ts';
import { idsOf } from './databases.ts';
import type { RunOptions } from './dnx.ts';
import { openElsewhere } from './elsewhere.ts';
import type { Ran, Started, StartOptions } from './executable.ts';
import { openSshBed, type SshBed } from './ssh-bed.ts';
import { ownDomain } from './sshd.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The names of the releases: live, and failed. */
export const LIVE = '20261124_031005';
export const FAILED = '20261125_031005';

/** How long ago the deployment failed, in ms. */
export const AGO = 4 * MINUTE;

/**
 * A file on the server: its content, and how long ago it was written (default: when the deployment failed). A content with a time is a
 * function: files share a worker, and may be loaded minutes before they run.
 */
export type Planted = string | Buffer | (() => string) | { readonly content: string | Buffer | (() => string); readonly ago: number };

/** The state of a site, on the server and at Deploynix. */
export interface Plant {
  /** True if the last deployment failed (default), false if it succeeded. */
  readonly failed?: boolean;
  readonly site?: Partial<SiteRow>;
  readonly release?: Partial<ReleaseRow>;
  /** By path, from the directory of the site. */
  readonly files?: Readonly<Record<string, Planted>>;
  /** What programs such as `df` print for this site, by name. */
  readonly prints?: Readonly<Record<string, string | (() => string)>>;
  /** The status of the site's response (default 200). */
  readonly status?: number;
  readonly prepare?: (root: string, site: SiteRow) => void;
}

/** A diagnosis. */
export interface Diagnosed extends Diagnosis {
  /** True if every line of a file is on the line of that number, apart from what is hidden or was broken. */
  readonly quoted: boolean;
}

/** The sandbox, a server, and sites with planted faults. */
export interface WhyBed extends SshBed {
  /** Plants a state, and returns the site. */
  plant(state: Plant): SiteRow;
  /** Runs `dnx why` for it, in this process. */
  why(site: SiteRow, args?: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Starts the built one. */
  begin(site: SiteRow, options: StartOptions): Started;
  /** Its diagnosis. */
  diagnose(state: Plant, args?: readonly string[]): Promise<Diagnosed>;
  /** Those of several sites, four at a time. */
  diagnoseAll(states: ReadonlyMap<string, Plant>): Promise<ReadonlyMap<string, Diagnosed>>;
}

/** Programs that print what a site plants for them, and else what a healthy server says. */
const PROGRAMS: Readonly<Record<string, string>> = {
  df: `case "$1" in *i) name=df-i ;; *) name=df ;; esac
[ -f ".prints/$name" ] && exec cat ".prints/$name"
echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
echo '/dev/vda1 81106868 25342128 55748356 32% /'`,
  free: `[ -f .prints/free ] && exec cat .prints/free
echo '               total        used        free      shared  buff/cache   available'
echo 'Mem:      4105158656   812032000  1802032000     4032000  1491094656  2981094656'
echo 'Swap:              0           0           0'`,
  dmesg: '[ -f .prints/dmesg ] && exec cat .prints/dmesg; exit 0',
  journalctl: 'exit 0',
  supervisorctl: '[ -f .prints/supervisorctl ] && exec cat .prints/supervisorctl; exit 0',
  systemctl: `[ "$1" = show ] || exit 1
for each; do
  state=inactive file= since=
  case $each in -* | show) continue ;; nginx | php*) state=active file=enabled ;; esac
  [ -f ".prints/systemctl-$each" ] && read -r state file since <".prints/systemctl-$each"
  printf 'Id=%s.service\\nActiveState=%s\\nUnitFileState=%s\\nStateChangeTimestamp=%s\\n\\n' "$each" "$state" "$file" "$since"
done`,
  php: `[ -f .prints/php ] && exec cat .prints/php
echo 'PHP 8.3.14 (cli) (built: Nov 25 2024 18:05:17) (NTS)'`,
};

/** Opens all of it. */
export async function openWhyBed(): Promise<WhyBed> {
  const bed = await openSshBed();
  bed.sshd.share();
  for (const [name, script] of Object.entries(PROGRAMS)) bed.sshd.program(name, `#!/bin/sh\n${script}\n`);
  const web = await openElsewhere((request, response) => {
    response.writeHead(Number(request.url?.slice(1)) || 200).end('hello');
  });
  let count = 0;
  const statuses = new Map<string, number>();
  const plant = (state: Plant): SiteRow => {
    count += 1;
    const site = addSite(bed, ownDomain(`why-${count}`), state);
    statuses.set(site.id, state.status ?? 200);
    return site;
  };
  const words = (site: SiteRow, args: readonly string[] = []) => {
    const url = `${web.url}/${statuses.get(site.id)}`;
    return ['why', site.id, '--server', seeded.servers['web-1'], '--url', url, ...args];
  };
  const why: WhyBed['why'] = (site, args, options) => bed.here(words(site, args), options);
  const diagnose: WhyBed['diagnose'] = async (state, args = []) => {
    const { exitCode, stdout, stderr } = await why(plant(state), ['--json', ...args]);
    expect(exitCode, stderr).toBe(0);
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    return { ...diagnosis, quoted: diagnosis.evidence.every(isQuoted) };
  };
  return {
    ...bed,
    plant,
    why,
    begin: (site, options) => bed.dnx(words(site), options),
    diagnose,
    async diagnoseAll(states) {
      const found = new Map<string, Diagnosed>();
      const queue = [...states];
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) found.set(next[0], await diagnose(next[1]));
      };
      await Promise.all([work(), work(), work(), work()]);
      return found;
    },
    async close() {
      await web.close();
      await bed.close();
    },
  };
}

/** True if a line is where the evidence says. */
function isQuoted({ file, line, line_number: number }: QuotedLine): boolean {
  if (file === null || number === null) return true;
  const words = readFileSync(file, 'utf8').split('\n')[number - 1]?.trim() ?? '';
  const [start = ''] = line.split(/\*\*\*|…/);
  return words !== '' && (words.includes(start) || start.includes(words));
}

function addSite({ sandbox, sshd }: SshBed, domain: string, { failed = true, files = {}, prints = {}, ...state }: Plant): SiteRow {
  const { sites, releases } = sandbox.state;
  const [model] = sites;
  const [pattern] = releases;
  if (!model || !pattern) throw new Error('The sandbox is empty.');
  const ago = (ms: number) => new Date(Date.now() - ms).toISOString().replace(/\.\d+Z$/, 'Z');
  const id = `01JQ8Z4T9GWHY${String(sites.length).padStart(13, '0')}`;
  const site: SiteRow = { ...model, id, domain, status: failed ? 'failed' : 'active', updated_at: ago(failed ? AGO : DAY), ...state.site };
  sites.push(site);
  const release = { ...pattern, site_id: id, branch: 'main' };
  const add = (name: string, at: number, more: Partial<ReleaseRow>) =>
    releases.push({
      ...release,
      id: `${id.slice(0, 22)}${sites.length}${name.slice(7, 8)}`,
      name,
      created_at: ago(at),
      updated_at: ago(at),
      ...more,
    });
  add(LIVE, DAY, { status: 'active', active: true, commit_hash: '90c27bf1'.repeat(5), commit_message: 'Fix rounding of VAT' });
  if (failed)
    add(FAILED, AGO, {
      status: 'failed',
      active: false,
      commit_hash: 'b085a9d2'.repeat(5),
      commit_message: 'Queue the invoice mails',
      ...state.release,
    });
  const root = sshd.site(site.domain === domain ? domain : site.domain, { releases: failed ? [FAILED, LIVE] : [LIVE] });
  for (const [name, content] of Object.entries(files)) write(join(root, name), content);
  for (const [name, content] of Object.entries(prints)) write(join(root, '.prints', name), content);
  state.prepare?.(root, site);
  return site;
}

function write(path: string, planted: Planted): void {
  const { content, ago = AGO - 20_000 } = typeof planted === 'object' && 'content' in planted ? planted : { content: planted };
  const [uid, gid] = idsOf('deploynix');
  for (const missing of missingAbove(path)) {
    mkdirSync(missing);
    chownSync(missing, uid, gid);
  }
  writeFileSync(path, typeof content === 'function' ? content() : content);
  chownSync(path, uid, gid);
  chmodSync(path, 0o644);
  const at = (Date.now() - ago) / 1000;
  utimesSync(path, at, at);
}

/** The directories above a path that do not exist yet, outermost first. */
function missingAbove(path: string): readonly string[] {
  const above = dirname(path);
  if (statSync(above, { throwIfNoEntry: false })) return [];
  return [...missingAbove(above), above];
}

/** `2026-11-25 03:10:12`, so long ago. By default 30 s after the deployment began. */
export const stamp = (ago = AGO - 30_000): string => new Date(Date.now() - ago).toISOString().slice(0, 19).replace('T', ' ');

/** The same as nginx writes it. */
export const slashed = (ago = 30_000): string => stamp(ago).replaceAll('-', '/');
