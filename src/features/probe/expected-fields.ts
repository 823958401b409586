import type { FieldShape, JsonType, Shapes } from '../../base/api-shapes.ts';
import { capitalized, orList, plural, title } from '../../base/text.ts';
import type { FieldType } from '../../cli/language/shape.ts';
import { cpus, memories, prices } from '../../cli/run/questions.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { choices, namings } from '../../platform/names/names.ts';
import { MARKS, TIMES } from '../deploy/release.ts';
import type { KnownEndpoint } from '../schema/endpoints.ts';
import { answerTo, breaks, copes, type Expectation, type Finding, objectsOf, readsOf, several } from './expectation.ts';
import { platformExpectations } from './expected-platform.ts';

/** A field that dnx reads. */
export interface ExpectedField {
  /** What has it: `server`, `network-rule`. */
  readonly kind: string;
  readonly name: string;
  readonly type: FieldType | null;
  readonly assumed: boolean;
  /** Where dnx reads it, if the probe reads that, too. */
  readonly operations: readonly Endpoint[];
  /** Lists that may show it, although dnx reads it elsewhere. */
  readonly elsewhere: readonly Endpoint[];
  readonly commands: readonly string[];
}

/** Fields that dnx reads if another is not there. */
const alternatives: Readonly<Record<string, readonly string[]>> = {
  'site.status': ['deployment_status', 'last_deployment_status'],
  'release.status': ['state'],
  'release.active': MARKS,
  'release.created_at': TIMES,
  'size.vcpus': cpus,
  'size.memory': memories,
  'size.price_monthly': prices.flatMap(({ keys }) => keys),
};

/** The names of all these alternatives. */
export const alternativeNames: readonly string[] = Object.values(alternatives).flat();

/** The kind of object that an operation returns: `server`, `network-rule`, `account`. */
export function kindOf(operation: Endpoint): string {
  if (operation === 'GET /user') return 'account';
  const list = listOf(operation);
  const noun =
    Object.keys(namings).find((kind) =>
      [namings[kind]?.list, namings[kind]?.broader].some((path) => path === list || path === operation),
    ) ?? Object.keys(choices).find((kind) => choices[kind]?.list === operation);
  if (noun === 'user') return 'database-user';
  if (noun !== undefined) return noun.replaceAll('_', '-');
  return operation === 'GET /servers/{server}/sites/{site}/webhooks' ? 'webhook' : 'backup';
}

/** The list in which a resource appears, too. */
const listOf = (operation: Endpoint): Endpoint => operation.replace(/\/\{\w+\}$/, '') as Endpoint;

const nounOf = (kind: string): string => (kind === 'database-user' ? 'user' : kind.replaceAll('-', '_'));

/** `a site`, `an SSH key`. */
const thing = (kind: string): string => withArticle(title(nounOf(kind)));
const withArticle = (word: string): string => `${/^(SSH|[aeio])/.test(word) ? 'an' : 'a'} ${word}`;

/** One for each field of a kind that the probe may see. */
export function expectedFields(operations: readonly KnownEndpoint[]): readonly ExpectedField[] {
  const found = new Map<string, ExpectedField>();
  for (const { operation, commands, response } of operations)
    for (const { name, type, assumed } of response.fields) {
      const kind = kindOf(operation);
      const before = found.get(`${kind}.${name}`) ?? { kind, name, type, assumed, operations: [], elsewhere: [], commands: [] };
      const isRead = readsOf(operation).length > 0;
      found.set(`${kind}.${name}`, {
        ...before,
        operations: [...before.operations, ...(isRead ? [operation] : [])],
        elsewhere: [...before.elsewhere, ...(isRead ? [] : [listOf(operation)])],
        commands: [...new Set([...before.commands, ...commands])],
      });
    }
  return [...found.values()].filter((field) =>
    [...field.operations, ...field.elsewhere].some((operation) => readsOf(operation).length > 0),
  );
}

/** What dnx expects of a field: that it is there, and that its type can be read. */
export function fieldExpectation(field: ExpectedField): Expectation {
  const { kind, name, type, operations, elsewhere, assumed } = field;
  const broken = breaking[`${kind}.${name}`];
  const meaning = broken ?? coping[`${kind}.${name}`];
  const isKey = name === 'id' || name === namings[nounOf(kind)]?.keys[0];
  const commands = isKey ? field.commands : showing(kind, field.commands);
  return {
    id: `${kind}.${name}`,
    where: several(operations.length > 0 ? operations : elsewhere),
    says: `${capitalized(thing(kind))} has '${name}'${typeWords(type)}.`,
    ...((!assumed || name === 'id') && { reference: 'Response Format' }),
    otherwise: meaning ?? (isKey ? keyMeaning(kind, name) : `${namesOf(commands)} ${commands.length === 1 ? 'does' : 'do'} not show it.`),
    ...(meaning === undefined && { commands }),
    differs: (shapes) =>
      fieldFinding(shapes, field, {
        isKey,
        level: broken !== undefined || (isKey && meaning === undefined) ? breaks : copes,
        isUsed: isKey || meaning !== undefined,
      }),
  };
}

