// Writes completions/ with the built dnx. A test checks that they match the command tree.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

mkdirSync('completions', { recursive: true });
for (const [shell, file] of Object.entries({ bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' })) {
  const { status, stdout } = spawnSync(process.execPath, ['bin/dnx.js', 'completion', shell], { encoding: 'utf8' });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(`completions/${file}`, stdout);
}
