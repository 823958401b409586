import { expect, test } from 'vitest';
import type { FaultReply } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { changes, type Ensured, groups, shownAs } from '../support/ensured.ts';
import { turn } from '../support/volume.ts';

const body = (value: unknown): FaultReply => ({ status: 200, body: value as object });

/** Lists that say nothing of what exists. */
const unclear: Readonly<Record<string, FaultReply>> = {
  'ids alone': shownAs(({ id }) => ({ id })),
  'objects instead of values': shownAs((item) => Object.fromEntries(Object.keys(item).map((key) => [key, { of: [1] }]))),
  'words and numbers': body({ data: ['web-1', 7, true, ''] }),
  'a list of lists': body({ data: [[{ id: 1 }], []] }),
  'a text': body({ data: 'All is well.' }),
  'an object': body({ data: { id: 1 } }),
  'a web page': { status: 200, body: '<p>Welcome</p>', headers: { 'Content-Type': 'text/html' } },
  'a cut response': 'cut',
  'no response': 'drop',
  'an error': { status: 500 },
};

/** Other shapes of the same list. */
const clear: Readonly<Record<string, FaultReply>> = {
  'a bare array': (answer) => ({ ...answer, body: (answer.body as { data: object }).data }),
  'a list without meta': (answer) => ({ ...answer, body: { data: (answer.body as { data: object }).data } }),
  'a list that contains null': (answer) => ({ ...answer, body: { data: [null, ...(answer.body as { data: object[] }).data] } }),
  'more fields': shownAs((item) => ({ ...item, brand_new: { of: [1] }, constructor: null, status: 'hibernating' })),
  'numbers as ids': shownAs((item) => ({ ...item, id: 17 })),
  'text for numbers': shownAs((item) =>
    Object.fromEntries(Object.entries(item).map(([key, each]) => [key, typeof each === 'number' ? `${each}` : each])),
  ),
};

/** Every group with each of these lists; by default, the groups take turns. */
const lists = (replies: Readonly<Record<string, FaultReply>>) =>
  Object.entries(replies).flatMap(([shape, reply], row) => turn(groups, row).map((each) => ({ ...each, shape, reply })));

/** Creates something, and again when its list is this one. */
async function again({ line, list }: Ensured, reply: FaultReply, ...options: readonly string[]) {
  const bed = await openBed();
  try {
    await expect(bed.dnx(line, { stdin: 'a password' })).toExit(0);
    bed.sandbox.faults.always({ method: 'GET', path: new RegExp(`${list}$`) }, reply);
    return await bed.dnx([...line, ...options], { stdin: 'a password' });
  } finally {
    await bed.close();
  }
}

test.each(lists(unclear))('$group ensure creates nothing if the list is $shape', async ({ reply, ...group }) => {
  const found = await again(group, reply);
  expect([changes(found), found.stdout]).toEqual([[], '']);
  expect([1, 13], found.stderr).toContain(found.code);
  expect(found.stderr).not.toContain('bug');
});

test.each(lists(clear))('$group ensure finds it if the list is $shape', async ({ reply, ...group }) => {
  const found = await again(group, reply, '--strict', '--json');
  expect([found.code, changes(found)], found.stderr).toEqual([0, []]);
  expect(found.json()).toMatchObject({ changed: false, outcome: 'unchanged' });
});
