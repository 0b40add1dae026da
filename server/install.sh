#!/bin/bash
# Puts the gate (jetbackup-ssh-gate.sh) on this hosting server and makes it the only thing that a key may use. As root:
#
#   install.sh --key KEY [--from PATTERNS] [--read-only] [--jobs ID,ID] [--destinations ID,ID] [--api PATH] [--dry-run]
#   install.sh [--api PATH] [--dry-run]       the gate alone: a newer one, for keys that have it already
#   install.sh --remove [--key KEY] [--from PATTERNS] [--dry-run]
#
#   --key KEY             the public key, as it stands in its .pub file
#   --from PATTERNS       from which addresses the key works (authorized_keys' `from=`); sshd is asked what it does for them
#   --read-only           the key may list, and change nothing
#   --jobs ID,ID          the jobs that the key may start, stop, enable and disable; once --jobs or --destinations is
#   --destinations ID,ID  given, the key may change nothing that they do not name
#   --api PATH            JetBackup's program, where it is not /usr/bin/jetbackup5api
#   --remove              takes the key's line away (without --key: every line with the gate), and the gate with the last
#   --dry-run             shows what would change, and changes nothing
#   --no-other-key        the key may log in without the gate now, and no other key would be left that can: go on, I have
#                         another way in
#   --root DIR            works on the system under DIR (for tests)
#
# It can be piped over ssh, with the gate behind it:
#
#   cat install.sh jetbackup-ssh-gate.sh | ssh root@SERVER bash -s -- --key "'KEY'"
#
# It does the same however often it is run, and waits for another that is at work. It shows every line that it changes, keeps
# the file as it was beside it (before its first change: authorized_keys.before-jbr, before the last one:
# authorized_keys.before-jbr-last), tries the gate before a key depends on it, and changes no line but the key's.

set -efuo pipefail
export LC_ALL=C
umask 022

readonly GATE=/usr/local/bin/jetbackup-ssh-gate.sh
readonly NAME=jetbackup-ssh-gate
# Where this script is; empty where it came through a pipe, for which bash has another word inside of functions.
readonly SCRIPT=${BASH_SOURCE[0]-}
readonly FIRST_LINE='#!/bin/bash -p'
readonly LAST_LINE='# The end of the gate: what was cut off on its way lacks this line.'
readonly API_LINE='readonly API='
readonly API_USUAL=/usr/bin/jetbackup5api
readonly API_OTHER=/usr/local/jetapps/usr/bin/jetbackup5api
readonly HERE=127.0.0.1
readonly ADDRESS='^([0-9]{1,3}([.][0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[0-9A-Za-z._-]+)?)$'
# For how many addresses of --from sshd is asked; each takes a moment.
readonly FROM_ASKED_MAX=15
# How long it waits for another that is at work: none takes longer than a second or two.
readonly LOCK_WAIT_S=5
# What stands for the lock where there is no flock.
readonly LOCK_FOLDER=/root/.jetbackup-ssh-gate.lock
readonly IDS='^[0-9A-Za-z]{1,64}(,[0-9A-Za-z]{1,64})*$'
readonly KEY_TYPE='(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh[.]com)'
readonly KEY="^$KEY_TYPE ([0-9A-Za-z+/]{60,}={0,2})( [ -~]*)?\$"
# What no client may set: with these, or others like them, the login shell runs what a client wants before any forced command.
readonly DANGEROUS=(
    BASH_ENV ENV SHELLOPTS BASHOPTS PS4 SHLVL 'BASH_FUNC_x%%' ZDOTDIR XDG_CONFIG_HOME
    LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT GLIBC_TUNABLES GCONV_PATH LOCPATH
)

say() { printf '%s\n' "$*"; }
note() { printf 'install.sh: %s\n' "$*" >&2; }
warn() { printf 'install.sh: warning: %s\n' "$*" >&2; }
die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

