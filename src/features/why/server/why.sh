# shellcheck shell=sh disable=SC2034,SC2154
# Prints what tells why a site fails, and changes nothing: it reads files and asks the system, and runs no code of the application.
# Follows remote/sections.sh, remote/site.sh, names.sh and health.sh. Arguments: those of find_site, the release, the PHP version, the most
# bytes of a log to send, and the source and path of each log.
find_site "$1" "$2"
release=$3 php=$4 most=$5
shift 5
cd "${root:-/}" 2>/dev/null || :

# A section with the end of a log.
log() {
  [ -e "$2" ] || return 0
  file=$(readlink -f -- "$2" 2>/dev/null) || file=$2
  if [ ! -f "$2" ] || [ ! -r "$2" ]; then
    begin denied "$1" "$file"
    return 0
  fi
  size=$(wc -c <"$2") count=
  # To count the lines, all of it is read.
  if [ "$size" -le 268435456 ]; then count=$(wc -l <"$2"); fi
  begin log "$1" "$file" "$(stat -Lc %Y -- "$2" 2>/dev/null)" "$size" "$count"
  tail -c "$most" -- "$2" | base64
}

# The programs of Supervisor that work in the directory of the site, or of one beside it.
programs() {
  cat /etc/supervisor/supervisord.conf /etc/supervisord.conf /etc/supervisor/conf.d/*.conf /etc/supervisord.d/*.ini | awk -v root="$root/" '
    function said() {
      if (name != "" && index(text, root)) print "own", name
      else if (name != "" && index(text, parent)) print "other", name
      name = text = ""
    }
    BEGIN { parent = root; sub(/[^\/]+\/$/, "", parent) }
    /^\[/ { said() }
    /^\[program:/ { name = $0; sub(/^\[program:[ \t]*/, "", name); sub(/[ \t]*\].*/, "", name) }
    /^(directory|command|stdout_logfile|stderr_logfile)[ \t]*=/ { sub(/[ \t]*$/, ""); text = text " " $0 "/" }
    END { said() }
  '
}

# The processes of Artisan that keep running in a directory of the site, and that of an older release if they began there.
workers() {
  here=$(cd "$live" && pwd -P) top=$(cd "$root" && pwd -P)
  ps -eo pid=,etimes=,args= | while read -r pid seconds program args; do
    case $program:$args in *php*:*artisan\ queue:[wl]* | *php*:*artisan\ horizon* | *php*:*artisan\ reverb:s* | *php*:*artisan\ octane:s* | *php*:*artisan\ pulse:*) ;; *) continue ;; esac
    directory=$(readlink "/proc/$pid/cwd") || continue
    case $directory/ in "$here"/*) age=live ;; "$top"/releases/*) age=old ;; "$top"/*) age=live ;; *) continue ;; esac
    printf '%s %s %s %s\n' "$age" "$seconds" "${directory%% *}" "artisan ${args#*artisan }"
  done
}

# What Laravel writes to and this user cannot. PHP-FPM may run as another user, who owns it.
unwritable() {
  fpm=$(ps -eo user:32=,comm= | awk '$2 ~ /^php-fpm/ && $1 != "root" { print $1; exit }')
  for each in storage storage/logs storage/logs/laravel.log storage/framework storage/framework/views storage/framework/cache storage/framework/sessions bootstrap/cache; do
    if [ ! -e "$live/$each" ] || [ -w "$live/$each" ]; then continue; fi
    if [ -n "$fpm" ] && [ -n "$(find -L "$live/$each" -prune -user "$fpm" -perm -u+w)" ]; then continue; fi
    (cd "$live" && ls -ldL "$each")
  done
}

app=$live
if [ -n "$release" ] && [ -d "$root/releases/$release" ]; then app=$root/releases/$release; fi
link=
if [ -L "$root/current" ] && [ ! -e "$root/current" ]; then link=$(readlink "$root/current"); fi
down=
if [ -e "$live/storage/framework/down" ] || [ -e "$root/shared/storage/framework/down" ]; then down=down; fi
begin site "$root" "$link" "$down" "$(date '+%s %z')"
disks "${root:-/}" / /tmp /var/log
said memory limited free -b
if [ -n "$php" ] && command -v "php$php" >/dev/null 2>&1; then said php limited "php$php" -v; else said php limited php -v; fi
if [ -f "$app/composer.json" ]; then said composer cat "$app/composer.json"; fi
if [ -f "$app/.env.example" ]; then said example names_in "$app/.env.example"; fi
for each in "$root/shared/.env" "$live/.env"; do
  if [ ! -f "$each" ] || [ ! -r "$each" ]; then continue; fi
  if names=$(names_in "$each"); then said env printf '%s\n' "$names"; else begin refused "$each"; fi
  break
done
said services site_units "php$php-fpm"
said supervisor limited supervisorctl status
if [ -n "$root" ]; then
  said programs programs
  said workers workers
  said unwritable unwritable
fi
said kernel kernel
while [ $# -gt 1 ]; do
  case $2 in
    /*) log "$1" "$2" ;;
    *) if [ -n "$root" ]; then log "$1" "$root/$2"; fi ;;
  esac
  shift 2
done
# The last two daily logs: what failed before midnight is in the first of them.
for base in "$root/shared" "$live"; do
  before='' newest=''
  for each in "$base"/storage/logs/laravel-[0-9]*.log; do if [ -f "$each" ]; then before=$newest newest=$each; fi; done
  for each in "$newest" "$before"; do if [ -n "$root" ] && [ -n "$each" ]; then log laravel "$each"; fi; done
done
begin end
