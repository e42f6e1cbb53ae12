"""Runs the scripts of infra/aws against the simulated AWS and says what is there."""

import contextlib
import io
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="AKIAEXAMPLEEXAMPLE00",
    AWS_SECRET_ACCESS_KEY="notasecretnotasecretnotasecretnotasecret",
    AWS_CONFIG_FILE="/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE="/nonexistent",
    AWS_EC2_METADATA_DISABLED="true",
)

import awscli.clidriver  # noqa: E402
import botocore.awsrequest  # noqa: E402
import botocore.session  # noqa: E402

from simulated_aws import DEFAULT_ACCOUNT_ID, SimulatedAWS  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.dirname(HERE)
# The shell to run the scripts with: on a Mac, say, /bin/bash.
SHELL = os.environ.get("LATEXP_TEST_BASH", "bash")
TOKYO, FRANKFURT = "ap-northeast-1", "eu-central-1"
HERE_ADDRESS = "198.51.100.77"


class Raw(io.BytesIO):
    def stream(self, *_, **__):
        while data := self.read(65536):
            yield data


class Result:
    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output, errors

    @property
    def text(self):
        return self.output + self.errors


class World:
    """A simulated AWS, a home folder, and the CLI in one process, which is quick and can be forked at any call."""

    current = None

    def __init__(self):
        self.aws = SimulatedAWS()
        World.current = self
        self.folder = tempfile.mkdtemp(prefix="latexp-aws-test.")
        self.environment = {}
        self.server = None

    # --- The way from botocore into the application, without sockets.

    @staticmethod
    def send(request, **_):
        url = urllib.parse.urlsplit(request.url)
        body = request.body or b""
        body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
        environ = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "SERVER_NAME": url.hostname,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "https",
            "wsgi.errors": sys.stderr,
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "HTTP_HOST": url.hostname,
        }
        for key, value in request.headers.items():
            value = value.decode() if isinstance(value, bytes) else value
            name = key.upper().replace("-", "_")
            environ[name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + name] = value
        answer = []
        content = b"".join(World.current.aws(environ, lambda status, headers, exc_info=None: answer.extend([status, headers])))
        return botocore.awsrequest.AWSResponse(request.url, int(answer[0].split()[0]), dict(answer[1]), Raw(content))

    def client(self, region, service="ec2"):
        """A client for what tests make and look at; its calls are not recorded."""
        return CLI.own_client(service, region_name=region)

    @contextlib.contextmanager
    def unrecorded(self):
        calls, after = self.aws.calls, self.aws.after_call
        self.aws.calls, self.aws.after_call = [], None
        try:
            yield
        finally:
            self.aws.calls, self.aws.after_call = calls, after

    def run_cli(self, arguments):
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                status = CLI.driver.main(arguments)
            except SystemExit as stop:
                status = stop.code
        return status, output.getvalue(), errors.getvalue()

    def use_credentials(self, access, secret):
        """The keys that the scripts' calls are signed with from now on."""
        CLI.driver.session.set_credentials(access, secret)
        CLI.forget_clients()

    # --- Scripts.

    @property
    def state(self):
        return os.path.join(self.folder, "state")

    @property
    def inventory(self):
        return os.path.join(self.folder, "hosts.json")

    def shell_environment(self, port):
        """What a script sees: an "aws" that asks this process (or the real one), and no way to the outside."""
        bin = os.path.join(self.folder, "bin")
        os.makedirs(bin, exist_ok=True)
        if self.server:
            os.path.exists(os.path.join(bin, "aws")) or os.symlink(real_cli(), os.path.join(bin, "aws"))
            ours = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "PYENV"))}
            self.environment = {**ours, "AWS_ENDPOINT_URL": self.server.url, **self.environment}
        else:
            with open(os.path.join(HERE, "aws")) as file:
                self.tool(bin, "aws", file.read())
        self.tool(bin, "curl", f'#!/bin/sh\necho "$@" >>"{self.folder}/curl.log"\necho {HERE_ADDRESS}\n')
        temporary = os.path.join(self.folder, "tmp")
        os.makedirs(temporary, exist_ok=True)
        return {
            "PATH": bin + ":" + os.environ["PATH"],
            "HOME": self.folder,
            "TMPDIR": temporary,
            "LATEXP_AWS_STATE": self.state,
            "LATEXP_AWS_PAUSE": "0.01",
            "LATEXP_TEST_PORT": str(port),
            **self.environment,
        }

    @staticmethod
    def tool(folder, name, text):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, 0o755)

    def run(self, script, *arguments, cut_after=None):
        """Runs a script to its end. cut_after(call): whether to kill it and all it started after that call was answered."""
        arguments = list(arguments)
        if script == "up" and "--inventory" not in arguments:
            arguments = ["--inventory", self.inventory, *arguments]
        listener = socket.create_server(("127.0.0.1", 0))
        there_before = set(os.listdir(os.path.join(self.folder, "tmp"))) if os.path.exists(os.path.join(self.folder, "tmp")) else set()
        environment = self.shell_environment(listener.getsockname()[1])
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [SHELL, os.path.join(SCRIPTS, script), *arguments],
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True, cwd=self.folder,
            )
            cut = False
            # Copies of a world are waited for while its own script runs.
            deadline = time.monotonic() + (1500 if self.aws.after_call else 300)
            while process.poll() is None:
                if time.monotonic() > deadline:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise AssertionError(f"{script} does not end")
                if not select.select([listener], [], [], 0.02)[0]:
                    continue
                connection, _ = listener.accept()
                with connection:
                    seen = len(self.aws.calls)
                    self.serve(connection)
                    if cut_after and any(cut_after(call) for call in self.aws.calls[seen:]):
                        os.killpg(process.pid, signal.SIGKILL)
                        process.wait()
                        cut = True
            listener.close()
            output.seek(0), errors.seek(0)
            result = Result("cut" if cut else process.returncode, output.read().decode(), errors.read().decode())
        for secret in (DEFAULT_ACCOUNT_ID, os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], "PRIVATE KEY"):
            assert secret not in result.text, f"{script} prints {secret}:\n{result.text}"
        left = set(os.listdir(environment["TMPDIR"])) - there_before
        assert cut or not left, f"{script} leaves {left} in its temporary folder"
        return result

    def serve(self, connection):
        data = b""
        # The number of arguments, then each of them; all end in a zero octet.
        while not data or data.count(b"\0") < int(data.split(b"\0", 1)[0]) + 1:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        arguments = [word.decode() for word in data.split(b"\0")[1:-1]]
        status, output, errors = self.run_cli(arguments)
        try:
            connection.sendall(output.encode() + b"\0" + errors.encode() + b"\0" + str(status).encode() + b"\0")
        except (BrokenPipeError, ConnectionResetError):
            pass

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- What is there.

    def everything(self):
        """All resources of both regions and all accelerators, whoever made them; ids are given names that do not change."""
        with self.unrecorded():
            found = {}
            for region in (TOKYO, FRANKFURT):
                found[region] = self.region(region)
            accelerators = sorted(self.aws.accelerators.all.values(), key=lambda each: each["arn"])
            found["accelerators"] = [
                {key: value for key, value in each.items() if key not in ("changing", "arn", "dns", "addresses")} for each in accelerators
            ]
        return self.with_stable_names(found)

    def region(self, region):
        client = self.client(region)
        pages = client.describe_instances()["Reservations"]
        instances = [i for page in pages for i in page["Instances"] if i["State"]["Name"] not in ("terminated", "shutting-down")]
        living = [instance["InstanceId"] for instance in instances]
        for instance in instances:
            for attribute in ("userData", "instanceInitiatedShutdownBehavior"):
                answer = client.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute=attribute)
                instance[attribute] = answer.get(attribute[0].upper() + attribute[1:])
        groups = client.describe_security_groups()["SecurityGroups"]
        for group in groups:
            if group["GroupName"] == "GlobalAccelerator":
                # It gets a tag only when it is taken down, which may have been begun.
                group.pop("Tags", None)
        return {
            "vpcs": client.describe_vpcs()["Vpcs"],
            "subnets": client.describe_subnets()["Subnets"],
            "gateways": client.describe_internet_gateways()["InternetGateways"],
            "tables": client.describe_route_tables()["RouteTables"],
            "groups": groups,
            "peerings": [
                p for p in client.describe_vpc_peering_connections()["VpcPeeringConnections"] if p["Status"]["Code"] != "deleted"
            ],
            "keys": client.describe_key_pairs()["KeyPairs"],
            "instances": instances,
            "volumes": client.describe_volumes()["Volumes"],
            # Moto keeps the interfaces of instances that have ended.
            "interfaces": [
                each for each in client.describe_network_interfaces()["NetworkInterfaces"]
                if each.get("Attachment", {}).get("InstanceId") in (None, "", *living)
            ],
        }

    IDENTIFIER = re.compile(
        r"\b((?:vpc|subnet|igw|rtb|rtbassoc|sg|sgr|pcx|key|i|vol|eni|eni-attach|acl|dopt|r|eipassoc|vpc-cidr-assoc|snap|ami|fl)-[0-9a-f]{8,})\b")
    ADDRESSES = re.compile(r"\b(?:54|75|99)\.\d+\.\d+\.\d+\b|\b10\.\d+\.\d+\.\d+\b(?![/\d])|ip-\d+-\d+-\d+-\d+|ec2-\d+-\d+-\d+-\d+")
    CHANGING = ("LaunchTime", "AttachTime", "CreateTime", "UsageOperationUpdateTime", "KeyFingerprint", "ReservationId", "MacAddress",
                "PrivateDnsName", "PublicDnsName", "AvailableIpAddressCount", "ClientToken", "StateTransitionReason", "SnapshotId")

    def with_stable_names(self, found):
        """Identifiers by what carries them: kind and Name tag; addresses and times left out."""
        names = {}
        for region, kinds in found.items():
            if region == "accelerators":
                continue
            for kind, things in kinds.items():
                for thing in things:
                    tags = {t["Key"]: t["Value"] for t in thing.get("Tags", thing.get("TagSet", []))}
                    own = next((v for k, v in thing.items() if k.endswith("Id") and isinstance(v, str) and self.IDENTIFIER.fullmatch(v) and kind_of(kind, k)), None)
                    if own:
                        names.setdefault(own, f"<{kind}:{tags.get('Name', thing.get('GroupName', 'unnamed'))}>")

        def clean(value, key=""):
            if key in self.CHANGING:
                return None
            if isinstance(value, dict):
                return {clean(k): clean(v, k) for k, v in value.items()}
            if isinstance(value, (list, tuple)):
                return sorted((clean(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True, default=str))
            if isinstance(value, str):
                value = self.IDENTIFIER.sub(lambda m: names.get(m[1], re.sub("[0-9a-f]{8,}$", "*", m[1])), value)
                value = re.sub(r"arn:aws:globalaccelerator::\S+", "<accelerator>", value)
                return self.ADDRESSES.sub("<address>", value)
            return value if isinstance(value, (int, float, bool, type(None))) else str(value)

        return clean(found)

    def make_foreign(self):
        """Other people's things in the same account and regions, some with tags that are nearly the same."""
        with self.unrecorded():
            vpcs = {}
            for number, region in enumerate((TOKYO, FRANKFURT)):
                client = self.client(region)
                for value in ("other", None):
                    tags = [{"Key": "Name", "Value": f"foreign-{value}"}]
                    tags += [{"Key": "latexp-experiment", "Value": value}] if value else [{"Key": "latexp", "Value": "latexp"}]

                    def tagged(kind, tags=tags):
                        return [{"ResourceType": kind, "Tags": tags}]

                    vpc = client.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
                    vpcs[region, value] = vpc
                    subnet = client.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24", TagSpecifications=tagged("subnet"))["Subnet"]["SubnetId"]
                    gateway = client.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
                    client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
                    table = client.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table"))["RouteTable"]["RouteTableId"]
                    client.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
                    group = client.create_security_group(
                        GroupName=f"foreign-{value}", Description="x", VpcId=vpc, TagSpecifications=tagged("security-group"))["GroupId"]
                    client.create_key_pair(KeyName=f"foreign-{value}", TagSpecifications=tagged("key-pair"))
                    client.run_instances(
                        ImageId="ami-0debian1200000001", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
                        InstanceType="t3.micro", ClientToken=f"foreign-{region}-{value}", TagSpecifications=tagged("instance") + tagged("volume"))
                    client.create_volume(AvailabilityZone=region + "a", Size=1, TagSpecifications=tagged("volume"))
            for value in ("other", None):
                client = self.client(TOKYO)
                tags = [{"Key": "latexp-experiment", "Value": value}] if value else [{"Key": "Name", "Value": "x"}]
                client.create_vpc_peering_connection(
                    VpcId=vpcs[TOKYO, value], PeerVpcId=vpcs[FRANKFURT, value], PeerRegion=FRANKFURT,
                    TagSpecifications=[{"ResourceType": "vpc-peering-connection", "Tags": tags}])
                self.aws.accelerators.CreateAccelerator(Name="latexp-latexp", IdempotencyToken=f"t{value}", Tags=tags)


def remembered(create):
    clients = {}

    def create_client(*arguments, **options):
        key = repr((arguments, sorted(options.items())))
        if key not in clients:
            clients[key] = create(*arguments, **options)
        return clients[key]

    return create_client


def kind_of(kind, key):
    return {
        "vpcs": "VpcId", "subnets": "SubnetId", "gateways": "InternetGatewayId", "tables": "RouteTableId", "groups": "GroupId",
        "peerings": "VpcPeeringConnectionId", "keys": "KeyPairId", "instances": "InstanceId", "volumes": "VolumeId", "interfaces": "NetworkInterfaceId",
    }[kind] == key


def real_cli():
    """The CLI beside this Python, or the first one to be found."""
    beside = os.path.join(sys.prefix, "bin", "aws")
    found = beside if os.path.exists(beside) else shutil.which("aws")
    assert found, "the AWS CLI is not installed"
    return found


class LoadedCLI:
    """The real CLI's code, loaded once; its requests go to the world of the moment."""

    def __init__(self):
        self.driver = awscli.clidriver.create_clidriver()
        self.driver.session.register("before-send", World.send)
        self.create_client = self.driver.session.create_client
        self.forget_clients()
        session = botocore.session.get_session()
        session.register("before-send", World.send)
        self.own_client = remembered(session.create_client)

    def forget_clients(self):
        # To make a client of EC2's many operations costs more than a call does.
        self.driver.session.create_client = remembered(self.create_client)


CLI = LoadedCLI()