# Text of a file, safe to show.
visible() { printf '%s' "${1//[! -~]/?}"; }

key='' key_type='' key_body='' key_comment='' from='' api='' root='' remove='' dry_run='' no_other_key='' scopes=''
changes=0

# What must not be left behind, however this ends.
temporary='' lock_folder=''
# shellcheck disable=SC2317  # The trap calls it.
clean_up() {
    if [[ -n $temporary ]]; then rm -f "$temporary"; fi
    if [[ -n $lock_folder ]]; then rmdir "$lock_folder"; fi
}

# Two at once would each write the file without the other's line. The kernel's lock goes with the process that has it; what is
# locked is root's own folder, which is there on every server and which others can seldom open.
lock() {
    local busy='another install.sh is at work here'
    if command -v flock >/dev/null; then
        exec 9<"$root/root"
        flock -w "$LOCK_WAIT_S" 9 || die "$busy: run this again when it is done"
    elif mkdir "$root$LOCK_FOLDER"; then
        lock_folder=$root$LOCK_FOLDER
    else
        die "$busy, or one was killed: if none is, rmdir $LOCK_FOLDER and run this again"
    fi
}

read_arguments() {
    while (($# > 0)); do
        case $1 in
            --remove) remove=yes ;;
            --dry-run) dry_run=yes ;;
            --no-other-key) no_other_key=yes ;;
            --read-only) scopes+=" $1" ;;
            --key | --from | --jobs | --destinations | --api | --root)
                (($# > 1)) || die "$1 needs a value"
                take_value "$1" "$2"
                shift
                ;;
            -h | --help)
                say "see the first lines of this script, or server/README.md"
                exit 0
                ;;
            *) die "it does not know $(visible "$1")" ;;
        esac
        shift
    done
    if [[ -n $remove && -n $scopes$api ]]; then die "--remove goes with --key, --from and --dry-run only"; fi
    if [[ -z $remove$key && -n $scopes$from ]]; then die "scopes and --from are a key's: say which with --key"; fi
}

take_value() {
    case $1 in
        --key)
            [[ $2 =~ $KEY ]] ||
                die "this is no public key, or has something before it: give the line of its .pub file in quotes"
            key=$2 key_type=${BASH_REMATCH[1]} key_body=${BASH_REMATCH[4]} key_comment=${BASH_REMATCH[5]}
            ;;
        --from)
            [[ $2 =~ ^[0-9A-Za-z.:*?!,/_-]+$ ]] || die "--from takes addresses, networks and names with commas between them"
            from=$2
            ;;
        --jobs | --destinations)
            [[ $2 =~ $IDS ]] || die "$1 takes ids with commas between them"
            scopes+=" $1 $2"
            ;;
        --api)
            [[ $2 =~ ^/[0-9A-Za-z/._-]+$ ]] || die "--api takes the whole path of a program"
            api=$2
            ;;
        --root)
            [[ -d $2 ]] || die "--root: $(visible "$2") is no folder"
            root=$(readlink -f "$2")
            root=${root%/}
            ;;
    esac
}

