import { closedPort } from '../exchange.ts';
import { always, type Failure } from './failure.ts';

const servers = { path: '/servers' };
/** No answer arrives in time, or the user stops waiting. */
export const unreachedFailures: readonly Failure[] = [
  // 13
  {
    name: 'a refused connection',
    line: 'server list',
    code: 'network',
    given: async () => ({ env: { DNX_HOST: await closedPort() } }),
    says: /^Could not reach 127\.0\.0\.1:\d+: connection refused\.$/,
    hint: 'Check your network, your proxy and the host (--host or DNX_HOST).',
  },
  {
    name: 'no answer',
    line: 'server list',
    code: 'network',
    given: (bed) => {
      bed.sandbox.faults.always(servers, 'hang');
      return { idleMs: 50 };
    },
    says: /^Could not reach .*: no answer within 0\.05s\.$/,
    hint: /network/,
    calls: 1,
  },
  {
    name: 'a connection that is dropped',
    line: 'server list',
    code: 'network',
    given: always(servers, 'drop'),
    says: /connection closed before an answer arrived\.$/,
    hint: /network/,
    calls: 4,
  },
  {
    name: 'an answer that is cut',
    line: 'server list',
    code: 'network',
    given: always(servers, 'cut'),
    says: /connection closed in the middle of the answer\.$/,
    hint: /network/,
    calls: 4,
  },
  {
    name: 'a POST whose answer is lost is sent once',
    line: 'daemon create --command top --server web-1',
    code: 'network',
    given: always({ method: 'POST' }, 'drop-after'),
    says: /^No answer from 127.* The request may have been performed\.$/,
    hint: 'Check the current state before you try again.',
    calls: 2,
  },
  // 124, 129, 130, 143
  {
    name: '--timeout',
    line: 'deploy shop.example.com --server web-1 --timeout 1s',
    code: 'timed_out',
    says: /shop\.example\.com/,
    hint: /dnx watch/,
    calls: 'any',
  },
  {
    name: 'Ctrl-C',
    line: 'deploy shop.example.com --server web-1',
    code: 'interrupted',
    given: () => ({ interruptAt: 3_000 }),
    says: /Interrupted/,
    hint: /dnx watch/,
    calls: 'any',
  },
  {
    name: 'SIGTERM',
    line: 'deploy shop.example.com --server web-1',
    code: 'terminated',
    given: () => ({ terminateAt: 3_000 }),
    says: /Terminated/,
    hint: /dnx watch/,
    calls: 'any',
  },
  {
    name: 'SIGHUP',
    line: 'deploy shop.example.com --server web-1',
    code: 'hangup',
    given: () => ({ hangUpAt: 3_000 }),
    says: /Hangup/,
    hint: /dnx watch/,
    calls: 'any',
  },
];
