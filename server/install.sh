#!/bin/bash
# Puts the gate (jetbackup-ssh-gate.sh) on this hosting server and makes it the only thing that a key may use. As root:
#
#   install.sh --key KEY [--from PATTERNS] [--read-only] [--jobs ID,ID] [--destinations ID,ID] [--api PATH] [--dry-run]
#   install.sh [--api PATH] [--dry-run]       the gate alone: a newer one, for keys that have it already
#   install.sh --remove [--key KEY] [--dry-run]
#
#   --key KEY             the public key, as it stands in its .pub file
#   --from PATTERNS       from which addresses the key works (authorized_keys' `from=`)
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
# It does the same however often it is run. It shows every line that it changes, keeps the file as it was beside it
# (authorized_keys.before-jbr), tries the gate before a key depends on it, and changes no line but the key's.

set -efuo pipefail
export LC_ALL=C
umask 022

readonly GATE=/usr/local/bin/jetbackup-ssh-gate.sh
readonly NAME=jetbackup-ssh-gate
readonly FIRST_LINE='#!/bin/bash -p'
readonly LAST_LINE='# The end of the gate: what was cut off on its way lacks this line.'
readonly API_LINE='readonly API='
readonly API_USUAL=/usr/bin/jetbackup5api
readonly API_OTHER=/usr/local/jetapps/usr/bin/jetbackup5api
readonly IDS='^[0-9A-Za-z]{1,64}(,[0-9A-Za-z]{1,64})*$'
readonly KEY_TYPE='(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh[.]com)'
readonly KEY="^$KEY_TYPE ([0-9A-Za-z+/]{60,}={0,2})( [ -~]*)?\$"
# What no client may set: with these, or others like them, the login shell runs what a client wants before any forced command.
readonly DANGEROUS=(
    BASH_ENV ENV SHELLOPTS BASHOPTS PS4 SHLVL 'BASH_FUNC_x%%' ZDOTDIR XDG_CONFIG_HOME
    LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT GLIBC_TUNABLES GCONV_PATH LOCPATH
)

say() { printf '%s\n' "$*"; }
warn() { printf 'install.sh: warning: %s\n' "$*" >&2; }
die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

# Text of a file, safe to show.
visible() { printf '%s' "${1//[! -~]/?}"; }

key='' key_type='' key_body='' key_comment='' from='' api='' root='' remove='' dry_run='' no_other_key='' scopes=''
changes=0

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
    if [[ -n $remove && -n $scopes$from$api ]]; then die "--remove goes with --key and --dry-run only"; fi
    if [[ -z $key && -n $scopes$from ]]; then die "scopes and --from are a key's: say which with --key"; fi
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
            root=${2%/}
            ;;
    esac
}

# What sshd does with the key, as it says itself; empty where it cannot be asked.
sshd_says=''
ask_sshd() {
    local sshd=$root/usr/sbin/sshd
    if [[ -x $sshd ]]; then
        sshd_says=$("$sshd" -T -C user=root,host=localhost,addr=127.0.0.1 </dev/null 2>/dev/null) || sshd_says=''
    fi
    if [[ -z $sshd_says ]]; then
        warn "sshd cannot be asked for its settings (sshd -T): make sure that AcceptEnv names LANG and LC_* only"
    fi
}

# With a setting like `AcceptEnv *` no forced command holds.
check_sshd() {
    local word value name pattern
    while read -r word value; do
        case $word in
            acceptenv)
                for name in "${DANGEROUS[@]}"; do
                    for pattern in $value; do
                        # shellcheck disable=SC2053  # The right side is a pattern, and is meant as one.
                        if [[ $name == $pattern ]]; then
                            die "sshd takes $name from clients (AcceptEnv $(visible "$value")), and the login shell would" \
                                "heed it before the gate starts: let AcceptEnv name LANG and LC_* only, reload sshd, and" \
                                "run this again"
                        fi
                    done
                done
                ;;
            permitrootlogin)
                if [[ $value == no ]]; then warn "sshd lets root in by no key (PermitRootLogin no)"; fi
                ;;
            forcecommand)
                if [[ $value != none ]]; then warn "sshd's own ForceCommand comes before the gate: $(visible "$value")"; fi
                ;;
        esac
    done <<<"$sshd_says"
}

