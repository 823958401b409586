import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, inject } from 'vitest';
import { describeCompiledCode } from '../support/compiled-code.ts';
import { leading } from '../support/volume.ts';
import { nodeOf } from './nodes.ts';
import { emptyFolder, run } from './run.ts';

const directory = emptyFolder();

// The package as it is published, which Node 20 built.
beforeAll(async () => {
  writeFileSync(join(directory, 'package.json'), '{}');
  await run({ release: '24', directory }, 'npm', 'install', '--ignore-scripts', inject('tarball'));
});

describe.each(leading(['24', '26', '22'], 2))('on Node %s', (release) => {
  describeCompiledCode({ node: () => nodeOf(release), package: join(directory, 'node_modules', 'deploynix-cli') });
});
