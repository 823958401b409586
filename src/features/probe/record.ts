import {
  type AnswerShape,
  countOf,
  envelopeNames,
  type FieldShape,
  type JsonType,
  MOST_FIELDS,
  metaNames,
  methods,
  type PagingShape,
  parameterNames,
  type Shapes,
  type Unread,
} from '../../base/api-shapes.ts';
import { formatOf, formatOfTime, headersIn, messageKind, usualSizes } from '../../base/api-texts.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Reply } from '../../platform/api/api.ts';

/** A response to record. `large`: its body was too long to be read. */
export type Observed = Pick<Reply, 'status' | 'headers' | 'body' | 'text'> & { readonly large?: boolean };

/** Reduces responses to their shapes. It holds no value. `known`: the names of fields that dnx knows. */
export function openRecorder(known: ReadonlySet<string>) {
  const isUsual = usualNames(known);
  const answers = new Map<string, Shapes['answers'][string]>();
  return {
    /** Records the response to a read, whose key is that in `shapes.json`. */
    add(key: string, endpoint: string, observed: Observed): void {
      answers.set(key, shapeOf(observed, endpoint, known, isUsual));
    },
    /** Records that a read has no response. */
    skip(key: string, unread: Unread): void {
      answers.set(key, { unread });
    },
    /** What was recorded, by read. */
    answers: (): Shapes['answers'] => Object.fromEntries([...answers].toSorted(([one], [other]) => (one < other ? -1 : 1))),
  };
}

function shapeOf(observed: Observed, endpoint: string, known: ReadonlySet<string>, isUsual: (name: string) => boolean): AnswerShape {
  // What was sent may be in a field with the name of the list or the resource.
  const nouns = new Set<string>(endpoint.replaceAll('-', '_').match(/[a-z_]+/g));
  const isKnown = (name: string) => known.has(name) || nouns.has(name);
  const { sent, shape } = answerOf(observed, isKnown);
  const rows = [sent].flat().filter(isObject);
  const names = unique(rows.flatMap(Object.keys));
  const hasFields = rows.length > 0 && shape.holds !== 'map';
  // Without an id beside them, names may be data, such as those of variables.
  const areResources = rows.every((row) => Object.hasOwn(row, 'id'));
  const isHarmless = (name: string) => hasFields && (isKnown(name) || (areResources && isUsual(name)));
  const kept = names.filter(isHarmless).slice(0, MOST_FIELDS);
  return {
    ...shape,
    ...(hasFields && { fields: Object.fromEntries(kept.map((name) => [name, fieldOf(name, rows, endpoint)])) }),
    ...(kept.length < names.length && { other_fields: countOf(names.length - kept.length) }),
  };
}

function answerOf({ status, headers, body, text, large = false }: Observed, isKnown: (name: string) => boolean) {
  const sent = status < 300 ? contentOf(body) : undefined;
  const holds = holding(sent, isKnown);
  const message = messageIn(status, body);
  const allowed = headers.allow?.toUpperCase().split(/[\s,]+/);
  const shape: AnswerShape = {
    status,
    body: large ? 'large' : bodyKind(body, text),
    ...(isObject(body) && keysOf(body, sent === body)),
    ...(holds && { holds }),
    ...(Array.isArray(sent) && { rows: countOf(sent.length), paging: pagingOf(body) }),
    headers: headersIn(headers),
    ...(message !== undefined && { message }),
    ...(allowed && { allow: methods.filter((method) => allowed.includes(method)) }),
  };
  return { sent, shape };
}

function bodyKind(body: unknown, text: string | undefined): AnswerShape['body'] {
  if (Array.isArray(body)) return 'array';
  if (isObject(body)) return 'object';
  if (body === undefined && text === undefined) return 'none';
  return text?.trimStart().startsWith('<') ? 'html' : 'text';
}

/** What was sent, in `data` or bare; undefined if there is only a message. */
function contentOf(body: unknown): unknown {
  if (!isObject(body) || Object.keys(body).every((key) => key === 'message')) return Array.isArray(body) ? body : undefined;
  return Object.hasOwn(body, 'data') ? body.data : body;
}

function holding(sent: unknown, isKnown: (name: string) => boolean): AnswerShape['holds'] {
  if (Array.isArray(sent)) return 'list';
  if (!isObject(sent)) return undefined;
  const names = Object.keys(sent);
  return names.includes('id') || names.filter(isKnown).length * 2 >= names.length ? 'one' : 'map';
}

