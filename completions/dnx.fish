# Completion of dnx for fish. dnx says what to offer.
function __dnx_complete
    set -l words (commandline -opc)
    set -l line (commandline -b)
    set -l current (commandline -ct)
    set -l dnx $words[1]
    command -q "$dnx"; or set dnx dnx
    set -e words[1]
    set -l reply (command $dnx __complete fish "$line" $words "$current" 2>/dev/null </dev/null)
    switch "$reply[1]"
        case program
            set -l rest (string escape -- $words[$reply[2]..-1])
            test $reply[2] -gt (count $words); and set -e rest
            complete -C (string join " " -- $rest $current)
            return
        case files
            printf '%s\n' (string sub -l $reply[2] -- $current)(__fish_complete_path (string sub -s (math $reply[2] + 1) -- $current))
    end
    set -e reply[1..2]
    test (count $reply) -gt 0; and printf '%s\n' $reply
end
for name in dnx deploynix deploynix-cli
    complete -c $name -f -a '(__dnx_complete)'
end
