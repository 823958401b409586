import { abilities } from '../../base/abilities.ts';
import type { FactName, Shapes } from '../../base/api-shapes.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { isMask, wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { idIn } from '../../platform/names/names.ts';
import { isMarkedHidden } from '../../platform/names/spellings.ts';
import { liveRelease, releasesOf } from '../deploy/release.ts';
import type { ProbeAnswer, ProbeAnswers } from './probe.ts';

type Rows = readonly JsonObject[];

const SERVER = '/servers/{server}';
const SITE = `${SERVER}/sites/{site}`;

/** What the rows show together. In a session that hides values of variables, dnx itself has masked them. */
export function factsOf(answers: ProbeAnswers, { hidesValues }: Pick<Settings, 'hidesValues'>): Shapes['facts'] {
  const answer = (path: string) => answers.get(`GET ${path}`);
  const rows = (path: string): Rows => answer(path)?.rows ?? [];
  const releases = rows(`${SITE}/releases?per_page=100`);
  const [[server], [token]] = [rows(SERVER), rows('/tokens?per_page=1')];
  const listed = rows('/servers?per_page=100&page=1').find(({ id }) => idIn(id) === idIn(server?.id));
  // Undefined if the rows do not tell.
  const facts: Record<FactName, boolean | undefined> = {
    'one release is live': releases.length > 0 ? liveRelease(releasesOf(releases)) !== undefined : undefined,
    'releases come newest first': areNewestFirst(releases),
    'server certificates contain those of sites': contains(
      answer(`${SERVER}/certificates?per_page=1`),
      rows(`${SITE}/certificates?per_page=1`)[0],
    ),
    'two sites of one repository': haveOneRepository(rows(`${SERVER}/sites?per_page=100`)) || undefined,
    'the filter of backups filters': isFiltered(answer('/backups?status=completed&per_page=100')?.rows, rows('/backups?per_page=100')),
    'abilities are known': Array.isArray(token?.abilities) ? token.abilities.every(isKnownAbility) : undefined,
    'values of variables are shown': hidesValues ? undefined : showsValue(rows(`${SITE}/environment-variables?per_page=1`)[0]),
    'lists show whole servers': server && listed && Object.keys(server).every((name) => Object.hasOwn(listed, name)),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, holds]) => holds !== undefined));
}

function areNewestFirst(releases: Rows): boolean | undefined {
  const times = releases.map(({ created_at }) => timeOf(created_at));
  if (new Set(times).size < 2 || times.includes(undefined)) return undefined;
  return times.every((time = 0, index) => index === 0 || time <= (times[index - 1] ?? 0));
}

/** `list`: certificates of a server, from which one of its sites may be missing only if it is whole. */
function contains(list: ProbeAnswer | undefined, certificate: JsonObject | undefined): boolean | undefined {
  const { body, rows = [] } = list ?? {};
  if (rows.some(({ id, site_id: site }) => wordOf(site) !== '' || (id !== undefined && idIn(id) === idIn(certificate?.id)))) return true;
  const meta = isObject(body) && isObject(body.meta) ? body.meta : {};
  return certificate && meta.total === rows.length ? false : undefined;
}

function haveOneRepository(sites: Rows): boolean {
  const repositories = sites.flatMap(({ git_repository_id: id }) => idIn(id) ?? []);
  return new Set(repositories).size < repositories.length;
}

/** By the number of statuses, because the word of a completed backup may be another. */
function isFiltered(completed: Rows | undefined, all: Rows): boolean | undefined {
  const statuses = (backups: Rows) => new Set(backups.map(({ status }) => wordOf(status))).size;
  return completed && statuses(all) > 1 ? statuses(completed) < 2 : undefined;
}

const isKnownAbility = (ability: unknown): boolean => ability === '*' || abilities.includes(wordOf(ability));

function showsValue(variable: JsonObject | undefined): boolean | undefined {
  if (!variable || !('key' in variable) || variable.value === '') return undefined;
  return typeof variable.value === 'string' && !isMask(variable.value) && !isMarkedHidden(variable);
}
