#!/bin/bash -p
# jetbackup-ssh-gate: what a key that starts JetBackup's backups may do on this server, and nothing else.
#
# The forced command of that key in authorized_keys; sshd puts what the client asked for into SSH_ORIGINAL_COMMAND:
#
#   restrict,command="/usr/local/bin/jetbackup-ssh-gate.sh" ssh-ed25519 AAAA... jbr
#
# Arguments of the forced command narrow what the key may change; it may always read. Once one of them is given, what is
# not named may not be changed:
#
#   --read-only            nothing
#   --jobs ID,ID           these jobs may be started, stopped, enabled and disabled
#   --destinations ID,ID   these destinations may be enabled and disabled
#
# No shell ever sees the request: it is compared with a list of whole forms, and the words of the one that fits are given to
# JetBackup's program as they are. It must fit from its first byte to its last: a gate that looked at the beginning only
# and gave the rest to `bash -c` let `echo x; id` through, as root.
#
# Nothing that the client sends decides how this script runs. `-p` keeps bash from BASH_ENV, ENV, SHELLOPTS, BASHOPTS and
# exported functions; the few variables that it heeds all the same are put right below; no program is found by PATH.
# What is started gets an environment of its own. (What the login shell does before it starts this script is sshd's to
# prevent: see AcceptEnv in docs/security.md.)
#
# Written for bash 4.2 and later, and env of coreutils; nothing else must be there.

# FUNCNEST would end what is under way in the midst, a refusal before it is logged; TMOUT would cut off what is read.
unset -v BASH_COMPAT POSIXLY_CORRECT FUNCNEST TMOUT
# Bytes, and ASCII's order: in another locale [0-9] may hold more than ten digits.
LC_ALL=C
PATH=/usr/bin:/bin
set -uf
cd / || exit 1

# Changed by install.sh --api only, in the copy that it installs.
readonly API=/usr/bin/jetbackup5api
readonly ENV=/usr/bin/env
readonly LOGGER=/usr/bin/logger
readonly TIMEOUT=/usr/bin/timeout

# What the program is started with. JetBackup's own tools are found by it.
readonly API_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
readonly API_HOME=/root

readonly NAME=jetbackup-ssh-gate
# Counted up whenever a request is understood, refused or answered otherwise than before. jbr compares it.
readonly VERSION=1

# No request of jbr's has more than 300 bytes.
readonly REQUEST_LENGTH_MAX=512
# How much of a request is shown in the log and in a refusal.
readonly SHOWN_LENGTH_MAX=300
# How much JetBackup may answer when it is asked whose a queue group is, and for how long.
readonly ANSWER_LENGTH_MAX=65536
readonly ANSWER_WAIT_S=60
# How long that program may take to end once it is told to.
readonly ANSWER_END_S=5
# What stands behind an answer whose program came to its end by itself and well.
readonly ANSWER_WHOLE='(whole)'
# How long the log may take before its process is ended; nothing waits for it.
readonly LOG_WAIT_S=10

# What a request is made of (extended regular expressions).
readonly ID='[0-9A-Za-z]{1,64}'
readonly NUMBER='(0|[1-9][0-9]{0,9})'
readonly PAGE="limit=$NUMBER&skip=$NUMBER"
readonly MODIFY="(action=modify&_id=$ID|_id=$ID&action=modify)&disabled=[01]"
readonly WORD='[0-9A-Za-z][0-9A-Za-z._-]{0,63}'
readonly IDS="$ID(,$ID)*"

