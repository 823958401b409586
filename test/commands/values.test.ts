import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

describe('an invalid value sends nothing and is named with the valid ones', () => {
  test.each([
    [
      'server list -o ndjsn',
      "'ndjsn' is not an output format. Did you mean 'ndjson'?\n  Known: table, json, ndjson, yaml, csv, tsv, text, ids.",
    ],
    [
      'deploy shop.example.com --if-running atach',
      "'atach' is not a value of --if-running. Did you mean 'attach'?\n  Known: attach, wait, fail.",
    ],
    ['deploy shop.example.com --if-running nope', "'nope' is not a value of --if-running.\n  Known: attach, wait, fail."],
    [
      'backup list --status complete',
      "'complete' is not a value of --status. Did you mean 'completed'?\n  Known: pending, in_progress, completed, failed, restored.",
    ],
    ['server create web-3 --provider hetzner --timeout soon', "--timeout must be a duration such as 90s, 15m or 2h, not 'soon'."],
    ['daemon create --command top --processes 1.5 --server web-1', "--processes must be a whole number, not '1.5'."],
    [
      'credential create Spare --provider hetzner --token abc',
      '--token is a secret; pass it as @file or - (stdin).\n  Other users of this machine can see command-line arguments.',
    ],
    ['server create web-3', 'Missing --provider.\n  --provider: Cloud provider, such as hetzner'],
    ['server create', 'Missing --name and --provider.\n  --name: Server name\n  --provider: Cloud provider, such as hetzner'],
    ['env set --site shop.example.com', 'Missing KEY=VALUE.\n  See: dnx env set --help'],
  ])('%s', async (line, words) => {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', calls: [], stderr: `Error: ${words}\n` });
  });

  test('the name of a file whose @ is missing', async () => {
    writeFileSync(join(bed.directory, 'id.pub'), 'ssh-ed25519 AAAA');
    const run = await bed.dnx('ssh-key create ada --server web-1 --public-key id.pub');
    const words = '--public-key is the name of a file, not its content.\n  Use --public-key @id.pub.';
    expect(run).toExit(2, { calls: [], stderr: `Error: ${words}\n` });
  });

  test('DNX_TIMEOUT is named if it is invalid', async () => {
    const run = await bed.dnx('deploy shop.example.com', { env: { DNX_TIMEOUT: 'soon' } });
    expect(run.stderr).toBe("Error: DNX_TIMEOUT must be a duration such as 90s, 15m or 2h, not 'soon'.\n");
  });
});
