# shellcheck shell=sh disable=SC2154
# The ssh of a sandbox, in its directory `bin`. A server is a directory, so a command runs on this machine, with what is absolute on a server
# moved there. Every other host is for the next ssh on the PATH. `node` is the one that runs dnx.
sandbox=${0%/bin/*}
host='' command='' settings='' skip='' rest='' forward='' terminal=''
for word; do
  if [ -n "$skip" ]; then
    if [ "$skip" = -L ]; then forward=$word; fi
    skip=''
  elif [ -n "$rest" ]; then
    command=$command${command:+ }$word
  else
    case $word in
      --) rest=$host ;;
      -G) settings=1 ;;
      -t) terminal=1 ;;
      -[BbcDEeFIiJLlmOopQRSWw]) skip=$word ;;
      -*) ;;
      *) if [ -z "$host" ]; then host=$word; else command=$word rest=1; fi ;;
    esac
  fi
done

if [ -z "$host" ] || [ ! -d "$sandbox/addresses/${host##*@}" ]; then
  IFS=:
  for each in $PATH; do
    if [ "$each" != "$sandbox/bin" ] && [ -x "$each/ssh" ]; then exec "$each/ssh" "$@"; fi
  done
  echo 'ssh: command not found' >&2
  exit 127
fi
if [ -n "$settings" ]; then
  echo 'hostname 127.0.0.1'
  exit
fi

server=$(cd -P "$sandbox/addresses/${host##*@}" && pwd -P)
home=$server/home/deploynix
# A script that comes on standard input becomes the command, so that its paths are moved, too.
case $command in
  *"(head -c "*)
    count=${command#*head -c }
    command=$(head -c "${count%%)*}"; printf .)
    command=${command%.}
    ;;
esac
# A log is called what it is called on a server.
command=$(printf '%s.' "$command" | sed -e "s#/home/deploynix#$home#g; s#/var/log#$server/var/log#g; s#/etc/php/#$server/etc/php/#g; s#/var/run/reboot#$server/var/run/reboot#g" \
  -e 's|"$off" "$label"|"$off" "${label#"$SANDBOX_SERVER"}"|' \
  -e 's|^return name$|server = ENVIRON["SANDBOX_SERVER"]; return index(name, server) == 1 ? substr(name, length(server) + 1) : name|')
command=${command%.}
cd "$home" || exit 255
shell=$(command -v bash || command -v sh)
# A forwarded port leads to the database, whatever its host. Nothing else listens on the loopback of a server.
forwarding='
const { spawn, spawnSync } = require("node:child_process");
const { connect, createServer } = require("node:net");
delete process.env.BUN_BE_BUN;
const [forward, sandbox, shell, command] = process.argv.slice(1);
const [, port, host, far] = forward.split(":");
const isDatabase = host !== "localhost" || far === "3306";
const { status } = !isDatabase ? { status: 0 } : spawnSync(`${sandbox}/programs/mariadb`, ["--user=root", "--socket=" + sandbox + "/database/socket", "--execute=DO 0"], { stdio: ["ignore", "ignore", "inherit"] });
if (status !== 0) process.exit(255);
const server = createServer((near) => {
  if (!isDatabase) return void near.destroy(console.error("open failed: connect failed: Connection refused"));
  const database = connect(`${sandbox}/database/socket`);
  for (const [one, other] of [[near, database], [database, near]]) one.on("error", () => other.destroy()).pipe(other);
});
server.on("error", () => process.exit(console.error(`cannot listen to port: ${port}`) ?? 255));
server.listen(port, "127.0.0.1", () => spawn(shell, ["-c", command], { stdio: "inherit" }).on("exit", (code) => process.exit(code ?? 255)));
'
set -- "$shell" ${command:+-c} "${command:--l}"
# In an executable of dnx, this variable makes Bun run other code.
if [ -n "$forward" ]; then set -- env BUN_BE_BUN=1 "$node" -e "$forwarding" "$forward" "$sandbox" "$shell" "$command"; fi
# A terminal of a server has one stream. A shell shows no prompt on anything else.
if [ -n "$terminal" ]; then exec 2>&1; fi
exec env -i HOME="$home" USER=deploynix LOGNAME=deploynix SHELL="$shell" TERM="$TERM" LANG="$LANG" TZ="$TZ" \
  PATH="$sandbox/programs:$PATH" SANDBOX="$sandbox" SANDBOX_SERVER="$server" "$@"
