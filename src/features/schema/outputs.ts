import { isObject, own } from '../../base/json.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import { nounOf } from '../../cli/language/command.ts';
import { effectOf } from '../../cli/language/effect.ts';
import type { Leaf } from '../../cli/language/tree.ts';
import type { LogEntry } from '../../cli/output/view.ts';
import type { Origin } from '../../machine/settings/host.ts';
import { type Endpoint, isRead } from '../../platform/api/endpoint.ts';
import type { WaitingEvent } from '../../platform/follow/follow.ts';
import type { FieldDifference } from '../../platform/names/existing.ts';
import type { AuditFinding } from '../audit/finding.ts';
import type { ListedProfile } from '../auth/profiles.ts';
import type { SignInStatus } from '../auth/status.ts';
import type { Changes } from '../changes/changes.ts';
import type { DatabaseTunnel } from '../database/tunnel.ts';
import type { DeployResult } from '../deploy/result.ts';
import type { DoctorCheck } from '../doctor/machine.ts';
import type { VariableDifference } from '../env/sync/diff.ts';
import type { VariableSummary } from '../env/sync/show.ts';
import type { PastChange, PastRun, PastVariable } from '../plan/history.ts';
import type { AppliedChange } from '../plan/send.ts';
import type { RemoteOutcome } from '../remote/side-by-side.ts';
import type { SshEntry } from '../remote/ssh-config.ts';
import type { PortTunnel } from '../remote/tunnel.ts';
import type { SiteStatus } from '../status/status.ts';
import type { AbilityNeed } from '../token/abilities/arithmetic.ts';
import type { Diagnosis, QuotedLine, ShownRelease } from '../why/diagnosis.ts';
import { schemaShape } from './description.ts';
import { answerOf, formOf, type KnownColumn } from './endpoints.ts';
import {
  anything,
  either,
  item,
  type JsonSchema,
  listOf,
  mapOf,
  nullable,
  number,
  objectOf,
  oneOf,
  plainObject,
  type Shape,
  word,
  words,
  yes,
} from './shape.ts';
import { elsewhere } from './undeclared.ts';

/** The JSON Schema of what a command prints with `--json`; null if it prints what a program says, or nothing. */
export function outputOf(leaf: Leaf): JsonSchema | null {
  const { path, group, command } = leaf;
  const declared = own(commandOutputs, path);
  if (declared) return declared;
  if (effectOf(command) === 'program') return null;
  const { first, others } = typeof command.calls === 'function' ? { first: undefined, others: [] } : pathsIn(command.calls);
  const endpoint = (own(elsewhere, path)?.[0] as Endpoint | undefined) ?? others.find((each) => !isRead(each)) ?? first;
  if (!endpoint) return anything;
  const record = recordOf(leaf, endpoint);
  if (formOf(endpoint) === 'list' && command.name !== 'ensure') return listOf(record);
  const one = command.name === 'ensure' ? ensured(nounOf(group), record) : endpoint.startsWith('DELETE ') ? deleted : record;
  const several = command.targets === 'each' || command.targets === 'all' || command.options?.assignment;
  return several ? severalOf(one) : one;
}

/** As the API sent it. */
const id = { type: ['string', 'integer', 'null'] };

/** A record of the API with the fields that dnx knows. Their types are stated as far as the API reference states them. */
const recordOf = (leaf: Leaf, endpoint: Endpoint): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(answerOf(endpoint, [leaf]).map((each) => [each.name, fieldOf(each)])),
});

function fieldOf({ name, type, assumed }: KnownColumn): JsonSchema {
  if (name === 'id') return id;
  const format = type === 'date-time' && { format: type };
  return assumed ? { ...format } : { type: [type === undefined || format ? 'string' : type, 'null'], ...format };
}

const failure = objectOf<{ readonly code: string; readonly message: string; readonly status: number | null }>({
  code: word,
  message: word,
  status: nullable(number),
});

/** Of one target; of several, a list, in which a failed one has an `error`. */
const severalOf = (one: JsonSchema): JsonSchema => either(one, listOf(either(one, plainObject({ id: word }, { error: failure }))));

const deleted = plainObject({ id, deleted: oneOf(true) });

const ensured = (noun: string, record: JsonSchema): JsonSchema =>
  plainObject({
    changed: yes,
    outcome: oneOf('created', 'updated', 'unchanged', 'different'),
    id: nullable(word),
    differences: listOf(objectOf<FieldDifference>({ field: word, is: anything, wanted: anything })),
    unknown: words,
    [noun]: { anyOf: [record, { type: 'null' }] },
  });

