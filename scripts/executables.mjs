// Builds dnx and the runtime Bun as one file for each platform, in build/executables: npm run executables [-- --only linux-x64 ...].
// Needs an x64 Linux with glibc. npm has every runtime; none is installed, and each is checked against the digest below.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { signed } from './sign-macho.mjs';

const BUN = '1.4.5';

/** The runtime of each platform, and the native module of its keychain. Linux needs none. On x64, they are those for processors without AVX2. */
const platforms = {
  'linux-x64': { runtime: 'linux-x64-baseline' },
  'linux-x64-musl': { runtime: 'linux-x64-musl-baseline' },
  'linux-arm64': { runtime: 'linux-aarch64' },
  'linux-arm64-musl': { runtime: 'linux-aarch64-musl' },
  'darwin-x64': { runtime: 'darwin-x64-baseline', keyring: 'darwin-x64' },
  'darwin-arm64': { runtime: 'darwin-aarch64', keyring: 'darwin-arm64' },
  'windows-x64': { runtime: 'windows-x64-baseline', keyring: 'win32-x64-msvc' },
};

/** The digests of the packages @oven/bun-RUNTIME, as npm states them. */
const digests = {
  'linux-x64-baseline': 'sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==',
  'linux-x64-musl-baseline': 'sha512-cWJhU8h0+MiUgpSt99sQhjxLIIosKEcKYdtKddohokUvAuN6jKOy7g7+QDTZTXtwHxz93wL3BX+L6wXVPDUH3A==',
  'linux-aarch64': 'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  'linux-aarch64-musl': 'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
  'darwin-x64-baseline': 'sha512-zqfLA5A4B+hYMh5WYzYSot3uZ06FzhdP0OEwQisEzdirYtXGj5cQFlfy31BGfNsAsk1Gd/w/OxJ/jqqJ3cMclw==',
  'darwin-aarch64': 'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
  'windows-x64-baseline': 'sha512-/U3Dc74uGqE6EUqef7mPtg9KwJs7iJH4JHRMfIZIn18MrJh6Xz4gVvWDXRvzCL2j8wPlTnJVyrO4n7Qq4uM7TQ==',
};

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true, default: [] }, out: { type: 'string' } } });
const unknown = values.only.filter((name) => !Object.hasOwn(platforms, name));
if (unknown.length > 0) throw new Error(`No platform ${unknown.join(', ')}. There are: ${Object.keys(platforms).join(', ')}`);

const out = resolve(values.out ?? 'build/executables');
const directory = mkdtempSync(join(tmpdir(), 'dnx-executables-'));
try {
  mkdirSync(out, { recursive: true });
  const bun = runtimeOf('linux-x64-baseline');
  for (const name of values.only.length > 0 ? values.only : Object.keys(platforms)) {
    const { runtime, keyring } = platforms[name];
    const program = programIn(join(directory, name), keyring);
    const file = join(out, `dnx-${name}${name.startsWith('windows') ? '.exe' : ''}`);
    compile(bun, { name, program, runtime: runtimeOf(runtime), file });
    console.log(file);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** What an executable has inside: the build, and in `assets` the files that it reads. */
function programIn(folder, keyring) {
  cpSync('completions', join(folder, 'assets/completions'), { recursive: true });
  const isCode = (file) => file.endsWith('.js');
  cpSync('dist', join(folder, 'dist'), { recursive: true, filter: (file) => file === 'dist' || isCode(file) });
  cpSync('dist', join(folder, 'assets/dist'), { recursive: true, filter: (file) => !isCode(file) });
  if (keyring !== undefined) {
    const native = join(folder, 'node_modules/@napi-rs/keyring');
    mkdirSync(native, { recursive: true });
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    const name = `@napi-rs/keyring-${keyring}`;
    const { version, integrity } = packages[`node_modules/${name}`];
    const module = join(unpacked(`${name}@${version}`, integrity), `keyring.${keyring}.node`);
    cpSync(module, join(native, 'keyring.node'));
    writeFileSync(join(native, 'index.js'), "module.exports = require('./keyring.node');\n");
  }
  for (const name of ['bin', 'package.json']) cpSync(name, join(folder, name), { recursive: true });
  // The code inside is compiled.
  writeFileSync(join(folder, 'dist/compiled-code.js'), "exports.loadProgram = () => ({ program: require('./dnx.js') });\n");
  return folder;
}

/** Ignores .env and bunfig.toml of a project. Names of functions stay, for reports of bugs. */
function compile(bun, { name, program, runtime, file }) {
  const assets = readdirSync(join(program, 'assets')).flatMap((each) => ['--asset', join('assets', each)]);
  const built = join(program, 'dnx');
  const root = name.startsWith('windows') ? 'B:/~BUN/root' : '/$bunfs/root';
  execFileSync(
    bun,
    [
      ...[
        'build',
        '--compile',
        '--target',
        `bun-${name}`,
        '--compile-executable-path',
        runtime,
        '--bytecode',
        '--minify-whitespace',
        '--minify-syntax',
        '--sourcemap',
      ],
      ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
      // With any option, an executable starts in a deleted directory, too.
      '--compile-exec-argv=--no-deprecation',
      // Where Bun keeps the assets. Otherwise these are paths of the build.
      ...['--define', `__dirname="${root}/bin"`, '--define', `__filename="${root}/dist/dnx.js"`],
      ...(existsSync(join(program, 'node_modules')) ? [] : ['--external', '@napi-rs/keyring']),
      ...[...assets, 'bin/dnx.js', '--outfile', built],
    ],
    { cwd: program, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  renameSync(existsSync(built) ? built : `${built}.exe`, file);
  if (name === 'darwin-x64') writeFileSync(file, signed(readFileSync(file)));
}

function runtimeOf(name) {
  const folder = join(unpacked(`@oven/bun-${name}@${BUN}`, digests[name]), 'bin');
  const file = join(folder, readdirSync(folder)[0]);
  chmodSync(file, 0o755);
  return file;
}

/** The folder of a package of the registry that npm is configured for, unpacked once. Throws unless it has this digest. */
function unpacked(name, digest) {
  const folder = join(directory, name.replaceAll('/', '+'));
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', name, '--json', '--prefer-offline', '--pack-destination', folder]));
  const file = join(folder, filename);
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (found !== digest) throw new Error(`${name} has the digest ${found} instead of ${digest}.`);
  execFileSync('tar', ['-xzf', file, '--strip-components=1'], { cwd: folder });
  return folder;
}