/** The commands that show things of a kind. */
function showing(kind: string, commands: readonly string[]): readonly string[] {
  const group = kind === 'variable' ? 'env' : kind;
  const verbs = ['list', 'show', 'get'].map((verb) => `${group} ${verb}`);
  const shown = commands.filter((command) => verbs.includes(command) || command.endsWith(` ${plural(kind)}`));
  return shown.length > 0 ? shown : commands;
}

/** `dnx site list, dnx site show and 12 others`. */
const namesOf = (commands: readonly string[]): string => several(commands.map((command) => `dnx ${command}`));

const keyMeaning = (kind: string, name: string): string =>
  name === 'id' ? `dnx cannot act on ${thing(kind)}.` : `${capitalized(thing(kind))} cannot be given by its name, only by its id.`;

function typeWords(type: FieldType | null): string {
  if (type === null || type === 'id') return '';
  return type === 'date-time' ? ', a time' : `, ${withArticle(type)}`;
}

interface Weight {
  readonly isKey: boolean;
  readonly level: typeof breaks;
  /** Commands do more with it than to print it. */
  readonly isUsed: boolean;
}

/** The first difference of a field in what was read. */
function fieldFinding(shapes: Shapes, { kind, name, type, operations, elsewhere }: ExpectedField, weight: Weight): Finding {
  const objects = operations.flatMap((operation) => objectsOf(shapes, operation));
  // A list may be a summary, so that what is not there says nothing.
  const others = elsewhere.flatMap((operation) => objectsOf(shapes, operation)).filter(({ fields }) => name in fields);
  if (objects.length + others.length === 0) return 'unseen';
  const without = objects.filter(({ fields }) => !(name in fields));
  if (without.length > 0) {
    const other = alternatives[`${kind}.${name}`]?.find((alternative) => without.every(({ fields }) => alternative in fields));
    if (other !== undefined)
      return copes(`'${name}' is absent, but there is '${other}'`, `dnx reads '${other}' instead, but has no column for it.`);
    const seen = `'${name}' is absent`;
    if (without.length === objects.length) return weight.level(seen);
    const level = weight.isKey ? breaks : copes;
    return level(
      `${seen} in ${several(without.map(({ operation }) => operation))}`,
      weight.isKey ? undefined : 'Commands that read only these take it for unknown.',
    );
  }
  const shapesOfField = [...objects, ...others].map(({ fields }) => fields[name] as FieldShape);
  // The words of a status have an expectation of their own.
  const isWord = platformExpectations.some(({ id }) => id === `${kind}.${name}.words`);
  const found = shapesOfField
    .map((shape) => shapeFinding(shape, name, isWord ? 'any' : type, weight))
    .find((finding) => finding !== undefined);
  // Null everywhere, it may never have a value.
  const isEmpty = type === 'id' && weight.isUsed && shapesOfField.every(({ null: share }) => share === 'always');
  return found ?? (isEmpty ? 'unseen' : undefined);
}

const everyType: readonly JsonType[] = ['string', 'integer', 'number', 'boolean', 'array', 'object'];
/** The JSON types of each type. The values of times and of ids have expectations of their own. */
const readable: Readonly<Record<FieldType | 'any', readonly JsonType[]>> = {
  id: ['string', 'integer'],
  string: ['string'],
  integer: ['integer'],
  boolean: ['boolean'],
  array: ['array'],
  'date-time': everyType,
  any: everyType,
};
const scalars: readonly JsonType[] = ['string', 'integer', 'number'];

function shapeFinding(shape: FieldShape, name: string, type: FieldType | 'any' | null, { isKey, level, isUsed }: Weight): Finding {
  const wrong = shape.types.filter((jsonType) => !(type === null ? scalars : readable[type]).includes(jsonType));
  if (wrong.length > 0) {
    const seen = `'${name}' is ${orList(wrong.map(withArticle))}`;
    if (!isUsed) return copes(seen, 'dnx prints it as it is.');
    if (type === 'boolean' && wrong.every((jsonType) => scalars.includes(jsonType)))
      return copes(seen, "dnx knows 1, 'true' and 'yes', and 0, 'false' and 'no', and takes others for unknown.");
    return level(seen);
  }
  const partial = `'${name}' is not in every row`;
  if (name === 'id' && (shape.null !== 'never' || shape.missing === 'sometimes')) return level(partial);
  if (shape.missing === 'sometimes') return copes(partial, 'Where it is not there, dnx takes it for unknown.');
  return isKey && shape.null === 'always' ? level(`'${name}' is always null`) : undefined;
}

/** The section of the API reference that has the operations of a kind. */
const sections: Readonly<Record<string, string>> = {
  account: 'Account',
  token: 'Managing Tokens via the API',
  server: 'Servers',
  ...inSection('Sites', 'site', 'release', 'webhook'),
  ...inSection('Environment Variables & Site Sub-Resources', 'variable', 'queue', 'redirect', 'certificate'),
  ...inSection('Databases & Backups', 'database', 'database-user', 'backup'),
  ...inSection('Server Resources', 'crontab', 'daemon', 'ssh-key', 'network-rule'),
};

function inSection(section: string, ...kinds: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(kinds.map((kind) => [kind, section]));
}

/** What dnx expects of an operation that it reads: that there is one. */
export const operationExpectation = ({ operation, commands, response }: KnownEndpoint): Expectation => ({
  id: `${kindOf(operation)}.${response.type === 'array' ? 'list' : 'show'}${scopes[operation] ?? ''}`,
  where: operation,
  says: 'The API has this operation.',
  reference: sections[kindOf(operation)] ?? 'Providers & Git',
  otherwise: `${namesOf(commands)} ${commands.length === 1 ? 'fails' : 'fail'}.`,
  commands,
  differs(shapes) {
    const statuses = readsOf(operation).flatMap((read) => answerTo(shapes, read)?.status ?? []);
    if (statuses.includes(200)) return undefined;
    const other = statuses.find((status) => status < 500 && !inconclusive.includes(status));
    return other === undefined ? 'unseen' : breaks(`status ${other}`);
  },
});

/** Statuses of operations that exist. */
const inconclusive: readonly number[] = [401, 402, 403, 422, 429];

/** Tells the certificates of a server from those of a site, and the backups of a database from all. */
const scopes: Readonly<Record<string, string>> = {
  'GET /servers/{server}/certificates': '.server',
  'GET /servers/{server}/databases/{database}/backups': '.database',
};

/** What does not work without a field, by its kind and name. */
const breaking: Readonly<Record<string, string>> = {
  'server.status': 'dnx server create cannot tell that a server has failed, and waits until --timeout.',
  'server.ip_address': 'dnx ssh and everything else that runs on a server says that the server has no address yet.',
  'site.status':
    'dnx deploy cannot tell that a deployment has failed, and ends as unknown where no release says more. dnx site create waits until --timeout.',
  'site.last_deployed_at': 'dnx deploy ends as unknown after a short deployment where no status and no release shows it.',
  'release.status': 'dnx deploy cannot tell that a release has failed, and dnx rollback may offer one that did.',
  'variable.key': 'dnx env pull writes no variables, dnx env diff finds no differences, and dnx env set cannot change a variable.',
  'variable.value': 'dnx env pull leaves out what is hidden, dnx env copy refuses, and dnx db query cannot sign in to a database.',
  'certificate.status':
    'dnx certificate create cannot tell that a certificate was issued, and waits until --timeout. dnx audit does not see that one expires.',
  'backup.status':
    'dnx backup create cannot tell that a backup is complete, and waits until --timeout. dnx audit reports every database as never backed up.',
  'backup.database_id': 'dnx audit reports every database as never backed up, and dnx backup restore cannot say what it would overwrite.',
  'network-rule.source':
    'dnx audit does not find ports that are open to the world, and dnx network-rule ensure takes a rule for the same, whatever its source.',
  'network-rule.port': 'dnx audit finds no open ports, and dnx network-rule ensure refuses, because it cannot tell what exists.',
  'crontab.frequency': 'dnx crontab ensure takes a cron job with the same command for the same, whenever it runs.',
};

/** What dnx does without a field that it uses for more than to show it. */
const coping: Readonly<Record<string, string>> = {
  'server.ssh_user': 'dnx ssh signs in as the user that ssh takes by default. --user names another.',
  'site.updated_at': 'dnx deploy has one sign less that something happened, and ends as unknown more often.',
  'site.git_repository_id': 'dnx link cannot find the site of a repository.',
  'site.zero_downtime_enabled': 'dnx rollback cannot say beforehand that a site keeps no releases.',
  'release.created_at': 'dnx takes the time from the name of a release, and without one the order of the list.',
  'release.active': 'dnx takes the live release from the words of the statuses.',
  'release.commit_hash': 'dnx changes cannot tell what is deployed, and dnx rollback does not recognize a new release of an old commit.',
  'release.branch': 'dnx apply takes a release for one of the branch that the site has now, and may not deploy a new branch.',
  'queue.status': 'dnx audit does not find a queue worker that is stopped.',
  'daemon.status': 'dnx audit does not find a daemon that is stopped.',
  'certificate.expires_at': 'dnx audit and dnx report cannot tell that a certificate expires.',
  'backup.type': 'dnx backup restore tells by the ids of a backup what it overwrites.',
  'backup.site_id':
    'dnx backup restore cannot say what it would overwrite, and dnx report shows the newest backup of a server for each of its sites.',
  'backup.completed_at': 'dnx audit judges a backup by when it was begun.',
  'token.abilities': 'dnx audit cannot find tokens that may do too much.',
  'network-rule.name': 'A firewall rule can be given by its port or its id alone.',
  'daemon.directory': 'dnx daemon ensure cannot tell whether a daemon has the directory.',
  'ssh-key.public_key': 'dnx ssh-key ensure tells keys apart by their names.',
  'size.currency': 'dnx server create offers prices without their currency.',
  'size.vcpus': 'dnx server create offers sizes without it.',
  'size.memory': 'dnx server create offers sizes without it.',
  'size.price_monthly': 'dnx server create offers sizes without it.',
};
