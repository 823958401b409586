/**
 * Names of variables that decide which code a program loads or runs. Someone who may change the variables of a site must not be
 * able to run commands on the machines of everyone else.
 */
const names = new Set([
  // Shells and the search for programs
  ...['PATH', 'PATHEXT', 'COMSPEC', 'SHELL', 'SHELLOPTS', 'BASHOPTS', 'ENV', 'IFS', 'PS4', 'PROMPT_COMMAND', 'CDPATH', 'FPATH', 'ZDOTDIR'],
  // Directories with settings that run commands
  ...['HOME', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'PHPRC', 'PHP_INI_SCAN_DIR', 'COMPOSER_HOME', 'COMPOSER_VENDOR_DIR', 'CARGO_HOME'],
  // Where Windows looks for its own programs and those of everyone
  ...['SYSTEMROOT', 'WINDIR', 'SYSTEMDRIVE', 'HOMEDRIVE', 'HOMEPATH', 'PROGRAMDATA', 'PSMODULEPATH', 'NODEFAULTCURRENTDIRECTORYINEXEPATH'],
  // Interpreters
  ...['NODE_OPTIONS', 'NODE_PATH', 'RUBYOPT', 'RUBYLIB', 'PERLLIB', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'CLASSPATH'],
  ...['GCONV_PATH', 'GLIBC_TUNABLES', 'MAKEFLAGS', 'RUSTC_WRAPPER', 'GOFLAGS'],
  // Programs that other programs start
  ...['EDITOR', 'VISUAL', 'PAGER', 'MANPAGER', 'BROWSER', 'LESSOPEN', 'LESSCLOSE', 'SSH_ASKPASS', 'SUDO_ASKPASS', 'PSQL_PAGER', 'PSQLRC'],
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
