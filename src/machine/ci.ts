import { appendFileSync } from 'node:fs';
import { truthy } from './env.ts';
import type { Env, World } from './world.ts';

/** Features of a CI system besides its log. */
export interface Ci {
  /** Masks a secret in the log. Call it before printing the secret. */
  mask(secret: string): void;
  /** Starts a group in the log, and ends the one before. Call the returned function to end it. */
  group(title: string): () => void;
  error(title: string, message: string): void;
  output(values: Readonly<Record<string, string>>): void;
  summary(markdown: string): void;
}

/** Does nothing, for use outside of CI. */
export const silentCi: Ci = { mask() {}, group: () => () => {}, error() {}, output() {}, summary() {} };

/**
 * GitHub Actions, or nothing elsewhere. Commands go to stderr, which the runner reads too, to keep stdout for the result.
 * `safe` makes text safe for a terminal.
 */
export function openCi({ env, stderr }: Pick<World, 'env' | 'stderr'>, safe: (text: string) => string): Ci {
  if (env.GITHUB_ACTIONS !== 'true') return silentCi;
  const say = (command: string) => void stderr.write(`${command}\n`);
  const append = (file: string | undefined, text: string) => {
    if (!file) return;
    try {
      appendFileSync(file, text);
    } catch (error) {
      say(`::warning title=dnx::${escaped(`Could not write ${file}: ${(error as Error).message}`)}`);
    }
  };
  let open: symbol | undefined;
  const end = (group: symbol | undefined) => {
    if (group === undefined || group !== open) return;
    open = undefined;
    say('::endgroup::');
  };
  return {
    mask: (secret) => say(`::add-mask::${escaped(secret)}`),
    group(title) {
      // GitHub does not nest groups.
      end(open);
      const group = Symbol(title);
      open = group;
      say(`::group::${escaped(safe(title))}`);
      return () => end(group);
    },
    error(title, message) {
      say(`::error title=${escaped(safe(title)).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escaped(safe(message))}`);
    },
    output(values) {
      // A multiline value needs a delimiter that it cannot contain.
      const mark = `dnx_${crypto.randomUUID()}`;
      append(
        env.GITHUB_OUTPUT,
        Object.entries(values)
          .map(([name, value]) => (/[\r\n]/.test(value) ? `${name}<<${mark}\n${value}\n${mark}\n` : `${name}=${value}\n`))
          .join(''),
      );
    },
    summary: (markdown) => append(env.GITHUB_STEP_SUMMARY, `${markdown}\n`),
  };
}

/** True in a CI system, where nobody reads notices. As in gh: `CI`, or what Jenkins, TeamCity and TaskCluster set. */
export const isCi = ({ CI, GITHUB_ACTIONS, BUILD_NUMBER, RUN_ID }: Env): boolean =>
  [CI, GITHUB_ACTIONS].some(truthy) || Boolean(BUILD_NUMBER || RUN_ID);

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
