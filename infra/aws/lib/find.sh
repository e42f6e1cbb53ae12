# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# Finding what carries the experiment's tag, and nothing else.

# Global Accelerator is one service for all regions; this is where it answers.
accelerator_region=us-west-2

# The kinds of things that carry the tag, in the order in which people think of them.
kinds='instance volume network-interface key-pair peering security-group route-table internet-gateway subnet vpc'

# find_tagged KIND REGION: what carries the tag there, a line each in $answer: its id and what is worth knowing of it.
find_tagged() {
    local kind=$1 where=$2 filter="Name=tag:$tag,Values=$name"
    # AWS filters, and what it answers is filtered once more: what lacks the tag is not even looked at.
    local own="[?Tags[?Key=='$tag'&&Value=='$name']]"
    case $kind in
    instance)
        # What is terminated stays listed for an hour, and costs nothing.
        ask "$where" ec2 describe-instances --filters "$filter" \
            Name=instance-state-name,Values=pending,running,stopping,stopped,shutting-down \
            --query "Reservations[].Instances[]|$own.[InstanceId,State.Name,InstanceType,PublicIpAddress,PrivateIpAddress,LaunchTime,Tags[?Key=='latexp-ttl']|[0].Value,Tags[?Key=='latexp-ends']|[0].Value,SubnetId]"
        ;;
    volume)
        ask "$where" ec2 describe-volumes --filters "$filter" Name=status,Values=creating,available,in-use,error \
            --query "Volumes$own.[VolumeId,State,Size,VolumeType]"
        ;;
    network-interface)
        ask "$where" ec2 describe-network-interfaces --filters "$filter" \
            --query "NetworkInterfaces[?TagSet[?Key=='$tag'&&Value=='$name']].[NetworkInterfaceId,Status]"
        ;;
    key-pair)
        ask "$where" ec2 describe-key-pairs --filters "$filter" --query "KeyPairs$own.[KeyName,KeyPairId]"
        ;;
    peering)
        # Deleted ones stay listed for a while, too.
        ask "$where" ec2 describe-vpc-peering-connections --filters "$filter" \
            Name=status-code,Values=initiating-request,pending-acceptance,provisioning,active \
            --query "VpcPeeringConnections$own|[?contains(['initiating-request','pending-acceptance','provisioning','active'],Status.Code)].[VpcPeeringConnectionId,Status.Code]"
        ;;
    security-group)
        ask "$where" ec2 describe-security-groups --filters "$filter" --query "SecurityGroups$own.[GroupId,GroupName,VpcId]"
        ;;
    route-table)
        ask "$where" ec2 describe-route-tables --filters "$filter" \
            --query "RouteTables$own.[RouteTableId,VpcId,Associations[?!Main]|[0].RouteTableAssociationId]"
        ;;
    internet-gateway)
        ask "$where" ec2 describe-internet-gateways --filters "$filter" \
            --query "InternetGateways$own.[InternetGatewayId,Attachments[0].VpcId]"
        ;;
    subnet) ask "$where" ec2 describe-subnets --filters "$filter" --query "Subnets$own.[SubnetId,CidrBlock,AvailabilityZone]" ;;
    vpc) ask "$where" ec2 describe-vpcs --filters "$filter" --query "Vpcs$own.[VpcId,CidrBlock]" ;;
    *) fail "there is no kind $kind" ;;
    esac
}

# find_one KIND SIDE: as find_tagged, for what there should be one of. $found is its id, $details the words of its line.
find_one() {
    find_tagged "$1" "${region[$2]}"
    # One that is ending counts no more: another may be there already.
    [ "$1" != instance ] || answer=$(printf '%s\n' "$answer" | grep -v $'\tshutting-down\t' || true)
    # The accelerator's own group has got the tag when it was being taken down.
    [ "$1" != security-group ] || answer=$(printf '%s\n' "$answer" | grep -v $'\tGlobalAccelerator\t' || true)
    found='' details=()
    [ -n "$answer" ] || return 0
    [ "$(printf '%s\n' "$answer" | wc -l)" -eq 1 ] || fail "${region[$2]} has more than one $1 of the experiment $name:
$answer
  What to do: infra/aws/down$(name_option), then up"
    # Tabs alone part the words; none of them is empty, since AWS writes None.
    IFS=$'\t' read -r -a details <<<"$answer"
    found=${details[0]}
}

# Accelerators with the tag: in $accelerator_arn, with $accelerator_state, _enabled, _dns and _addresses.
find_accelerator() {
    accelerator_arn='' accelerator_state='' accelerator_enabled='' accelerator_dns='' accelerator_addresses=''
    ask "$accelerator_region" globalaccelerator list-accelerators \
        --query "Accelerators[].[AcceleratorArn,Status,Enabled,DnsName,join(',',IpSets[].IpAddresses[])]"
    local all=$answer arn status enabled dns addresses
    while IFS=$'\t' read -r arn status enabled dns addresses; do
        [ -n "$arn" ] || continue
        ask "$accelerator_region" globalaccelerator list-tags-for-resource --resource-arn "$arn" \
            --query "Tags[?Key=='$tag'].Value"
        [ "$answer" = "$name" ] || continue
        [ -z "$accelerator_arn" ] || fail "there is more than one accelerator of the experiment $name
  What to do: infra/aws/down$(name_option), then up"
        accelerator_arn=$arn accelerator_state=$status accelerator_enabled=$enabled
        accelerator_dns=$dns accelerator_addresses=$addresses
    done <<<"$all"
}

# All that carries the tag in a region, in $listed: region, kind and details, a line each.
list_region() {
    local kind line
    for kind in $kinds; do
        find_tagged "$kind" "$1"
        [ -n "$answer" ] || continue
        while read -r line; do
            listed="$listed$1"$'\t'"$kind"$'\t'"$line"$'\n'
        done <<<"$answer"
    done
}

# The regions to look into, in $looked_at: the experiment's two, or all that the account has enabled. Where this machine does
# not know which two they were, each of the others is asked for a VPC of the experiment: it is made first and goes last.
choose_regions() {
    local where others=0
    looked_at="${region[0]} ${region[1]}" glanced_at=''
    [ "$everywhere" = yes ] || [ "$had_settings$regions_given" = nono ] || return 0
    ask "${region[0]}" ec2 describe-regions --query 'Regions[].RegionName'
    if [ "$everywhere" = yes ]; then
        looked_at=$(printf '%s' "$answer" | tr '\t' ' ')
        return 0
    fi
    for where in $answer; do
        case " $looked_at " in *" $where "*) continue ;; esac
        others=$((others + 1))
        find_tagged vpc "$where"
        [ -z "$answer" ] || looked_at="$looked_at $where"
    done
    glanced_at=", and no VPC of it in the account's other regions"
    [ "$others" -gt 0 ] || glanced_at=''
}
