"""Global Accelerator, which moto lacks: its requests are checked against the service model of botocore."""

import hashlib
import re

import botocore.session
import botocore.validate
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends


class Accelerators:
    """Global Accelerator. Each request must fit the service's model, each step must be allowed in the accelerator's state."""

    # How often an accelerator is still IN_PROGRESS after a change.
    SLOWNESS = 2

    def __init__(self, aws):
        self.aws = aws
        self.model = botocore.session.get_session().get_service_model("globalaccelerator")
        self.all = {}
        self.tokens = {}
        self.count = 0

    def answer(self, action, parameters):
        operation = self.model.operation_model(action)
        report = botocore.validate.ParamValidator().validate(parameters, operation.input_shape)
        problems = [report.generate_report()] if report.has_errors() else []
        problems += list(self.beyond(parameters, operation.input_shape, ""))
        if problems:
            return "400 Bad Request", {"__type": "InvalidArgumentException", "Message": "; ".join(problems)}
        try:
            token = parameters.get("IdempotencyToken")
            if token and (action, token) in self.tokens:
                return "200 OK", self.tokens[action, token]
            content = getattr(self, action)(**parameters)
            if token:
                self.tokens[action, token] = content
        except Refusal as refusal:
            return "400 Bad Request", {"__type": refusal.code, "Message": refusal.message}
        self.aws_model_check(operation, content)
        return "200 OK", content

    def beyond(self, value, shape, place):
        """What botocore's validator passes and the service does not: names it does not know, patterns and longest lengths."""
        if shape.type_name == "structure":
            for key, inner in value.items():
                if key not in shape.members:
                    yield f"{place}.{key} is not in the model"
                else:
                    yield from self.beyond(inner, shape.members[key], f"{place}.{key}")
        elif shape.type_name == "list":
            if len(value) > shape.metadata.get("max", len(value)):
                yield f"{place} has {len(value)} members"
            for inner in value:
                yield from self.beyond(inner, shape.member, place)
        elif shape.type_name == "string":
            if len(value) > shape.metadata.get("max", len(value)):
                yield f"{place} is longer than {shape.metadata['max']}"
            pattern = shape.metadata.get("pattern")
            if pattern and not re.search(pattern, value):
                yield f"{place} does not fit {pattern}"
            if shape.enum and value not in shape.enum:
                yield f"{place} is none of {shape.enum}"

    @staticmethod
    def aws_model_check(operation, content):
        if operation.output_shape:
            unknown = set(content) - set(operation.output_shape.members)
            assert not unknown, f"the simulation answers {operation.name} with {unknown}"

    def find(self, arn):
        if arn not in self.all:
            raise Refusal("AcceleratorNotFoundException", "no such accelerator")
        return self.all[arn]

    def owner_of(self, arn):
        return self.find("/".join(arn.split("/")[:2]))

    @staticmethod
    def shown(accelerator):
        if accelerator["changing"] > 0:
            accelerator["changing"] -= 1
        return {
            "AcceleratorArn": accelerator["arn"],
            "Name": accelerator["name"],
            "IpAddressType": "IPV4",
            "Enabled": accelerator["enabled"],
            "IpSets": [{"IpFamily": "IPv4", "IpAddresses": accelerator["addresses"]}],
            "DnsName": accelerator["dns"],
            "Status": "IN_PROGRESS" if accelerator["changing"] else "DEPLOYED",
        }

    def CreateAccelerator(self, Name, IdempotencyToken, IpAddressType="IPV4", Enabled=True, Tags=(), IpAddresses=None):
        self.count += 1
        digits = hashlib.sha256(str(self.count).encode()).hexdigest()
        arn = f"arn:aws:globalaccelerator::{DEFAULT_ACCOUNT_ID}:accelerator/{digits[:8]}-{digits[8:12]}"
        self.all[arn] = {
            "arn": arn,
            "name": Name,
            "enabled": Enabled,
            "addresses": [f"75.2.0.{self.count}", f"99.83.0.{self.count}"],
            "dns": f"a{digits[:16]}.awsglobalaccelerator.com",
            "tags": {tag["Key"]: tag["Value"] for tag in Tags},
            "changing": self.SLOWNESS,
            "listeners": {},
        }
        return {"Accelerator": self.shown(self.all[arn])}

    def ListAccelerators(self, MaxResults=100, NextToken=None):
        return {"Accelerators": [self.shown(accelerator) for accelerator in self.all.values()]}

    def ListTagsForResource(self, ResourceArn):
        return {"Tags": [{"Key": k, "Value": v} for k, v in self.find(ResourceArn)["tags"].items()]}

    def UpdateAccelerator(self, AcceleratorArn, Enabled=None, Name=None, IpAddressType=None, IpAddresses=None):
        accelerator = self.find(AcceleratorArn)
        if Enabled is not None:
            accelerator["enabled"] = Enabled
            accelerator["changing"] = self.SLOWNESS
        return {"Accelerator": self.shown(accelerator)}

    def DeleteAccelerator(self, AcceleratorArn):
        accelerator = self.find(AcceleratorArn)
        if accelerator["listeners"]:
            raise Refusal("AssociatedListenerFoundException", "there are listeners")
        if accelerator["enabled"] or accelerator["changing"]:
            raise Refusal("AcceleratorNotDisabledException", "it is not disabled")
        del self.all[AcceleratorArn]
        return {}

    def CreateListener(self, AcceleratorArn, PortRanges, IdempotencyToken, Protocol="TCP", ClientAffinity="NONE"):
        accelerator = self.find(AcceleratorArn)
        self.count += 1
        arn = f"{AcceleratorArn}/listener/{self.count:08x}"
        accelerator["listeners"][arn] = {"ports": PortRanges, "protocol": Protocol, "groups": {}}
        return {"Listener": {"ListenerArn": arn, "PortRanges": PortRanges, "Protocol": Protocol, "ClientAffinity": ClientAffinity}}

    def ListListeners(self, AcceleratorArn, MaxResults=100, NextToken=None):
        listeners = self.find(AcceleratorArn)["listeners"]
        return {"Listeners": [{"ListenerArn": arn, "PortRanges": each["ports"]} for arn, each in listeners.items()]}

    def listener(self, arn):
        listeners = self.owner_of(arn)["listeners"]
        if arn not in listeners:
            raise Refusal("ListenerNotFoundException", "no such listener")
        return listeners[arn]

    def DeleteListener(self, ListenerArn):
        if self.listener(ListenerArn)["groups"]:
            raise Refusal("AssociatedEndpointGroupFoundException", "there are endpoint groups")
        del self.owner_of(ListenerArn)["listeners"][ListenerArn]
        return {}

    def CreateEndpointGroup(self, ListenerArn, EndpointGroupRegion, IdempotencyToken, EndpointConfigurations=()):
        groups = self.listener(ListenerArn)["groups"]
        if any(each["region"] == EndpointGroupRegion for each in groups.values()):
            raise Refusal("EndpointGroupAlreadyExistsException", "one for a region")
        for endpoint in EndpointConfigurations:
            self.place_group(EndpointGroupRegion, endpoint)
        self.count += 1
        arn = f"{ListenerArn}/endpoint-group/{self.count:08x}"
        groups[arn] = {"region": EndpointGroupRegion, "endpoints": list(EndpointConfigurations)}
        self.owner_of(ListenerArn)["changing"] = self.SLOWNESS
        return {"EndpointGroup": self.shown_group(arn, groups[arn])}

    def place_group(self, region, endpoint):
        """The service puts a security group of its own, without tags, into an endpoint's VPC, and an interface into its subnet."""
        backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
        instance = backend.get_instance(endpoint["EndpointId"])
        if not endpoint.get("ClientIPPreservationEnabled", True):
            raise Refusal("InvalidArgumentException", "an instance always sees its clients' addresses")
        if "GlobalAccelerator" not in [group.name for group in backend.groups[instance.vpc_id].values()]:
            backend.create_security_group("GlobalAccelerator", "of the service", vpc_id=instance.vpc_id)

    def interfaces_in(self, subnet):
        found = []
        for accelerator in self.all.values():
            for listener in accelerator["listeners"].values():
                for group in listener["groups"].values():
                    for endpoint in group["endpoints"]:
                        backend = ec2_backends[DEFAULT_ACCOUNT_ID][group["region"]]
                        if backend.get_instance(endpoint["EndpointId"]).subnet_id == subnet:
                            found.append("eni-of-" + accelerator["name"])
        return found

    @staticmethod
    def shown_group(arn, group):
        endpoints = [{"EndpointId": e["EndpointId"], "Weight": e["Weight"]} for e in group["endpoints"]]
        return {"EndpointGroupArn": arn, "EndpointGroupRegion": group["region"], "EndpointDescriptions": endpoints}

    def ListEndpointGroups(self, ListenerArn, MaxResults=100, NextToken=None):
        groups = self.listener(ListenerArn)["groups"]
        return {"EndpointGroups": [self.shown_group(arn, group) for arn, group in groups.items()]}

    def group(self, arn):
        groups = self.listener("/".join(arn.split("/")[:4]))["groups"]
        if arn not in groups:
            raise Refusal("EndpointGroupNotFoundException", "no such endpoint group")
        return groups

    def UpdateEndpointGroup(self, EndpointGroupArn, EndpointConfigurations=None):
        group = self.group(EndpointGroupArn)[EndpointGroupArn]
        group["endpoints"] = list(EndpointConfigurations)
        return {"EndpointGroup": self.shown_group(EndpointGroupArn, group)}

    def DeleteEndpointGroup(self, EndpointGroupArn):
        del self.group(EndpointGroupArn)[EndpointGroupArn]
        self.owner_of(EndpointGroupArn)["changing"] = self.SLOWNESS
        return {}


class Refusal(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message
