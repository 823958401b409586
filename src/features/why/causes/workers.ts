import { phaseOf, statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { type FactLine, type Facts, isUnanswered, type Process } from '../facts.ts';
import { logsFix, ofSite, sshServer } from '../fixes.ts';
import { type Cause, type FoundCause, stateLine } from './cause.ts';

const isDown = (status: unknown): boolean =>
  phaseOf(status) === 'bad' || ['stopped', 'fatal', 'exited', 'backoff'].includes(statusKey(status));

/** Workers that Deploynix reports as stopped. */
const stopped = ({ queues }: Facts): readonly FactLine[] =>
  queues
    ?.filter(({ status }) => isDown(status))
    .map(({ queue, id, status }) => stateLine('api', `worker ${wordOf(queue) || wordOf(id)}: ${wordOf(status)}`)) ?? [];

/** Whose a process of Supervisor is: by the directory of its program, or because it bears the domain, with any separators. */
function ownerOf(name: string, { machine, of }: Pick<Facts, 'machine' | 'of'>): 'own' | 'other' | undefined {
  const [group = '', single = group] = name.split(':');
  const program = (names: readonly string[] = []) => [group, single, single.replace(/_\d+$/, '')].some((each) => names.includes(each));
  const plain = (text: string) => `-${text.split(/[^a-z0-9]+/i).join('-')}-`;
  if (program(machine?.programs.own) || plain(name).includes(plain(of.site.label))) return 'own';
  return program(machine?.programs.others) ? 'other' : undefined;
}

/** Processes of Supervisor that do not run and are this site's. */
const supervised = (facts: Facts): readonly FactLine[] =>
  facts.machine?.supervisor
    .filter(({ name, state }) => isDown(state) && ownerOf(name, facts) === 'own')
    .map(({ line }) => stateLine('state', line)) ?? [];

/** Processes of Supervisor that it gave up, unless they are another site's. */
export const givenUp = (facts: Pick<Facts, 'machine' | 'of'>): readonly Process[] =>
  facts.machine?.supervisor.filter(({ name, state }) => statusKey(state) === 'fatal' && ownerOf(name, facts) !== 'other') ?? [];

const queueOf = ({ facts }: FoundCause): string => {
  const down = facts.queues?.find(({ status }) => isDown(status));
  return wordOf(down?.queue) || wordOf(down?.id) || 'QUEUE';
};

/** Queue workers. A site answers without them, so they do not explain why it is down. */
export const workers: readonly Cause[] = [
  {
    id: 'workers_stopped',
    title: (found) => `The queue worker ${queueOf(found)} does not run`,
    rank: 50,
    about: 'site',
    always: true,
    state: (facts) => (isUnanswered(facts) ? [] : stopped(facts)),
    fixes: (found) => [ofSite('Restart it', 'queue', 'restart', queueOf(found)), logsFix('See why it stopped')],
  },
  {
    id: 'supervisor_stopped',
    title: 'A process of Supervisor does not run',
    rank: 45,
    about: 'site',
    always: true,
    state: (facts) => (isUnanswered(facts) ? [] : supervised(facts)),
    fixes: [ofSite('See the workers', 'queue', 'list'), logsFix('See why it stopped', 'worker')],
  },
  {
    id: 'supervisor_fatal',
    title: 'Supervisor gave up a program, which may belong to the site',
    rank: 40,
    about: 'site',
    always: true,
    state: (facts) => (isUnanswered(facts) ? [] : givenUp(facts).map(({ line }) => stateLine('state', line))),
    fixes: ({ line }) => {
      const [name = ''] = line.text.split(' ');
      return [
        sshServer('See why', 'sudo', 'supervisorctl', 'tail', name, 'stderr'),
        sshServer('Restart it', 'sudo', 'supervisorctl', 'restart', name),
      ];
    },
  },
];
