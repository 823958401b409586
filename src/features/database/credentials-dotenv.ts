import { DnxError, isError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { directoriesOf, ROOT } from '../remote/directory.ts';
import type { SiteOnMachine } from '../remote/machine.ts';
import { runOn } from '../remote/run.ts';
import { scripted } from '../remote/ssh.ts';

/** The exit code of a script that found no file, and the line before its contents: a login shell may print something first. */
const MISSING = 66;
const MARK = 'dnx: contents';

const SCRIPT = `${ROOT}; for each in "$root/shared/.env" "$root/.env" "$root/current/.env"; do if [ -n "$root" ] && [ -f "$each" ]; then echo '${MARK}'; exec cat "$each"; fi; done; exit ${MISSING}`;

/** The variables in the `.env` of a site on its server; undefined if there is no file. */
export async function remoteDotenv(
  ctx: Pick<Context, 'ask' | 'world'>,
  place: SiteOnMachine,
): Promise<ReadonlyMap<string, string> | undefined> {
  const { code, stdout, stderr } = await runOn(ctx, place.machine, scripted(SCRIPT, ...directoriesOf(place)));
  if (code === MISSING) return undefined;
  const server = place.machine.server.label;
  const at = stdout.indexOf(`${MARK}\n`);
  if (code !== 0 || at < 0)
    throw new DnxError('failed', `Could not read the .env of ${place.domain} on ${server}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  try {
    return parseDotenv(stdout.slice(at + MARK.length + 1), `.env on ${server}`).variables;
  } catch (error) {
    // It is not the command line that is wrong.
    throw isError(error, 'usage') ? new DnxError('failed', error.message, { hint: 'Fix the file. Laravel cannot read it either.' }) : error;
  }
}
