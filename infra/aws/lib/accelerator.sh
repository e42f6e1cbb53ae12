# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# Global Accelerator in front of the receiver: another way than peering, with a port of its own at the receiver.

listener_of() {
    ask "$accelerator_region" globalaccelerator list-listeners --accelerator-arn "$1" --query 'Listeners[].ListenerArn'
}

endpoint_groups_of() {
    ask "$accelerator_region" globalaccelerator list-endpoint-groups --listener-arn "$1" \
        --query 'EndpointGroups[].[EndpointGroupArn,EndpointDescriptions[0].EndpointId]'
}

ensure_accelerator() {
    local listener group_arn='' endpoint='' token
    # The instance's id makes tokens differ from those of an accelerator that was deleted an hour ago.
    token=latexp-$name-${instance[1]}
    find_accelerator
    if [ -z "$accelerator_arn" ]; then
        change '<accelerator-arn>' "$accelerator_region" globalaccelerator create-accelerator --name "latexp-$name" \
            --ip-address-type IPV4 --enabled --idempotency-token "$token" \
            --tags "Key=$tag,Value=$name" "Key=Name,Value=latexp-$name" --query Accelerator.AcceleratorArn
        accelerator_arn=$answer
        made 1 "accelerator" "latexp-$name"
    elif [ "$accelerator_enabled" = False ]; then
        change '' "$accelerator_region" globalaccelerator update-accelerator --accelerator-arn "$accelerator_arn" --enabled \
            --query Accelerator.Status
    fi
    listener_of "$accelerator_arn"
    listener=$answer
    if [ -z "$listener" ]; then
        change '<listener-arn>' "$accelerator_region" globalaccelerator create-listener --accelerator-arn "$accelerator_arn" \
            --protocol TCP --port-ranges "FromPort=$accelerator_port,ToPort=$accelerator_port" --client-affinity SOURCE_IP \
            --idempotency-token "$token" --query Listener.ListenerArn
        listener=$answer
    fi
    endpoint_groups_of "$listener"
    read -r group_arn endpoint <<<"$answer" || true
    if [ -z "$group_arn" ]; then
        change '<endpoint-group-arn>' "$accelerator_region" globalaccelerator create-endpoint-group \
            --listener-arn "$listener" --endpoint-group-region "${region[1]}" \
            --endpoint-configurations "EndpointId=${instance[1]},Weight=128,ClientIPPreservationEnabled=true" \
            --idempotency-token "$token" --query EndpointGroup.EndpointGroupArn
        made 1 "accelerator's endpoint" "${instance[1]}"
    elif [ "$endpoint" != "${instance[1]}" ]; then
        change '' "$accelerator_region" globalaccelerator update-endpoint-group --endpoint-group-arn "$group_arn" \
            --endpoint-configurations "EndpointId=${instance[1]},Weight=128,ClientIPPreservationEnabled=true" \
            --query EndpointGroup.EndpointGroupArn
    fi
    [ "$dry_run" = yes ] || wait_for 900 "the accelerator to be deployed (some minutes)" accelerator_is DEPLOYED \
        || fail "the accelerator is still $accelerator_state after 15 minutes: run it again"
    open_for_accelerator
}

accelerator_is() {
    find_accelerator
    [ "$accelerator_state" = "$1" ]
}

# The accelerator keeps the sender's address: the receiver sees the forwarder's own public one.
open_for_accelerator() {
    local wanted='' address
    [ "$dry_run" = no ] || accelerator_addresses='<accelerator-address-1>,<accelerator-address-2>'
    for address in $(printf '%s' "$accelerator_addresses" | tr ',' ' '); do
        wanted="$wanted""egress tcp $accelerator_port $accelerator_port $address/32"$'\n'
    done
    settle_rules 0 accelerator "$wanted"
    settle_rules 1 accelerator "ingress tcp $accelerator_port $accelerator_port ${public_address[0]:-<public-address-${host[0]}>}/32"
}

# Disables it, empties it and deletes it.
remove_accelerator() {
    local listener group_arn rest listeners groups
    find_accelerator
    [ -n "$accelerator_arn" ] || return 0
    if [ "$accelerator_enabled" = True ]; then
        tolerated='.*NotFoundException' change '' "$accelerator_region" globalaccelerator update-accelerator \
            --accelerator-arn "$accelerator_arn" --no-enabled --query Accelerator.Status
    fi
    listener_of "$accelerator_arn"
    listeners=$answer
    for listener in $listeners; do
        endpoint_groups_of "$listener"
        groups=$answer
        while read -r group_arn rest; do
            [ -n "$group_arn" ] || continue
            tolerated='.*NotFoundException' change '' "$accelerator_region" globalaccelerator delete-endpoint-group \
                --endpoint-group-arn "$group_arn"
        done <<<"$groups"
        tolerated='.*NotFoundException' again='AssociatedEndpointGroupFoundException' change '' "$accelerator_region" \
            globalaccelerator delete-listener --listener-arn "$listener"
    done
    [ "$dry_run" = yes ] || wait_for 900 "the accelerator to be disabled (some minutes)" accelerator_is DEPLOYED \
        || fail "the accelerator is still $accelerator_state after 15 minutes and costs money: run infra/aws/down again"
    tolerated='AcceleratorNotFoundException' again='AcceleratorNotDisabledException|AssociatedListenerFoundException' \
        change '' "$accelerator_region" globalaccelerator delete-accelerator --accelerator-arn "$accelerator_arn"
    [ "$dry_run" = yes ] || say "accelerator deleted"
}
