# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# VPCs, what is in them, and the peering between them. Each step looks first, so that it can be run again.

# tags RESOURCE-TYPE SIDE [KEY VALUE]: tagged as it is made, so that nothing can be left behind without the tag.
tags() {
    printf 'ResourceType=%s,Tags=[{Key=%s,Value=%s},{Key=Name,Value=latexp-%s-%s}' "$1" "$tag" "$name" "$name" "${host[$2]}"
    [ $# -lt 4 ] || printf ',{Key=%s,Value=%s}' "$3" "$4"
    printf ']'
}

made() { [ "$dry_run" = yes ] || say "${host[$1]} (${region[$1]}): $2 $3"; }

ensure_vpc() {
    local side=$1
    find_one vpc "$side"
    if [ -n "$found" ]; then
        [ "${details[1]}" = "${cidr[$side]}" ] \
            || fail "the VPC $found in ${region[$side]} has ${details[1]}, not ${cidr[$side]}: infra/aws/down$(name_option), then up"
        vpc[side]=$found
        return
    fi
    change "<vpc-${host[$side]}>" "${region[$side]}" ec2 create-vpc --cidr-block "${cidr[$side]}" \
        --tag-specifications "$(tags vpc "$side")" --query Vpc.VpcId
    vpc[side]=$answer
    made "$side" "VPC" "$answer, ${cidr[$side]}"
}

ensure_subnet() {
    local side=$1
    find_one subnet "$side"
    if [ -n "$found" ]; then
        subnet[side]=$found
        return
    fi
    change "<subnet-${host[$side]}>" "${region[$side]}" ec2 create-subnet --vpc-id "${vpc[$side]}" \
        --cidr-block "${subnet_cidr[$side]}" --availability-zone "${zone[$side]}" \
        --tag-specifications "$(tags subnet "$side")" --query Subnet.SubnetId
    subnet[side]=$answer
    made "$side" "subnet" "$answer, ${subnet_cidr[$side]}, ${zone[$side]}"
}

ensure_gateway() {
    local side=$1 attached=
    find_one internet-gateway "$side"
    gateway[side]=$found
    if [ -n "$found" ]; then
        attached=${details[1]}
    else
        change "<igw-${host[$side]}>" "${region[$side]}" ec2 create-internet-gateway \
            --tag-specifications "$(tags internet-gateway "$side")" --query InternetGateway.InternetGatewayId
        gateway[side]=$answer
        made "$side" "internet gateway" "$answer"
    fi
    [ "$attached" != "${vpc[$side]}" ] || return 0
    change '' "${region[$side]}" ec2 attach-internet-gateway --internet-gateway-id "${gateway[$side]}" \
        --vpc-id "${vpc[$side]}"
}

ensure_route_table() {
    local side=$1 association=None
    find_one route-table "$side"
    table[side]=$found
    if [ -n "$found" ]; then
        association=${details[2]}
    else
        change "<rtb-${host[$side]}>" "${region[$side]}" ec2 create-route-table --vpc-id "${vpc[$side]}" \
            --tag-specifications "$(tags route-table "$side")" --query RouteTable.RouteTableId
        table[side]=$answer
        made "$side" "route table" "$answer"
    fi
    if [ "$association" = None ]; then
        change '' "${region[$side]}" ec2 associate-route-table --route-table-id "${table[$side]}" \
            --subnet-id "${subnet[$side]}" --query AssociationId
    fi
    ensure_route "$side" 0.0.0.0/0 --gateway-id "${gateway[$side]}"
}

# ensure_route SIDE DESTINATION OPTION TARGET
ensure_route() {
    local side=$1 destination=$2 option=$3 target=$4 have
    ask "${region[$side]}" ec2 describe-route-tables --route-table-ids "${table[$side]}" --query \
        "RouteTables[].Routes[?DestinationCidrBlock=='$destination'].[GatewayId,VpcPeeringConnectionId][]"
    have=$answer
    case $have in
    *"$target"*) return 0 ;;
    '')
        change '' "${region[$side]}" ec2 create-route --route-table-id "${table[$side]}" \
            --destination-cidr-block "$destination" "$option" "$target" --query Return
        ;;
    *)
        # It leads to something that is gone, such as a peering that was deleted by hand.
        change '' "${region[$side]}" ec2 replace-route --route-table-id "${table[$side]}" \
            --destination-cidr-block "$destination" "$option" "$target"
        ;;
    esac
    made "$side" "route" "to $destination by $target"
}

ensure_group() {
    local side=$1
    find_one security-group "$side"
    if [ -n "$found" ]; then
        group[side]=$found
        return
    fi
    change "<sg-${host[$side]}>" "${region[$side]}" ec2 create-security-group --group-name "latexp-$name-${host[$side]}" \
        --description "latexp $name: ${host[$side]}" --vpc-id "${vpc[$side]}" \
        --tag-specifications "$(tags security-group "$side")" --query GroupId
    group[side]=$answer
    made "$side" "security group" "$answer"
}

# The rules a group shall have but for the accelerator's, a line each: direction, protocol, ports, block.
wanted_rules() {
    local side=$1 from transports=tcp transport
    [ "$udp" = no ] || transports='tcp udp'
    for from in $(printf '%s' "$ssh_from" | tr ',' ' '); do
        printf 'ingress tcp 22 22 %s\n' "$from"
    done
    for transport in $transports; do
        if [ "$side" = 0 ]; then
            printf 'egress %s %s %s %s\n' "$transport" "$port" "$port" "${cidr[1]}"
        else
            printf 'ingress %s %s %s %s\n' "$transport" "$port" "$port" "${cidr[0]}"
        fi
    done
    # The exchange and the packages; the VPC's resolver; Amazon's time service.
    printf 'egress tcp 443 443 0.0.0.0/0\n'
    printf 'egress %s 53 53 %s/32\n' udp "${resolver[$side]}" tcp "${resolver[$side]}"
    printf 'egress udp 123 123 169.254.169.123/32\n'
}

