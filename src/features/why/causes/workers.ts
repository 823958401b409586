import { phaseOf, statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { type Facts, isUnanswered, type LogLine } from '../facts.ts';
import { ofSite, sshSite } from '../fixes.ts';
import { type Cause, type Found, stateLine } from './cause.ts';

const isDown = (status: unknown): boolean =>
  phaseOf(status) === 'bad' || ['stopped', 'fatal', 'exited', 'backoff'].includes(statusKey(status));

/** Workers that Deploynix reports as stopped. */
const stopped = ({ queues }: Facts): readonly LogLine[] =>
  queues
    ?.filter(({ status }) => isDown(status))
    .map(({ queue, id, status }) => stateLine('api', `worker ${wordOf(queue) || wordOf(id)}: ${wordOf(status)}`)) ?? [];

/** Programs of Supervisor that stopped and bear the domain, with any separators. */
const supervised = ({ machine, of }: Facts): readonly LogLine[] => {
  const domain = of.site.label.split(/[^a-z0-9]+/i).join('-');
  const named = (name: string) => `-${name.split(/[^a-z0-9]+/i).join('-')}-`.includes(`-${domain}-`);
  return machine?.supervisor.filter(({ name, state }) => isDown(state) && named(name)).map(({ line }) => stateLine('state', line)) ?? [];
};

const queueOf = ({ facts }: Found): string => {
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
    fixes: (found) => [
      ofSite('Restart it', 'queue', 'restart', queueOf(found)),
      sshSite('See why it stopped', 'tail', '-n', '50', 'storage/logs/laravel.log'),
    ],
  },
  {
    id: 'supervisor_stopped',
    title: 'A process of Supervisor does not run',
    rank: 45,
    about: 'site',
    always: true,
    state: (facts) => (isUnanswered(facts) ? [] : supervised(facts)),
    fixes: [ofSite('See the workers', 'queue', 'list'), sshSite('See why it stopped', 'tail', '-n', '50', 'storage/logs/worker.log')],
  },
];
