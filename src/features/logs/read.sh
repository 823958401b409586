# shellcheck shell=sh disable=SC2016,SC2034
# The program of awk that reads files for logs.sh: one process, however many files there are. It says where it begins in each of them, then
# sends their last entries, or those of a search. A search leaves out only what dnx would leave out, too. Its input has the
# paths of the files to show, after an L, and of those from before a rotation, after an O; then the id, size, time and path of each, and a
# slash. It has no intervals in patterns, which old versions of mawk do not know.
read_files='
function plain(n) { return sprintf("%.0f", n) }

function quoted(word,   count, pieces, i, all) {
  count = split(word, pieces, quote)
  all = pieces[1]
  for (i = 2; i <= count; i++) all = all quote "\\" quote quote pieces[i]
  return quote all quote
}

function label_of(name) {
  if (linked && index(name, live "/") == 1) name = root "/current" substr(name, length(live) + 1)
  return name
}

# With a filter, that of tr: what was truncated while a program wrote to it may begin with gigabytes of zeros, and no newline.
function open_at(i, from, bytes, filter) {
  piped = tool[i] != "" || from > 0 || (filter != "" && size[i] > 1000000)
  source = path[i]
  if (tool[i] != "") source = tool[i] " -dc <" quoted(path[i]) " 2>/dev/null"
  else if (piped) source = "tail -c +" plain(from + 1) " -- " quoted(path[i]) " 2>/dev/null | head -c " plain(bytes) filter
}

function next_line() { return piped ? (source | getline line) : (getline line <source) }

# Where the last entries begin, or the last lines of a file without entries. Looks at no more of it than it must.
function last_of(i,   window, whole, at, heads, all, start, from) {
  if (most == 0) return size[i]
  for (window = 65536; ; window *= 8) {
    if (window > size[i]) window = size[i]
    whole = window == size[i]
    start = at = size[i] - window
    open_at(i, start, window)
    heads = all = 0
    while (at < size[i] && next_line() > 0) {
      if (head != "" && line ~ head) head_at[++heads % most] = at
      line_at[++all % most] = at
      at += length(line) + 1
    }
    close(source)
    from = start
    if (heads >= most) from = head_at[(heads + 1) % most]
    else if (heads == 0 && all >= most) from = line_at[(all + 1) % most]
    if (whole || (from > start && (heads > 0 || head == "" || window >= 4194304))) return from
  }
}

function send(i, from,   at) {
  say_file(i, from)
  at = from
  open_at(i, from, size[i] - from)
  while (at < size[i] && next_line() > 0) {
    if (at + length(line) > size[i]) line = substr(line, 1, size[i] - at)
    print " " line
    at += length(line) + 1
  }
  close(source)
  # The newline of the last line, if it has one.
  if (at > from && at <= size[i]) print ""
  print "E"
}

function say_file(i, from) { print "F " id[i] " " plain(from) " " label_of(path[i]) }

function days(y, m, d) {
  # Parts of a text are compared as texts.
  if (m + 0 <= 2) { y--; m += 12 }
  return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
}

# The seconds since 1970 of a date such as 2026-01-02 03:04:05, and what names its time zone.
function moment(word, where) {
  sub(/^[.,][0-9]+/, "", where)
  return days(substr(word, 1, 4), substr(word, 6, 2), substr(word, 9, 2)) * 86400 + substr(word, 12, 2) * 3600 + substr(word, 15, 2) * 60 + substr(word, 18, 2) - offset_of(where)
}

# Such as 02/Jan/2026:03:04:05.
function named_moment(word, where) {
  return moment(substr(word, 8, 4) "-" sprintf("%02d", (index("JanFebMarAprMayJunJulAugSepOctNovDec", substr(word, 4, 3)) + 2) / 3) "-" substr(word, 1, 2) " " substr(word, 13), where)
}

function offset_of(word) {
  sub(/^ /, "", word)
  if (word ~ /^(Z|UTC)/) return 0
  if (word !~ /^[-+][0-9][0-9]:?[0-9][0-9]/) return zone
  return (substr(word, 1, 1) "1") * (substr(word, 2, 2) * 3600 + substr(word, 4 + (substr(word, 4, 1) == ":"), 2) * 60)
}