const deployed = objectOf<DeployResult>({
  site: word,
  server: word,
  status: nullable(word),
  outcome: nullable(oneOf('succeeded', 'failed', 'started', 'timed_out', 'superseded', 'rolled_back', 'unknown')),
  started_at: nullable(word),
  finished_at: nullable(word),
  duration_s: nullable(number),
  release: nullable(word),
});

/** A change of variables, and the deployment after it. */
const deployedAfter = (variables: JsonSchema): JsonSchema => either(variables, plainObject({ variables, deployment: nullable(deployed) }));

const summary: Omit<Record<keyof VariableSummary, JsonSchema>, 'file' | 'kept' | 'conflicts'> = {
  site: word,
  added: words,
  changed: words,
  removed: words,
};
const synced = plainObject({ ...summary, file: word, kept: words, conflicts: words }, { failed: words });

const setting = plainObject({ profile: word, key: word, value: nullable(word) });
const origin = oneOf<Origin>('option', 'environment', 'link file', 'profile', 'default');
const shownSetting = plainObject({ key: word, value: nullable(word), origin: nullable(origin) }, { file: word });
/** The log of a server, as the API sent it: text, or an object or a list that holds it. */
const serverLog = either(nullable(word), item, words);
const script = plainObject({ shell: word, script: word });
const token = plainObject({ name: anything }, { id: anything, abilities: anything });
const url = plainObject({ url: word });
const installed = plainObject({
  clients: words,
  files: listOf(plainObject({ file: word, result: oneOf('added', 'changed', 'removed', 'kept') })),
  steps: words,
});
const dump = { database: word, bytes: number, duration_s: number };

const commits = listOf(
  objectOf<NonNullable<Changes['commits']>[number]>({ commit: word, subject: word, author: word, committed_at: word }),
);
const changes = objectOf<Changes>({
  site: word,
  server: word,
  live: nullable(
    objectOf<NonNullable<Changes['live']>>({
      release: word,
      commit: nullable(word),
      message: nullable(word),
      created_at: nullable(word),
    }),
  ),
  target: nullable(
    objectOf<NonNullable<Changes['target']>>({
      branch: word,
      ref: word,
      commit: word,
      remote: nullable(word),
      repository: nullable(word),
      checked_out: yes,
      as_of: nullable(word),
      unpushed: number,
    }),
  ),
  commits: nullable(commits),
  undone: nullable(commits),
  migrations: nullable(listOf(objectOf<NonNullable<Changes['migrations']>[number]>({ file: word, change: oneOf('added', 'modified') }))),
  missing_keys: nullable(words),
  php: nullable(
    objectOf<NonNullable<Changes['php']>>({
      current: nullable(word),
      required: nullable(word),
      platform: nullable(word),
      allowed: yes,
    }),
  ),
  unknown: listOf(
    objectOf<Changes['unknown'][number]>({
      what: oneOf('commits', 'migrations', 'missing_keys', 'php'),
      why: word,
      fix: nullable(word),
    }),
  ),
});

const source = oneOf('deploy', 'given', 'laravel', 'nginx', 'php', 'worker', 'kernel', 'server', 'state', 'http', 'api');
const release = objectOf<ShownRelease>({
  id: word,
  name: word,
  commit: nullable(word),
  message: nullable(word),
  status: nullable(word),
  live: nullable(yes),
  created_at: nullable(word),
});
type Checks = Diagnosis['checks'];
const diagnosis = objectOf<Diagnosis>({
  site: word,
  server: word,
  checked_at: word,
  subject: oneOf('deployment', 'site'),
  outcome: oneOf('known', 'unknown', 'healthy'),
  cause: nullable(word),
  title: word,
  resolved: nullable(word),
  evidence: listOf(objectOf<QuotedLine>({ source, file: nullable(word), line_number: nullable(number), line: word, at: nullable(word) })),
  fixes: listOf(objectOf<Diagnosis['fixes'][number]>({ command: nullable(word), why: word })),
  release: nullable(release),
  previous: nullable(release),
  changes: nullable(
    objectOf<NonNullable<Diagnosis['changes']>>({
      commits: listOf(objectOf<{ readonly commit: string; readonly subject: string }>({ commit: word, subject: word })),
      migrations: words,
      dependencies: words,
    }),
  ),
  checks: objectOf<Checks>({
    http: nullable(
      objectOf<NonNullable<Checks['http']>>({
        url: word,
        status: nullable(number),
        error: nullable(word),
        reason: nullable(word),
        duration_ms: number,
      }),
    ),
    disks: nullable(
      listOf(
        objectOf<NonNullable<Checks['disks']>[number]>({
          mount: word,
          space_percent: nullable(number),
          inodes_percent: nullable(number),
        }),
      ),
    ),
    memory: nullable(objectOf<NonNullable<Checks['memory']>>({ total: number, available: number, swap: number })),
    php: nullable(objectOf<NonNullable<Checks['php']>>({ site: nullable(word), cli: nullable(word) })),
    certificate: nullable(objectOf<NonNullable<Checks['certificate']>>({ status: nullable(word), expires_at: nullable(word) })),
    workers: nullable(listOf(objectOf<NonNullable<Checks['workers']>[number]>({ queue: word, status: word }))),
    given_up: nullable(listOf(objectOf<NonNullable<Checks['given_up']>[number]>({ name: word, state: word }))),
    missing_variables: nullable(words),
    logs: listOf(objectOf<Checks['logs'][number]>({ source, file: nullable(word), lines: number })),
  }),
  unknown: listOf(objectOf<Diagnosis['unknown'][number]>({ what: word, why: word, fix: nullable(word) })),
});

