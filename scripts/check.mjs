// Runs the checks side by side. What one that fails has printed stays in one piece.
import { spawn } from 'node:child_process';

const checks = [
  // Several checkers would each infer the types of the same libraries, beside the other programs here.
  ['tsc', '--checkers', '1', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/check.tsbuildinfo'],
  ['biome', 'ci', '--reporter=summary', '--colors=force'],
  ['knip'],
  ['publint'],
];

const runs = checks.map(
  ([program, ...args]) =>
    new Promise((resolve) => {
      const shell = process.platform === 'win32';
      const child = spawn(`node_modules/.bin/${program}`, args, { stdio: ['ignore', 'pipe', 'pipe'], shell });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
      child.on('error', ({ message }) => resolve({ program, output: message, code: 1 }));
      child.on('close', (code) => resolve({ program, output, code: code ?? 1 }));
    }),
);

for (const run of runs) {
  const { program, output, code } = await run;
  console.log(`${program}: ${code === 0 ? 'passed' : `failed with exit code ${code}`}`);
  if (code === 0) continue;
  console.log(output.trimEnd());
  process.exitCode = 1;
}
