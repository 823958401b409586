import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DnxError } from '../../base/errors.ts';
import { readText } from '../../machine/files/text-file.ts';
import { type Shell, scriptFiles } from './shells.ts';

/** The completion script for a shell, as the package has it. */
export function completionScript(shell: Shell): string {
  const root = fileURLToPath(import.meta.url).replace(/(dist|src[\\/]features[\\/]completion)[\\/][^\\/]+$/, '');
  const file = join(root, 'completions', scriptFiles[shell]);
  const script = readText(file);
  if (script === undefined)
    throw new DnxError('failed', `The completion script ${file} is missing.`, { hint: 'Install deploynix-cli again.' });
  return script;
}
