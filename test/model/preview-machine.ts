import { createHash } from 'node:crypto';
import { DnxError } from '../../src/base/errors.ts';
import type { PreviewOwner } from '../../src/features/preview/names.ts';
import { captureChild } from '../../src/machine/child.ts';
import { type Capture, type HttpRequest, NetworkFault, type Transport } from '../../src/machine/world.ts';
import type { State } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type Run } from '../support/dnx.ts';
import { openPreviewBed, previewLink } from '../support/preview-bed.ts';
import { addPreviewServers, linkedEnvironments, type Server } from './preview-fleet.ts';

/** The clone of example/shop, and what Git says of it: only the branches of the remote change. */
export interface Project {
  readonly clone: string;
  readonly git: typeof captureChild;
  /** The branches of the remote beside main. */
  branches: readonly string[];
  close(): Promise<void>;
}

const commitOf = (branch: string): string => createHash('sha1').update(branch).digest('hex');

/** Makes the clone once for many beds, and asks Git everything once. */
export async function openProjectOnce(): Promise<Project> {
  const bed = await openPreviewBed();
  const environments = { production: { server: { name: 'web-1' }, site: { name: 'shop.example.com' } }, ...linkedEnvironments };
  const main = bed.link(previewLink({ server: ['previews-1', 'previews-2'] }, { environments }));
  const answers = new Map<string, Promise<Capture | undefined>>();
  const project: Project = {
    clone: bed.clone.directory,
    branches: [],
    git(child, parent) {
      if (child.args.includes('ls-remote')) return Promise.resolve({ code: 0, stdout: listed(main, project.branches), stderr: '' });
      const key = JSON.stringify([child.cwd, child.args]);
      const answer = answers.get(key) ?? captureChild(child, parent);
      answers.set(key, answer);
      return answer;
    },
    close: () => bed.close(),
  };
  return project;
}

const listed = (main: string, branches: readonly string[]): string =>
  [
    'ref: refs/heads/main\tHEAD',
    `${main}\tHEAD`,
    `${main}\trefs/heads/main`,
    ...branches.map((branch) => `${commitOf(branch)}\trefs/heads/${branch}`),
    '',
  ].join('\n');

/** How something stops a line at its nth request: killed before it arrives, or after it was performed; or its answer is lost. */
export interface Stop {
  readonly request: number;
  readonly how: 'killed before' | 'killed after' | 'answer lost';
}

/** A Deploynix with previews, and dnx in a clone of their project. */
export interface Machine {
  readonly bed: Bed;
  readonly owner: PreviewOwner;
  readonly servers: Readonly<Record<Server, string>>;
  dnx(
    line: readonly string[],
    options?: { readonly stop?: Stop | undefined; readonly before?: (request: HttpRequest) => void },
  ): Promise<Run>;
}

/** Opens a new bed in which dnx runs in the clone of a project. Each line runs as on a new machine. */
export async function openMachine(project: Project, rateLimit = 0): Promise<Machine> {
  const bed = await openBed({ rateLimit });
  const owner = { host: bed.sandbox.url, repository: 'example/shop', base: 'shop.example.com' };
  let lines = 0;
  return {
    bed,
    owner,
    servers: addPreviewServers(bed),
    dnx(line, { stop, before } = {}) {
      lines += 1;
      const stopping = new AbortController();
      return bed.dnx(line, {
        cwd: project.clone,
        env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', CI: 'true', DNX_STATE_DIR: `${bed.directory}/state-${lines}` },
        program: project.git,
        signal: stopping.signal,
        through: (network) => halting(network, { stop, before, stopping }),
      });
    },
  };
}

interface Halting {
  readonly stop: Stop | undefined;
  readonly before: ((request: HttpRequest) => void) | undefined;
  readonly stopping: AbortController;
}

/** A network on which a killed line sends nothing more, and learns nothing. */
function halting(network: Transport, { stop, before, stopping }: Halting): Transport {
  let requests = 0;
  const kill = (): never => {
    stopping.abort(new DnxError('interrupted', 'Interrupted.'));
    throw stopping.signal.reason;
  };
  return {
    close: () => network.close(),
    async request(request) {
      requests += 1;
      if (stopping.signal.aborted) return kill();
      before?.(request);
      const isHere = requests === stop?.request;
      if (isHere && stop.how === 'killed before') return kill();
      const response = await network.request(request);
      if (isHere && stop.how === 'answer lost') throw new NetworkFault('the connection was closed', { sent: true });
      return isHere && stop.how === 'killed after' ? kill() : response;
    },
  };
}

const TIME = /_at$/;

/** Each row of a sandbox as text, by its table and id. With `timeless`, without times. */
export function rowsIn(state: State, timeless = false): ReadonlyMap<string, string> {
  const tables = Object.entries(state).filter((entry): entry is [string, object[]] => Array.isArray(entry[1]) && entry[0] !== 'tokens');
  const fieldsOf = (row: object) => Object.entries(row).filter(([name]) => !timeless || !TIME.test(name));
  return new Map(
    tables.flatMap(([table, rows]) =>
      rows.map((row, at) => [`${table} ${(row as { id?: unknown }).id ?? at}`, JSON.stringify(Object.fromEntries(fieldsOf(row)))]),
    ),
  );
}
