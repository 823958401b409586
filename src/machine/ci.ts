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

const silentCi: Ci = { mask() {}, group: () => () => {}, error() {}, output() {}, summary() {} };

type CiWorld = Pick<World, 'clock' | 'env' | 'stderr'>;

/**
 * GitHub Actions or GitLab, or nothing elsewhere and with `--no-ci` or DNX_NO_CI; secrets are masked in any case. What it writes goes to stderr, which
 * the runners read too, to keep stdout for the result. `safe` makes text safe for a terminal. `isOn`: `--ci` or `--no-ci`.
 */
export function openCi(world: CiWorld, safe: (text: string) => string, isOn?: boolean): Ci {
  const { env } = world;
  const ci = env.GITHUB_ACTIONS === 'true' ? github(world, safe) : env.GITLAB_CI === 'true' ? gitlab(world, safe) : silentCi;
  return (isOn ?? !truthy(env.DNX_NO_CI)) ? ci : { ...silentCi, mask: ci.mask };
}

function github({ env, stderr }: CiWorld, safe: (text: string) => string): Ci {
  const say = (command: string) => void stderr.write(`${command}\n`);
  // A runner would execute `##[name]`, too.
  const shown = (text: string) => escaped(safe(text)).replaceAll('##[', '## [');
  const append = (file: string | undefined, text: string) => {
    if (!file) return;
    try {
      appendFileSync(file, text);
    } catch (error) {
      say(`::warning title=dnx::${escaped(`Could not write ${file}: ${(error as Error).message}`)}`);
    }
  };
  return {
    mask: (secret) => say(`::add-mask::${escaped(secret)}`),
    group: oneAtATime((title) => {
      say(`::group::${shown(title)}`);
      return () => say('::endgroup::');
    }),
    error(title, message) {
      say(`::error title=${shown(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${shown(message)}`);
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
    // The empty line ends a table or list above it.
    summary: (markdown) => append(env.GITHUB_STEP_SUMMARY, `\n${markdown}\n`),
  };
}

function gitlab({ clock, stderr }: CiWorld, safe: (text: string) => string): Ci {
  const mark = (kind: 'start' | 'end', name: string, title = '') =>
    void stderr.write(`\u001b[0Ksection_${kind}:${Math.floor(clock.now() / 1000)}:${name}\r\u001b[0K${title}\n`);
  const group = oneAtATime((title) => {
    // Unique in the log of a job, where dnx may run several times.
    const name = `dnx_${crypto.randomUUID()}`;
    mark('start', name, safe(title).replaceAll('\n', ' '));
    return () => mark('end', name);
  });
  return { ...silentCi, group };
}

/** Groups of which one at a time is open, because GitHub does not nest them. */
function oneAtATime(start: (title: string) => () => void): Ci['group'] {
  let end: (() => void) | undefined;
  return (title) => {
    end?.();
    const close = start(title);
    const endThis = () => {
      if (end !== endThis) return;
      end = undefined;
      close();
    };
    end = endThis;
    return endThis;
  };
}

/** True in a CI system that shows more than a log. */
export const hasCi = ({ GITHUB_ACTIONS, GITLAB_CI }: Env): boolean => GITHUB_ACTIONS === 'true' || GITLAB_CI === 'true';

/** True in a CI system, where nobody reads notices. As in gh: `CI`, or what Jenkins, TeamCity and TaskCluster set. */
export const isCi = ({ CI, GITHUB_ACTIONS, BUILD_NUMBER, RUN_ID }: Env): boolean =>
  [CI, GITHUB_ACTIONS].some(truthy) || Boolean(BUILD_NUMBER || RUN_ID);

/** Where people read the log of this job, if the CI system says so. */
export function runUrl(env: Env): string | undefined {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, CI_JOB_URL, BITBUCKET_REPO_FULL_NAME, BITBUCKET_BUILD_NUMBER } = env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID)
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  if (BITBUCKET_REPO_FULL_NAME && BITBUCKET_BUILD_NUMBER)
    return `https://bitbucket.org/${BITBUCKET_REPO_FULL_NAME}/pipelines/results/${BITBUCKET_BUILD_NUMBER}`;
  return CI_JOB_URL;
}

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