# The files in which sshd looks for root's keys; the first is the one that is written.
key_files=()
find_key_files() {
    local word values value
    while read -r word values; do
        if [[ $word != authorizedkeysfile ]]; then continue; fi
        for value in $values; do
            if [[ $value == none ]]; then continue; fi
            value=${value//%h//root}
            value=${value//%u/root}
            value=${value//%%/%}
            if [[ $value != /* ]]; then value=/root/$value; fi
            key_files+=("$root$value")
        done
    done <<<"$sshd_says"
    if ((${#key_files[@]} == 0)); then key_files=("$root/root/.ssh/authorized_keys"); fi
}

# Whether a line of authorized_keys is about the key.
is_about_key() {
    [[ -n $key && "$1 " == *[[:blank:]]"$key_body"[[:blank:]]* ]] && ! is_comment "$1"
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
        printf 'no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty'
    else
        printf 'restrict'
    fi
    if [[ -n $from ]]; then printf ',from="%s"' "$from"; fi
    printf ',command="%s%s"' "$GATE" "$scopes"
}

# Reads the gate's text from beside this script, or from behind it in the pipe, into `gate_text`.
gate_text=''
read_gate() {
    local beside=${BASH_SOURCE[0]-}
    beside=${beside%/*}/jetbackup-ssh-gate.sh
    if [[ -n ${BASH_SOURCE[0]-} && -f $beside ]]; then
        gate_text=$(<"$beside")
    elif [[ -t 0 ]]; then
        die "jetbackup-ssh-gate.sh is not beside this script; pipe it in behind it: cat install.sh jetbackup-ssh-gate.sh |"
    else
        gate_text=$(cat)
    fi
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
    local folder=$1 owner mode
    while :; do
        if [[ -d $root$folder ]]; then
            read -r owner mode < <(stat -L -c '%u %a' "$root$folder/")
            if ((EUID == 0 && owner != 0)) || ((8#$mode & 2)); then
                die "somebody other than root may write to $folder (owner $owner, mode $mode): mend that first"
            fi
            if ((8#$mode & 8#20)); then warn "a group may write to $folder (mode $mode), and so replace the gate"; fi
        fi
        if [[ -z $folder ]]; then return; fi
        folder=${folder%/*}
    done
}

install_gate() {
    local installed='' mode='' temporary answer
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
    # shellcheck disable=SC2064  # The name is known now.
    trap "rm -f '$temporary'" EXIT
    printf '%s\n' "$gate_text" >"$temporary"
    chmod 755 "$temporary"
    # shellcheck disable=SC2086  # Scopes are words without anything that a shell would read.
    answer=$(SSH_ORIGINAL_COMMAND=gate-version "$temporary" $scopes) || answer=''
    [[ $answer == "$NAME "* ]] || die "the gate does not run here (it needs bash 4.2 in /bin/bash); nothing was changed"
    mv -f "$temporary" "$root$GATE"
    trap - EXIT
    mend_label "$root$GATE"
}

# SELinux's label of a new file.
mend_label() {
    if [[ -z $root ]] && command -v restorecon >/dev/null; then restorecon "$1" || true; fi
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
    local file=$1 temporary line
    if ((${#shown[@]} == 0)); then return; fi
    change "change ${file#"$root"}:"
    for line in "${shown[@]}"; do say "  $(visible "$line")"; done
    if [[ -n $dry_run ]]; then return; fi
    if [[ ! -d ${file%/*} ]]; then mkdir -m 700 "${file%/*}"; fi
    # A link stays one.
    if [[ -L $file ]]; then file=$(readlink -f "$file"); fi
    temporary=$(mktemp "$file.XXXXXX")
    # shellcheck disable=SC2064  # The name is known now.
    trap "rm -f '$temporary'" EXIT
    if [[ -f $file ]]; then
        cp -p "$file" "$file.before-jbr"
        # Owner and mode stay.
        cp -p "$file" "$temporary"
    fi
    { ((${#kept[@]} == 0)) || printf '%s\n' "${kept[@]}"; } >"$temporary"
    mv -f "$temporary" "$file"
    trap - EXIT
    mend_label "$file"
}

remove_gate() {
    local line
    for line in ${kept[@]+"${kept[@]}"}; do
        if has_gate "$line"; then
            say "another key has the gate: it stays"
            return
        fi
    done
    if [[ ! -e $root$GATE ]]; then return; fi
    change "remove $GATE"
    if [[ -z $dry_run ]]; then rm -f "$root$GATE"; fi
}

main() {
    read_arguments "$@"
    if ((EUID != 0)) && [[ -z $root ]]; then die "run it as root"; fi
    ask_sshd
    find_key_files
    local file=${key_files[0]}
    if [[ -n $remove ]]; then
        new_lines "$file"
        write_keys "$file"
        remove_gate
    else
        check_sshd
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
