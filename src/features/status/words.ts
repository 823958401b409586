import type { JsonObject } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import { LINK_FILE } from '../../machine/settings/link.ts';
import { releasesOf } from '../deploy/release.ts';
import type { Reader } from '../overview/certificate.ts';
import { releaseWords } from '../overview/site.ts';
import type { PartName } from './parts.ts';
import type { Status } from './status.ts';

/** `from .deploynix.json (production)`. */
export function originWords({ origin, environment }: Status, profile: string): string {
  switch (origin) {
    case 'environment':
      return 'from DNX_SITE';
    case 'link file':
      return `from ${LINK_FILE}${environment === null ? '' : ` (${environment})`}`;
    case 'profile':
      return `from profile ${profile}`;
    default:
      return origin;
  }
}

/** `web-1  203.0.113.10  PHP 8.3`. */
export function serverWords({ server, site, errors }: Status): string | undefined {
  if (!server) return errors.server ? unknownWords({ errors }, 'server') : undefined;
  const php = wordOf(site.php_version) || wordOf(server.php_version);
  return [wordOf(server.name) || wordOf(server.id), wordOf(server.ip_address), php && `PHP ${php}`].filter(Boolean).join('  ');
}

/** `a2483e1 Upgrade to Laravel 12, 2m ago by push to main`, or `deployed 2m ago` for a site without releases. */
export function currentWords(status: Status, reader: Reader): string | undefined {
  const { errors, latest_release: latest, release, site, webhook } = status;
  if (release) {
    const branch = wordOf(webhook?.branch);
    return `${wordsOf(release, reader)}${webhook ? ` by push${branch && ` to ${branch}`}` : ''}`;
  }
  const deployed = wordOf(site.last_deployed_at);
  if (deployed !== '' && !latest) return `deployed ${shownTimeIn(deployed, reader)}`;
  return errors.releases ? unknownWords(status, 'releases') : latest ? undefined : 'none';
}

/** `a2483e1 Upgrade to Laravel 12, 2m ago`. */
export function wordsOf(release: JsonObject, reader: Reader): string | undefined {
  const [known] = releasesOf([release]);
  return known && releaseWords(known, reader);
}

/** The label of a release that is newer than the live one. */
export function newsTitle(release: JsonObject): string {
  const phase = phaseOf(releasesOf([release])[0]?.word);
  return phase === 'going' ? 'Deploying' : phase === 'bad' ? 'Failed' : 'Newest';
}

/** `in 2h`, or `none`; undefined if the API does not say. */
export const scheduledWords = (at: unknown, reader: Reader): string | undefined =>
  at === undefined ? undefined : wordOf(at) === '' ? 'none' : shownTimeIn(wordOf(at), reader);

/** `2 running, 1 stopped`. */
export function workerWords(queues: readonly JsonObject[]): string {
  const counts = new Map<string, number>();
  for (const { status } of queues) {
    const word = statusKey(status).replaceAll('_', ' ') || 'unknown';
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'none';
}

/** The branch, and whether pushes to it deploy, if the site says so. */
export function branchWords({ branch, auto_deploy_enabled }: Status['site']): string {
  const auto = typeof auto_deploy_enabled === 'boolean' ? `auto-deploy ${auto_deploy_enabled ? 'on' : 'off'}` : '';
  return [wordOf(branch), auto].filter(Boolean).join('  ');
}

/** `just now`, and why the latest reading failed. */
export const checkedWords = ({ checked_at, errors }: Status, reader: Reader): string =>
  `${shownTimeIn(checked_at, reader)}${errors.site ? `, reconnecting: ${errors.site.message.replace(/\.$/, '')}` : ''}`;

/** Why a part is unknown: `token cannot read certificates`; undefined for a missing part or a fault. */
export const unknownWords = ({ errors }: Pick<Status, 'errors'>, name: PartName): string | undefined =>
  errors[name]?.code === 'forbidden'
    ? `token cannot read ${name === 'queues' ? 'workers' : name === 'server' ? 'the server' : name}`
    : undefined;
