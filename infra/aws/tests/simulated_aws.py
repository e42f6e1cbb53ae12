"""AWS as far as infra/aws uses it: moto's server, and what moto lacks.

Moto answers for EC2 and IAM. Added here: what instances print on their consoles, client tokens of RunInstances, refusals
while something is still in use, and Global Accelerator, whose requests are checked against the service model of botocore.
One WSGI application: served over HTTP for the real CLI, or called directly for many quick calls.
"""

import base64
import datetime
import hashlib
import io
import json
import os
import re
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))

# Before moto is loaded: it would read thousands of images.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import botocore.session  # noqa: E402
import botocore.validate  # noqa: E402
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection
from moto.moto_api._internal import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

REGIONS = ("ap-northeast-1", "eu-central-1")


def host_key(instance_id):
    """An Ed25519 public key of the right form that belongs to the instance."""
    digits = hashlib.sha256(instance_id.encode()).digest()
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + digits
    return "ssh-ed25519 " + base64.b64encode(blob).decode()


def console_text(instance_id):
    """What a first boot prints: kernel messages in between, carriage returns, a key that another message tore."""
    key = host_key(instance_id)
    lines = [
        "[    0.000000] Linux version 6.1.0-28-cloud-amd64",
        "-----BEGIN SSH HOST KEY KEYS-----",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBO root@ip",
        key[:40] + "[    9.123456] random: crng init done",
        key[40:] + " root@ip",
        "-----END SSH HOST KEY KEYS-----",
        f"latexp: host key {key}",
        "[   20.000000] EXT4-fs (nvme0n1p1): re-mounted",
        "latexp: clock synchronised with 169.254.169.123: 0.000012 s off",
        "latexp: ready",
    ]
    return "\r\n".join(lines) + "\r\n"


def tags_of_a_peering(peering):
    """The tags that it has in the region of the request: moto shows one region's tags in both."""
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][SimulatedAWS.region or peering.ec2_backend.region_name]
    return backend.describe_tags(filters={"resource-id": [peering.id]})


VPCPeeringConnection.get_tags = tags_of_a_peering


class SimulatedAWS:
    """The application, what was asked of it, and what goes wrong on purpose."""

    region = None  # of the request that is being answered

    def __init__(self):
        moto_api_backend.reset()
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.accelerators = Accelerators(self)
        self.calls = []  # (service, action, region, parameters)
        self.after_call = None  # called with each recorded call, once it has been answered
        self.failures = {}  # action: (code, message), answered instead
        self.late_console = 1  # how often a console is still empty
        self.looks_at_console = {}
        self.console = console_text
        self.started = {}  # client token: the answer that it got
        for region in REGIONS:
            self.add_images(region)

    @staticmethod
    def add_images(region):
        backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
        with open(os.path.join(HERE, "images.json")) as file:
            for image in json.load(file):
                created = datetime.datetime.fromisoformat(image.pop("creation_date").replace("Z", "+00:00"))
                backend.amis[image["ami_id"]] = Ami(backend, **image, creation_date=created)

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
        if len(scope) < 5:
            return self.moto(environ, start_response)
        region, service = scope[2], scope[3]
        SimulatedAWS.region = region
        if service == "globalaccelerator":
            action = environ["HTTP_X_AMZ_TARGET"].split(".")[1]
            parameters = json.loads(body or b"{}")
        else:
            parameters = dict(urllib.parse.parse_qsl(body.decode()))
            action = parameters.get("Action", "")
        call = (service, action, region, parameters)
        answer = []

        def keep(status, headers, exc_info=None):
            answer[:] = [status, headers]

        content = self.answer(call, environ, keep)
        self.calls.append(call)
        if self.after_call:
            self.after_call(call)
        start_response(*answer)
        return [content]

    def answer(self, call, environ, start_response):
        service, action, region, parameters = call
        if action in self.failures:
            code, message = self.failures[action]
            return self.refuse(service, start_response, code, message)
        if service == "globalaccelerator":
            status, content = self.accelerators.answer(action, parameters)
            start_response(status, [("Content-Type", "application/x-amz-json-1.1")])
            return json.dumps(content).encode()
        if service != "ec2":
            return self.forward(environ, start_response)
        refusal = self.refusal(action, region, parameters)
        if refusal:
            return self.refuse(service, start_response, *refusal)
        if action == "DescribeRegions":
            return self.regions(start_response)
        if action == "GetConsoleOutput":
            return self.console_output(region, parameters["InstanceId"], start_response)
        token = parameters.get("ClientToken") if action == "RunInstances" else None
        if token in self.started:
            start_response("200 OK", [("Content-Type", "text/xml")])
            return self.started[token]
        content = self.forward(environ, start_response)
        if token and b"<Errors>" not in content:
            self.started[token] = content
        return content

    def forward(self, environ, start_response):
        return b"".join(self.moto(environ, start_response))

    @staticmethod
    def refuse(service, start_response, code, message):
        if service == "globalaccelerator":
            start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
            return json.dumps({"__type": code, "Message": message}).encode()
        start_response("400 Bad Request", [("Content-Type", "text/xml")])
        text = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return (text + "<RequestID>x</RequestID></Response>").encode()

    @staticmethod
    def regions(start_response):
        """Few regions, since each has much to be asked for."""
        names = ("us-east-1", "ap-northeast-3", *REGIONS)
        items = "".join(f"<item><regionName>{name}</regionName></item>" for name in names)
        start_response("200 OK", [("Content-Type", "text/xml")])
        return (
            '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>x</requestId>'
            f"<regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
        ).encode()

    def console_output(self, region, instance_id, start_response):
        looks = self.looks_at_console.get(instance_id, 0)
        self.looks_at_console[instance_id] = looks + 1
        text = self.console(instance_id) if looks >= self.late_console else ""
        output = f"<output>{base64.b64encode(text.encode()).decode()}</output>" if text else ""
        start_response("200 OK", [("Content-Type", "text/xml")])
        return (
            '<GetConsoleOutputResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>x</requestId>'
            f"<instanceId>{instance_id}</instanceId>{output}</GetConsoleOutputResponse>"
        ).encode()

    def refusal(self, action, region, parameters):
        """What EC2 refuses and moto lets pass: to delete what something else still uses."""
        backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
        living = [i for i in backend.all_instances() if i.state not in ("terminated",)]
        if action == "DeleteSubnet":
            used = [i.id for i in living if i.subnet_id == parameters["SubnetId"]]
            used += self.accelerators.interfaces_in(parameters["SubnetId"])
            if used:
                return "DependencyViolation", f"The subnet has dependencies ({used}) and cannot be deleted."
        if action == "DeleteSecurityGroup":
            group = parameters.get("GroupId")
            if any(group in [g.id for g in i.security_groups] for i in living):
                return "DependencyViolation", f"resource {group} has a dependent object"
        if action == "DetachInternetGateway":
            if any(i.vpc_id == parameters["VpcId"] for i in living):
                return "DependencyViolation", "Network has some mapped public addresses."
        if action == "DeleteVpc":
            vpc = parameters["VpcId"]
            groups = [g.id for g in backend.groups.get(vpc, {}).values() if g.name != "default"]
            gateways = [g.id for g in backend.internet_gateways.values() if g.vpc and g.vpc.id == vpc]
            if groups or gateways:
                return "DependencyViolation", f"The vpc {vpc} has dependencies ({groups + gateways}) and cannot be deleted."
        return None


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


def is_change(call):
    return not call[1].startswith(("Describe", "Get", "List"))
