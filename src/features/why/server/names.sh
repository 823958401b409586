# shellcheck shell=sh
# Prints the names of the variables in a dotenv file, a = after one that is empty, and nothing else of it: values stay on the server, and
# so do their further lines. It reads as phpdotenv does, which looks for quotes in comments and plain values, too, and stops, with a
# failure, at what phpdotenv refuses.
names_in() {
  tr '\r\000' '\n\001' <"$1" | awk '
    function trimmed(text) {
      sub(/^[ \t\n\v\001]+/, "", text)
      sub(/[ \t\n\v\001]+$/, "", text)
      return text
    }
    # True if so many quotes in a line have neither a backslash before them nor the beginning of the line.
    function closes(text, quotes, at, count) {
      if (text == "\"") return 1
      gsub(/\\\\/, "", text)
      for (at = 2; at <= length(text); at++) if (substr(text, at, 1) == "\"" && substr(text, at - 1, 1) != "\\") count++
      return count >= quotes
    }
    # Whether there is a value: "" or "full"; "bad" if phpdotenv refuses it.
    function read_value(text, state, at, char, full) {
      state = "initial"
      for (at = 1; at <= length(text); at++) {
        char = substr(text, at, 1)
        if (state == "initial" && char == "\"") state = "double"
        else if (state == "initial" && char == "\047") state = "single"
        else if (state == "initial" || state == "unquoted") {
          if (char == "#") state = "comment"
          else if (char ~ /[ \t\f\v\n]/) {
            if (state == "initial") return "bad"
            state = "after"
          } else {
            state = "unquoted"
            full = "full"
          }
        } else if (state == "double" || state == "single") {
          if (char == (state == "double" ? "\"" : "\047")) state = "after"
          else if (state == "double" && char == "\\") state = "escape"
          else full = "full"
        } else if (state == "escape") {
          if (char !~ /["\\$fnrtv]/) return "bad"
          state = "double"
          full = "full"
        } else if (state == "after") {
          if (char == "#") state = "comment"
          else if (char !~ /[ \t\f\v\n]/) return "bad"
        }
      }
      return state == "double" || state == "single" || state == "escape" ? "bad" : full
    }
    function take(piece, at, name, value) {
      if (trimmed(piece) ~ /^(#|$)/) return
      at = index(piece, "=")
      name = at ? trimmed(substr(piece, 1, at - 1)) : piece
      if (length(name) > 8 && name ~ /^export[ \t\n\f\v]/) {
        name = substr(name, 7)
        sub(/^[ \t\n\v\001]+/, "", name)
      }
      if (name ~ /^".+"$/ || name ~ /^\047.+\047$/) name = substr(name, 2, length(name) - 2)
      value = at ? read_value(trimmed(substr(piece, at + 1))) : ""
      if (name !~ /^[A-Za-z0-9_.]+$/ || value == "bad") {
        refused = 1
        return
      }
      if (!(name in place)) {
        place[name] = ++count
        names[count] = name
      }
      mark[name] = value == "full" ? "" : "="
      present[name] = at
    }
    NR == 1 { sub(/^\357\273\277/, "") }
    refused { next }
    open { piece = piece "\n" $0 }
    !open { piece = $0 }
    {
      open = open ? !closes($0, 1) : index($0, "=\"") && !closes($0, 2)
      if (!open) take(piece)
    }
    END {
      for (each = 1; each <= count; each++) if (present[names[each]]) print names[each] mark[names[each]]
      exit refused + 0
    }
  '
}
