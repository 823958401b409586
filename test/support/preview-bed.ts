import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJson } from '../../src/base/json.ts';
import type { SandboxOptions } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type Run, type RunOptions, temporary } from './dnx.ts';
import { keep } from './kept.ts';
import { Repository } from './repository.ts';

/** The server of previews. The seed has no site on it. */
export const PREVIEWS = { id: '01JQ8Z4T9G00000000000PREV1', name: 'previews-1' };

/** The `preview` of the link file, unless a test changes it. */
export const previewSettings = { server: PREVIEWS.name, domain: '{branch}.preview.example.com' };

const production = { server: { name: 'web-1' }, site: { name: 'shop.example.com' } };

/** The link file of shop.example.com with this `preview`. */
export const previewLink = (preview: object = {}, more: object = {}): string =>
  `${toJson({ default: 'production', environments: { production }, preview: { ...previewSettings, ...preview }, ...more }, 2)}\n`;

/** A sandbox, the repository of shop.example.com at a Git host, and a clone of it, which dnx runs in. */
export interface PreviewBed extends Pick<Bed, 'sandbox' | 'clock' | 'directory' | 'close'> {
  readonly bed: Bed;
  /** The bare repository that the clone has as `https://github.com/example/shop.git`. */
  readonly hub: Repository;
  /** Its branch main has the link file, and is checked out. */
  readonly clone: Repository;
  /** Runs dnx in the clone, or in `cwd`, without the Git settings of this machine. */
  dnx(line: string | readonly string[], options?: RunOptions): Promise<Run>;
  /** Commits a link file to main, and pushes it. */
  link(text: string): string;
  /** Pushes a branch with a commit of its own from main, and returns the commit. The checkout stays. */
  push(branch: string): string;
  /** Deletes a branch of the repository, as a merge does. */
  drop(branch: string): void;
}

interface Made {
  readonly hub: Repository;
  readonly clone: Repository;
}

let kept: Made | undefined;

/** Copying takes a tenth of the time of making. */
function made(): Made {
  if (kept) return kept;
  const directory = temporary();
  const first = Repository.create(join(directory, 'first'));
  first.commit('Start', { '.deploynix.json': previewLink(), 'composer.json': '{}\n' });
  const hub = first.clone(join(directory, 'example/shop.git'), '--bare');
  const clone = hub.clone(join(directory, 'clone'));
  clone.git('remote', 'set-url', 'origin', 'https://github.com/example/shop.git');
  clone.git('config', `url.file://${directory}/.insteadOf`, 'https://github.com/');
  kept = { hub, clone };
  keep(directory, () => {
    kept = undefined;
  });
  return kept;
}

/** Adds the server of previews, and a clone of example/shop in this directory, whose repository is in the bed. */
export function addPreviews({ directory, sandbox }: Pick<Bed, 'directory' | 'sandbox'>, to: string): Made {
  const template = made();
  const hub = template.hub.copy(join(directory, 'hub/example/shop.git'));
  const clone = template.clone.copy(to);
  const config = join(clone.directory, '.git/config');
  const from = template.hub.directory.replace(/example\/shop\.git$/, '');
  writeFileSync(config, readFileSync(config, 'utf8').replace(from, `${directory}/hub/`));
  const like = sandbox.state.servers.find(({ name }) => name === 'web-1');
  if (like) sandbox.state.servers.push({ ...like, ...PREVIEWS, ip_address: '203.0.113.20' });
  return { hub, clone };
}

/** Opens a bed in which the branches of example/shop may have previews on previews-1. */
export async function openPreviewBed(options?: Omit<SandboxOptions, 'now'>): Promise<PreviewBed> {
  const bed = await openBed(options);
  const { directory, sandbox } = bed;
  const { hub, clone } = addPreviews(bed, join(directory, 'clone'));
  return {
    bed,
    sandbox,
    clock: bed.clock,
    directory,
    hub,
    clone,
    dnx: (line, { env, ...more } = {}) =>
      bed.dnx(line, { cwd: clone.directory, ...more, env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', ...env } }),
    link(text) {
      const commit = clone.commit('Change the link file', { '.deploynix.json': text });
      clone.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
      return commit;
    },
    push(branch) {
      const commit = clone.git('commit-tree', '-p', 'HEAD', '-m', `Work on ${branch}`, 'HEAD^{tree}');
      clone.git('push', '--quiet', 'origin', `${commit}:refs/heads/${branch}`);
      return commit;
    },
    drop: (branch) => void hub.git('update-ref', '-d', `refs/heads/${branch}`),
    close: () => bed.close(),
  };
}
