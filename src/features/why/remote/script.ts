import { LIVE, ROOT } from '../../remote/directory.ts';

/** The most bytes of the end of a log that are read. */
export const MOST_BYTES = 256 * 1024;

/** The largest log whose lines are counted, in bytes: to count them, all of it is read. */
const MOST_COUNTED = 256 * 1024 * 1024;

/** Prints the keys of a dotenv file, a `=` after one without a value. Values never leave the server, nor do their further lines. */
const KEYS = String.raw`{ sub(/\r$/, "") }
quote != "" { if (index($0, quote)) quote = ""; next }
match($0, /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.]*[ \t]*=/) {
  key = substr($0, 1, RLENGTH - 1); value = substr($0, RLENGTH + 1)
  sub(/^[ \t]*(export[ \t]+)?/, "", key); gsub(/[ \t]/, "", key); sub(/^[ \t]+/, "", value)
  first = substr(value, 1, 1)
  if ((first == "\"" || first == "\047") && !index(substr(value, 2), first)) quote = first
  print key ((value == "" || value == "\"\"" || value == "\047\047" || first == "#") ? "=" : "")
}`;

/** Prints the state of each service in the output of `systemctl show`, but of one that is not meant to run. */
const SERVICES = String.raw`BEGIN { RS = ""; FS = "\n" } {
  id = active = file = ""
  for (i = 1; i <= NF; i++) {
    if (sub(/^Id=/, "", $i)) { id = $i; sub(/\.service$/, "", id) }
    if (sub(/^ActiveState=/, "", $i)) active = $i
    if (sub(/^UnitFileState=/, "", $i)) file = $i
  }
  if (!seen[id]++ && (active != "inactive" || file == "enabled")) print id, active
}`;

/**
 * Prints what tells why a site fails, and changes nothing: it reads files and asks the system, and runs no code of the application.
 * Arguments: those of `ROOT`, a nonce, the release, the PHP version, and the source and path of each log. Each section begins with a
 * line that starts with the nonce; what follows is base64, so that no log can imitate one.
 */
export const SCRIPT = `${ROOT}; ${LIVE}
nonce=$3 release=$4 php=$5; shift 5
LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin; export PATH
cd "\${root:-/}" 2>/dev/null
limited() { if command -v timeout >/dev/null 2>&1; then timeout 2 "$@"; else "$@"; fi; }
begin() {
  printf '\\n%s %s' "$nonce" "$1"; shift
  for word; do printf ' %s.' "$(printf %s "$word" | base64 | tr -d '\\n')"; done
  printf '\\n'
}
said() { begin "$1"; shift; "$@" 2>/dev/null </dev/null | head -c 65536 | base64; }
log() {
  [ -e "$2" ] || return 0
  file=$(readlink -f -- "$2" 2>/dev/null) || file=$2
  if [ ! -f "$2" ] || [ ! -r "$2" ]; then begin denied "$1" "$file"; return 0; fi
  size=$(wc -c <"$2") count=
  if [ "$size" -le ${MOST_COUNTED} ]; then count=$(wc -l <"$2"); fi
  begin log "$1" "$file" "$(stat -Lc %Y -- "$2" 2>/dev/null)" "$size" "$count"
  tail -c ${MOST_BYTES} -- "$2" | base64
}
keys() { [ -f "$1" ] && awk '${KEYS.replaceAll("'", "'\\''")}' "$1"; }
services() {
  limited systemctl show -p Id -p ActiveState -p UnitFileState nginx php$php-fpm mysql mariadb postgresql redis-server supervisor |
    awk '${SERVICES.replaceAll("'", "'\\''")}'
}
kernel() { { limited dmesg -T || limited journalctl -k -n 5000 --no-pager || tail -c 262144 /var/log/kern.log; } | grep -aiE 'out of memory|oom-kill|oom killer' | tail -n 50; }
app=$live
if [ -n "$release" ] && [ -d "$root/releases/$release" ]; then app=$root/releases/$release; fi
link=; if [ -L "$root/current" ] && [ ! -e "$root/current" ]; then link=$(readlink "$root/current"); fi
begin site "$root" "$link" "$(if [ -e "$live/storage/framework/down" ] || [ -e "$root/shared/storage/framework/down" ]; then echo down; fi)" "$(date '+%s %z')"
said space limited df -Pk "\${root:-/}" / /tmp /var/log
said inodes limited df -Pi "\${root:-/}" / /tmp /var/log
said memory limited free -b
if [ -n "$php" ] && command -v "php$php" >/dev/null 2>&1; then said php limited "php$php" -v; else said php limited php -v; fi
if [ -f "$app/composer.json" ]; then said composer cat "$app/composer.json"; fi
said example keys "$app/.env.example"
for each in "$root/shared/.env" "$live/.env"; do if [ -f "$each" ] && [ -r "$each" ]; then said env keys "$each"; break; fi; done
said services services
said supervisor limited supervisorctl status
said kernel kernel
while [ $# -gt 1 ]; do
  case $2 in /*) log "$1" "$2" ;; *) if [ -n "$root" ]; then log "$1" "$root/$2"; fi ;; esac
  shift 2
done
for base in "$root/shared" "$live"; do
  newest=
  for each in "$base"/storage/logs/laravel-[0-9]*.log; do [ -f "$each" ] && newest=$each; done
  if [ -n "$root" ] && [ -n "$newest" ]; then log laravel "$newest"; fi
done
begin end`;
