import { readFileSync, writeFileSync } from 'node:fs';
import { Repository } from '../../support/repository.ts';
import type { Stage } from '../stage.ts';

const LINK = {
  environments: { production: { server: 'web-1', site: 'shop.example.com' } },
  preview: { server: 'web-2', domain: '{branch}.preview.example.com', verify: '/up' },
};

/** A repository of the shop whose default branch has previews, with a branch that changes where they go. */
export function createPreviewed(directory: string): Repository {
  const repository = Repository.create(directory);
  repository.commit('Have previews', { '.deploynix.json': JSON.stringify(LINK) });
  repository.git('switch', '--quiet', '--create', 'feature/cart');
  repository.commit('Show the cart', { '.deploynix.json': JSON.stringify({ ...LINK, preview: { ...LINK.preview, server: 'web-1' } }) });
  repository.git('switch', '--quiet', 'main');
  return repository;
}

/** A clone with a branch checked out, whose remote has the URL of a Git host. */
export function cloneOf(repository: Repository, directory: string, url: string, branch: string): Repository {
  const clone = repository.clone(
    directory,
    '--depth',
    '1',
    '--branch',
    branch,
    '--config',
    `url.file://${repository.directory}.insteadOf=${url}`,
  );
  clone.git('remote', 'set-url', 'origin', url);
  return clone;
}

/** The branches that have a preview on a server. */
export const previewsOf = ({ sandbox: { state } }: Stage): readonly unknown[] =>
  state.sites
    .filter(({ domain }) => domain.endsWith('.preview.example.com'))
    .map(({ branch, server_id }) => [branch, state.servers.find(({ id }) => id === server_id)?.name]);

/** What previews are made of, to compare it with what there was before. */
export const fleetOf = ({ sandbox: { state } }: Stage) =>
  structuredClone([state.sites, state.databases, state.database_users, state.environment_variables]);

/** Lets hours pass on a stage. */
export function wait({ env }: Stage, hours: number): void {
  const clock = env.DNX_STAGE_CLOCK ?? '';
  writeFileSync(clock, String(Number(readFileSync(clock, 'utf8')) + hours * 3_600_000));
}
