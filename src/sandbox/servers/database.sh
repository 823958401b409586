# shellcheck shell=sh
# The clients of MariaDB in a sandbox, under each of their names. A private server, which the first of them starts, has its databases. In
# `programs` they are those of a server, where every host means that one; in `bin` they are the user's, and only its socket does.
name=${0##*/} here=${0%/*}
sandbox=${here%/*}
own=$sandbox/database

# The server may be in a directory that only root has in PATH.
real() {
  path=$PATH:/usr/sbin
  IFS=:
  for each in $path; do
    case $each in "$sandbox"/*) continue ;; esac
    if [ -x "$each/$1" ]; then
      printf '%s\n' "$each/$1"
      return
    fi
  done
  unset IFS
}

start() {
  if mkdir "$own" 2>/dev/null; then
    (
      # The password of whoever asks.
      unset MYSQL_PWD
      # A server that starts removes the temporary tables of any other one with the same directory for them.
      export TMPDIR="$own"
      "$(real mariadb-install-db)" --no-defaults --user="$(id -un)" --datadir="$own/data" --auth-root-authentication-method=normal --skip-test-db
      SANDBOX_SERVER=$own/ nohup "$server" --no-defaults --user="$(id -un)" --datadir="$own/data" --socket="$own/socket" --skip-networking \
        --pid-file="$own/pid" --innodb-log-file-size=8M --innodb-buffer-pool-size=16M &
      until "$(real mariadb)" --no-defaults --socket="$own/socket" --user=root <"$sandbox/database.sql"; do sleep 0.2; done
      : >"$own/ready"
    ) </dev/null >"$own.log" 2>&1
  fi
  tries=150
  until [ -e "$own/ready" ] || [ "$tries" -eq 0 ]; do
    sleep 0.2
    tries=$((tries - 1))
  done
}

client=$(real "$name")
server=$(real mariadbd)
asked=${here##*/}
for word; do
  case $word in --version | -V) exec "${client:-false}" "$@" ;; *"$own/socket"*) asked=programs ;; esac
done
if [ "$asked" = bin ]; then exec "${client:-false}" "$@"; fi
if [ -z "$client" ] || [ -z "$server" ]; then
  echo 'The sandbox has databases only where MariaDB is installed: mariadb-server, and its clients.' >&2
  exit 1
fi
start
count=$#
while [ "$count" -gt 0 ]; do
  case $1 in
    --host=*) set -- "$@" "--socket=$own/socket" ;;
    --port=* | --protocol=*) ;;
    *) set -- "$@" "$1" ;;
  esac
  shift
  count=$((count - 1))
done
exec "$client" "$@"
