import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Sandbox, seeded } from '../../src/sandbox/index.ts';
import type { Bed } from './dnx.ts';

export const web1 = seeded.servers['web-1'];
/** A site whose repository has no auto-deploy. */
export const blog = seeded.sites['blog.example.com'];

const SITE = `/servers/${web1}/sites/${blog}`;
/** The requests that change its branch, and that deploy it. */
export const PUT = `PUT ${SITE}`;
export const POST = `POST ${SITE}/deploy`;
export const LINE = 'deploy blog.example.com --branch feature/search --yes';
/** What the next command says when it restored the branch of an interrupted deployment. */
export const RESTORED = 'Restored the branch of blog.example.com to main, after an interrupted deployment of feature/search.\n';

/** The requests that change something. */
export const changesIn = (calls: readonly string[]) => calls.filter((call) => !call.startsWith('GET '));

/** A site of the sandbox, by its domain on web-1. */
export function siteOf({ sandbox }: { readonly sandbox: Sandbox }, domain = 'blog.example.com') {
  const site = sandbox.state.sites.find((each) => each.domain === domain && each.server_id === web1);
  if (!site) throw new Error(`the seed has ${domain}`);
  return site;
}

/** How many releases of a site are from a branch. */
export const releasesOn = ({ sandbox }: { readonly sandbox: Sandbox }, branch: string, domain?: string): number =>
  sandbox.state.releases.filter((each) => each.site_id === siteOf({ sandbox }, domain).id && each.branch === branch).length;

/** The names of the saved temporary branches. */
export function filesOf({ directory }: Pick<Bed, 'directory'>, state = join(directory, 'state')): string[] {
  const saved = join(state, 'branches');
  return existsSync(saved) ? readdirSync(saved) : [];
}
