// Writes completions/ from the command tree. A test checks that they match. The code is bundled first, because Node 20 reads no TypeScript;
// it is not in the package, which has what it wrote.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const directory = mkdtempSync(join(tmpdir(), 'dnx-completions-'));
try {
  const bundle = await rolldown({ input: 'scripts/completion/write.ts', platform: 'node', external: ['@napi-rs/keyring'] });
  await bundle.write({ dir: directory, format: 'cjs' });
  const { status } = spawnSync(process.execPath, [join(directory, 'write.js')], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true });
}
