import { existsSync } from 'node:fs';
import { DnxError, isError, reasonOf, systemCode } from '../base/errors.ts';

/** True if a program was not found. A missing working directory gives the same code. */
export const isMissing = (error: unknown, cwd: string | undefined): boolean => systemCode(error) === 'ENOENT' && !isGone(cwd);

/** The error for a program that the operating system does not run. */
export function couldNotRun(file: string, error: unknown, cwd: string | undefined): DnxError {
  const code = systemCode(error);
  const reason = code === 'ENOENT' && isGone(cwd) ? `the directory ${cwd} does not exist` : (refusals[code ?? ''] ?? reasonOf(code));
  return new DnxError('usage', `Could not run ${file}: ${reason ?? code ?? String(error)}.`);
}

/** The error for a program that is not in PATH. */
export const notFound = (file: string): DnxError => new DnxError('usage', `Could not run ${file}: ${refusals.ENOENT}.`);

/** True for this error if the program does not exist. */
export const isNotInstalled = (error: unknown): boolean => isError(error, 'usage') && error.message.endsWith(`: ${refusals.ENOENT}.`);

const isGone = (cwd: string | undefined): boolean => cwd !== undefined && !existsSync(cwd);

const refusals: Readonly<Record<string, string>> = {
  ENOENT: 'command not found',
  E2BIG: 'its arguments and environment variables are too large',
};
