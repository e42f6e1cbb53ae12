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
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))

# Before moto is loaded: it would read thousands of images.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection
from moto.moto_api._internal import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from simulated_accelerators import Accelerators

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


def is_change(call):
    return not call[1].startswith(("Describe", "Get", "List"))
