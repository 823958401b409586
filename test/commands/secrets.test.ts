import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { everyCommand } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { SEED_EMAIL, SEED_PASSWORD, seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed, split } from '../support/dnx.ts';
import { signIn } from '../support/sign-in.ts';
import { leading, sampled } from '../support/volume.ts';

const typed = 'typed-on-standard-input-4711';
const privateKey = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7',
  '-----END PRIVATE KEY-----',
].join('\n');

/** These print a new token on stdout; only their stderr must not contain one. */
const printsToken = /^token (create|rotate) /;
/** Prints the values of variables, because the user asks for them. */
const printsValues = /^env pull - /;

const site = `--site ${seeded.sites['shop.example.com']} --server ${seeded.servers['web-1']}`;
const lines = [
  'login --with-token',
  'login --with-token --profile other',
  'auth status',
  'auth status -o yaml',
  'auth switch other',
  'auth switch default',
  'config list',
  'doctor',
  'doctor --json',
  'token list --audit --json',
  'api GET /user --include',
  'api POST /nowhere -F a=b',
  `certificate create shop.example.com ${site} --type custom --certificate @cert.pem --private-key @key.pem`,
  `certificate create shop.example.com ${site} --type custom --certificate @cert.pem --private-key @key.pem --no-wait`,
  'credential create Spare --provider hetzner --token -',
  'credential create Spare --provider nonsense --token -',
  'git-provider create Spare --provider gitlab --token -',
  'database-user create reporting --database shop --server db-1 --password -',
  'database-user update shop --database shop --server db-1 --password -',
  'server show nowhere',
  'server create x --provider nonsense',
  'login --nonsense',
  'credential create Spare --provider hetzner --token in-the-clear-0815',
  'logout',
];

/** Every file below a directory, as text. */
function filesBelow(directory: string): { path: string; text: string }[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, 'latin1') }));
}

async function prepared(): Promise<Bed> {
  const bed = await openBed();
  mkdirSync(join(bed.directory, 'given/.ssh'), { recursive: true });
  for (const [name, text] of [
    ['key.pem', privateKey],
    ['cert.pem', '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n'],
    ['.ssh/id_ed25519.pub', 'ssh-ed25519 AAAA ada@desktop'],
  ] as const) {
    writeFileSync(join(bed.directory, 'given', name), text);
  }
  return bed;
}

const faults = [undefined, { status: 500 }, { status: 403 }, { status: 422 }, 'drop', 'cut'] as const;

/** How many examples run without a fault and under each, but in deep runs; each fault gets a different sample. */
const [MANY, FEW] = [12, 2];

test.each(faults.map((fault, seed) => [typeof fault === 'object' ? fault.status : (fault ?? 'nothing'), fault, seed] as const))(
  'no output or file contains a secret if the API returns %s',
  { timeout: 60_000 },
  async (_, fault, seed) => {
    const bed = await prepared();
    try {
      const words = 'login --email ada@example.com --preset full --debug';
      const signIn = await bed.dnx(words, { keys: `${SEED_PASSWORD}\r`, columns: 100, env: { DNX_TOKEN: undefined } });
      expect(signIn).toExit(0);
      expect([...bed.keychain.values(), SEED_PASSWORD].filter((each) => (signIn.stdout + signIn.stderr).includes(each))).toEqual([]);
      const secrets: string[] = [SEED_PASSWORD, typed, 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7', 'in-the-clear-0815'];
      const examples = (await everyCommand(tree)).flatMap(({ group, command }) =>
        command.examples.map((each) => (group ? `${group.name} ${each}` : each)),
      );
      const shown = examples.filter((each) => !each.startsWith('sandbox ')).map((each) => each.replace(/ [<>] \S+$/, ''));
      const sending = fault ? sampled(lines, 4, seed) : lines;
      const all = [...sending, ...sampled(shown, fault ? FEW : MANY, seed)];
      for (const line of all) {
        const token = bed.sandbox.mint(['*'], { name: 'Secret' });
        secrets.push(token, token.slice(token.indexOf('|') + 1));
        if (fault) bed.sandbox.faults.next({ method: line.includes('list') ? 'GET' : 'POST' }, fault);
        const login = line.startsWith('login --with-token');
        const stored = /^(auth|whoami|doctor|logout)/.test(line);
        const run = await bed.dnx([...split(line), '--debug'], {
          cwd: join(bed.directory, 'given'),
          stdin: login ? token : typed,
          // High enough never to wait, but counted in a file.
          env: { DNX_TOKEN: login || stored ? undefined : token, DNX_RATE_LIMIT: '1000' },
        });
        bed.sandbox.faults.clear();
        const fresh = printsToken.test(line) ? [...bed.keychain.values()] : [];
        const output = printsToken.test(line) || printsValues.test(line) ? run.stderr : run.stdout + run.stderr;
        const leaks = [...secrets, ...fresh].filter((secret) => output.includes(secret));
        expect(leaks, `${line}\n${output}`).toEqual([]);
        if (printsToken.test(line) && run.code === 0) secrets.push(run.stdout.trim());
      }
      secrets.push(...bed.keychain.values());
      const files = filesBelow(bed.directory).filter(({ path }) => !path.startsWith(join(bed.directory, 'given/')));
      expect(files.map(({ path }) => path.slice(bed.directory.length))).toEqual(
        expect.arrayContaining(['/config/config.json', expect.stringMatching(/^\/state\/budget\/[\da-f]{14}\./)]),
      );
      const leaks = files.filter(({ text }) => secrets.some((secret) => secret !== '' && text.includes(secret)));
      expect(leaks.map(({ path }) => path)).toEqual([]);
      expect(bed.sandbox.calls.length).toBeGreaterThan(sending.length);
    } finally {
      await bed.close();
    }
  },
);

describe('what was typed to sign in is not printed, even if the API quotes it', () => {
  test.each([
    ['POST', '/login', SEED_EMAIL, 'pass/wörd "4711"'],
    ['POST', '/login', 'a@b', 'is'],
    ['GET', '/user', SEED_EMAIL, SEED_PASSWORD],
    ['POST', '/tokens', SEED_EMAIL, SEED_PASSWORD],
  ])('%s %s as %s', async (method, path, email, password) => {
    const bed = await openBed();
    onTestFinished(() => bed.close());
    const quoted = `'${password}' of ${email.toUpperCase()} failed.`;
    for (const status of leading([422, 500, 400, 403, 429], 2)) {
      bed.sandbox.faults.clear();
      bed.sandbox.faults.always({ method, path }, { status, body: { message: quoted, errors: { device: [quoted] } } });
      const run = await signIn(bed, 'login --debug', { keys: `${email}\r${password}\r\u001b[B\r`, columns: 80 });
      const said = run.stderr.slice(run.stderr.lastIndexOf('Error:'));
      expect([run.code > 0, said]).toEqual([true, expect.stringContaining("'***' of ***")]);
      expect(said.toLowerCase()).not.toMatch(new RegExp(`'${email}|${password}'`));
    }
  });
});