# settle_rules SIDE WHICH WANTED: takes away rules that are not wanted, adds those that are missing. WHICH: "all" looks at
# every rule but the accelerator's, "accelerator" only at those.
settle_rules() {
    local side=$1 which=$2 wanted=$3 have='' line id egress protocol from to block direction
    ask "${region[$side]}" ec2 describe-security-group-rules --filters "Name=group-id,Values=${group[$side]}" \
        --query 'SecurityGroupRules[].[SecurityGroupRuleId,IsEgress,IpProtocol,FromPort,ToPort,CidrIpv4]'
    # A new group lets everything out.
    [ "$dry_run:${group[$side]:0:1}" != 'yes:<' ] || answer=$'new\tTrue\t-1\t-1\t-1\t0.0.0.0/0'
    while IFS=$'\t' read -r id egress protocol from to block; do
        # Rules that name no IPv4 block are not this script's.
        [ -n "$id" ] && [ "$block" != None ] || continue
        direction=ingress
        [ "$egress" != True ] || direction=egress
        line="$direction $protocol $from $to $block"
        if [ "$which" = accelerator ]; then
            [ "$to" = "$accelerator_port" ] || continue
        elif [ "$to" = "$accelerator_port" ] && [ "$to" != "$port" ]; then
            continue
        fi
        have="$have$line"$'\n'
    done <<<"$answer"
    for direction in ingress egress; do
        settle_direction "$side" "authorize-security-group-$direction" "$direction" "$wanted" "$have"
        settle_direction "$side" "revoke-security-group-$direction" "$direction" "$have" "$wanted"
    done
}

# settle_direction SIDE OPERATION DIRECTION THESE THOSE: does the operation with the rules in THESE that are not in THOSE.
settle_direction() {
    local side=$1 operation=$2 direction=$3 these=$4 those=$5 way protocol from to block permissions
    permissions=()
    while read -r way protocol from to block; do
        [ "$way" = "$direction" ] || continue
        case $'\n'"$those"$'\n' in *$'\n'"$way $protocol $from $to $block"$'\n'*) continue ;; esac
        if [ "$protocol" = -1 ]; then
            permissions+=("IpProtocol=-1,IpRanges=[{CidrIp=$block}]")
        else
            permissions+=("IpProtocol=$protocol,FromPort=$from,ToPort=$to,IpRanges=[{CidrIp=$block}]")
        fi
    done <<<"$these"
    [ "${#permissions[@]}" -gt 0 ] || return 0
    # What another run of this script has just done is done.
    tolerated='InvalidPermission.Duplicate|InvalidPermission.NotFound' \
        change '' "${region[$side]}" ec2 "$operation" --group-id "${group[$side]}" --ip-permissions "${permissions[@]}" \
        --query Return
}

ensure_peering() {
    find_one peering 0
    peering=$found
    if [ -z "$peering" ]; then
        change '<pcx>' "${region[0]}" ec2 create-vpc-peering-connection --vpc-id "${vpc[0]}" --peer-vpc-id "${vpc[1]}" \
            --peer-region "${region[1]}" --tag-specifications "$(tags vpc-peering-connection 0)" \
            --query VpcPeeringConnection.VpcPeeringConnectionId
        peering=$answer
        made 0 "peering requested:" "$peering"
    fi
    if [ "$dry_run" = no ]; then
        wait_for 180 "the peering to be seen in ${region[1]}" peering_is 'pending-acceptance|provisioning|active' \
            || fail "the peering $peering is '${peering_state:-unknown}' in ${region[1]} after 3 minutes: run it again; if that does not help: infra/aws/down$(name_option), then up"
    elif [ -n "$found" ]; then
        # What it is now decides which calls there would be.
        peering_is active || true
    fi
    if [ "${peering_state:-}" != active ] && [ "${peering_state:-}" != provisioning ]; then
        # Another run may have accepted it a moment ago.
        tolerated=InvalidStateTransition \
            change '' "${region[1]}" ec2 accept-vpc-peering-connection --vpc-peering-connection-id "$peering" \
            --query VpcPeeringConnection.Status.Code
    fi
    # Tags of a peering belong to one region; without this one, listing the other would not show it.
    if [ -z "${peering_tag:-}" ]; then
        change '' "${region[1]}" ec2 create-tags --resources "$peering" --tags "Key=$tag,Value=$name" \
            "Key=Name,Value=latexp-$name-${host[1]}"
    fi
    [ "$dry_run" = no ] || return 0
    wait_for 180 "the peering to be active" peering_is active \
        || fail "the peering $peering is '${peering_state:-unknown}' in ${region[1]} after 3 minutes: run it again; if that does not help: infra/aws/down$(name_option), then up"
    made 1 "peering active:" "$peering"
}

peering_is() {
    tolerated=InvalidVpcPeeringConnectionID.NotFound ask "${region[1]}" ec2 describe-vpc-peering-connections \
        --vpc-peering-connection-ids "$peering" \
        --query "VpcPeeringConnections[].[Status.Code,Tags[?Key=='$tag']|[0].Value]"
    peering_state='' peering_tag=''
    IFS=$'\t' read -r peering_state peering_tag <<<"$answer" || true
    [ "$peering_tag" != None ] || peering_tag=''
    case $peering_state in
    failed | rejected | expired | deleted)
        fail "the peering $peering is $peering_state: do the blocks of addresses overlap others? infra/aws/down$(name_option), then up" ;;
    esac
    [[ "$peering_state" =~ ^($1)$ ]]
}