# The addresses for which sshd is asked, since it may do other things for other clients (`Match Address`): those from which
# the key is to work, the caller's, and this machine's.
clients=() not_asked=()
find_clients() {
    local word words
    IFS=, read -r -a words <<<"$from"
    for word in ${words[@]+"${words[@]}"}; do
        # From there the key does not work.
        if [[ $word == !* ]]; then continue; fi
        if [[ $word =~ $ADDRESS ]] && ((${#clients[@]} < FROM_ASKED_MAX)); then
            add_client "$word"
        else
            not_asked+=("$word")
        fi
    done
    word=${SSH_CONNECTION-}
    word=${word%% *}
    if [[ $word =~ $ADDRESS ]]; then add_client "$word"; fi
    add_client "$HERE"
}

add_client() {
    local client
    for client in ${clients[@]+"${clients[@]}"}; do
        if [[ $client == "$1" ]]; then return; fi
    done
    clients+=("$1")
}

# What sshd does, as it says itself; and for which clients it said that. Nothing where it cannot be asked.
answers=() answers_for=()
ask_sshd() {
    local client answer answered='' others
    find_clients
    if [[ -x $root/usr/sbin/sshd ]]; then
        find_end
        for client in "${clients[@]}"; do
            if answer=$(ask_for "$client" 2>/dev/null) && [[ -n $answer ]]; then
                keep_answer "$client" "$answer"
                answered+=", $client"
            else
                not_asked+=("$client")
            fi
        done
    fi
    if [[ -z $answered ]]; then
        warn_of_silence
        return
    fi
    note "sshd was asked for clients at ${answered#, }"
    if ((${#not_asked[@]} > 0)); then
        printf -v others ', %s' "${not_asked[@]}"
        note "sshd was not asked for ${others#, }; where sshd_config has a block for them, look at it:" \
            "sshd -T -C user=root,host=ADDRESS,addr=ADDRESS,laddr=$end_address,lport=$end_port"
    fi
}

warn_of_silence() {
    local why="there is no /usr/sbin/sshd" also=''
    if [[ -x $root/usr/sbin/sshd ]]; then
        why=$(ask_for "$HERE" 2>&1 >/dev/null) || true
        # The last line is the one that ended it.
        why=${why##*$'\n'}
    fi
    if [[ -z $remove ]]; then also='; make sure that AcceptEnv names LANG and LC_* only'; fi
    warn "sshd cannot be asked for its settings ($(visible "$why")): keys are looked for in /root/.ssh/authorized_keys and" \
        "authorized_keys2 only$also"
}

# At which address and port of this machine the client arrives: a block of sshd_config may ask for that too.
end_address=$HERE end_port=22
find_end() {
    local words word value
    read -r -a words <<<"${SSH_CONNECTION-}"
    if [[ ${words[2]-} =~ $ADDRESS && ${words[3]-} =~ ^[0-9]{1,5}$ ]]; then
        end_address=${words[2]} end_port=${words[3]}
        return
    fi
    while read -r word value; do
        if [[ $word == port && $value =~ ^[0-9]{1,5}$ ]]; then
            end_port=$value
            return
        fi
    done < <(ask_for "$HERE" 2>/dev/null)
}

ask_for() {
    local host=$1 end=laddr=$end_address,lport=$end_port
    if [[ $1 == "$HERE" ]]; then host=localhost; fi
    "$root/usr/sbin/sshd" -T -C "user=root,host=$host,addr=$1,$end" </dev/null
}

# Mostly all answers are one.
keep_answer() {
    local at
    for ((at = 0; at < ${#answers[@]}; at++)); do
        if [[ ${answers[at]} == "$2" ]]; then
            answers_for[at]+=", $1"
            return
        fi
    done
    answers+=("$2")
    answers_for+=("$1")
}

check_sshd() {
    local at word value whom=''
    for ((at = 0; at < ${#answers[@]}; at++)); do
        if ((${#answers[@]} > 1)); then whom=" (for clients at ${answers_for[at]})"; fi
        while read -r word value; do
            case $word in
                acceptenv) check_accepted "$value" "${answers_for[at]}" ;;
                permitrootlogin)
                    if [[ $value == no ]]; then warn "sshd lets root in by no key (PermitRootLogin no)$whom"; fi
                    ;;
                forcecommand)
                    if [[ $value != none ]]; then
                        warn "sshd's own ForceCommand comes before the gate: $(visible "$value")$whom"
                    fi
                    ;;
            esac
        done <<<"${answers[at]}"
    done
}

# With a setting like `AcceptEnv *` no forced command holds.
check_accepted() {
    local name pattern
    for name in "${DANGEROUS[@]}"; do
        for pattern in $1; do
            # shellcheck disable=SC2053  # The right side is a pattern, and is meant as one.
            if [[ $name == $pattern ]]; then
                die "sshd takes $name from a client at $2 (AcceptEnv $(visible "$1")), and the login shell would heed it" \
                    "before the gate starts: let AcceptEnv name LANG and LC_* only, reload sshd, and run this again"
            fi
        done
    done
}

# The files in which sshd looks for root's keys; the first is the one that is written.
key_files=()
find_key_files() {
    local answer word values value first='' differ=''
    for answer in ${answers[@]+"${answers[@]}"}; do
        while read -r word values; do
            if [[ $word != authorizedkeysfile ]]; then continue; fi
            if [[ -n $first && $first != "$values" ]]; then differ=yes; fi
            first=${first:-$values}
            for value in $values; do add_key_file "$value"; done
        done <<<"$answer"
    done
    if ((${#key_files[@]} == 0)); then
        # sshd's own default.
        add_key_file .ssh/authorized_keys
        add_key_file .ssh/authorized_keys2
    fi
    if [[ -n $differ && -z $remove ]]; then
        warn "sshd reads other files for other clients: the key goes into ${key_files[0]#"$root"}"
    fi
}

add_key_file() {
    local value=$1 known
    if [[ $value == none ]]; then return; fi
    value=${value//%h//root}
    value=${value//%u/root}
    value=${value//%U/0}
    value=${value//%%/%}
    if [[ $value != /* ]]; then value=/root/$value; fi
    for known in ${key_files[@]+"${key_files[@]}"}; do
        if [[ $known == "$root$value" ]]; then return; fi
    done
    key_files+=("$root$value")
}

# sshd takes no key from a file that somebody else may write to, or may put another in the place of (StrictModes); Debian's makes
# an exception of a group that has no other member. Up to root's own folder, as sshd looks.
check_modes() {
    local file path home top known=' ' why='so sshd may take no key from there (StrictModes)'
    if [[ ${answers[*]-} == *'strictmodes no'* ]]; then why='so they can let keys in'; fi
    home=$(readlink -f "$root/root")
    top=$(readlink -f "$root/")
    for file in "${key_files[@]}"; do
        path=$(readlink -f "$file") || path=$file
        while :; do
            if [[ -e $path && $known != *" $path "* ]]; then check_mode "$path" "$why"; fi
            known+="$path "
            if [[ $path == "$home" || $path == "$top" ]]; then break; fi
            path=${path%/*}
            path=${path:-/}
        done
    done
}

check_mode() {
    local owner mode shown=${1#"$root"}
    printf -v shown '%q' "$shown"
    read -r owner mode < <(stat -c '%u %a' "$1")
    if ((8#$mode & 8#22)); then
        warn "others than root may write to $shown (mode $mode), $2: chmod go-w $shown"
    fi
    if ((owner != 0 && owner != EUID)); then
        warn "$shown is not root's (owner $owner), $2: chown root $shown"
    fi
}

# Whether a line of authorized_keys is about the key. sshd takes one too that ends like a line of Windows.
is_about_key() {
    [[ -n $key && "$1 " == *[[:space:]]"$key_body"[[:space:]]* ]] && ! is_comment "$1"
}

is_comment() {
    [[ $1 =~ ^[[:space:]]*(#|$) ]]
}

# The options of a line, in small letters.
options_of() {
    local line=$1
    if [[ $line =~ ^[[:space:]]*${KEY_TYPE}[[:space:]] ]]; then
        options=''
    elif [[ $line =~ ^(.*[^[:space:]])[[:space:]]+${KEY_TYPE}[[:space:]]+AAAA ]]; then
        options=${BASH_REMATCH[1],,}
    else
        return 1
    fi
}

# Whether somebody with this line's key may do anything here.
is_open() {
    local options
    ! is_comment "$1" && options_of "$1" && [[ $options != *command=* && $options != *expiry-time=* ]]
}

has_gate() {
    local options
    ! is_comment "$1" && options_of "$1" && [[ $options == *command=\"${GATE}[\ \"]* ]]
}

# What stands before the key.
restrictions() {
    local version
    version=$(ssh -V 2>&1 </dev/null) || version=''
    # `restrict` came with OpenSSH 7.2. It also takes away what later versions will add.
    if [[ $version =~ OpenSSH_([0-9]+)[.]([0-9]+) ]] &&
        ((BASH_REMATCH[1] < 7 || (BASH_REMATCH[1] == 7 && BASH_REMATCH[2] < 2))); then
        printf 'no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty,no-user-rc'
    else
        printf 'restrict'
    fi
    if [[ -n $from ]]; then printf ',from="%s"' "$from"; fi
    printf ',command="%s%s"' "$GATE" "$scopes"
}

# Reads the gate's text from beside this script, or from behind it in the pipe, into `gate_text`.
gate_text=''
read_gate() {
    local folder=${SCRIPT%/*} beside missing="jetbackup-ssh-gate.sh is neither beside this script nor behind it in the pipe"
    # Started by its name alone, from its own folder.
    if [[ $SCRIPT != */* ]]; then folder=.; fi
    beside=$folder/jetbackup-ssh-gate.sh
    if [[ -n $SCRIPT && -f $beside ]]; then
        gate_text=$(<"$beside")
    elif [[ ! -t 0 ]]; then
        gate_text=$(cat)
    fi
    [[ -n $gate_text ]] || die "$missing: cat install.sh jetbackup-ssh-gate.sh | ssh …; nothing was changed"
    [[ $gate_text == "$FIRST_LINE"$'\n'* && $gate_text == *$'\n'"$LAST_LINE" ]] ||
        die "the gate did not arrive whole; nothing was changed"
    choose_api
    gate_text=${gate_text/$'\n'"$API_LINE$API_USUAL"$'\n'/$'\n'"$API_LINE$api"$'\n'}
    [[ $gate_text == *$'\n'"$API_LINE$api"$'\n'* ]] || die "the gate has no line \"$API_LINE\"; nothing was changed"
}

# What was asked for; or what the installed gate has; or where the program is.
choose_api() {
    local line
    if [[ -z $api && -f $root$GATE ]]; then
        while IFS= read -r line; do
            if [[ $line == "$API_LINE"/* ]]; then api=${line#"$API_LINE"}; fi
        done <"$root$GATE"
    fi
    if [[ -z $api ]]; then
        api=$API_USUAL
        if [[ ! -x $root$API_USUAL && -x $root$API_OTHER ]]; then api=$API_OTHER; fi
    fi
    if [[ ! -x $root$api ]]; then warn "there is no $api here: is JetBackup 5 installed? --api says where it is"; fi
}

change() {
    changes=$((changes + 1))
    if [[ -n $dry_run ]]; then say "would $*"; else say "$*"; fi
}

# Nobody but root may write to the gate, or put another in its place.
check_folder() {
    local folder=$1 owner mode shown
    while :; do
        if [[ -d $root$folder ]]; then
            shown=${folder:-/}
            read -r owner mode < <(stat -L -c '%u %a' "$root$folder/")
            if ((EUID == 0 && owner != 0)) || ((8#$mode & 2)); then
                die "somebody other than root may write to $shown (owner $owner, mode $mode), and so replace the gate:" \
                    "chown root $shown && chmod go-w $shown, and run this again"
            fi
            if ((8#$mode & 8#20)); then
                warn "a group may write to $shown (mode $mode), and so replace the gate: chmod go-w $shown"
            fi
        fi
        if [[ -z $folder ]]; then return; fi
        folder=${folder%/*}
    done
}

install_gate() {
    local installed='' mode='' answer
    check_folder "${GATE%/*}"
    if [[ -f $root$GATE ]]; then
        installed=$(<"$root$GATE")
        mode=$(stat -c '%u:%a' "$root$GATE")
    fi
    if [[ $installed == "$gate_text" && $mode == "$EUID:755" ]]; then return; fi
    change "install $GATE"
    if [[ -n $dry_run ]]; then return; fi
    mkdir -p "$root${GATE%/*}"
    temporary=$(mktemp "$root$GATE.XXXXXX")
    printf '%s\n' "$gate_text" >"$temporary"
    chmod 755 "$temporary"
    # shellcheck disable=SC2086  # Scopes are words without anything that a shell would read.
    answer=$(SSH_ORIGINAL_COMMAND=gate-version "$temporary" $scopes 9<&-) || answer=''
    [[ $answer == "$NAME "* ]] || die "the gate does not run here (it needs bash 4.2 in /bin/bash); nothing was changed"
    put_in_place "$root$GATE"
}

# The temporary file becomes this one, whole or not at all: what reads the old one, as bash reads a running gate, reads it to its end.
put_in_place() {
    # On the disk before it takes the place: some filesystems (XFS) have an empty file there after a power cut otherwise.
    # Before coreutils 8.24 sync does not know files, says so, and writes everything.
    sync "$temporary" 2>/dev/null || true
    mv -f "$temporary" "$1"
    temporary=''
    mend_label "$1"
}

# SELinux's label of a new file.
mend_label() {
    if [[ -z $root ]] && command -v restorecon >/dev/null; then restorecon "$1" || true; fi
}

# Whoever runs this again for a key, and leaves out what narrowed it, is told.
warn_of_more() {
    local had='' from_had='' scopes_had=''
    has_gate "$1" || return 0
    if [[ $1 =~ from=\"([^\"]*)\" ]]; then from_had=${BASH_REMATCH[1]}; fi
    if [[ $1 =~ command=\"$GATE\ ([^\"]*)\" ]]; then scopes_had=${BASH_REMATCH[1]}; fi
    if [[ -n $from_had && -z $from ]]; then had=" from=\"$from_had\""; fi
    if [[ $scopes_had == *--read-only* && $scopes != *--read-only* ]] || [[ -n $scopes_had && -z $scopes ]]; then
        had+=" $scopes_had"
    fi
    if [[ -n $had ]]; then
        warn "the key had$(visible "$had") until now, and may do more without: give it again if it is to stay"
    fi
}

# Decides every line anew: into `kept`, and into `shown` what differs.
kept=() shown=() opens=0 closed=0
new_lines() {
    local line placed='' wanted
    wanted="$(restrictions) $key_type $key_body$key_comment"
    while IFS= read -r line || [[ -n $line ]]; do
        if [[ -n $remove ]]; then
            if has_gate "$line" && { [[ -z $key ]] || is_about_key "$line"; }; then
                shown+=("- $line")
                continue
            fi
            if is_about_key "$line"; then die "the key's line has no gate, so it stays: $(visible "$line")"; fi
        elif is_about_key "$line"; then
            if is_open "$line"; then closed=$((closed + 1)); fi
            warn_of_more "$line"
            if [[ -n $placed || $line != "$wanted" ]]; then shown+=("- $line"); fi
            # sshd takes the first line that fits: a second one with the same key would be there for nothing, or for harm.
            if [[ -n $placed ]]; then continue; fi
            placed=yes
            if [[ $line != "$wanted" ]]; then shown+=("+ $wanted"); fi
            line=$wanted
        elif is_open "$line"; then
            opens=$((opens + 1))
        fi
        kept+=("$line")
    done < <(if [[ -f $1 ]]; then cat "$1"; fi)
    if [[ -z $remove && -z $placed ]]; then
        shown+=("+ $wanted")
        kept+=("$wanted")
    fi
}

# Nobody locks himself out with this.
check_way_in() {
    if ((closed == 0)) || [[ -n $no_other_key ]]; then return; fi
    if ((opens == 0)); then
        die "with this key root can log in without the gate now, and no other key in $1 would be left that can." \
            "Add your own key first; or, if you have another way in (a password, a console), add --no-other-key"
    fi
    if [[ -r ${SSH_USER_AUTH-} && $(<"$SSH_USER_AUTH") == *"$key_body"* ]]; then
        die "you are logged in with this very key. Log in with your own; or, if this is meant, add --no-other-key"
    fi
}

# A line for the key in another file would let it around the gate.
check_other_files() {
    local file line
    for file in "${key_files[@]:1}"; do
        if [[ ! -f $file ]]; then continue; fi
        while IFS= read -r line || [[ -n $line ]]; do
            if is_about_key "$line" && ! has_gate "$line"; then
                die "the key is in ${file#"$root"} too, without the gate: take it out there first"
            fi
        done <"$file"
    done
}

write_keys() {
    local file=$1 copy line
    if ((${#shown[@]} == 0)); then return; fi
    change "change ${file#"$root"}:"
    for line in "${shown[@]}"; do say "  $(visible "$line")"; done
    # A link stays one.
    if [[ -L $file ]]; then file=$(readlink -f "$file"); fi
    # The first copy is as it was before any of this, and stays.
    copy=$file.before-jbr
    if [[ -e $copy ]]; then copy+=-last; fi
    if [[ -f $file ]]; then say "  as it was before: ${copy#"$root"}"; fi
    if [[ -n $dry_run ]]; then return; fi
    if [[ ! -d ${file%/*} ]]; then mkdir -m 700 "${file%/*}"; fi
    if [[ -f $file ]]; then
        begin_like "$file"
        put_in_place "$copy"
    fi
    begin_like "$file"
    { ((${#kept[@]} == 0)) || printf '%s\n' "${kept[@]}"; } >"$temporary"
    put_in_place "$file"
}

# A temporary file beside this one, with its text, owner and mode; for root alone where there is none.
begin_like() {
    temporary=$(mktemp "$1.XXXXXX")
    if [[ -f $1 ]]; then cp -p "$1" "$temporary"; fi
}

# Takes the lines out of every file in which sshd looks: a key that was stolen must be gone from all of them.
remove_keys() {
    local file line
    for file in "${key_files[@]}"; do
        kept=() shown=()
        new_lines "$file"
        write_keys "$file"
        for line in ${kept[@]+"${kept[@]}"}; do
            if has_gate "$line"; then needed=yes; fi
        done
    done
}

# Whether a line with the gate is left.
needed=''
remove_gate() {
    if [[ -n $needed ]]; then
        say "another key has the gate: it stays"
        return
    fi
    if [[ ! -e $root$GATE ]]; then return; fi
    change "remove $GATE"
    if [[ -z $dry_run ]]; then rm -f "$root$GATE"; fi
}

main() {
    read_arguments "$@"
    if ((EUID != 0)) && [[ -z $root ]]; then die "run it as root"; fi
    [[ -d $root/root ]] || die "there is no /root here"
    trap clean_up EXIT
    # What changes nothing waits for nobody.
    if [[ -z $dry_run ]]; then lock; fi
    ask_sshd
    find_key_files
    local file=${key_files[0]}
    if [[ -n $remove ]]; then
        remove_keys
        remove_gate
    else
        check_sshd
        check_modes
        read_gate
        if [[ -n $key ]]; then
            check_other_files
            new_lines "$file"
            check_way_in "${file#"$root"}"
        fi
        install_gate
        if [[ -n $key ]]; then write_keys "$file"; fi
        [[ -x $root/usr/bin/logger ]] || warn "there is no /usr/bin/logger here: the gate's decisions are logged nowhere"
    fi
    if ((changes == 0)); then say "nothing to change"; fi
}

# One line, read whole before it runs: an installer that was cut off on its way does nothing.
main "$@"; exit
