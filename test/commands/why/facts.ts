import type { Facts, Incident } from '../../../src/features/why/facts.ts';
import { type CauseVerdict, chooseCause } from '../../../src/features/why/judge.ts';
import { logOfText } from '../../../src/features/why/server/read.ts';

/** A site of which nothing but its record could be read. */
export const facts: Facts = {
  now: 0,
  siteRef: { server: { id: '1', label: 'web-1' }, site: { id: '2', label: 'shop.example.com' } },
  site: { id: '2', php_version: '8.4', git_repository_id: '3', branch: 'main' },
  server: null,
  releases: null,
  certificates: null,
  queues: null,
  variables: null,
  answer: null,
  machine: null,
  logs: [],
  secrets: [],
  unknown: [],
};

/** A failed deployment of it. */
export const incident: Incident = { kind: 'deployment', release: undefined, previous: undefined, at: 0, from: 0, to: 0, past: false };

/** How `dnx why` judges the log of a deployment, or one about the site. */
export const verdictOn = (log: string, kind: Incident['kind'] = 'deployment'): CauseVerdict | undefined =>
  chooseCause({ ...facts, logs: [logOfText('given', log, { zone: 'Z', now: 0 }, true)] }, { ...incident, kind });
