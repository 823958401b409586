# shellcheck shell=sh
# The ssh of a sandbox, in its directory `bin`. A server is a directory, so a command runs on this machine, with what is absolute on a server
# moved there. Every other host is for the next ssh on the PATH.
sandbox=${0%/bin/*}
host='' command='' settings='' skip='' rest=''
for word; do
  if [ -n "$skip" ]; then
    skip=''
  elif [ -n "$rest" ]; then
    command=$command${command:+ }$word
  else
    case $word in
      --) rest=$host ;;
      -G) settings=1 ;;
      -[BbcDEeFIiJLlmOopQRSWw]) skip=1 ;;
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
command=$(printf '%s.' "$command" | sed "s#/home/deploynix#$home#g; s#/var/log#$server/var/log#g")
command=${command%.}
cd "$home" || exit 255
shell=$(command -v bash || command -v sh)
exec env -i HOME="$home" USER=deploynix LOGNAME=deploynix SHELL="$shell" TERM="$TERM" LANG="$LANG" TZ="$TZ" \
  PATH="$sandbox/programs:$PATH" SANDBOX="$sandbox" SANDBOX_SERVER="$server" "$shell" ${command:+-c} "${command:--l}"
