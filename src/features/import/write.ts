import { chmodSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cancelled, DnxError, usage } from '../../base/errors.ts';
import { andList, counted } from '../../base/text.ts';
import { editYaml, setIn } from '../../base/yaml-edit.ts';
import type { Context } from '../../cli/language/command.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { makeDirectory } from '../../machine/files/text-file.ts';
import { git } from '../../machine/git.ts';
import { linkFileFor } from '../../machine/settings/link.ts';
import { pathOf } from '../../machine/world.ts';
import { openLocal, replaceText } from '../env/local-file.ts';
import { STATE_FILE, stateIn } from '../state/file.ts';
import type { Entry } from '../state/model.ts';
import { emptyState, writeRows } from '../state/write.ts';
import { type MappedAccount, type MappedSite, userKey } from './map.ts';
import { RECORD_FILE, recordText } from './record.ts';

/** A file of an import. */
interface NewFile {
  readonly name: string;
  readonly text: string;
  /** Only the user may read it, and Git must not. */
  readonly isSecret: boolean;
}

/** The text of the state file of an account. Throws if dnx could not read it again. */
export function stateText({ rows, sites, passwords }: MappedAccount): string {
  const written = writeRows(emptyState(STATE_FILE, ''), rows).text;
  const { entries } = stateIn(written, STATE_FILE);
  const siteAt = ({ kind, place, fields }: Entry) =>
    kind === 'site' ? sites.find(({ server, domain }) => place.server === server && fields.domain === domain) : undefined;
  const text = editYaml(written, (document) => {
    for (const entry of entries) {
      const { file, dotenv } = siteAt(entry) ?? {};
      if (file && dotenv && dotenv.variables.size > 0) {
        // A value that only looks like a reference is one in a dotenv file, too.
        for (const [key, value] of dotenv.references) setIn(document, [...entry.path, 'env', key], { text: value });
        setIn(document, [...entry.path, 'env_file'], file.name);
      }
      const password =
        entry.kind === 'user' && passwords.get(userKey(entry.place.server, entry.place.database, String(entry.fields.username)));
      if (password) setIn(document, [...entry.path, 'password'], password);
    }
  });
  const keysOf = (name: string) => sites.find(({ file }) => file?.name === name)?.dotenv?.variables.keys() ?? [];
  try {
    stateIn(text, STATE_FILE, keysOf);
  } catch (error) {
    throw error instanceof DnxError
      ? usage(`This is too much for one state file. ${error.message}`, 'Import servers one at a time: --server NAME')
      : error;
  }
  return text;
}

/** The files of an account: those with variables first, and the record last. */
export const filesOf = (mapped: MappedAccount): readonly NewFile[] => [
  ...mapped.sites.flatMap(({ file }: MappedSite) => (file ? [{ ...file, isSecret: true }] : [])),
  { name: STATE_FILE, text: stateText(mapped), isSecret: false },
  { name: RECORD_FILE, text: recordText(mapped.record), isSecret: false },
];

/** Writes files into a directory, or says what it would write. Replaces none without asking. Returns the names of what was written. */
export async function writeFiles(ctx: Context, files: readonly NewFile[], { dir = '.', force = false, dry_run: isDry = false }) {
  const cwd = pathOf(dir, ctx.world);
  const there = { ...ctx, world: { ...ctx.world, cwd } };
  if (isDry && !existsSync(cwd)) return files.map(({ name }) => name);
  if (!isDry) makeDirectory(cwd);
  const opened = files.map((file) => {
    pathToWrite(file.name, there.world);
    return { ...file, local: openLocal(file.name, there) };
  });
  const changed = opened.filter(({ local, text }) => local.text !== text);
  const replaced = changed.filter(({ local }) => local.text !== undefined).map(({ name }) => name);
  if (isDry) return changed.map(({ name }) => name);
  if (replaced.length > 0 && !force) await askToReplace(ctx, replaced);
  const isSecret = opened.filter((file) => file.isSecret);
  for (const { name } of isSecret)
    if ((await git(there.world, ['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', `./${name}`], cwd))?.code === 0)
      throw new DnxError('differences', `${name} is tracked by Git. Nothing was written.`, { hint: `Run: git rm --cached ${name}` });
  if (isSecret.length > 0 && existsSync(join(dirname(linkFileFor(cwd)), '.git')))
    await ignore(
      there,
      isSecret.map(({ name }) => name),
    );
  for (const { local, text, isSecret } of changed) {
    if (isSecret && local.text !== undefined) chmodSync(local.path, 0o600);
    replaceText(local, text, there.world, { mode: isSecret ? 0o600 : 0o644 });
  }
  return changed.map(({ name }) => name);
}

const SHOWN = 5;

async function askToReplace({ ask }: Context, names: readonly string[]): Promise<void> {
  const shown = names.length > SHOWN ? [...names.slice(0, SHOWN), counted(names.length - SHOWN, 'other file')] : names;
  const exist = `${andList(shown)} ${names.length === 1 ? 'exists' : 'exist'}`;
  if (!ask.allowed)
    throw usage(`${exist}, and ${names.length === 1 ? 'is' : 'are'} different. Nothing was written.`, 'To overwrite, use --force.');
  if (!(await ask.confirm(`${exist}. Overwrite?`))) throw cancelled();
}

/** Adds to the .gitignore of a directory what Git does not ignore yet. */
async function ignore(ctx: Context, names: readonly string[]): Promise<void> {
  const { cwd } = ctx.world;
  const open: string[] = [];
  for (const name of names)
    if ((await git(ctx.world, ['check-ignore', '--quiet', '--no-index', '--', `./${name}`], cwd))?.code !== 0) open.push(name);
  if (open.length === 0) return;
  const file = openLocal('.gitignore', ctx);
  const before = file.text ?? '';
  const text = `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${open.map((name) => `/${name}\n`).join('')}`;
  replaceText(file, text, ctx.world, { mode: 0o644 });
  ctx.progress.note(
    `Added ${open.length === 1 ? open[0] : counted(open.length, 'file')} to .gitignore, so that Git does not commit the values.`,
  );
}
