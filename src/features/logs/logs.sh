# shellcheck shell=sh disable=SC1007,SC2154,SC2231,SC3013
# Reads logs on a server, as `tail -n` and `tail -F` do, but says which bytes of which file it sends, so that another connection can go on
# where this one was lost. Follows remote/site.sh and read.sh. connection.ts reads what it prints. Arguments: those of find_site,
# the number of entries (empty: go on), `follow` or nothing, the live release so far, the offsets and the files so far, the pattern that the
# first line of an entry matches (empty: every line is one), `search` or nothing, the six words of entries.ts, and four words for each
# candidate: see candidatesOf in logs.ts. Arrives on standard input, so that it is in no list of processes.
export LC_ALL=C
nl=$(printf "\nx"); nl=${nl%x}
lines=$3 follow=$4 at=$5 known=$nl$6 was=$nl$7 head=$8 search=$9
candidate=$1 domain=$2 linked= rotated= rotation= measured=
shift 9
most=$1 since=$2 until=$3 level=$4 pattern=$5 flags=$6
shift 6

say() { printf "%s\n" "$*"; }

# Finds the site, and sets now to its live release. While a deployment replaces the link to it, that is the release before.
look() {
  find_site "$candidate" "$domain"
  if [ -d "$root/current" ]; then linked=1
  elif [ -n "$linked" ]; then live=$at
  fi
  now=$([ -z "$live" ] || { cd -P "$live" 2>/dev/null && pwd -P; })
}