/** What --schema prints. */
const jsonSchema = plainObject({ $schema: word });

const past = objectOf<PastRun>({
  id: word,
  sent_at: word,
  host: word,
  profile: word,
  command: word,
  client: nullable(word),
  session: nullable(word),
  outcome: oneOf('applied', 'failed', 'unknown'),
  undoes: nullable(word),
  changes: listOf(
    objectOf<PastChange>(
      {
        call: { type: 'string' } as Shape<PastChange['call']>,
        targets: item,
        body: anything,
        before: nullable(item),
        outcome: oneOf('applied', 'failed', 'unknown'),
        status: nullable(number),
        error: nullable(word),
        created: nullable(word),
      },
      {
        absent: oneOf(true),
        undo: nullable(word),
        undoes: objectOf<NonNullable<PastChange['undoes']>>({ run: word, n: number }),
        about: listOf(item),
      },
    ),
  ),
});

const applied = either(
  listOf(objectOf<AppliedChange>({ change: number, call: word, id: nullable(word), result: word }, { error: failure, follow: words })),
  plainObject({ applied: yes, changes: listOf(anything) }),
  plainObject({ applies: yes, changes: number, abilities: words }),
  jsonSchema,
);

const remote = listOf(
  objectOf<RemoteOutcome>({
    name: word,
    server: word,
    site: nullable(word),
    stdout: word,
    stderr: word,
    exit_code: nullable(number),
    error: nullable(objectOf<NonNullable<RemoteOutcome['error']>>({ code: word, message: word })),
  }),
);
const sshEntries = listOf(objectOf<SshEntry>({ names: words, address: word, user: nullable(word) }));

/** What a wait prints with `-o ndjson` before its result, and the result. */
export const waitEvents = either(
  objectOf<WaitingEvent>({ type: oneOf('status', 'heartbeat', 'fault'), at: word, target: word, status: word, elapsed_s: number }),
  plainObject({ type: oneOf('result') }),
);

