// The Debian packages with the programs that tests need. `node scripts/test-programs.mjs [deep]` prints them, for .ci/run.
import { argv } from 'node:process';

/** Packages, and what tests look for in them. */
const packages = {
  busybox: ['busybox'],
  'chromium-headless-shell': ['chromium-headless-shell'],
  curl: ['curl'],
  // It includes dbus-run-session, and installs dbus-send (dbus-bin).
  'dbus-daemon': ['dbus-daemon', 'dbus-run-session', 'dbus-send'],
  ed: ['ed'],
  fish: ['fish'],
  git: ['git'],
  'gnome-keyring': ['gnome-keyring-daemon'],
  'groff-base': ['groff'],
  jq: ['jq'],
  kwallet6: ['kwalletd6'],
  'libsecret-tools': ['secret-tool'],
  make: ['make'],
  mandoc: ['mandoc'],
  'mariadb-server': ['mariadbd', 'mariadb-install-db', 'mariadb', 'mariadb-dump'],
  mawk: ['mawk'],
  nano: ['nano'],
  iproute2: ['ss'],
  'libnginx-mod-http-brotli-filter nginx': ['nginx'],
  'openssh-server': ['sshd', 'ssh', 'ssh-keygen'],
  openssl: ['openssl'],
  passwd: ['useradd'],
  'php-cli': ['php'],
  'php8.4-fpm': ['php-fpm8.4'],
  'php-composer-semver': ['/usr/share/php/Composer/Semver/autoload.php'],
  'php-phpoption php-vlucas-phpdotenv': ['/usr/share/php/Dotenv/autoload.php'],
  postgresql: ['/usr/lib/postgresql', 'pg_dump', 'psql'],
  procps: ['ps'],
  'python3-yaml': ['/usr/lib/python3/dist-packages/yaml/__init__.py'],
  rpm: ['rpm', 'rpmbuild'],
  rsync: ['rsync'],
  rubocop: ['rubocop'],
  ruby: ['ruby'],
  shellcheck: ['shellcheck'],
  squid: ['squid'],
  supervisor: ['supervisord'],
  tcsh: ['tcsh'],
  tinyproxy: ['tinyproxy'],
  unzip: ['unzip'],
  vim: ['vim'],
  wget: ['wget'],
  zip: ['zip'],
  zsh: ['zsh'],
};

/** What only `npm run test:deep` needs: building an image takes long. */
const deep = { buildah: ['buildah'], mmdebstrap: ['mmdebstrap'], netavark: ['/usr/lib/podman/netavark'] };

/** Debian has these everywhere. */
const essential = { bash: ['bash'], dash: ['dash'], dpkg: ['dpkg', 'dpkg-deb'], mount: ['mount'], 'util-linux': ['setpriv', 'unshare'] };

const all = { ...packages, ...deep, ...essential };

/** The package of a program or file, and what it needs besides. Throws if it is not listed above. */
export function packageOf(program) {
  const found = Object.keys(all).find((name) => all[name].includes(program));
  if (found === undefined) throw new Error(`Add the Debian package of ${program} to scripts/test-programs.mjs.`);
  return found;
}

/** The last line of a run: how many tests were left out, and how to install what they need. */
export function leftOut(count, programs) {
  if (count === 0) return 'Left out no tests: this machine has every program that they need.';
  const names = [...new Set(programs.filter((each) => each !== 'root').flatMap((each) => packageOf(each).split(' ')))].sort();
  const asRoot = programs.includes('root') ? ' Some of them also need root.' : '';
  const tests = count === 1 ? '1 test' : `${count} tests`;
  if (names.length === 0) return `Left out ${tests} for want of root.`;
  return `Left out ${tests} for want of ${names.join(', ')}.${asRoot} Install what is missing: sudo apt-get install --no-install-recommends ${names.join(' ')}`;
}

if (import.meta.filename === argv[1]) console.log(Object.keys(argv[2] === 'deep' ? { ...packages, ...deep } : packages).join(' '));
