"""What one worker pod takes of an EC2 instance, and the Kustomize components that say so.

`python -m k8s.sizes` writes k8s/components/inf2-*/ anew.
"""

from dataclasses import dataclass
from pathlib import Path

COMPONENTS = Path(__file__).parent / "components"
MAX_REPLICAS = 12
"""Replicas that the inf2 overlay may grow to: a whole inf2.48xlarge."""
RESERVED_CPU_M = 1000
RESERVED_MEMORY_MI = 1536
"""Left for the node's daemons: network, proxy, device plugin, CSI drivers, logs."""


@dataclass(frozen=True)
class Instance:
    """What pods may take of a node (as Karpenter computes it) and its Inferentia2 devices, of two cores each."""

    cpu_m: int
    memory_mi: int
    devices: int = 0


INSTANCES = {
    "c7i.2xlarge": Instance(7910, 14162),  # the least node that karpenter/cpu.yaml allows
    "inf2.8xlarge": Instance(31850, 118312, 1),
    "inf2.24xlarge": Instance(95690, 355262, 6),
    "inf2.48xlarge": Instance(191450, 718987, 12),
}  # no inf2.xlarge: SDXL does not load in its 14 GB


@dataclass(frozen=True)
class Worker:
    """One worker pod that fills a node: one model replica per device."""

    cpu: int
    memory_gi: int
    devices: int
    most_nodes: int

    @property
    def neuron_cores(self) -> int:
        return 2 * self.devices


def worker(instance: Instance) -> Worker:
    """The largest pod of whole CPUs and GiB that fits; as many nodes as MAX_REPLICAS needs."""
    return Worker(
        cpu=(instance.cpu_m - RESERVED_CPU_M) // 1000,
        memory_gi=(instance.memory_mi - RESERVED_MEMORY_MI) // 1024,
        devices=instance.devices,
        most_nodes=-(-MAX_REPLICAS // instance.devices),
    )


KUSTOMIZATION = """\
# One worker pod on each {name}, {devices} model replica{s} in it.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - target: {{kind: RayService, name: imagine}}
    path: size.yaml
"""
SIZE = """\
# Written by `python -m k8s.sizes`. Group 1 is the models' group.
- op: replace
  path: /spec/rayClusterConfig/workerGroupSpecs/1/maxReplicas
  value: {worker.most_nodes}
- op: replace # Ray knows nothing of aws.amazon.com/neuron: without this it would never ask for a node
  path: /spec/rayClusterConfig/workerGroupSpecs/1/resources
  value: {{neuron_cores: "{worker.neuron_cores}"}}
- op: add
  path: /spec/rayClusterConfig/workerGroupSpecs/1/template/spec/nodeSelector
  value: {{node.kubernetes.io/instance-type: {name}}}
- op: replace
  path: /spec/rayClusterConfig/workerGroupSpecs/1/template/spec/containers/0/resources
  value:
    requests: &all {{cpu: "{worker.cpu}", memory: {worker.memory_gi}Gi, aws.amazon.com/neuron: "{worker.devices}"}}
    limits: *all
"""


def component(name: str) -> dict[str, str]:
    """The files of the component for one instance type, by file name."""
    size = worker(INSTANCES[name])
    plural = "" if size.devices == 1 else "s"
    return {
        "kustomization.yaml": KUSTOMIZATION.format(name=name, devices=size.devices, s=plural),
        "size.yaml": SIZE.format(name=name, worker=size),
    }


def folder(name: str) -> Path:
    """Where the component for one instance type lies."""
    return COMPONENTS / name.replace(".", "-")


def main() -> None:
    """Write every component."""
    for name, instance in INSTANCES.items():
        if instance.devices:
            folder(name).mkdir(exist_ok=True)
            for file, text in component(name).items():
                (folder(name) / file).write_text(text)


if __name__ == "__main__":
    main()
