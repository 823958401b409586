import { rmSync } from 'node:fs';
import { DnxError, type Next, usage } from '../../base/errors.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { done } from '../../cli/output/view.ts';
import { LINK_FILE } from '../../machine/settings/link.ts';
import { type LinkFile, type NamedSite, notWritten, openLinkFile, shownPath, siteIn, withEnvironments, writeLinkFile } from './file.ts';

/** Removes the link file in effect, or the environment that the user named. The last environment takes the file with it. */
export function unlink({ settings, world }: Context, { yes }: GivenConsent) {
  const { link, environment: wanted } = settings;
  if (!link)
    throw new DnxError('not_found', `No ${LINK_FILE} in this directory or above it.`, {
      next: [{ command: ['link'], why: 'Link this project with' }],
    });
  const shown = shownPath(link.file, world.cwd);
  if (wanted !== undefined && link.missing) throw link.missing;
  // `broken` without environments: nothing in it could be read.
  if (link.broken && link.environments.length === 0) {
    if (!yes) throw usage(link.broken.message, 'Fix it, or use --yes to remove it.');
    return removed(link.file, [], `Removed ${shown}`);
  }
  const file = openLinkFile(settings, world);
  const names = Object.keys(file.environments);
  const left = wanted === undefined ? [] : names.filter((name) => name !== wanted);
  if (left.length > 0 && wanted !== undefined) return withoutOne(file, wanted, left, shown);
  const shownNames = names.length > 0 ? ` (${names.join(', ')})` : '';
  return removed(file.path, names, `Removed ${shown}${shownNames}`, names.length === 1 ? siteIn(file, names[0] ?? '') : undefined);
}

function removed(path: string, names: readonly string[], sentence: string, site?: NamedSite) {
  try {
    rmSync(path);
  } catch (error) {
    throw notWritten(path, error);
  }
  return { view: done(sentence, { file: path, removed: names, deleted: true, default: null }), next: [again(site, names[0])] };
}

/** Removes one of several environments. If it was the default, the only other one follows; of several, none does. */
function withoutOne(file: LinkFile, name: string, left: readonly string[], shown: string) {
  const environments = Object.fromEntries(Object.entries(file.environments).filter(([each]) => each !== name));
  const wasDefault = file.default === name;
  const chosen = wasDefault ? (left.length === 1 ? left[0] : undefined) : file.default;
  writeLinkFile(file, withEnvironments(file, environments, chosen));
  const now =
    chosen === undefined
      ? 'No environment is the default now. Choose one with --env, or link one with --default.'
      : `The default is now ${chosen}.`;
  return {
    view: done(`Removed ${name} from ${shown}`, { file: file.path, removed: [name], deleted: false, default: chosen ?? null }),
    ...(wasDefault && { note: now }),
    next: [again(siteIn(file, name), name)],
  };
}

function again(named: NamedSite | undefined, environment = ''): Next {
  const [site, server] = [named?.site.label, named?.server.label];
  const place = site === undefined ? [] : [site, ...(server === undefined ? [] : ['--server', server]), '--env', environment];
  return { command: ['link', ...place], why: 'Link it again with' };
}