/** What commands print that is not a record of the API. */
export const commandOutputs: Readonly<Record<string, JsonSchema>> = {
  'agent install': installed,
  'agent uninstall': installed,
  'auth login': plainObject({ host: word, profile: word, user: nullable(word), store: oneOf('file', 'keychain') }),
  'auth logout': plainObject({ host: word, profile: word, revoked: yes, forgotten: yes }),
  'auth status': listOf(
    objectOf<SignInStatus>({
      profile: word,
      host: word,
      current: yes,
      user: nullable(word),
      source: nullable(oneOf('variable', 'keychain', 'file')),
      token: nullable(word),
      abilities: nullable(words),
      created_at: nullable(word),
      last_used_at: nullable(word),
      problem: nullable(word),
      fix: nullable(word),
    }),
  ),
  'auth refresh': plainObject({ id: anything, name: anything, abilities: words, added: words }, { revoked: anything }),
  'auth switch': plainObject({ profile: word }),
  'token create': plainObject({}, { id: anything, name: anything, token: word, file: word }),
  'token rotate': token,
  'token abilities': either(
    listOf(
      objectOf<AbilityNeed>({
        ability: word,
        assumed: yes,
        reasons: listOf(item as Shape<AbilityNeed['reasons'][number]>),
      }),
    ),
    listOf(plainObject({ ability: word, allows: words, assumed: words })),
  ),
  'config list': listOf(shownSetting),
  'config get': shownSetting,
  'config set': setting,
  'config unset': setting,
  'config profiles': listOf(objectOf<ListedProfile>({ name: word, host: word, current: yes, signed_in: yes, user: nullable(word) })),
  'config delete-profile': plainObject({ profile: word, deleted: oneOf(true) }),
  'server logs': serverLog,
  'site deploy': either(
    deployed,
    listOf({ ...deployed, properties: { ...(isObject(deployed.properties) && deployed.properties), error: item } }),
  ),
  'site watch': either(deployed, item),
  'site rollback': deployed,
  'env set': deployedAfter(either(item, listOf(item))),
  'env push': deployedAfter(synced),
  'env pull': either(synced, mapOf(nullable(word))),
  'env diff': listOf(
    objectOf<VariableDifference>(
      { key: word, change: oneOf('changed', 'only_here', 'only_there', 'unknown') },
      { base: oneOf('here', 'there', 'both'), here: nullable(word), there: nullable(word) },
    ),
  ),
  'env history': listOf(
    objectOf<PastVariable>({
      id: word,
      sent_at: word,
      key: nullable(word),
      what: word,
      command: word,
      profile: word,
      session: nullable(word),
      outcome: oneOf('applied', 'failed', 'unknown'),
    }),
  ),
  'env edit': deployedAfter(plainObject(summary)),
  'db tunnel': objectOf<DatabaseTunnel>({ host: word, port: number, database: word, username: word, driver: word }),
  'db query': either(listOf(mapOf(nullable(word))), plainObject({ site: word, database: word, rows_changed: number })),
  'db dump': plainObject({ ...dump, site: word, file: word, size: number }),
  'db pull': plainObject({
    ...dump,
    site: word,
    local_database: word,
    host: anything,
    port: anything,
    socket: nullable(word),
    tables: number,
    without_rows: words,
  }),
  'db import': either(
    plainObject({ file: word, local_database: word, tables: number, bytes: number, duration_s: number }),
    plainObject({ ...dump, site: word, file: word, saved: word }),
  ),
  'backup download': plainObject({ id: word, file: word, size: number }),
  'completion install': plainObject({ shell: word, files: words }),
  'completion uninstall': plainObject({ removed: words, kept: words }),
  'completion bash': script,
  'completion zsh': script,
  'completion fish': script,
  'completion powershell': script,
  'completion names': words,
  link: either(
    plainObject({
      file: word,
      environment: word,
      server: plainObject({ id: nullable(word), name: nullable(word) }),
      site: plainObject({ id: nullable(word), name: nullable(word) }),
      default: yes,
      confirm: yes,
    }),
    jsonSchema,
  ),
  unlink: plainObject({ file: word, removed: words, deleted: yes, default: nullable(word) }),
  status: objectOf<SiteStatus>({
    checked_at: word,
    origin: oneOf('given', 'environment', 'link file', 'profile', 'picked'),
    environment: nullable(word),
    site: item,
    server: nullable(item),
    release: nullable(item),
    latest_release: nullable(item),
    webhook: nullable(item),
    certificate: nullable(item),
    certificates: nullable(listOf(item)),
    queues: nullable(listOf(item)),
    errors: mapOf(failure) as Shape<SiteStatus['errors']>,
  }),
  changes,
  why: diagnosis,
  apply: applied,
  history: either(listOf(past), past),
  undo: applied,
  redo: applied,
  open: url,
  ssh: either(remote, sshEntries, plainObject({ file: word, entries: sshEntries }), plainObject({ command: word })),
  artisan: remote,
  tunnel: objectOf<PortTunnel>({ host: word, port: number, server: word, remote_port: number }),
  logs: either(
    listOf(
      objectOf<LogEntry>({
        site: nullable(word),
        source: nullable(word),
        file: word,
        time: nullable(word),
        level: nullable(word),
        line: word,
        trace: nullable(word),
      }),
    ),
    serverLog,
  ),
  audit: listOf(
    objectOf<AuditFinding>({
      rule: { type: 'string' } as Shape<AuditFinding['rule']>,
      severity: oneOf('high', 'medium', 'low', 'not_checked'),
      server: nullable(word),
      site: nullable(word),
      resource: nullable(word),
      message: word,
      why: word,
      fix: nullable(objectOf<{ readonly command: string }>({ command: word })),
      fingerprint: word,
    }),
  ),
  doctor: listOf(
    objectOf<DoctorCheck>({
      check: word,
      verdict: oneOf('ok', 'warning', 'failed', 'skipped'),
      detail: word,
      fix: nullable(word),
    }),
  ),
  api: anything,
  schema: schemaShape,
  upgrade: plainObject({ version: word, installed_with: nullable(word), command: nullable(word) }, { file: word, previous: word }),
  version: plainObject({ version: word, installed_with: nullable(word) }),
};
