"""k8s/infra: its form, its own tests, what an AWS on loopback makes of it, and the names the manifests need."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from manifests import OVERLAYS, ROOT, Manifest, kinds, pod_templates
from terraform import INFRA, Aws, aws_on, initialised, resources, run

Render = Callable[..., list[Manifest]]
PARTS = ["data", "cluster"]
DATA = ["-var=region=us-west-2", "-var=bucket_prefix=example-imagine"]
CLUSTER = ["-var=region=us-west-2", '-var=availability_zones=["us-west-2a","us-west-2b"]']
CLUSTER += ['-var=admins=["arn:aws:iam::000000000000:role/admin"]']
CLUSTER += ["-var=artifacts_bucket=example-imagine-artifacts", "-var=images_bucket=example-imagine-images"]
NOT_IN_MOTO = {
    "aws_eks_access_entry",
    "aws_eks_access_policy_association",
    "aws_eks_addon",
    "aws_eks_node_group",  # it has it, but the group needs the add-ons
    "aws_eks_pod_identity_association",
    "aws_ec2_tag",  # its clusters have no security group to tag
}
NAME = re.findall(r'"cluster_name" {.*?default += "(\w+)"', (INFRA / "cluster" / "variables.tf").read_text(), re.S)[0]


def text(part: str) -> str:
    return "".join(file.read_text() for file in (INFRA / part).glob("*.tf"))


def node_classes(render: Render) -> list[Manifest]:
    return [m["spec"] for m in kinds(render("karpenter"), "EC2NodeClass")]


def discovery(spec: Manifest) -> set[str]:
    terms = [*spec["subnetSelectorTerms"], *spec["securityGroupSelectorTerms"]]
    return {term["tags"]["karpenter.sh/discovery"] for term in terms}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("infra")
    return {part: initialised(part, folder) for part in PARTS}


@pytest.fixture(scope="module")
def aws(parts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with aws_on(port, tmp_path_factory.mktemp("aws") / "log") as aws:
        yield aws


@pytest.fixture(scope="module")
def data(aws: Aws, parts: dict[str, Path]) -> dict[str, Any]:
    """Outputs of the data part, applied."""
    return aws.apply(parts["data"], *DATA)


@pytest.fixture(scope="module")
def cluster(aws: Aws, parts: dict[str, Path]) -> dict[str, Any]:
    """Outputs of what moto has of the cluster part, applied."""
    targets = [f"-target={address}" for address in resources("cluster", NOT_IN_MOTO)]
    return aws.apply(parts["cluster"], *CLUSTER, *targets)


def test_files_are_formatted() -> None:
    done = run(INFRA, "fmt", "-check", "-diff", "-recursive")
    assert done.returncode == 0, done.stdout


def test_files_are_small() -> None:
    lines = {file.name: len(file.read_text().splitlines()) for file in INFRA.rglob("*.tf")}
    assert max(lines.values()) <= 100, lines


@pytest.mark.parametrize("part", PARTS)
def test_it_is_valid(parts: dict[str, Path], part: str) -> None:
    done = run(parts[part], "validate", "-no-color")
    assert done.returncode == 0, done.stderr


@pytest.mark.cluster
@pytest.mark.parametrize("part", PARTS)
def test_its_own_tests_pass(parts: dict[str, Path], part: str) -> None:
    done = run(parts[part], "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Success! \d+ passed, 0 failed", done.stdout)


@pytest.mark.parametrize("part", PARTS)
def test_every_variable_that_is_no_switch_and_no_output_of_data_is_validated(part: str) -> None:
    blocks = re.findall(r'^variable "(\w+)" {(.*?)^}', (INFRA / part / "variables.tf").read_text(), re.S | re.M)
    free = {name for name, body in blocks if "validation {" not in body and "= bool" not in body}
    assert free == ({"artifacts_bucket", "images_bucket"} if part == "cluster" else set())
    assert all(f'output "{name}"' in text("data") for name in free)


def test_no_third_party_module_no_account_and_no_secret() -> None:
    for part in PARTS:
        assert not re.search(r"^module |\b(?!0{12})\d{12}\b|AKIA|dkr\.ecr", text(part), re.M)


def test_karpenter_finds_role_and_tags_by_the_default_name(render: Render) -> None:
    assert 'name               = "KarpenterNodeRole-${var.cluster_name}"' in text("cluster")
    for spec in node_classes(render):
        assert spec["role"] == f"KarpenterNodeRole-{NAME}"
        assert discovery(spec) == {NAME}


def test_the_guide_installs_karpenter_by_these_names() -> None:
    (command,) = re.findall(
        r"helm upgrade --install karpenter .*\n.*", (ROOT / "docs" / "infrastructure.md").read_text()
    )
    assert f"settings.clusterName={NAME} " in command and f"settings.interruptionQueue={NAME} " in command
    (place,) = re.findall(r'karpenter = { namespace = "([\w-]+)", service_account = "karpenter" }', text("cluster"))
    assert f"--namespace {place} " in command


def test_registries_are_named_as_the_images() -> None:
    (listed,) = re.findall(r'"aws_ecr_repository" "image" {\s+for_each = toset\((\[.*?\])\)', text("data"))
    built = {file.name.removesuffix(".Dockerfile").replace("serve", "server") for file in ROOT.glob("docker/*.Docker*")}
    assert {f"imagine-{name}" for name in built} == set(re.findall(r'"([\w-]+)"', listed))


@pytest.mark.cluster
def test_the_buckets_are_private_encrypted_and_expire(aws: Aws, data: dict[str, Any]) -> None:
    s3 = aws.client("s3")
    for bucket in (data["artifacts_bucket"], data["images_bucket"]):
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
        assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
        assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["Status"] == "Enabled"
    assert s3.get_bucket_versioning(Bucket=data["artifacts_bucket"])["Status"] == "Enabled"


@pytest.mark.cluster
def test_a_pushed_tag_stays_what_it_was(aws: Aws, data: dict[str, Any]) -> None:
    repositories = aws.client("ecr").describe_repositories()["repositories"]
    assert {r["repositoryName"]: r["repositoryUri"] for r in repositories} == data["repositories"]
    assert {r["imageTagMutability"] for r in repositories} == {"IMMUTABLE"}
    assert all(r["imageScanningConfiguration"]["scanOnPush"] for r in repositories)


@pytest.mark.cluster
@pytest.mark.usefixtures("data")
def test_a_second_apply_would_change_nothing(aws: Aws, parts: dict[str, Path]) -> None:
    done = aws.terraform(parts["data"], "plan", "-detailed-exitcode", "-no-color", *DATA)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.cluster
def test_outputs_are_the_names_in_the_manifests(cluster: dict[str, Any], render: Render) -> None:
    assert {spec["role"] for spec in node_classes(render)} == {cluster["node_role"]}
    assert cluster["cluster_name"] == cluster["interruption_queue"] == NAME
    for overlay in OVERLAYS:
        manifests = render(overlay)
        accounts = {t["spec"].get("serviceAccountName") for t in pod_templates(manifests)} - {None}
        (namespace,) = {m["metadata"]["namespace"] for m in kinds(manifests, "ServiceAccount")}
        assert {cluster["service_account_roles"][f"{namespace}/{name}"] for name in accounts} == {"imagine-imagine-pod"}


@pytest.mark.cluster
@pytest.mark.usefixtures("cluster")
def test_karpenter_would_find_the_private_subnets_alone(aws: Aws, render: Render) -> None:
    (tag,) = discovery(node_classes(render)[0])
    filters = [{"Name": "tag:karpenter.sh/discovery", "Values": [tag]}]
    subnets = aws.client("ec2").describe_subnets(Filters=filters)["Subnets"]
    assert {s["AvailabilityZone"] for s in subnets} == {"us-west-2a", "us-west-2b"}
    assert not [s for s in subnets if s["MapPublicIpOnLaunch"]]
    assert {s["CidrBlock"] for s in subnets} == {"10.0.0.0/19", "10.0.32.0/19"}


@pytest.mark.cluster
@pytest.mark.usefixtures("cluster")
def test_karpenters_policies_fit_into_a_role(aws: Aws) -> None:
    """10,240 characters for all inline policies of a role, white space aside."""
    iam = aws.client("iam")
    role = f"{NAME}-karpenter-pod"
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    assert sorted(names) == ["nodes", "profiles", "reads"]
    assert sum(len(str(document).replace(" ", "")) for document in documents) < 10_240


@pytest.mark.cluster
@pytest.mark.usefixtures("cluster")
def test_notices_go_to_the_queue_that_karpenter_reads(aws: Aws) -> None:
    events = aws.client("events")
    queue = aws.client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"]
    names = [rule["Name"] for rule in events.list_rules(NamePrefix=f"{NAME}-")["Rules"]]
    targets = {t["Arn"].split(":")[-1] for name in names for t in events.list_targets_by_rule(Rule=name)["Targets"]}
    assert (len(names), targets) == (4, {queue.split("/")[-1]})


@pytest.mark.cluster
def test_a_bucket_answers_nobody_without_tls(aws: Aws, data: dict[str, Any]) -> None:
    s3 = aws.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match="403"):
        s3.put_object(Bucket=data["artifacts_bucket"], Key="model", Body=b"weights")


@pytest.mark.cluster
def test_a_bucket_with_models_in_it_survives_destroy_and_nothing_else_does(
    aws: Aws, parts: dict[str, Path], data: dict[str, Any]
) -> None:
    s3 = aws.client("s3")
    s3.delete_bucket_policy(Bucket=data["artifacts_bucket"])  # there is no TLS on loopback
    s3.put_object(Bucket=data["artifacts_bucket"], Key="model", Body=b"weights")
    done = aws.terraform(parts["data"], "destroy", "-auto-approve", "-no-color", *DATA)
    assert done.returncode != 0 and "BucketNotEmpty" in done.stderr
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [data["artifacts_bucket"]]
    assert aws.client("ecr").describe_repositories()["repositories"] == []


@pytest.mark.cluster
@pytest.mark.usefixtures("cluster")
def test_nothing_of_the_cluster_is_left_after_destroy(aws: Aws, parts: dict[str, Path]) -> None:
    done = aws.terraform(parts["cluster"], "destroy", "-auto-approve", "-no-color", *CLUSTER)
    assert done.returncode == 0, done.stderr
    ec2 = aws.client("ec2")
    assert aws.client("eks").list_clusters()["clusters"] == []
    assert [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]] == []
    assert [r for r in aws.client("iam").list_roles()["Roles"] if NAME in r["RoleName"]] == []