# Puts a text into `printable` as one line of visible ASCII. A backslash is doubled, every other byte is \xHH.
printable=
make_printable() {
    local rest=${1:0:SHOWN_LENGTH_MAX} byte code
    printable=
    case $rest in
        *[!\ -~]* | *[\\]*) ;;
        *) printable=$rest rest='' ;;
    esac
    while [[ -n $rest ]]; do
        byte=${rest:0:1}
        rest=${rest:1}
        case $byte in
            [\\]) printable+=$byte$byte ;;
            [\ -~]) printable+=$byte ;;
            *)
                # Some versions of bash give bytes above 127 as negative numbers or code points: the last byte counts.
                printf -v code '%d' "'$byte"
                printf -v code '\\x%02x' "$((code & 255))"
                printable+=$code
                ;;
        esac
    done
    if ((${#1} > SHOWN_LENGTH_MAX)); then printable+=...; fi
}

# Logs ALLOWED or DENIED, and what for. It waits for nothing: a log that is slow, full or missing stops no backup.
log() {
    local client=${SSH_CLIENT-}
    client=${client%% *}
    [[ $client =~ ^[0-9A-Za-z.:%_-]{1,64}$ ]] || client=unknown
    if [[ ! -x $LOGGER ]]; then return 0; fi
    local words=("$LOGGER" -t "$NAME" -p authpriv.notice -- "$1 from $client: $printable")
    if [[ -x $TIMEOUT ]]; then words=("$TIMEOUT" "$LOG_WAIT_S" "${words[@]}"); fi
    # Twice in the background, without sshd's pipes: it is nobody's child, and the connection does not wait for it.
    (exec -c "${words[@]}" &) </dev/null >/dev/null 2>&1
    return 0
}

deny() {
    log DENIED
    printf 'ERROR: Command not allowed: %s\n' "$printable" >&2
    exit 1
}

# JetBackup's program takes this process's place, with these words.
run_api() {
    log ALLOWED
    if [[ ! -x $API ]]; then
        # As a shell says it: jbr knows these words.
        printf '%s: jetbackup5api: command not found\n' "$NAME" >&2
        exit 127
    fi
    exec -c "$ENV" PATH="$API_PATH" HOME="$API_HOME" "$API" "$@" </dev/null
}

# Whether the id is in a list with commas around each.
is_in() {
    [[ $2 == *",$1,"* ]]
}

# What JetBackup's program says to these words, within ANSWER_WAIT_S where that can be limited, and ANSWER_WHOLE.
answer_of() {
    local words=("$API" "$@")
    if [[ -x $TIMEOUT ]]; then words=("$TIMEOUT" -k "$ANSWER_END_S" "$ANSWER_WAIT_S" "${words[@]}"); fi
    (exec -c "$ENV" PATH="$API_PATH" HOME="$API_HOME" "${words[@]}" </dev/null 2>/dev/null) && printf '%s' "$ANSWER_WHOLE"
}

# Whether a queue group is a backup of a job that may be stopped. JetBackup is asked for it, and the ids in its answer must be
# the group's own and those of such jobs, whatever else it holds. In JSON a quote inside of a text has a backslash before it,
# so no name can pass for an id. An answer that was cut off is none: the id of another job may have stood in the rest.
is_group_of_own_job() {
    local group=$1 answer='' found=''
    # read succeeds where more came than it was told to take, or a zero byte, after which it takes nothing.
    if read -r -d '' -n "$ANSWER_LENGTH_MAX" answer < <(answer_of -F getQueueGroup -D "_id=$group" -O json); then
        return 1
    fi
    [[ $answer == *"$ANSWER_WHOLE" ]] || return 1
    answer=${answer%"$ANSWER_WHOLE"}
    [[ $answer =~ \}[[:space:]]*$ ]] || return 1
    local key='"_id"[[:space:]]*:[[:space:]]*("[^"\\]*"|[^"])'
    while [[ $answer =~ $key ]]; do
        answer=${answer#*"${BASH_REMATCH[0]}"}
        local id=${BASH_REMATCH[1]#\"}
        id=${id%\"}
        if [[ $id == "$group" ]]; then continue; fi
        [[ $id =~ ^$ID$ ]] && is_in "$id" "$jobs" || return 1
        found=yes
    done
    [[ -n $found ]]
}

# Whether the key's own arguments permit a function to change the one thing that its parameters name.
is_in_scope() {
    local function=$1 id=$2
    case $function in
        get* | list*) return 0 ;;
    esac
    if [[ -n $read_only ]]; then return 1; fi
    if [[ -z $scoped ]]; then return 0; fi
    case $function in
        runBackupJobManually | manageBackupJob) is_in "$id" "$jobs" ;;
        manageDestination | manageDestinationState) is_in "$id" "$destinations" ;;
        stopQueueGroup) is_group_of_own_job "$id" ;;
        *) return 1 ;;
    esac
}

