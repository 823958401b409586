import { lstatSync } from 'node:fs';
import { relative } from 'node:path';
import { DnxError, isError, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { type JsonObject, toJson } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { writeText } from '../../machine/files/text-file.ts';
import { environmentsProblem } from '../../machine/settings/link.ts';
import { linkFileFor, openLink } from '../../machine/settings/link-search.ts';
import type { World } from '../../machine/world.ts';
import { FIRST, type LinkFile, ofSingle } from './environments.ts';

/** A link file is committed, so others may read it. */
const MODE = 0o644;

/** Opens the link file in effect, or a new one at the root of the repository. Fails if it cannot be read. */
export function openLinkFile({ link }: Pick<Context['settings'], 'link'>, world: Pick<World, 'cwd' | 'env' | 'platform'>): LinkFile {
  const path = link?.file ?? linkFileFor(world.cwd);
  const source = openLink(path, world);
  const problem = environmentsProblem(source);
  if (problem) throw problem.withHint(`${problem.hint} Remove it with: dnx unlink --yes`);
  const content = source.object();
  const named = source.object('environments');
  const single = Object.keys(named).length === 0 ? ofSingle(content) : undefined;
  const converted = single !== undefined;
  const environments = single ? { [FIRST]: single } : named;
  const names = Object.keys(environments);
  const chosen = converted ? FIRST : source.text('default') || (names.length === 1 ? names[0] : undefined);
  return { path, content, environments, default: chosen, converted };
}

/** Writes a link file, unless it already says so. Refuses a symbolic link, which could lead out of the repository. */
export function writeLinkFile({ path, content }: Pick<LinkFile, 'path' | 'content'>, changed: JsonObject): void {
  if (toJson(content) === toJson(changed)) return;
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw usage(`${path} is a symbolic link. Nothing was changed.`, 'Replace it with a file.');
    writeText(path, `${toJson(changed, 2)}\n`, MODE);
  } catch (error) {
    if (isError(error)) throw error;
    throw notWritten(path, error);
  }
}

/** The error of a file that the system does not let dnx write or remove. */
export const notWritten = (path: string, error: unknown): DnxError =>
  new DnxError('failed', `Could not change ${path}: ${reasonOf(systemCode(error)) ?? systemCode(error) ?? 'unknown error'}.`, {
    cause: error,
  });

/** A path as a person in this directory types it. */
export const shownPath = (path: string, cwd: string): string => relative(cwd, path) || path;
