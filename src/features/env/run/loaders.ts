import { variableGroups } from '../../../machine/settings/variables.ts';

/** Every variable that dnx reads, such as HTTPS_PROXY and HOME. */
const settings = new Set(variableGroups.flatMap((group) => group.variables.map(({ name }) => name)));

/**
 * True if dnx, Node.js or its TLS library reads a variable, in any case of the name. A dnx inside the command would send the user's
 * token to the host, through the proxy or past the certificates that it names. NODE_ENV is for applications.
 */
export function isSetting(name: string): boolean {
  const upper = name.toUpperCase();
  return settings.has(upper) || /^(DNX_|NODE_(?!ENV$)|OPENSSL_|SSL_CERT_)/.test(upper);
}

/**
 * Names of variables that decide which code a program loads or runs. Someone who may change the variables of a site must not be
 * able to run commands on the machines of everyone else.
 */
const names = new Set([
  // Shells
  ...['SHELLOPTS', 'BASHOPTS', 'ENV', 'IFS', 'PS4', 'PROMPT_COMMAND', 'CDPATH', 'FPATH', 'ZDOTDIR'],
  // Directories with settings that run commands
  ...['PHPRC', 'PHP_INI_SCAN_DIR', 'COMPOSER_HOME', 'COMPOSER_VENDOR_DIR', 'CARGO_HOME'],
  // Where Windows looks for its own programs and those of everyone
  ...['WINDIR', 'SYSTEMDRIVE', 'HOMEDRIVE', 'HOMEPATH', 'PROGRAMDATA', 'PSMODULEPATH', 'NODEFAULTCURRENTDIRECTORYINEXEPATH'],
  // Interpreters
  ...['RUBYOPT', 'RUBYLIB', 'PERLLIB', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'CLASSPATH'],
  ...['GCONV_PATH', 'GLIBC_TUNABLES', 'MAKEFLAGS', 'RUSTC_WRAPPER', 'GOFLAGS'],
  // Programs that other programs start
  ...['PAGER', 'MANPAGER', 'LESSOPEN', 'LESSCLOSE', 'SSH_ASKPASS', 'SUDO_ASKPASS', 'PSQL_PAGER', 'PSQLRC'],
]);

const prefixes = [
  ...['LD_', 'DYLD_', 'BASH_', 'GIT_', 'XDG_', 'PYTHON', 'PERL5', 'LUA_', 'GEM_', 'BUNDLE_', 'NPM_CONFIG_', 'YARN_', 'PNPM_', 'DOTNET_'],
  ...['PROGRAMFILES', 'COMMONPROGRAM'],
  ...['CORECLR_', 'COR_', 'GCC_EXEC_'],
];

/** True if a variable can make a program load or run other code. `npm_config_…` counts in lower case, too. */
export function changesPrograms(name: string): boolean {
  const upper = name.toUpperCase();
  return names.has(upper) || prefixes.some((prefix) => upper.startsWith(prefix));
}
