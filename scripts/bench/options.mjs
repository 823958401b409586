import { parseArgs } from 'node:util';

const QUICK_ROUNDS = 5;
const ROUNDS = 20;

/**
 * What was asked for:
 * `--node PATH` measures with another Node (repeatable), `--nodes 20.19,22` with releases that npm installs into a temporary folder;
 * `--rounds N` runs everything that often, `--quick` a few times and leaves docs/performance.md alone;
 * `--minimum` reports the fastest runs, for a machine that is never idle, and also leaves it alone;
 * `--package FILE` measures this tarball, and leaves it alone too;
 * `--peers` installs other command lines to compare with;
 * `--wire` measures only the commands over TLS at 50 ms.
 */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true, default: [] },
      nodes: { type: 'string', default: '' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      minimum: { type: 'boolean', default: false },
      package: { type: 'string' },
      peers: { type: 'boolean', default: false },
      wire: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1 up.');
  return {
    nodes: values.node,
    releases: values.nodes.split(',').filter(Boolean),
    rounds,
    tarball: values.package,
    peers: values.peers,
    wire: values.wire,
    minimum: values.minimum,
    writes: !values.quick && !values.minimum && values.package === undefined,
  };
}