# A time has up to a second more.
function is_outside(at) { return (since != "" && at + 1 < since) || (until != "" && at > until) }

# The time of a line; empty if it is not known.
function time_of(text,   start, at) {
  start = substr(text, 1, 2000)
  if (match(start, DATE "[T ]" CLOCK) && RSTART <= 4) return moment(substr(start, RSTART), substr(start, RSTART + 19))
  if (match(start, "^\\[[0-9][0-9]-[A-Z][a-z][a-z]-[0-9][0-9][0-9][0-9] " CLOCK)) return named_moment(substr(start, 2), substr(start, 22, 4) == " UTC" ? "Z" : "")
  if (text !~ head && match(start, "\\[[0-9][0-9]/[A-Z][a-z][a-z]/[0-9][0-9][0-9][0-9]:" CLOCK " [-+][0-9][0-9][0-9][0-9]\\]")) return named_moment(substr(start, RSTART + 1), substr(start, RSTART + 21))
  at = ""
  # Of the times that a line of JSON has, it may be any.
  while (text ~ /^[{]/ && (at == "" || is_outside(at)) && match(text, JSON)) {
    start = substr(text, RSTART, RLENGTH)
    text = "{" substr(text, RSTART + RLENGTH)
    sub(/^.*":"/, "", start)
    at = moment(start, substr(text, 2, 40) ~ /^[.0-9]*[-+]/ ? substr(text, 2, 40) : "Z")
  }
  return at
}

# Where the entries since a time begin at the latest, if a file is in order but for time zones.
function since_of(i,   low, high, middle, at) {
  high = int(size[i] / 65536)
  while (since != "" && low < high) {
    middle = int((low + high + 1) / 2)
    open_at(i, middle * 65536, 262144)
    at = ""
    next_line()
    while (at == "" && next_line() > 0) at = time_of(line)
    close(source)
    if (at != "" && at < since - ZONES) low = middle
    else high = middle - 1
  }
  low *= 65536
  if (size[i] - low <= limit) return low + 0
  print "C " label_of(path[i])
  return size[i] - limit
}

# Files from before a rotation are of no use if they end before the search, or have the name of a day after it.
function overlaps(i,   name) {
  if (size[i] == 0 || (since != "" && mtime[i] < since - ZONES)) return 0
  if (until == "" || !match(path[i], "[.-]" DATE "\\.log[^/]*$")) return 1
  name = substr(path[i], RSTART + 1)
  return days(substr(name, 1, 4), substr(name, 6, 2), substr(name, 9, 2)) * 86400 - ZONES <= until
}

function is_wanted(text,   at) {
  exact = level == "" && text !~ /^[{]/
  if (since != "" || until != "") {
    at = time_of(text)
    if (at != "" && is_outside(at)) return 0
    if (at == "" || (since != "" && at < since) || (until != "" && at + 1 > until)) exact = 0
  }
  if (text !~ /^[{]/) text = substr(text, 1, 2000)
  return level == "" || tolower(text) ~ level
}

function matches(text) {
  if (pattern == "") return 1
  if (!folded) return text ~ pattern
  # Two letters beyond ASCII match letters of ASCII if case does not matter.
  return tolower(text) ~ pattern || index(text, "\305\277") || index(text, "\342\204\252")
}

function put(text) {
  gsub(/\n/, "\n ", text)
  if (most == "") print " " text
  else held[++last] = text
}

# Holds no more than it must, if only the last entries are wanted.
function end_entry() {
  if (!opened) return
  opened = 0
  if (!wanted || !(long || matches(entry))) return
  put(entry)
  if (most == "" || long || !exact || rough) return
  ends[++sure] = last
  if (sure <= most) return
  while (first <= ends[sure - most]) delete held[first++]
  delete ends[sure - most]
}

function search(i, from,   cut, dated, bytes, failed) {
  say_file(i, from)
  open_at(i, from, size[i] - from, " | tr -d \"\\000\"")
  opened = sure = last = 0
  first = 1
  bytes = 0
  cut = from > 0
  while (bytes < limit && next_line() > 0) {
    bytes += length(line) + 1
    # The first line is not whole.
    if (cut && (cut = 0) == 0 && (head == "" || line !~ head)) continue
    if (!dated || line ~ head) {
      end_entry()
      dated = dated || line ~ head
      opened = 1
      long = 0
      wanted = is_wanted(line)
      entry = line
    } else if (wanted && length(entry) > 16384) {
      long = 1
      put(entry)
      entry = line
    } else if (wanted) entry = entry "\n" line
  }
  end_entry()
  failed = close(source)
  while (first <= last) { print " " held[first]; delete held[first++] }
  print "\nE"
  if (follow) print "K " id[i] " " plain(size[i])
  if (tool[i] == "") return
  if (failed > 255) failed = int(failed / 256)
  if (bytes >= limit) print "X large " label_of(path[i])
  else if (failed == 127) print "X " tool[i] " " label_of(path[i])
  else if (failed == 1) print "X corrupt " label_of(path[i])
}

# The name of a log: that of a file without the marks of rotation. See logOf in entries.ts.
function log_of(name) {
  sub(/\.(gz|bz2|xz|zst)$/, "", name)
  sub(/[.-][0-9][0-9][0-9][0-9][0-9-]*\.log$/, ".log", name)
  sub(/[.-][0-9][0-9-]*$/, "", name)
  return name
}

BEGIN {
  quote = sprintf("%c", 39)
  DATE = "[0-9][0-9][0-9][0-9][-/][0-9][0-9][-/][0-9][0-9]"
  CLOCK = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
  JSON = "\"(datetime|@timestamp)\":\"" DATE "[T ]" CLOCK
  # The largest difference of a time zone to UTC.
  ZONES = 50400
  head = ENVIRON["head"]; most = ENVIRON["most"]; searching = ENVIRON["search"]; follow = ENVIRON["follow"]
  root = ENVIRON["root"]; live = ENVIRON["live"]; linked = ENVIRON["linked"]
  since = ENVIRON["since"]; until = ENVIRON["until"]; level = ENVIRON["level"]
  pattern = ENVIRON["pattern"]; folded = ENVIRON["flags"] ~ /i/; rough = ENVIRON["flags"] ~ /r/
  sub(/\/$/, "", root)
  if (most != "") most += 0
  if (since != "") since += 0
  if (until != "") until += 0
  zone = 0
  if (ENVIRON["flags"] !~ /u/) zone = offset_of(ENVIRON["zone"])
  limit = follow ? 33554432 : 268435456
  tools["gz"] = "gzip"; tools["bz2"] = "bzip2"; tools["xz"] = "xz"; tools["zst"] = "zstd"
}

/^[LO] / {
  name = substr($0, 3)
  if (!(name in wanted_as)) wanted_as[name] = $1
  if (!(log_of(name) in rank)) rank[log_of(name)] = ++logs
  next
}

{
  name = $0
  sub(/^[^ ]* [^ ]* [^ ]* /, "", name)
  name = substr(name, 1, length(name) - 1)
  if (name == "" || $1 in known) next
  files++
  known[$1] = 1
  kind[files] = name in wanted_as ? wanted_as[name] : "K"
  id[files] = $1; size[files] = $2 + 0; mtime[files] = $3 + 0; path[files] = name
  if (searching && match(name, /\.[a-z0-9]+$/)) tool[files] = tools[substr(name, RSTART + 1)]
}

END {
  for (i = 1; i <= files; i++) {
    reads[i] = kind[i] == "L" || (kind[i] == "O" && searching && overlaps(i))
    if (!reads[i]) { print "K " id[i] " " plain(size[i]); continue }
    place[i] = rank[log_of(path[i])]
    from[i] = tool[i] != "" ? 0 : searching ? since_of(i) : last_of(i)
    say_file(i, from[i])
  }
  print "S"
  # The files of each log stand in the order of their times.
  for (turn = 1; turn <= logs; turn++) for (i = 1; i <= files; i++) {
    if (!reads[i] || place[i] != turn) continue
    if (searching && (!follow || kind[i] == "O")) search(i, from[i])
    else send(i, from[i])
  }
}'