function keysOf(body: JsonObject, isBare: boolean): Pick<AnswerShape, 'keys' | 'other_keys'> {
  const names = Object.keys(body);
  const keys = envelopeNames.filter((name) => names.includes(name));
  return { keys, ...(!isBare && keys.length < names.length && { other_keys: countOf(names.length - keys.length) }) };
}

function messageIn(status: number, body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const message = [body.message, body.error, body.detail, body.title].find((text) => typeof text === 'string');
  return typeof message === 'string' ? messageKind(message, status) : undefined;
}

function pagingOf(body: unknown): PagingShape {
  if (!isObject(body)) return { meta: null, per_page: null, next: null };
  const meta = isObject(body.meta) ? body.meta : undefined;
  const size = wordOf((meta ?? body).per_page);
  const next = isObject(body.links) ? body.links.next : body.next_page_url;
  const types = metaNames.flatMap((name) => (meta && Object.hasOwn(meta, name) ? [[name, typeOfValue(meta[name])] as const] : []));
  return {
    meta: meta ? Object.fromEntries(types) : null,
    per_page: usualSizes.find((usual) => size === String(usual)) ?? null,
    next: typeof next === 'string' ? parametersIn(next) : null,
  };
}

/** The names of the query parameters of a URL, `other` for those that dnx does not know. */
const parametersIn = (url: string): readonly string[] =>
  unique([...new URLSearchParams(url.split('?')[1] ?? '').keys()].map((name) => (parameterNames.includes(name) ? name : 'other')));

function fieldOf(name: string, rows: readonly JsonObject[], endpoint: string): FieldShape {
  const values = rows.filter((row) => Object.hasOwn(row, name)).map((row) => row[name]);
  const present = values.filter((value) => value !== null);
  const nulls = values.length - present.length;
  const formats = present.flatMap((value) => formatOfValue(name, value) ?? []);
  const texts = isStatusField(name, endpoint) ? unique(present.filter((value) => typeof value === 'string')) : [];
  const words = texts.filter(isHarmlessWord);
  return {
    types: unique(present.map(typeOfValue)) as readonly JsonType[],
    null: nulls === 0 ? 'never' : nulls === values.length ? 'always' : 'sometimes',
    missing: values.length < rows.length ? 'sometimes' : 'never',
    ...(formats.length > 0 && { formats: unique(formats) }),
    ...(words.length > 0 && { words }),
    ...(words.length < texts.length && { other_words: countOf(texts.length - words.length) }),
  };
}

const formatOfValue = (name: string, value: unknown): string | undefined =>
  typeof value === 'string' ? formatOf(value) : typeof value === 'number' && name.endsWith('_at') ? formatOfTime(value) : undefined;

/** The JSON type of a value; `null` for null. */
function typeOfValue(value: unknown): JsonType | 'null' {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'integer';
  return typeof value as 'object' | 'number' | 'boolean' | 'string';
}

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)].sort();

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
const LONGEST_NAME = 64;
/** The parts of a word such as `rolled_back_in_progress`. */
const MOST_PARTS = 4;

/** Tells which names of fields consist of usual parts, and of those of the names that dnx knows. */
function usualNames(known: ReadonlySet<string>): (name: string) => boolean {
  const parts = new Set([...usual, ...[...known].flatMap((name) => name.split('_'))]);
  return (name) => NAME.test(name) && name.length <= LONGEST_NAME && isMadeOf(name, parts);
}

/** True for a field whose values are words of a closed set. The types of backups are two, and the state of a user may be where they live. */
const isStatusField = (name: string, endpoint: string): boolean =>
  (/^(?:.+_)?(?:status|state)$/.test(name) && endpoint !== 'GET /user') || (name === 'type' && endpoint.endsWith('/backups'));

/** True for the word of a status that says nothing about an account. Its case could, unless people write it so; `OK` is a state of the USA. */
export function isHarmlessWord(word: string): boolean {
  const isWritten = /^(?:[a-z_ -]+|[A-Z][A-Z_ -]{2,}|[A-Z][a-z]+(?:[_ -][a-z]+)*|[A-Z][a-z]+(?:[_ -][A-Z][a-z]+)*)$/.test(word);
  const key = statusKey(word);
  const isShort = key.length === word.length && key.split('_').length <= MOST_PARTS;
  return isWritten && isShort && (isPhase(key) || isMadeOf(key, usual));
}

/** True for a word of success or of work in progress. Words of failure are told by a part, so that anything may be around it. */
const isPhase = (key: string): boolean => ['good', 'going'].includes(phaseOf(key) ?? '');

const isMadeOf = (name: string, parts: ReadonlySet<string>): boolean => name.split('_').every((part) => parts.has(part));
