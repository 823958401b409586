import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bed, openBed } from '../support/dnx.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

/** Signs in with a stored token, and reads the lists that completion knows names from. */
export async function openSignedIn(...lines: readonly string[]): Promise<Bed> {
  const bed = await openBed();
  const { code, stderr } = await signIn(bed, 'login --with-token --insecure-storage');
  if (code !== 0) throw new Error(stderr);
  await run(bed, 'config set host', bed.sandbox.url);
  for (const line of ['server list', 'site list', ...lines]) await run(bed, line);
  return bed;
}

/** Runs dnx with the stored token alone. */
export async function run(bed: Bed, line: string, ...words: readonly string[]): Promise<void> {
  const { code, stderr } = await bed.dnx([...line.split(' '), ...words], { env: { ...signedOut.env, DNX_HOST: undefined } });
  if (code !== 0) throw new Error(`dnx ${line} failed: ${stderr}`);
}

/** The directories of a bed, for shells. */
export const directoriesOf = ({ directory }: Pick<Bed, 'directory'>): Readonly<Record<string, string>> => ({
  DNX_CONFIG_DIR: join(directory, 'config'),
  DNX_CACHE_DIR: join(directory, 'cache'),
});

/** A directory with a `dnx` that notes that it ran and prints a name, for PATH. Nothing else is in it. */
export function recorderIn(directory: string, name = ''): { readonly path: string; readonly log: string } {
  const path = join(directory, 'recorder');
  const log = join(directory, 'started');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'dnx'), `#!/bin/sh\necho "$@" >>'${log}'\necho ${name}\n`, { mode: 0o755 });
  return { path, log };
}
