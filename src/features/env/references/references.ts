import { DnxError, usage } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { envWithoutSecrets } from '../../../machine/env.ts';
import { readText } from '../../../machine/files/text-file.ts';
import { pathOf } from '../../../machine/world.ts';
import type { Dotenv } from '../dotenv/dotenv.ts';

type ReferenceContext = Pick<Context, 'world' | 'progress' | 'ask'>;

/** A reference, and where it stands. */
interface Place {
  readonly key: string;
  readonly reference: string;
  /** Of the dotenv file. */
  readonly directory: string;
}

/**
 * The variables of a dotenv file in this directory, with its references replaced by what they stand for: each is read once, in order.
 * An error names the key and the reference, never a value.
 */
export async function resolveReferences(
  { variables, references }: Pick<Dotenv, 'variables' | 'references'>,
  directory: string,
  ctx: ReferenceContext,
): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();
  const resolved = new Map(variables);
  for (const [key, reference] of references) {
    const value = known.get(reference) ?? (await standsFor({ key, reference, directory }, ctx));
    if (/[\0\ufffd]/.test(value)) throw usage(`Could not resolve ${key} (${reference}): its value is not text in UTF-8.`);
    known.set(reference, value);
    resolved.set(key, value);
  }
  return resolved;
}

async function standsFor(place: Place, ctx: ReferenceContext): Promise<string> {
  const { key, reference } = place;
  if (reference.startsWith('op://')) return onePassword(place, ctx);
  if (reference.startsWith('file://')) return fileValue(place, ctx);
  const name = reference.slice('env://'.length);
  const value = ctx.world.env[name];
  if (value === undefined) throw usage(`Could not resolve ${key} (${reference}): ${name} is not set.`);
  return value;
}

/** Asks 1Password's CLI, which may ask the user on a terminal. */
async function onePassword({ key, reference }: Place, { world, progress, ask }: ReferenceContext): Promise<string> {
  progress.spin(`Reading ${key} from 1Password`);
  const attended = ask.allowed;
  const resume = attended ? progress.hold() : undefined;
  const args = ['read', '--no-newline', reference];
  const ended = await world.capture({ file: 'op', args, env: envWithoutSecrets(world.env), ...(attended && { attended }) }).finally(resume);
  if (!ended) {
    throw usage(`Could not resolve ${key} (${reference}): op is not installed.`, 'Install the 1Password CLI.');
  }
  if (ended.code === 0) return ended.stdout;
  // op begins with `[ERROR] 2026/05/01 10:00:00`.
  const [first = '', ...others] = ended.stderr.trim().split('\n');
  const reason = first.replace(/^\[ERROR\] \d\S* \S+ /, '') || `op ended with exit code ${ended.code}.`;
  throw new DnxError('failed', `Could not resolve ${key} (${reference}): ${reason}`, {
    details: others.map((line) => ['op', line] as const),
  });
}

const LIMIT_MB = 1;

/** The text of a file without its last line break, which editors add. */
function fileValue({ key, reference, directory }: Place, { world }: ReferenceContext): string {
  const refused = (reason: string) => usage(`Could not resolve ${key} (${reference}): ${reason}`);
  const place = {
    cwd: directory,
    get home() {
      return world.home;
    },
  };
  const file = pathOf(reference.slice('file://'.length), place);
  let text: string | undefined;
  try {
    text = readText(file, LIMIT_MB);
  } catch (error) {
    throw error instanceof DnxError ? refused(error.message) : error;
  }
  if (text === undefined) throw refused('the file does not exist.');
  return text.replace(/\r?\n$/, '');
}
