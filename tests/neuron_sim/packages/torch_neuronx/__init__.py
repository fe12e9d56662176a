"""A stand-in for torch_neuronx: graphs of fixed shapes that run on the CPU, and a log of who was placed where."""

import importlib.util
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from torch_neuronx import experimental as experimental
from torch_neuronx.record import record


class _Plain(nn.Module):
    """Outputs that TorchScript can trace: dicts of tensors stay dicts, other mappings become tuples."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> Any:
        outputs = self.model(*inputs)
        if not hasattr(outputs, "values"):
            return outputs
        if all(isinstance(value, Tensor) for value in outputs.values()):
            return dict(outputs)
        return tuple(outputs.values())


GUARD = """
import torch

class Guard(torch.nn.Module):
    def __init__(self, graph):
        super().__init__()
        self.graph = graph

    def forward(self, {arguments}):
{checks}
        return self.graph({names})
"""


def _guard(graph: torch.jit.ScriptModule, inputs: Sequence[Tensor]) -> torch.jit.ScriptModule:
    """Refuse inputs of another dtype or shape. TorchScript compiles source, so there has to be a file of it."""
    names = [f"x{i}" for i in range(len(inputs))]
    checks = [
        line
        for name, value in zip(names, inputs, strict=True)
        for line in (
            f"        assert {name}.dtype == {value.dtype}, '{name} is not {value.dtype}'",
            f"        assert list({name}.shape) == {list(value.shape)}, '{name} is not {list(value.shape)}'",
        )
    ]
    source = GUARD.format(
        arguments=", ".join(f"{name}: torch.Tensor" for name in names),
        checks="\n".join(checks),
        names=", ".join(names),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "guard.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location("guard", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return torch.jit.script(module.Guard(graph))


def trace(model: nn.Module, example_inputs: Any, compiler_args: Any = None, **options: Any) -> torch.jit.ScriptModule:
    """A graph that takes inputs like these and no others."""
    inputs = example_inputs if isinstance(example_inputs, tuple) else (example_inputs,)
    record("trace", shapes=[list(value.shape) for value in inputs], compiler_args=compiler_args, options=_json(options))
    if os.environ.get("NEURON_SIM_FAIL", "never") in str(compiler_args):
        raise RuntimeError("neuronx-cc failed (as the test asked)")
    with torch.no_grad():
        graph = torch.jit.trace(_Plain(model), inputs, strict=False, check_trace=False)
    return _guard(graph, inputs)


def _json(options: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(options, default=str))


def dynamic_batch(model: Any) -> Any:
    raise NotImplementedError("the stand-in knows fixed shapes only")


def async_load(model: Any, enable: bool = True) -> None:
    record("async_load")


def lazy_load(model: Any, enable: bool = True) -> None:
    record("lazy_load")


def move_trace_to_device(model: Any, device_id: int) -> None:
    record("move_trace_to_device", device_id=device_id)


class DataParallel(nn.Module):
    """Splits rows over cores as the real one does without dynamic batching."""

    def __init__(self, model: Any, device_ids: Sequence[int], dim: int = 0, set_dynamic_batching: bool = True) -> None:
        super().__init__()
        self.model = model
        self.device_ids = list(device_ids)
        record("data_parallel", device_ids=self.device_ids, dynamic=set_dynamic_batching)

    def forward(self, *inputs: Tensor) -> Any:
        split = max(1, len(inputs[0]) // len(self.device_ids))
        parts = zip(*(torch.split(value, split) for value in inputs), strict=True)
        outputs = [self.model(*part) for part in parts]
        record("rows", rows=len(inputs[0]), cores=len(outputs))
        if isinstance(outputs[0], dict):
            return {name: torch.cat([output[name] for output in outputs]) for name in outputs[0]}
        if isinstance(outputs[0], Tensor):
            return torch.cat(outputs)
        return tuple(torch.cat(values) for values in zip(*outputs, strict=True))
