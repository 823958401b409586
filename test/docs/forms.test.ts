import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { documents, forms } from './documents.ts';

/** A form of issues, as GitHub reads it. */
interface Form {
  readonly body: readonly { readonly type: string; readonly id?: string; readonly validations?: { readonly required: boolean } }[];
}

test('the form for shapes.json asks for the file and nothing else', () => {
  const { body } = parse(readFileSync('.github/ISSUE_TEMPLATE/shapes.yml', 'utf8')) as Form;
  expect(body.filter(({ type }) => type !== 'markdown')).toMatchObject([{ id: 'shapes', validations: { required: true } }]);
});

test('a link to a form leads to one that exists', () => {
  const linked = documents.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\/issues\/new\?template=([\w.]+)/g)].map(([, name]) => `.github/ISSUE_TEMPLATE/${name}`),
  );
  expect(linked.length).toBeGreaterThan(0);
  expect(linked.filter((form) => !forms.includes(form))).toEqual([]);
});
