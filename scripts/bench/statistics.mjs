/** The middle value: one slow run in a busy moment does not change it. */
export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** How many times as long as `node -e 0` something takes on the same Node. */
export const ratioOf = (row, rows) => row.ms / rows.find(({ base, node }) => base && node === row.node).ms;

/** The most that its ratio may be, and whether that was kept, as both are printed; undefined without a limit. */
export function verdictOf(row, rows) {
  const most = mostOf(row, rows);
  return most === undefined ? undefined : { most, kept: Number(ratioOf(row, rows).toFixed(2)) <= Number(most.toFixed(2)) };
}

function mostOf({ limit, name, node }, rows) {
  if (typeof limit !== 'object') return limit;
  return (
    ratioOf(
      rows.find((row) => row.name === name && row.node === node && row.state === limit.over),
      rows,
    ) * limit.times
  );
}

/** `905 kB`, `7.1 MB`: decimal, as npm counts. */
export function size(bytes) {
  if (bytes === undefined) return '–';
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** Map.groupBy, which Node 20 does not have. */
export function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
