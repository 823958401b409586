import { holdsSecret } from '../../base/secrets.ts';
import { phaseOf, statusKey } from '../../base/status.ts';

/** Parts of names of fields, besides those that dnx knows, and of words of statuses: they say nothing about an account, because every platform has them. */
const usual: ReadonlySet<string> = new Set(
  `
  a ability aborted accepted access account actions activity agent alias aliases allow allowed app application applications apps archived arguments
  attempts author automatic available avatar awaiting back background backing backup backups balancer bandwidth base batch billing blocked body
  booting branches browser bucket build busy by bytes cache can canceled canceling cancelled cancelling category cause certificate certificates
  change changed channel checked checking checksum city cloning closed cloud cluster code collation color commands comment committed committer
  compiling config configuration configuring connected connecting container content country created creating creator credentials cron crontabs cursor
  custom daemons dashboard data database databases day days dead default degraded deleted deleting dependencies deploy deployable deployed deployer
  deploying deployment deployments description destination destroying detached detail details disabled disconnected disk dns domains done down
  downloading draft duration enabled encrypted encryption end ended engine env environment error errored errors event events exception exit expired
  expiring expiry exporting external fail failed failing failure fetching file files filter finalizing finished finishing firewall first flags folder
  for force forward free full git group groups handle has health healthy heartbeat hidden hook hooks host hostname hosts html http https identifier
  identity idle images importing in inactive incremental index info initial initialized initializing input install installation installed installing
  instance internal interval invalid ips ipv4 ipv6 isolated issued issuer issuing items job jobs keys kind label labels language latest length level
  limit limits line link linked links list load local location lock locked log logs maintenance managed manual masked master max maximum md5 members
  meta method migrating min minimum minute missing mode model modified monitor monitored mount names never new next no node nodes none not note notes
  notification notifications number octane of off offline ok on online open operational options order organization origin os out outdated output
  owner package parent partial passed passing path paths paused pausing payload pending percent percentage permission permissions plan platform pool
  ports position prefix preparing previous primary priority processed processing profile progress project projects protected providers provision
  provisioned provisioning published publishing pulling purpose push pushed query queues quick quota rate read ready reboot rebooting rebuilding
  received recipe redacted redirects ref regions rejected release releases reloading remaining remote removed removing renewing repo repositories
  request requested requests required resetting resizing resource response restarted restarting restored result resumed resuming retention retries
  retrying revision revoked role roles rollback rolled rolling root rules run running runtime schedule scheduled scheduler scope script secondary
  seconds secret secrets secure self sent server servers service services setup sha sha256 shared shell show shutdown site sizes skipped skipping
  slug snapshot socket software sort ssl stack start started statuses step steps stopped stopping storage stuck subdomain subject succeeded suspended
  suspending swap sync synced syncing system tag tags target task tasks team terminated terminating tests time timed timeout times timezone title tls
  tokens total triggered trusted ttl types uid unavailable unhealthy uninstalled uninstalling unit unknown unreachable until up update updated
  updating upgrading uploaded uploading uptime urls usage users uuid valid validated validating values variables verified verifying versions via
  virtual visibility visible volume vpc waiting wants warning webhook webhooks wildcard with worker workers working workspace zone
`
    .trim()
    .split(/\s+/),
);

const NAME = /^[a-z][a-z\d]*(?:_[a-z\d]+)*$/;
const LONGEST_NAME = 32;
const WORD = /^[a-z]+(?:[_ -][a-z]+)*$/;
const LONGEST_WORD = 24;
/** The parts of a word such as `rolled_back_in_progress`. */
const MOST_PARTS = 4;

/** Tells which names of fields consist of usual parts, and of those of the names that dnx knows. */
export function usualNames(known: ReadonlySet<string>): (name: string) => boolean {
  const parts = new Set([...usual, ...[...known].flatMap((name) => name.split('_'))]);
  return (name) => NAME.test(name) && name.length <= 2 * LONGEST_NAME && isMadeOf(name, parts);
}

/** True for a name that a person may agree to. JavaScript uses `constructor` itself. */
export const looksLikeName = (name: string): boolean =>
  NAME.test(name) && name.length <= LONGEST_NAME && name !== 'constructor' && !holdsSecret(name);

/** True for a field whose values are words of a closed set. The types of backups are two, and the state of a user may be where they live. */
export const isStatusField = (name: string, endpoint: string): boolean =>
  (/^(?:.+_)?(?:status|state)$/.test(name) && endpoint !== 'GET /user') || (name === 'type' && endpoint.endsWith('/backups'));

/** True for the word of a status that says nothing about an account. Its case could, unless people write it so; `OK` is a state of the USA. */
export function isHarmlessWord(word: string): boolean {
  const isWritten = /^(?:[a-z_ -]+|[A-Z][A-Z_ -]{2,}|[A-Z][a-z]+(?:[_ -][a-z]+)*|[A-Z][a-z]+(?:[_ -][A-Z][a-z]+)*)$/.test(word);
  const key = statusKey(word);
  const isShort = key.length === word.length && key.split('_').length <= MOST_PARTS;
  return isWritten && isShort && (isPhase(key) || isMadeOf(key, usual));
}

/** True for a word that a person may agree to. */
export const looksLikeWord = (word: string): boolean => WORD.test(word) && word.length <= LONGEST_WORD && !holdsSecret(word);

/** True for a word of success or of work in progress. Words of failure are told by a part, so that anything may be around it. */
const isPhase = (key: string): boolean => ['good', 'going'].includes(phaseOf(key) ?? '');

const isMadeOf = (name: string, parts: ReadonlySet<string>): boolean => name.split('_').every((part) => parts.has(part));
