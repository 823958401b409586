import { closedPort } from '../exchange.ts';
import { always, type Failure } from './failure.ts';

const servers = { path: '/servers' };
/** No response arrives in time, or the user stops waiting. */
export const unreachedFailures: readonly Failure[] = [
  // 13
  {
    name: 'a refused connection',
    line: 'server list',
    code: 'network',
    given: async () => ({ env: { DNX_HOST: await closedPort() } }),
    says: /^Could not reach 127\.0\.0\.1:\d+: connection refused\.$/,
    hint: 'The sandbox is not running. Start it with dnx sandbox start, or go back to Deploynix: dnx login --host deploynix.io',
  },
  {
    name: 'no response',
    line: 'server list',
    code: 'network',
    given: (bed) => {
      bed.sandbox.faults.always(servers, 'hang');
      return { idleMs: 50 };
    },
    says: /^Could not reach .*: no response within 0\.05s\.$/,
    hint: /network/,
    calls: 1,
  },
  {
    name: 'a dropped connection',
    line: 'server list',
    code: 'network',
    given: always(servers, 'drop'),
    says: /connection closed before the response arrived\.$/,
    hint: /network/,
    calls: 4,
  },
  {
    name: 'a truncated response',
    line: 'server list',
    code: 'network',
    given: always(servers, 'cut'),
    says: /connection closed in the middle of the response\.$/,
    hint: /network/,
    calls: 4,
  },
  {
    name: 'a POST whose response is lost is sent once',
    line: 'daemon create --command top --server web-1',
    code: 'network',
    given: always({ method: 'POST' }, 'drop'),
    says: /^No response from 127.* The request may have gone through\. No new daemon was found, so it was probably not created\.$/,
    hint: 'Check before you retry: dnx daemon list --server web-1',
    calls: 4,
  },
  // 124, 129, 130, 143
  {
    name: '--timeout',
    line: 'deploy shop.example.com --server web-1 --timeout 1s',
    code: 'timed_out',
    says: /^Timed out.* shop\.example\.com/,
    hint: /dnx watch/,
    calls: 'any',
  },
  {
    name: 'Ctrl-C',
    line: 'deploy shop.example.com --server web-1',
    code: 'interrupted',
    given: () => ({ interruptAt: 3_000 }),
    says: 'Stopped watching; the deployment continues.',
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
