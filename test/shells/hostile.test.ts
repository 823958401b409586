import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bed } from '../support/dnx.ts';
import { directoriesOf, openSignedIn, run } from './beds.ts';
import { type Completer, missing, openCompleter, tested } from './completers.ts';

/** Names that a server may have, each with its own beginning, and what is offered for that; undefined if nothing may be. */
const names = (pwned: string): readonly (readonly [name: string, typed: string, offered: boolean])[] => [
  ["o'neil's server", 'o', true],
  ['q"uoted', 'q', true],
  [`run$(touch ${pwned})`, 'run', true],
  [`tick\`touch ${pwned}\``, 'tick', true],
  [`semi; touch ${pwned}; true`, 'semi', true],
  ['glob*?[a]', 'glob', true],
  ['per%cent%s', 'per', true],
  ['back\\slash', 'back', true],
  ['bang!bang', 'bang', true],
  ['hash #tag', 'hash', true],
  ['colon:at@equals=x', 'colon', true],
  ['münchen', 'mü', true],
  ['line\nbreak', 'line', false],
  ['esc\u001b]0;title\u0007ape', 'esc', false],
  ['tab\tbed', 'tab', false],
  ['zero\u200bwidth', 'zero', false],
  ['-rf', '--server -r', false],
  ['12345', '123', false],
  ['01JQ8Z4T9G00000000000WEB09', '01JQ8Z4T9G00000000000WEB0', false],
  ['trail ', 'trai', false],
  ['x'.repeat(300), 'xx', false],
];

describe.each(tested)('%s', { timeout: 60_000 }, (shell) => {
  describe.skipIf(missing(shell))('offers a hostile name', () => {
    let bed: Bed;
    let completer: Completer;
    beforeAll(async () => {
      bed = await openSignedIn();
      const [first] = bed.sandbox.state.servers;
      if (!first) throw new Error('the seed has servers');
      const all = names(join(bed.directory, 'pwned'));
      bed.sandbox.state.servers.push(
        ...all.map(([name], index) => ({ ...first, id: `01JQ8Z4T9G000000000000H0${String(index).padStart(2, '0')}`, name })),
      );
      await run(bed, 'server list');
      completer = await openCompleter(shell, { env: { ...directoriesOf(bed), LC_ALL: 'C.UTF-8' } });
    });
    afterAll(async () => {
      completer.close();
      await bed.close();
    });

    test('as one word and without running it, or not at all', async () => {
      const pwned = join(bed.directory, 'pwned');
      for (const [name, typed, offered] of names(pwned)) {
        const line = typed.startsWith('--') ? `dnx server list ${typed}` : `dnx server show ${typed}`;
        const before = line.split(' ').slice(1, -1);
        const word = offered ? name : line.split(' ').at(-1);
        expect([name, await completer.tab(line)]).toEqual([name, [...before, word].join(' ')]);
      }
      expect(existsSync(pwned)).toBe(false);
    });

    test.skipIf(shell === 'fish')('in a quote that is still open', async () => {
      expect(await completer.tab("dnx server show 'hash")).toBe('server show hash #tag');
      expect(await completer.tab('dnx server show "colon')).toBe('server show colon:at@equals=x');
    });
  });
});
