import { appendFileSync } from 'node:fs';
import type { World } from './world.ts';

/** What a CI system can show beside the log. Silent where there is none that is known. */
export interface Ci {
  /** Keeps a secret that is about to appear out of the log. */
  mask(secret: string): void;
  /** Folds what follows in the log, until the function it answers is called. */
  group(title: string): () => void;
  /** A failure, shown at the run itself. */
  error(title: string, message: string): void;
  /** Values for the steps that follow. */
  output(values: Readonly<Record<string, string>>): void;
  /** Markdown for the page of the run. */
  summary(markdown: string): void;
}

/** Where there is no CI system: every call does nothing. */
export const silentCi: Ci = { mask() {}, group: () => () => {}, error() {}, output() {}, summary() {} };

/**
 * GitHub Actions. Its commands go to stderr, which the runner reads as it does stdout: stdout is the result and nothing else.
 * `safe` makes text harmless for a terminal.
 */
export function openCi({ env, stderr }: Pick<World, 'env' | 'stderr'>, safe: (text: string) => string): Ci {
  if (env.GITHUB_ACTIONS !== 'true') return silentCi;
  const say = (command: string) => void stderr.write(`${command}\n`);
  const append = (file: string | undefined, text: string) => {
    if (!file) return;
    try {
      appendFileSync(file, text);
    } catch (error) {
      say(`::warning title=dnx::${escaped(`Cannot write ${file}: ${(error as Error).message}`)}`);
    }
  };
  return {
    mask: (secret) => say(`::add-mask::${escaped(secret)}`),
    group(title) {
      say(`::group::${escaped(safe(title))}`);
      return () => say('::endgroup::');
    },
    error(title, message) {
      say(`::error title=${escaped(safe(title)).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escaped(safe(message))}`);
    },
    output(values) {
      // A value of several lines needs a mark that it cannot hold.
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

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
