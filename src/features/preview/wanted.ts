import { DnxError, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { inQuotes, orList, quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { PreviewSettings } from '../../machine/settings/preview.ts';
import type { Target } from '../../platform/names/names.ts';
import { findPreviews } from './find.ts';
import type { Preview, PreviewProject } from './model.ts';
import { markOf, previewDomain } from './names.ts';

/** A preview that a branch is to have. */
export interface WantedPreview {
  readonly project: PreviewProject;
  readonly settings: PreviewSettings;
  readonly branch: string;
  readonly mark: string;
  readonly server: Target;
  /** What there is of it. */
  readonly preview: Preview | undefined;
}

/** The domain of a preview. One that exists keeps its own, although the pattern may be another one by now. */
export const domainOf = ({ preview, settings, branch, mark }: WantedPreview): string =>
  preview?.place.site.label ?? previewDomain(settings.domain, branch, mark);

/** The options that say what a preview is like. */
export type PlaceOptions = Given<{
  server: string;
  ttl: number;
  database: 'own' | 'none';
  certificate: string;
  seed: string;
  verify: string;
}>;

/** Fails for a branch that the remote does not have, and for one that is deployed elsewhere. */
export async function requirePreviewable({ heads, base, site, defaultBranch, remote }: PreviewProject, branch: string): Promise<void> {
  if (branch === site.branch) throw usage(`${quotedName(branch)} is the branch of ${base.site.label}, so it has no preview.`);
  if (branch === defaultBranch) throw usage(`${quotedName(branch)} is the default branch, so it has no preview.`);
  const known = await heads();
  if (known.has(branch)) return;
  throw new DnxError('not_found', `Branch ${inQuotes(branch)} not found at ${remote}.${didYouMean(branch, [...known.keys()])}`, {
    reason: 'name_unknown',
    hint: 'Push it first.',
  });
}

/** The settings of the project with the options of the command line. */
export const settingsFor = ({ settings }: PreviewProject, { ttl, database, certificate, seed, verify }: PlaceOptions): PreviewSettings => ({
  ...settings,
  ttlMs: ttl ?? settings.ttlMs,
  database: database ?? settings.database,
  certificate: certificate === undefined ? settings.certificate : 'custom',
  seed: seed ?? settings.seed,
  verify: verify ?? settings.verify,
});

/** Finds what there is of a preview. Fails for what has its name, and is not certainly it. */
export async function findWanted(
  ctx: Pick<Context, 'api'>,
  project: PreviewProject,
  branch: string,
  options: PlaceOptions,
): Promise<WantedPreview> {
  const mark = markOf(project.owner, branch);
  const found = await findPreviews(ctx, project, mark);
  const [like] = found.lookalikes;
  const other = found.previews.find((preview) => preview.branch !== branch);
  const taken = (what: Target, server: Target, why: string) =>
    new DnxError(
      'differences',
      `${what.label} on ${server.label} is not the preview of ${quotedName(branch)}: ${why}. Nothing was changed.`,
    );
  if (like) throw taken(like.target, like.server, like.why);
  if (other) throw taken(other.place.site, other.place.server, `it is that of ${quotedName(other.branch)}, which has the same mark`);
  const server = serverFor(project, options.server);
  const [preview, ...others] = found.previews.filter(({ place }) => !server || place.server.id === server.id);
  if (others.length > 0) throw usage(`There are ${others.length + 1} previews of ${quotedName(branch)}.`, 'Name one with --server.');
  const [elsewhere] = preview ? [] : found.previews;
  if (elsewhere)
    throw usage(`The preview of ${quotedName(branch)} is on ${elsewhere.place.server.label}.`, undefined, {
      command: ['preview', 'down', branch],
      why: 'Remove it first with',
    });
  const [left] = found.databases;
  const chosen = preview?.place.server ?? server ?? left?.server ?? ownServer(project, mark);
  return { project, settings: settingsFor(project, options), branch, mark, server: chosen, preview };
}

/** The server of --server, which must be one of previews. */
function serverFor({ servers, defaultBranch }: PreviewProject, named: string | undefined): Target | undefined {
  if (named === undefined) return undefined;
  const server = servers.find(({ id, label }) => named === label || named === id);
  if (server) return server;
  const names = servers.map(({ label }) => label);
  throw usage(`${quotedName(named)} is not a server of previews.`, `The link file of ${defaultBranch} has ${orList(names)}.`);
}

/** One of the servers, the same each time. */
function ownServer({ servers }: PreviewProject, mark: string): Target {
  const sum = [...mark].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  const server = servers[sum % servers.length];
  if (!server) throw new Error('A project without servers of previews.');
  return server;
}