# The forms that the parameters of a function may have, as one expression, in `form`; fails for every other function. The first
# form is the one that jbr sends, those after it are the predecessor's and a person's at a prompt.
form=
form_of() {
    case $1 in
        listBackupJobs) form="(sort\[_id]=1&$PAGE|)" ;;
        listDestinations | listSchedules) form="($PAGE|)" ;;
        listQueueGroups) form="(type=1&sort\[created]=-1&$PAGE|type=1)" ;;
        listQueueItems) form="(group_id=$ID&$PAGE|group_id=$ID)" ;;
        listLogs) form="(find\[type]=1(&find\[info[.]ID]=$ID)?&sort\[start_time]=-1&$PAGE|limit=$NUMBER(&type=1)?)" ;;
        getBackupJob | getDestination | getLog) form="_id=$ID" ;;
        getQueueGroup) form="_id=$ID(&get_log_contents=1)?" ;;
        getSettingsPerformance) form='' ;;
        runBackupJobManually | stopQueueGroup) form="_id=$ID" ;;
        manageBackupJob | manageDestination) form="$MODIFY" ;;
        manageDestinationState) form="_id=$ID&disabled=[01]" ;;
        *) return 1 ;;
    esac
}

# A call of JetBackup's program: jbr puts the parameters in single quotes, the predecessor in double ones, and both mean the
# same where nothing inside of them means anything to a shell.
readonly CALL="^jetbackup5api -F ([A-Za-z]{1,64})( -D ('([^'\"]*)'|\"([^'\"]*)\"))?( -O json)?$"

handle_call() {
    [[ $request =~ $CALL ]] || deny
    local function=${BASH_REMATCH[1]} has_data=${BASH_REMATCH[2]} has_output=${BASH_REMATCH[6]}
    local data=${BASH_REMATCH[4]}${BASH_REMATCH[5]} id='' words
    form_of "$function" || deny
    [[ $data =~ ^$form$ ]] || deny
    # `-D ''` is no form of anything.
    if [[ -n $has_data && -z $data ]]; then deny; fi
    if [[ $data =~ (^|&)_id=([0-9A-Za-z]+)(&|$) ]]; then id=${BASH_REMATCH[2]}; fi
    is_in_scope "$function" "$id" || deny
    words=(-F "$function")
    if [[ -n $data ]]; then words+=(-D "$data"); fi
    if [[ -n $has_output ]]; then words+=(-O json); fi
    run_api "${words[@]}"
}

# The connectivity test, answered here.
readonly ECHO="^echo (($WORD)|\"($WORD)\"|'($WORD)')$"

handle_echo() {
    [[ $request =~ $ECHO ]] || deny
    local word=${BASH_REMATCH[2]}${BASH_REMATCH[3]}${BASH_REMATCH[4]}
    log ALLOWED
    printf '%s\n' "$word"
}

# `jetbackup-ssh-gate 1`, then the key's scopes if it has any: `read-only`, or `jobs=... destinations=...` with the ids or `none`.
handle_version() {
    local said="$NAME $VERSION" list
    if [[ -n $read_only ]]; then
        said+=' read-only'
    elif [[ -n $scoped ]]; then
        list=${jobs#,} && list=${list%,} && said+=" jobs=${list:-none}"
        list=${destinations#,} && list=${list%,} && said+=" destinations=${list:-none}"
    fi
    log ALLOWED
    printf '%s\n' "$said"
}

# What the arguments of the forced command let the key change: into these, with commas around each id.
read_only='' scoped='' jobs=, destinations=,
read_scopes() {
    while (($# > 0)); do
        case $1 in
            --read-only)
                read_only=yes
                shift
                continue
                ;;
            --jobs | --destinations) ;;
            *) return 1 ;;
        esac
        [[ ${2-} =~ ^$IDS$ ]] || return 1
        scoped=yes
        if [[ $1 == --jobs ]]; then jobs+=$2,; else destinations+=$2,; fi
        shift 2
    done
}

main() {
    request=${SSH_ORIGINAL_COMMAND-}
    make_printable "${request:-(no command)}"
    if ! read_scopes "$@"; then
        # Whoever wrote authorized_keys wanted less than everything: nothing, until it says what.
        printable="(all is refused: the forced command of this key has arguments that the gate does not know) $printable"
        deny
    fi
    if ((${#request} > REQUEST_LENGTH_MAX)); then deny; fi
    case $request in
        *[!\ -~]*) deny ;;
        'jetbackup5api '*) handle_call ;;
        'echo '*) handle_echo ;;
        gate-version) handle_version ;;
        *) deny ;;
    esac
}

# bash reads a script while it runs it: nothing happens before all of this has been read, and what stands behind it, or is
# written there meanwhile, is not read any more. In braces: cut off anywhere, the line is none.
{ main "$@"; exit; }

# The end of the gate: what was cut off on its way lacks this line.
