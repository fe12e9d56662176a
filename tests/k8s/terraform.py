"""Terraform on a copy of k8s/infra, and an AWS on loopback that has most of what it asks for."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from manifests import K8S

INFRA = K8S / "infra"
TIMEOUT_S = 280
LOOPBACK = """\
provider "aws" {
  region                      = var.region
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}
"""


def plugin_flags() -> list[str]:
    """Where the AWS provider lies: TF_PLUGIN_DIR, else a mirror under /opt, else wherever `terraform init` looks."""
    mirrors = [os.environ.get("TF_PLUGIN_DIR"), *(str(p.parents[2]) for p in Path("/opt").glob("*/*/hashicorp/aws"))]
    return [f"-plugin-dir={found}" for found in mirrors if found][:1]


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("no terraform here: the files of k8s/infra are not checked")
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=os.environ | {"TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"} | variables,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def initialised(part: str, folder: Path) -> Path:
    """A copy of one part with the provider; the test is skipped where there is none."""
    copy = folder / part
    shutil.copytree(INFRA / part, copy, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars*"))
    done = run(copy, "init", "-input=false", "-backend=false", "-no-color", *plugin_flags())
    if re.search(r"Failed to (query available provider packages|install provider)", done.stderr):
        pytest.skip("no AWS provider for terraform here, and no registry that has it; TF_PLUGIN_DIR names a mirror")
    assert done.returncode == 0, done.stderr
    return copy


@dataclass
class Aws:
    """An AWS that listens on loopback and knows no account of anybody."""

    url: str

    @property
    def variables(self) -> dict[str, str]:
        secrets = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        return {"AWS_ENDPOINT_URL": self.url, "NO_PROXY": "127.0.0.1"} | secrets

    def client(self, service: str) -> Any:
        boto3 = pytest.importorskip("boto3")
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-west-2", **keys)

    def terraform(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(folder, *arguments, **self.variables)

    def apply(self, folder: Path, *arguments: str) -> dict[str, Any]:
        """Outputs by name."""
        (folder / "loopback_override.tf").write_text(LOOPBACK)
        done = self.terraform(folder, "apply", "-auto-approve", "-no-color", *arguments)
        assert done.returncode == 0, done.stderr
        outputs = json.loads(self.terraform(folder, "output", "-json").stdout)
        return {name: output["value"] for name, output in outputs.items()}


@contextmanager
def aws_on(port: int, log: Path) -> Iterator[Aws]:
    """moto's server, with the names of AWS's own policies: a misspelt one is refused."""
    pytest.importorskip("moto", reason="no moto here: `pip install moto[server]`")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=os.environ | {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
        )
        try:
            aws = Aws(f"http://127.0.0.1:{port}")
            _wait_for(aws.url + "/moto-api/data.json", process, log)
            yield aws
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, trust_env=False, timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"moto did not start: {log.read_text()}")


def resources(part: str, without: set[str]) -> list[str]:
    """Addresses of a part's resources, except some types."""
    text = "".join(file.read_text() for file in sorted((INFRA / part).glob("*.tf")))
    found = re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE)
    return [f"{kind}.{name}" for kind, name in found if kind not in without]
