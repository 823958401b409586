import { appendFileSync, chmodSync, existsSync, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cancelled, DnxError, systemReason, usage } from '../../base/errors.ts';
import { andList, counted } from '../../base/text.ts';
import { editYaml, setIn } from '../../base/yaml-edit.ts';
import type { Context } from '../../cli/language/command.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { makeDirectory, readText } from '../../machine/files/text-file.ts';
import { linkFileFor } from '../../machine/settings/link.ts';
import { pathOf } from '../../machine/world.ts';
import { ignoredCode, isTracked, isUnignored, type LocalFile, openLocal, replaceText } from '../env/local-file.ts';
import { STATE_FILE, stateIn } from '../state/file.ts';
import type { Entry } from '../state/model.ts';
import { emptyState, writeRows } from '../state/write.ts';
import type { MappedAccount } from './map.ts';
import { RECORD_FILE, recordText } from './record.ts';

/** A file of an import. */
interface NewFile {
  readonly name: string;
  readonly text: string;
  /** Only the user may read it, and Git must not. */
  readonly isSecret: boolean;
}

/** The text of the state file of an account. Throws if dnx could not read it again. */
function stateText({ rows, sites }: MappedAccount): string {
  const written = writeRows(emptyState(STATE_FILE, ''), rows).text;
  const { entries } = stateIn(written, STATE_FILE);
  const siteAt = ({ kind, place, fields }: Entry) =>
    kind === 'site' ? sites.find(({ server, domain }) => place.server === server && fields.domain === domain) : undefined;
  const passwordOf = ({ place: { server, database }, fields: { username } }: Entry) =>
    rows.find(
      ({ password, place, item }) =>
        password !== undefined && place.server?.label === server && place.database?.label === database && item?.username === username,
    )?.password;
  const text = editYaml(written, (document) => {
    for (const entry of entries) {
      const { file, dotenv } = siteAt(entry) ?? {};
      if (file && dotenv && dotenv.variables.size > 0) {
        // A value that only looks like a reference is one in a dotenv file, too.
        for (const [key, value] of dotenv.references) setIn(document, [...entry.path, 'env', key], { text: value });
        setIn(document, [...entry.path, 'env_file'], file.name);
      }
      const password = passwordOf(entry);
      if (password !== undefined) setIn(document, [...entry.path, 'password'], password);
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
  ...mapped.sites.flatMap(({ file }) => (file ? [{ ...file, isSecret: true }] : [])),
  { name: STATE_FILE, text: stateText(mapped), isSecret: false },
  { name: RECORD_FILE, text: recordText(mapped.record), isSecret: false },
];

/** Writes files into a directory, or says what it would write. Replaces none without asking. Returns the names of what was written. */
export async function writeFiles(ctx: Context, files: readonly NewFile[], { dir = '.', force = false, dry_run: isDry = false }) {
  const cwd = pathOf(dir, ctx.world);
  const there = { ...ctx, world: { ...ctx.world, cwd } };
  if (isDry && !existsSync(cwd)) return files.map(({ name }) => name);
  if (!isDry) orFailed(`create ${dir}`, () => makeDirectory(cwd));
  const opened = files.map((file) => {
    pathToWrite(file.name, there.world);
    return { ...file, local: openLocal(file.name, there) };
  });
  const changed = opened.filter(({ local, text }) => local.text !== text);
  const replaced = changed.filter(({ local }) => local.text !== undefined).map(({ name }) => name);
  if (isDry) return changed.map(({ name }) => name);
  if (replaced.length > 0 && !force) await askToReplace(ctx, replaced);
  const secrets = opened.flatMap(({ isSecret, local }) => (isSecret ? [local] : []));
  for (const local of secrets)
    if (await isTracked(local, there.world))
      throw new DnxError('differences', `${local.name} is tracked by Git. Nothing was written.`, {
        hint: `Run: git rm --cached ${local.name}`,
      });
  if (existsSync(join(dirname(linkFileFor(cwd)), '.git'))) await ignore(there, secrets);
  for (const { local, text, isSecret } of changed) {
    if (isSecret && local.text !== undefined) orFailed(`change the mode of ${local.name}`, () => chmodSync(local.path, 0o600));
    replaceText(local, text, there.world, { mode: isSecret ? 0o600 : 0o644 });
  }
  return changed.map(({ name }) => name);
}

function orFailed(what: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new DnxError('failed', `Could not ${what}: ${systemReason(cause) ?? cause}.`, { cause });
  }
}

const SHOWN = 5;

async function askToReplace({ ask }: Context, names: readonly string[]): Promise<void> {
  const shown = names.length > SHOWN ? [...names.slice(0, SHOWN), counted(names.length - SHOWN, 'other file')] : names;
  const exist = `${andList(shown)} ${names.length === 1 ? 'exists' : 'exist'}`;
  if (!ask.allowed)
    throw usage(`${exist}, and ${names.length === 1 ? 'is' : 'are'} different. Nothing was written.`, 'To overwrite, use --force.');
  if (!(await ask.confirm(`${exist}. Overwrite?`))) throw cancelled();
}

/** Adds to the .gitignore of a directory what Git does not ignore yet. Without Git, what is not there. Fails if Git would add a file nevertheless. */
async function ignore({ world, progress }: Context, files: readonly LocalFile[]): Promise<void> {
  const path = join(world.cwd, '.gitignore');
  const before = readText(path) ?? '';
  const lines = new Set(before.split(/\r?\n/));
  const open: string[] = [];
  for (const file of files) if (!lines.has(`/${file.name}`) && (await ignoredCode(file, world)) !== 0) open.push(file.name);
  if (open.length > 0) {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw usage('.gitignore is a link, which Git does not follow. Nothing was written.', 'Replace it with a file.');
    const text = `${before === '' || before.endsWith('\n') ? '' : '\n'}${open.map((name) => `/${name}\n`).join('')}`;
    orFailed('write .gitignore', () => appendFileSync(path, text));
    const what = open.length === 1 ? open[0] : counted(open.length, 'file');
    progress.note(`Added ${what} to .gitignore, so that Git does not commit the values.`);
  }
  for (const file of files)
    if (await isUnignored(file, world))
      throw new DnxError('differences', `Git does not ignore ${file.name}. No values were written.`, { hint: 'Check .gitignore.' });
}
