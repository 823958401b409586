import { readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';

const text = readFileSync('Dockerfile', 'utf8');
const messages = (content: string) => validate(content).map(({ message }) => message);

describe('the Dockerfile', () => {
  test('is valid', () => {
    expect(messages(text)).toEqual([]);
    expect(messages(text.replace('USER', 'USR'))).toEqual(['Unknown instruction: USR']);
  });

  test('gets nothing but the archives of its platforms', () => {
    const lines = readFileSync('.dockerignore', 'utf8').split('\n');
    const archives = ['!dnx-linux-x64.tar.gz', '!dnx-linux-arm64.tar.gz'];
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual(['*', ...archives]);
  });

  test('adds one layer to its base', () => {
    expect(text.match(/^(?:RUN|COPY|ADD)\b/gm)).toEqual(['RUN']);
    expect(text.match(/^FROM /gm)).toHaveLength(1);
  });

  test('runs dnx as a user without privileges', () => {
    expect(text.match(/^USER .*/gm)).toEqual(['USER 1000:1000']);
  });
});