# Takes a candidate: each.
add() {
  case $each in *"$nl"*) return 0 ;; esac
  parent=${each%/*}/
  if [ -f "$each" ] && [ -r "$each" ]; then
    all=$all$each$nl
    [ -n "$chosen" ] || chosen=$group
    [ "$chosen" = "$group" ] || return 0
    if [ -n "$rotation" ]; then
      older=$older$each$nl
      return 0
    fi
    grouped=$grouped$each$nl
    if [ -z "$newest" ] || [ "$each" -nt "$newest" ]; then newest=$each; fi
  elif [ -n "$chosen" ] && [ "$chosen" != "$group" ]; then
    return 0
  elif [ -f "$each" ]; then
    chosen=$group
    unreadable=$unreadable$each$nl
  elif [ -n "$rotation" ]; then
    return 0
  elif [ -d "$parent" ] && { [ ! -x "$parent" ] || { [ "$kind" = glob ] && [ ! -r "$parent" ]; }; }; then
    unreadable=$unreadable$each$nl
  elif [ "$kind" = path ]; then
    missing=$missing$each$nl
  fi
}

# Takes the files of a candidate from before a rotation: those with a number or a date, and those that are compressed.
add_rotated() {
  rotation=1 day="[0-9][0-9][0-9][0-9]"
  if [ "$kind" != glob ]; then
    name=$(printf %s "$name" | sed "s/[][\\\\*?]/\\\\&/g")
    [ ! -x "$parent" ] || [ -r "$parent" ] || [ "$chosen" != "$group" ] || unreadable="$unreadable$parent*$nl"
  fi
  for each in "$dir"${name}[.-][0-9]* "$dir"$name.gz "$dir"${name%.log}[.-]$day*.log "$dir"${name%.log}[.-]$day*.log.gz; do add; done
  rotation=
}

# Finds the files of the first group that has any (grouped), those to show first (files), those of all groups (all), and what cannot be shown.
# With `rotated`, those of before a rotation, too (older).
find_files() {
  grouped= older= all= chosen= newest= missing= unreadable=
  while [ $# -ge 4 ]; do
    group=$1 kind=$2 dir=$3 name=$4
    shift 4
    case $dir in
      root:*) [ -n "$root" ] || continue; dir=${root%/}/${dir#root:} ;;
      home:) dir=$HOME/ ;;
      live:*) [ -n "$live" ] || continue; dir=${live%/}/${dir#live:} ;;
    esac
    IFS=
    if [ "$kind" = glob ]; then
      for each in "$dir"$name; do add; done
    else
      each=$dir$name
      add
    fi
    if [ -n "$rotated" ]; then add_rotated; fi
    unset IFS
  done
  case $chosen in *newest) files=$newest$nl ;; *) files=$grouped ;; esac
}

# Prints id, size, time and path of the files in a list. A slash ends the path.
measured() {
  list=$1
  set --
  while IFS= read -r each; do [ -z "$each" ] || set -- "$@" "$each"; done <<END
$list
END
  [ $# -eq 0 ] || stat -L -c "%d:%i:%W %s %Y %n/" -- "$@" 2>/dev/null
}

# Sets off to the offset of a file so far; empty if it is new.
offset_of() {
  off=
  case $known in *"$nl$1 "*) off=${known#*"$nl$1 "}; off=${off%%"$nl"*} ;; esac
}

remember() {
  case $known in
    *"$nl$1 "*) before=${known%%"$nl$1 "*} after=${known#*"$nl$1 "}; known=$before$nl$1\ $2$nl${after#*"$nl"} ;;
    *) known=$known$1\ $2$nl ;;
  esac
}

# Sets label to the path as a user knows it.
label_of() {
  label=$1
  if [ -n "$linked" ]; then
    case $1 in "$live"/*) label=${root%/}/current/${1#"$live/"} ;; esac
  fi
}

# Sends a file from off to size.
send() {
  while [ "$off" -lt "$size" ]; do
    part=$((size - off))
    [ "$part" -le 1000000 ] || part=1000000
    say F "$id" "$off" "$label"
    tail -c "+$((off + 1))" -- "$path" | head -c "$part" | sed "s/^/ /"
    printf "\nE\n"
    off=$((off + part))
    sent=1
  done
  remember "$id" "$off"
}

# Sends what was written to a file before it was renamed.
send_renamed() {
  case $was in *" $label/$nl"*) ;; *) return 0 ;; esac
  old=${was%%" $label/$nl"*}; old=${old##*"$nl"}
  [ "$old" != "$id" ] || return 0
  new=$id\ $size\ 0\ $path live_path=$path
  offset_of "$old"
  others=
  for each in "${path%/*}/"*; do case $each in *"$nl"*) ;; *) others=$others$each$nl ;; esac; done
  renamed=$(measured "$others" | grep "^$old " | head -n 1)
  if [ -n "$off" ] && [ -n "$renamed" ]; then
    id=$old size=${renamed#* } path=${renamed#* * * }
    size=${size%% *} path=${path%/}
    [ "$size" -le "$off" ] || send
  fi
  [ -n "$switched" ] || each_rotated send_whole
  again
}

# Goes on with the file that was put aside.
again() {
  id=${new%% *} size=${new#* } path=${new#* * * }
  size=${size%% *}
}

send_whole() { off=0; send; }
know() { remember "$id" "$size"; }

# Does something with each file of a log from before a rotation that is not known, from the oldest on. Leaves out what is compressed.
each_rotated() {
  rotated=$(measured "$(ls -1dtr -- "$live_path"[.-][0-9]* 2>/dev/null)")
  while IFS=" " read -r id size _ path; do
    path=${path%/}
    case $path in "" | *.gz | *.bz2 | *.xz | *.zst) continue ;; esac
    offset_of "$id"
    [ -n "$off" ] || "$1"
  done <<END
$rotated
END
  rotated=
}

place() {
  case $was in *" $label/$nl"*) before=${was%%" $label/$nl"*}; was=${before%"$nl"*}$nl${was#*" $label/$nl"} ;; esac
  was=$was$id\ $label/$nl
}

# Sends what is new in all files. Looks only at those that have changed.
send_new() {
  find_files "$@"
  found=$(measured "$grouped")
  changed=$({ printf "%s\n=\n" "$measured"; printf "%s\n" "$found"; } |
    awk "\$0 == \"=\" { new = 1; next } !new { seen[\$0] = 1; next } !(\$0 in seen)")
  measured=$found
  while IFS=" " read -r id size _ path; do
    [ -n "$id" ] || continue
    path=${path%/}
    label_of "$path"
    send_renamed
    offset_of "$id"
    if [ -n "$off" ] && [ "$size" -lt "$off" ]; then
      # A copy of what it had is not new.
      new=$id\ $size\ 0\ $path live_path=$path
      each_rotated know
      again
      off=0
    fi
    off=${off:-0}
    send
    place
  done <<END
$changed
END
}

# Says that a file cannot be read, by this user, and which group could read what is in the way.
refuse() {
  barrier=$1
  [ -f "$1" ] || barrier=${1%/*}/
  by=$(stat -L -c "%A %G" -- "$barrier" 2>/dev/null)
  case $by in *\ root | *\ UNKNOWN) by= ;; ????r*) by=${by#* } ;; *) by= ;; esac
  say U "$(id -un 2>/dev/null):$by" "$1"
}

# Says which files were rotated or truncated during the search.
say_rotated() {
  moved=$({ measured "$all"; printf "=\n%s\n" "$measured"; } | awk "
    { name = \$0; sub(/^[^ ]* [^ ]* [^ ]* /, \"\", name) }
    \$0 == \"=\" { before = 1; next }
    !before { id[name] = \$1; size[name] = \$2; next }
    \$1 != id[name] || \$2 > size[name] { print substr(name, 1, length(name) - 1) }")
  while IFS= read -r each; do
    label_of "$each"
    case $nl$grouped$older in *"$nl$each$nl"*) say X moved "$label" ;; esac
  done <<END
$moved
END
}

# Says what cannot be shown and where it begins, and sends what there is.
survey() {
  rotated=$search$follow
  find_files "$@"
  rotated=
  while IFS= read -r each; do [ -z "$each" ] || refuse "$each"; done <<END
$unreadable
END
  printf %s "$missing" | sed "s/^/M /"
  [ -n "$root" ] || say D
  measured=$(measured "$all")
  # The oldest first; of two from the same second, the one with the higher number.
  [ -z "$search" ] || measured=$(printf "%s\n" "$measured" |
    awk "{ name = \$0; sub(/(\.(gz|bz2|xz|zst))?\/\$/, \"\", name); print match(name, /\.[0-9]+\$/) ? -substr(name, RSTART + 1) : 0, \$0 }" |
    sort -s -n -k 4,4 -k 1,1 | cut -d " " -f 2-)
  { printf %s "$files" | sed "s/^/L /"; printf %s "$grouped$older" | sed "s/^/O /"; printf "%s\n" "$measured"; } |
    head=$head most=$most search=$search follow=$follow root=$root live=$live linked=$linked zone=$zone \
      since=$since until=$until level=$level pattern=$pattern flags=$flags awk "$read_files" &
  # A search may print nothing for long, so nothing else tells it that nobody reads it any more.
  wait "$!" || { [ -z "$search" ] || kill "$!"; wait "$!"; } 2>/dev/null
  [ -z "$search" ] || say_rotated
  [ -n "$follow" ] || return 0
  known=$nl$(printf "%s\n" "$measured" | awk "!seen[\$1]++ { print \$1, \$2 }")$nl
  while IFS=" " read -r id size _ path; do
    label_of "${path%/}"
    was=$was$id\ $label/$nl
  done <<END
$measured
END
}

# A login shell may have printed something without a newline.
printf "\n%s\n" "dnx-logs 1"
zone=$(date +%z)
say Z "$zone"
# Its input ends with the connection or before: then over is set. What is left is sent, even if nobody writes any more.
over=
trap "over=1" TERM
exec 3<&0
{ cat <&3 >/dev/null; kill $$; } >/dev/null 2>&1 &
exec 3<&- </dev/null
look
live=${at:-$now} at=${at:-$now}
say L "$live"
if [ -n "$lines" ]; then survey "$@"; else say S; fi
if [ -z "$follow" ]; then
  say Q
  exit 0
fi

idle=0 begun= switched=
while :; do
  last=$over sent=
  look
  live=${at:-$now}
  send_new "$@"
  if [ -n "$now" ] && [ "$now" != "$live" ]; then
    live=$now
    say R "$now"
    switched=1
    send_new "$@"
    switched=
  fi
  at=$live
  [ -n "$begun" ] || say B
  begun=1
  if [ -n "$last" ]; then
    say Q
    exit 0
  fi
  if [ -n "$sent" ]; then idle=0; fi
  [ "$((idle % 20))" -ne 1 ] || say .
  idle=$((idle + 1))
  [ -n "$over" ] || sleep 0.5 2>/dev/null || sleep 1
done
