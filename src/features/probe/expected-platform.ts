import type { FactName, WatchedShape } from '../../base/api-shapes.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { about, breaks, copes, type Deviation, type Expectation, objectsOf, readAt, several } from './expectation.ts';

type Declared = Omit<Expectation, 'differs'>;

const quoted = (words: readonly string[], most?: number): string =>
  several(
    words.map((word) => `'${word}'`),
    most,
  );

/** An operation that a GET on its path proves without performing it. */
function posted(id: string, path: string, reference: string, command: string): Expectation {
  return {
    id,
    where: `POST ${path.replace('{none}/sites/{none}', '{server}/sites/{site}').replace('/git-repositories/{none}', '/git-repositories/{git_repository}')}`,
    says: 'The operation exists.',
    reference,
    otherwise: `dnx ${command} fails.`,
    differs: about(readAt(path), ({ status, allow, message }) => {
      if (status === 405) return allow === undefined ? 'unseen' : allow.includes('POST') ? undefined : breaks(`only ${several(allow)}`);
      return status === 404 && message === 'route not found' ? breaks('no operation') : 'unseen';
    }),
  };
}

const NONE = '/servers/{none}/sites/{none}';
const actions: readonly Expectation[] = [
  posted('site.deploy', `${NONE}/deploy`, 'Sites', 'site deploy'),
  posted('site.resume', `${NONE}/resume`, 'Sites', 'site resume'),
  posted('variable.pull', `${NONE}/environment-variables/pull`, 'Environment Variables & Site Sub-Resources', 'env import'),
  posted(
    'git-repository.setup-deploy-key',
    '/git-repositories/{none}/setup-deploy-key',
    'Providers & Git',
    'git-repository setup-deploy-key',
  ),
  {
    id: 'backup.show',
    where: 'GET /backups/{backup}',
    says: 'There is no operation that shows one backup.',
    otherwise: 'dnx follows a backup through the list of all, which takes more of the limit than it has to.',
    differs: about(readAt('/backups/{none}'), ({ status, message }) => {
      if (status === 404 && message === 'record not found') return copes('there is one');
      return status === 405 || (status === 404 && message === 'route not found') ? undefined : 'unseen';
    }),
  },
];

/** What the rows show together. */
const fact = (name: FactName, expected: boolean, deviation: Deviation, declared: Declared): Expectation => ({
  ...declared,
  differs({ facts }) {
    const holds = facts[name];
    return holds === undefined ? 'unseen' : holds === expected ? undefined : deviation;
  },
});

const SITES = 'GET /servers/{server}/sites';
const facts: readonly Expectation[] = [
  fact('one release is live', true, breaks('no release, or several'), {
    id: 'release.live',
    where: `${SITES}/{site}/releases`,
    says: 'One release is marked as live, by a field or by its status.',
    otherwise: 'dnx rollback needs --to, and dnx deploy --rollback-on-fail refuses.',
  }),
  fact('releases come newest first', true, copes('another order'), {
    id: 'release.order',
    where: `${SITES}/{site}/releases`,
    says: 'Releases come newest first.',
    otherwise: 'dnx rollback orders releases by their times. dnx site releases lists them in the order of the API.',
  }),
  fact('the filter of backups filters', true, breaks('rows with another status'), {
    id: 'backup.filter',
    where: 'GET /backups',
    says: "'?status=' narrows the list of backups.",
    reference: 'Pagination',
    otherwise: 'dnx backup list --status lists backups with another status.',
  }),
  fact('abilities are known', true, copes('an ability that dnx does not know'), {
    id: 'token.abilities.known',
    where: 'GET /tokens',
    says: 'The abilities of a token are those of the API reference.',
    reference: 'Token Abilities',
    otherwise: '--for never suggests it, and dnx audit cannot tell what a token with it may do.',
  }),
  fact('values of variables are shown', true, breaks('masked or absent'), {
    id: 'variable.value.shown',
    where: `${SITES}/{site}/environment-variables`,
    says: 'The list of variables shows their values.',
    otherwise: 'dnx env pull leaves out what is hidden, and dnx env copy refuses.',
  }),
];

/** A kind whose status dnx waits for. */
interface FollowedKind {
  readonly kind: string;
  /** The fields that may have the status. The first that is there counts. */
  readonly fields?: readonly string[];
  readonly operations: readonly Endpoint[];
  /** Words that mean no phase, but that dnx knows. */
  readonly known?: readonly string[];
  readonly reference?: string;
  /** What an unknown word does. */
  readonly otherwise: string;
  readonly level: typeof breaks;
}

/** What dnx expects of the words of statuses. */
const words: readonly Expectation[] = [
  statusWords({
    kind: 'server',
    operations: ['GET /servers', 'GET /servers/{server}'],
    otherwise: "dnx server create takes an unknown word for work in progress, and waits for 'provisioned_at' or until --timeout.",
    level: copes,
  }),
  statusWords({
    kind: 'site',
    fields: ['deployment_status', 'last_deployment_status', 'status'],
    operations: [SITES, `${SITES}/{site}`],
    known: ['suspended'],
    otherwise:
      'dnx deploy takes an unknown word for that of a site at rest if it was there before, and otherwise for work in progress. dnx site create takes it for that of a site at rest if two other sites of the server have had it for an hour, and otherwise waits until --timeout.',
    level: copes,
  }),
  statusWords({
    kind: 'release',
    fields: ['status', 'state'],
    operations: [`${SITES}/{site}/releases`],
    known: ['current'],
    otherwise: 'dnx deploy takes a release with an unknown word of its own for one that goes on.',
    level: copes,
  }),
  statusWords({
    kind: 'certificate',
    operations: [`${SITES}/{site}/certificates`, 'GET /servers/{server}/certificates'],
    known: ['expired', 'revoked'],
    otherwise:
      'dnx certificate create takes an unknown word for work in progress, and waits until --timeout. dnx audit does not see that the certificate expires.',
    level: breaks,
  }),
  statusWords({
    kind: 'backup',
    operations: ['GET /backups', 'GET /servers/{server}/databases/{database}/backups'],
    reference: 'Pagination',
    otherwise:
      'dnx backup create takes an unknown word for work in progress, and waits until --timeout. dnx audit does not count the backup.',
    level: breaks,
  }),
];

