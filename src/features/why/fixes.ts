import type { SiteReference } from '../deploy/site.ts';

/** What to do: the words of a command after `dnx`, or a step without one. */
export interface Fix {
  readonly command: readonly string[] | null;
  readonly why: string;
}

/** A fix that depends on the site. */
export type FixOf = (of: SiteReference) => Fix;

const parents = ({ site, server }: SiteReference): readonly string[] => ['--site', site.label, '--server', server.label];

/** A step that dnx cannot do. */
export const step =
  (why: string): FixOf =>
  () => ({ command: null, why });

/** Deploys again. */
export const deployFix =
  (why = 'Deploy again'): FixOf =>
  ({ site, server }) => ({ command: ['deploy', site.label, '--server', server.label], why });

/** A command of the group `site` for this site. */
export const siteFix =
  (verb: string, why: string, ...options: readonly string[]): FixOf =>
  ({ site, server }) => ({ command: ['site', verb, site.label, ...options, '--server', server.label], why });

/** A command of the group `server` for its server. */
export const serverCommand =
  (verb: string, why: string): FixOf =>
  ({ server }) => ({ command: ['server', verb, server.label], why });

/** A command of another group that takes the site by option. */
export const ofSite =
  (why: string, ...words: readonly string[]): FixOf =>
  (of) => ({ command: [...words, ...parents(of)], why });

/** A command of another group that takes the server by option. */
export const ofServer =
  (why: string, ...words: readonly string[]): FixOf =>
  ({ server }) => ({ command: [...words, '--server', server.label], why });

/** An Artisan command in the live release. */
export const artisanFix =
  (why: string, ...words: readonly string[]): FixOf =>
  (of) => ({ command: ['artisan', ...parents(of), ...words], why });

/** A log of the site. */
export const logsFix =
  (why: string, source: 'laravel' | 'worker' = 'laravel'): FixOf =>
  ({ site, server }) => ({ command: ['logs', `${server.label}/${site.label}`, '--source', source], why });

/** A command in the live release. */
export const sshSite =
  (why: string, ...words: readonly string[]): FixOf =>
  ({ site, server }) => ({ command: ['ssh', `${server.label}/${site.label}`, '--', ...words], why });

/** A command on the server. */
export const sshServer =
  (why: string, ...words: readonly string[]): FixOf =>
  ({ server }) => ({ command: ['ssh', server.label, '--', ...words], why });

/** Restarts a service of the server. */
export const restartService = (name: string, why = 'Restart it'): FixOf => sshServer(why, 'sudo', 'systemctl', 'restart', name);
