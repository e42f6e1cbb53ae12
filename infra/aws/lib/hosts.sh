# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# The machines: their key, image, start, host keys and the inventory.

# Debian's own account, as https://wiki.debian.org/Cloud/AmazonEC2Image names it.
debian_owner=136693071363

# Where the type can be had, in $zone, and its architecture, in $architecture: asked before anything is made.
look_up_type() {
    local side=$1
    ask "${region[$side]}" ec2 describe-instance-type-offerings --location-type availability-zone \
        --filters "Name=instance-type,Values=${type[$side]}" --query 'sort(InstanceTypeOfferings[].Location)|[0]'
    zone[side]=$answer
    [ -n "$answer" ] || fail "${region[$side]} has no ${type[$side]}: choose another --type-${side_option[$side]}"
    tolerated=InvalidInstanceType ask "${region[$side]}" ec2 describe-instance-types --instance-types "${type[$side]}" \
        --query 'InstanceTypes[0].ProcessorInfo.SupportedArchitectures'
    case $answer in
    *x86_64*) architecture[side]=amd64 ;;
    *arm64*) architecture[side]=arm64 ;;
    *) fail "${region[$side]} does not know the type ${type[$side]}: choose another --type-${side_option[$side]}" ;;
    esac
}

# The image to start from, in $image, and the name of its root device, in $root_device.
look_up_image() {
    local side=$1
    if [ -n "${image[$side]}" ]; then
        ask "${region[$side]}" ec2 describe-images --image-ids "${image[$side]}" \
            --query 'Images[0].[ImageId,RootDeviceName]'
    else
        ask "${region[$side]}" ec2 describe-images --owners "$debian_owner" --filters \
            "Name=name,Values=debian-12-${architecture[$side]}-*" Name=state,Values=available \
            --query 'sort_by(Images,&CreationDate)[-1].[ImageId,RootDeviceName]'
    fi
    local id='' device=''
    read -r id device <<<"$answer" || true
    image[side]=$id root_device[side]=$device
    [ -n "${root_device[$side]:-}" ] || fail "${region[$side]} has no Debian 12 image for ${architecture[$side]}: name one with --image-${side_option[$side]}"
}

# The private key is made here and never leaves this machine; AWS gets the public one.
ensure_key_file() {
    if [ ! -f "$key_file" ]; then
        if [ "$dry_run" = yes ]; then
            printf "ssh-keygen -q -t ed25519 -N '' -C %s -f %s\n" "$key_name" "$key_file"
            return 0
        fi
        (
            umask 077
            mkdir -p "$state"
            rm -f "$key_file.new" "$key_file.new.pub"
            ssh-keygen -q -t ed25519 -N '' -C "$key_name" -f "$key_file.new" </dev/null
            mv "$key_file.new.pub" "$key_file.pub"
            mv "$key_file.new" "$key_file"
        )
        say "key pair: $key_file"
    fi
    chmod 600 "$key_file"
}

ensure_key_pair() {
    local side=$1
    find_one key-pair "$side"
    if [ -n "$found" ]; then
        [ "$dry_run" = no ] || [ -f "$key_file" ] || return 0
        ask "${region[$side]}" ec2 describe-key-pairs --key-names "$found" --include-public-key \
            --query 'KeyPairs[0].PublicKey'
        [ "$(printf '%s' "$answer" | cut -d ' ' -f 1,2)" != "$(cut -d ' ' -f 1,2 "$key_file.pub")" ] || return 0
        # The private key of that pair is lost. Instances keep the key that they were started with.
        find_tagged instance "${region[$side]}"
        [ -z "$answer" ] || fail "instances in ${region[$side]} were started with another key than $key_file
  What to do: bring that key back, or infra/aws/down$(name_option), then up"
        change '' "${region[$side]}" ec2 delete-key-pair --key-name "$found"
    fi
    tolerated=InvalidKeyPair.Duplicate change '' "${region[$side]}" ec2 import-key-pair --key-name "$key_name" \
        --public-key-material "fileb://$key_file.pub" --tag-specifications "$(tags key-pair "$side")" --query KeyPairId
    # Its own tag may just not have been seen a moment ago.
    [ -z "$refused" ] || find_one key-pair "$side"
    [ -z "$refused" ] || [ -n "$found" ] || fail "${region[$side]} has a key pair $key_name that is not this experiment's: choose another --name"
    made "$side" "key pair" "$key_name"
}