function statusWords({ kind, fields: names = ['status'], operations, known = [], level, ...declared }: FollowedKind): Expectation {
  return {
    ...declared,
    id: `${kind}.status.words`,
    where: several(operations),
    says: `dnx knows every word of the status of a ${kind}.`,
    differs(shapes) {
      const statuses = operations
        .flatMap((operation) => objectsOf(shapes, operation))
        .flatMap(({ fields }) => names.flatMap((name) => fields[name] ?? []).slice(0, 1))
        .filter(({ types }) => types.length > 0);
      if (statuses.length === 0) return 'unseen';
      const found = statuses.flatMap((status) => status.words ?? []);
      const unknown = found.filter((word) => phaseOf(word) === undefined && !known.includes(statusKey(word)));
      const seen = [
        ...(unknown.length > 0 ? [quoted(unknown, 6)] : []),
        ...(statuses.some(({ other_words: others = 'none' }) => others !== 'none') ? ['words that are not kept'] : []),
        ...(statuses.some(({ types }) => types.some((type) => type !== 'string')) ? ['what is no word'] : []),
      ];
      return seen.length > 0 ? level(seen.join(', and ')) : undefined;
    },
  };
}

interface WatchedRule extends Pick<Expectation, 'id' | 'says' | 'otherwise'> {
  readonly level?: typeof breaks;
  /** What differs in one deployment. */
  readonly judge: (watched: WatchedShape) => string | undefined;
}

/** What only a deployment shows that is watched. A longer time than a minute is in whole minutes. */
const watched: readonly Expectation[] = [
  watch({
    id: 'deploy.begins',
    says: 'A status of work in progress shows within a minute.',
    otherwise:
      'dnx deploy may end as unknown before the deployment begins. Where the last three of a site showed for long enough, it waits until --timeout.',
    judge: ({ busy_after_s: after, ended }) => (ended === 'unclear' || after === null || after <= 60 ? undefined : `after ${after} s`),
  }),
  watch({
    id: 'deploy.busy',
    says: 'A status of work in progress shows at all.',
    otherwise: 'dnx deploy goes by the time of the last deployment and by the releases alone.',
    judge: ({ busy_after_s: after }) => (after === null ? 'none' : undefined),
  }),
  watch({
    id: 'deploy.words',
    says: 'dnx knows every word that a site has during a deployment.',
    otherwise: 'dnx deploy takes an unknown word for work in progress.',
    judge({ words: [idle, ...others] }) {
      const unknown = others.filter((word) => word !== idle && phaseOf(word) === undefined);
      return unknown.length > 0 ? quoted(unknown) : undefined;
    },
  }),
  watch({
    id: 'deploy.moves',
    says: "'last_deployed_at' changes when a deployment has ended, and not before.",
    otherwise: 'dnx deploy has the status alone to tell that a deployment has ended.',
    judge({ moves: { last_deployed_at: move }, ended }) {
      if (move === 'never') return ended === 'good' ? 'no change' : undefined;
      return move === 'end' ? undefined : 'a change while it went on';
    },
  }),
  watch({
    id: 'deploy.ends',
    says: 'The site and its releases tell how a deployment ended.',
    otherwise: 'dnx deploy ends as unknown.',
    level: breaks,
    judge: ({ ended }) => (ended === 'unclear' ? 'nothing that tells' : undefined),
  }),
  watch({
    id: 'deploy.releases',
    says: 'A deployment makes at most one release.',
    otherwise: 'dnx deploy follows the newest of them.',
    judge: ({ releases }) => (releases === 'some' ? 'several' : undefined),
  }),
  watch({
    id: 'deploy.webhooks',
    says: 'A deployment by the API leaves no record of a webhook.',
    otherwise: 'dnx site webhooks shows it among the pushes.',
    judge: ({ webhooks }) => (webhooks === 'none' ? undefined : 'a record'),
  }),
];

function watch({ level = copes, judge, ...declared }: WatchedRule): Expectation {
  return {
    ...declared,
    where: 'POST /servers/{server}/sites/{site}/deploy',
    commands: ['site deploy', 'site watch', 'site rollback'],
    differs({ watched: all = [] }) {
      // One that was not watched to its end tells nothing.
      const deployments = all.filter(({ settled_after_s: settled }) => settled !== null);
      if (deployments.length === 0) return 'unseen';
      const [seen] = deployments.flatMap((deployment) => judge(deployment) ?? []);
      return seen === undefined ? undefined : level(seen);
    },
  };
}

/** What dnx expects of how Deploynix works. */
export const platformExpectations: readonly Expectation[] = [...actions, ...facts, ...words, ...watched];
