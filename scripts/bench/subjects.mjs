import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { barren } from './run.mjs';

/** The most that the first run, which writes compiled code, may cost beside one that keeps none. */
const FIRST_RUN = 1.1;
/** What two equal medians differ by on a busy machine. */
const NOISE = 1.05;
/** Nobody: root can write anywhere. */
const NOBODY = 65_534;

/** Targets are ratios to `node -e 0`: on Node 22 and later, on Node 20, and of the executable. */
const commands = ({ server, site }) => [
  { name: 'dnx --version', args: ['--version'], targets: [1.1, 1.1, 0.85], requests: 0 },
  { name: 'dnx --help', args: ['--help'], targets: [1.45, 1.5, 0.85], requests: 0, homes: true },
  { name: 'dnx server list --json', args: ['server', 'list', '--json'], targets: [2.0, 2.2, 1.5], requests: 1, homes: true },
  { name: 'dnx server list', args: ['server', 'list'], targets: [2.1, 2.3, 1.6], requests: 1 },
  {
    name: 'dnx deploy ID --no-wait',
    args: ['deploy', site, '--server', server, '--no-wait'],
    targets: [undefined, undefined, 1.7],
    requests: 1,
  },
  { name: 'dnx completion bash', args: ['completion', 'bash'], targets: [1.6, 1.7, 1.1], requests: 0, homes: true },
  { name: 'Tab: dnx site dep', args: ['__complete', 'bash', 'dnx site dep'], targets: [1.45, 1.5, 0.85], requests: 0 },
  { name: 'Tab: dnx server show web', args: ['__complete', 'bash', 'dnx server show web'], targets: [1.45, 1.5, 0.85], requests: 0 },
  {
    name: 'not signed in (exit 4)',
    args: ['server', 'list'],
    code: 4,
    env: { DNX_TOKEN: undefined },
    targets: [2.0, 2.2, 1.5],
    requests: 0,
    homes: true,
  },
  { name: 'token refused (exit 4)', args: ['server', 'list'], code: 4, env: { DNX_TOKEN: 'wrong' }, targets: [2.0, 2.2, 1.5], requests: 1 },
  { name: 'no such server (exit 6)', args: ['server', 'show', 'nothing'], code: 6, targets: [2.0, 2.2, 1.5], requests: 1 },
];

/** Everything that is measured on one Node. `node -e 0` comes first and is what the others are compared with. */
export function subjectsOn(node, { directory, installed, sandbox }) {
  const homeOf = (state) => made(join(directory, 'homes', `${node.version}-${state}`));
  const common = { node: node.version, caches: !node.program, state: 'warm' };
  const base = { ...common, name: 'node -e 0', base: true, file: node.file, args: ['-e', '0'], env: barren(homeOf('warm')), times: [] };
  const target = (targets) => targets?.[node.program ? 2 : node.version.startsWith('20.') ? 1 : 0];
  const dnx = ({ targets, homes, env, args, ...command }, state) => ({
    ...common,
    ...command,
    ...STATES[state]?.(homeOf(state)),
    state,
    file: node.program ?? node.file,
    args: node.program ? args : [installed.dnx, ...args],
    env: { ...barren(homeOf(state)), ...sandbox.env, ...env, ...(state === 'uncached' && { DNX_NO_COMPILE_CACHE: '1' }) },
    limit: limitOf(state, target(targets), node),
    times: [],
  });
  const states = node.program ? ['first', 'read-only'] : ['first', 'uncached', 'read-only'];
  const all = commands(sandbox);
  return [
    base,
    ...all.map((command) => dnx(command, 'warm')),
    ...all.filter(({ homes }) => homes).flatMap((command) => states.map((state) => dnx(command, state))),
  ];
}

/** The most that something may cost: a ratio, or so much more than the same command in another state. */
function limitOf(state, target, { program }) {
  const over = program ? 'warm' : 'uncached';
  if (state === 'first') return { over, times: FIRST_RUN };
  if (state === 'read-only') return { over, times: NOISE };
  return state === 'warm' ? target : undefined;
}

/** What becomes of a home before each run, and who runs it. */
const STATES = {
  first: (home) => ({
    before() {
      rmSync(home, { recursive: true, force: true });
      mkdirSync(home);
    },
  }),
  'read-only'(home) {
    chmodSync(home, 0o555);
    return process.getuid?.() === 0 ? { user: { uid: NOBODY, gid: NOBODY } } : {};
  },
};

function made(home) {
  mkdirSync(home, { recursive: true });
  return home;
}