ensure_instance() {
    local side=$1 round token
    find_one instance "$side"
    if [ -n "$found" ]; then
        case ${details[1]} in
        stopped | stopping) fail "the instance $found in ${region[$side]} was stopped by hand: start it in the console, or infra/aws/down$(name_option), then up" ;;
        esac
        [ "${details[2]}" = "${type[$side]}" ] \
            || fail "the instance $found in ${region[$side]} is a ${details[2]}, not a ${type[$side]}: infra/aws/down$(name_option), then up"
        instance[side]=$found
        return
    fi
    # AWS answers the same token with the same instance for a day, even one that has ended since: then the next is taken.
    for round in 1 2 3 4 5 6 7 8 9; do
        token=$(printf '%s ' "${subnet[$side]}" "${group[$side]}" "${type[$side]}" "${image[$side]}" "$ttl" "$round" \
            "$(cksum <"$aws_folder/user-data")" | cksum | tr -d ' ')
        change "<instance-${host[$side]}>" "${region[$side]}" ec2 run-instances --image-id "${image[$side]}" \
            --instance-type "${type[$side]}" --key-name "$key_name" --subnet-id "${subnet[$side]}" \
            --security-group-ids "${group[$side]}" --associate-public-ip-address --count 1 \
            --instance-initiated-shutdown-behavior terminate \
            --metadata-options HttpTokens=required,HttpEndpoint=enabled,HttpPutResponseHopLimit=1,InstanceMetadataTags=enabled \
            --block-device-mappings "DeviceName=${root_device[$side]},Ebs={VolumeSize=8,VolumeType=gp3,DeleteOnTermination=true}" \
            --user-data "file://$aws_folder/user-data" --client-token "latexp-$name-$round-$token" --tag-specifications \
            "$(tags instance "$side" latexp-ttl "$ttl")" "$(tags volume "$side")" \
            "$(tags network-interface "$side")" --query 'Instances[0].InstanceId'
        instance[side]=$answer
        [ "$dry_run" = no ] || return 0
        ask_state "$side"
        case $instance_state in shutting-down | terminated) continue ;; esac
        made "$side" "instance" "${instance[$side]}, ${type[$side]}, ends itself after $ttl"
        return
    done
    fail "AWS answers with instances that have ended in ${region[$side]}: infra/aws/down$(name_option), then up"
}

ask_state() {
    tolerated=InvalidInstanceID.NotFound ask "${region[$1]}" ec2 describe-instances --instance-ids "${instance[$1]}" \
        --query 'Reservations[].Instances[].[State.Name,PublicIpAddress,PrivateIpAddress,StateReason.Message,LaunchTime]'
    instance_state='' public='' private='' reason='' launched=''
    IFS=$'\t' read -r instance_state public private reason launched <<<"$answer" || true
}

has_addresses() {
    local side=$1
    ask_state "$side"
    case $instance_state in
    shutting-down | terminated) fail "the instance ${instance[$side]} in ${region[$side]} has ended: $reason
  What to do: run it again; if it ends again, choose another --type-${side_option[$side]}" ;;
    esac
    [ "$instance_state" = running ] && is_address "$public" && is_address "$private" || return 1
    public_address[side]=$public
    private_address[side]=$private
}

is_address() { [[ "$1" =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]]; }

# The host's key from what it printed on its console, which nobody on the network can change. A line that the console has
# torn is no key: all of these have 68 characters.
read_console() {
    local side=$1 keys
    console_ready=no
    # Only the newer kind of machine gives the output of this moment.
    tolerated='UnsupportedOperation|InvalidParameterCombination' ask "${region[$side]}" ec2 get-console-output --latest \
        --instance-id "${instance[$side]}" --query Output
    if [ -n "$refused" ]; then
        ask "${region[$side]}" ec2 get-console-output --instance-id "${instance[$side]}" --query Output
    fi
    keys=$(printf '%s\n' "$answer" | tr -d '\r' \
        | grep -oE 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}([^A-Za-z0-9+/=]|$)' | cut -c 1-80 | sort -u || true)
    [ "$(printf '%s\n' "$keys" | grep -c .)" -le 1 ] || fail "${host[$side]} printed more than one Ed25519 host key:
$keys
  What to do: look at the console of ${instance[$side]} in ${region[$side]}; infra/aws/down$(name_option), then up"
    host_key[side]=$keys
    case $answer in *'latexp: ready'*) console_ready=yes ;; esac
    clock_line=$(printf '%s\n' "$answer" | tr -d '\r' | grep -o 'latexp: clock.*' | tail -n 1 || true)
}

has_host_key() {
    read_console "$1"
    [ -n "${host_key[$1]}" ]
}

is_ready() {
    read_console "$1"
    [ "$console_ready" = yes ] && [ -n "${host_key[$1]}" ]
}

# --- The inventory.

# An inventory that this script did not write is somebody's own: it is neither overwritten nor removed.
inventory_mark() { printf '// Written by infra/aws/up for the experiment %s' "$1"; }

inventory_is_ours() { grep -q -F "$(inventory_mark "$name");" "$inventory" 2>/dev/null; }

check_inventory() {
    [ ! -e "$inventory" ] || inventory_is_ours || fail "$inventory is there and is not that of the experiment $name
  What to do: move it away, or name another file with --inventory"
}

write_inventory() {
    local side
    (
        umask 077
        {
            printf '{\n  %s; infra/aws/down removes it.\n' "$(inventory_mark "$name")"
            for side in 0 1; do
                printf '  "%s": {\n' "${host[$side]}"
                printf '    "ssh": "admin@%s",\n' "${public_address[$side]}"
                printf '    "identityFile": "%s",\n' "$(json_text "$key_file")"
                printf '    "hostKey": "%s",\n' "${host_key[$side]}"
                printf '    "region": "%s",\n' "${region[$side]}"
                printf '    "privateAddress": "%s",\n' "${private_address[$side]}"
                printf '    "publicAddress": "%s",\n' "${public_address[$side]}"
                if [ "$side" = 1 ] && [ "$accelerator" = yes ]; then
                    printf '    "acceleratorAddress": "%s",\n' "$accelerator_dns"
                fi
                printf '  },\n'
            done
            printf '}\n'
        } >"$inventory.new"
    )
    mv "$inventory.new" "$inventory"
    say "inventory: $inventory"
}

json_text() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }
