const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * A rolldown plugin that reduces source maps to what a stack trace needs: a file of src and a line. Libraries would make them five times as large,
 * and columns four times.
 */
export function sourceMaps() {
  return {
    name: 'source-maps',
    generateBundle(_, bundle) {
      for (const [name, asset] of Object.entries(bundle)) {
        if (!name.endsWith('.map')) continue;
        const map = own(JSON.parse(asset.source));
        if (map.sources.length > 0) asset.source = JSON.stringify(map);
        else delete bundle[name];
      }
    },
  };
}

/** The map with only the files of src, relative to the repository. */
function own({ version, file, sources, mappings }) {
  const kept = sources.filter((source) => source.startsWith('../src/'));
  const indexes = sources.map((source) => kept.indexOf(source));
  return { version, file, sources: kept.map((source) => source.slice(3)), names: [], mappings: narrowed(mappings, indexes) };
}

/**
 * Keeps a segment if the source or its line changes. `indexes`: the new index of each source, or -1. Numbers are differences from the previous
 * segment; the column restarts on each line.
 */
function narrowed(mappings, indexes) {
  const from = [0, 0, 0, 0];
  const to = [0, 0, 0, 0];
  const lines = mappings.split(';').map((line) => {
    from[0] = to[0] = 0;
    const segments = [];
    let last = '';
    for (const text of line === '' ? [] : line.split(',')) {
      const numbers = decoded(text).slice(0, 4);
      for (const [at, number] of numbers.entries()) from[at] += number;
      const source = numbers.length === 4 ? indexes[from[1]] : -1;
      // A segment of a column only: what follows has no source.
      const place = source === -1 ? [] : [source, from[2], 0];
      if (place.join() !== last) segments.push([from[0], ...place]);
      last = place.join();
    }
    return segments.map((numbers) => differences(numbers, to)).join(',');
  });
  return lines.join(';');
}

function differences(numbers, to) {
  const text = numbers.map((number, at) => encoded(number - to[at])).join('');
  for (const [at, number] of numbers.entries()) to[at] = number;
  return text;
}

/** Base64 VLQ: five bits per digit, lowest first. The sixth bit means that more follow; the lowest bit of all is the sign. */
function decoded(text) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return numbers;
}

function encoded(number) {
  let value = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    const rest = value >> 5;
    text += DIGITS[(value & 31) | (rest > 0 ? 32 : 0)];
    value = rest;
  } while (value > 0);
  return text;
}
