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

  test('gets nothing but the packed tarball', () => {
    const lines = readFileSync('.dockerignore', 'utf8').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual(['*', '!deploynix-cli-*.tgz']);
    expect(text.match(/^(?:COPY|ADD) .*/gm)).toEqual(['COPY deploynix-cli-*.tgz /tmp/dnx.tgz', 'COPY --from=install /opt/dnx /opt/dnx']);
  });

  test('runs dnx as a user without privileges', () => {
    expect(text.match(/^USER .*/gm)).toEqual(['USER 1000:1000']);
  });
});
