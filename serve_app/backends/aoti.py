"""A package of AOTInductor through its C interface, which, unlike torch's own loader, lets go of Python's lock.

With the lock held for whole steps, event loops, encoding and other graphs would stand still. The functions are those of
torch/csrc/inductor/aoti_runtime/interface.h; a package is a zip file with one shared library in it.
"""

import ctypes
import weakref
import zipfile
from collections.abc import Mapping, Sequence
from ctypes import byref, c_char_p, c_size_t, c_void_p
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = c_void_p, (ctypes.py_object, c_char_p)
_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype, _capsule.argtypes = ctypes.py_object, (c_void_p, c_char_p, c_void_p)


class _Entry(ctypes.Structure):
    """AOTInductorConstantMapEntry."""

    _fields_ = (("name", c_char_p), ("handle", c_void_p))


class CpuPackage:
    """One graph on the CPU. Up to `lanes` threads may call it at once; they share its weights."""

    def __init__(self, path: Path, lanes: int = 1) -> None:
        """Raises RuntimeError where the file is no package of this machine and this torch."""
        self._library = _load_library(path)
        self._container = c_void_p()
        self._call("CreateWithDevice", byref(self._container), c_size_t(lanes), b"cpu", None)
        weakref.finalize(self, self._library.AOTInductorModelContainerDelete, self._container)
        self._outputs = self._number("GetNumOutputs")

    def __call__(self, *inputs: Tensor) -> Any:
        """Contiguous tensors of the compiled shapes to one tensor, or a tuple of several."""
        results = (c_void_p * self._outputs)()
        self._call(
            "Run",
            self._container,
            _handles(inputs),  # it takes them over
            c_size_t(len(inputs)),
            results,
            c_size_t(self._outputs),
            None,
            None,
        )
        capsules = [_capsule(handle, None, None) for handle in results]
        outputs = torch._C._aoti.alloc_tensors_by_stealing_from_void_ptrs(capsules)
        return outputs[0] if self._outputs == 1 else tuple(outputs)

    def constants(self) -> dict[str, str]:
        """The graph's names of its weights and buffers, by their names in the module."""
        names: dict[str, str] = {}
        for i in range(self._number("GetNumConstants")):
            inner, outer = c_char_p(), c_char_p()
            self._call("GetConstantName", self._container, c_size_t(i), byref(inner))
            self._call("GetConstantOriginalFQN", self._container, c_size_t(i), byref(outer))
            names[(outer.value or b"").decode()] = (inner.value or b"").decode()
        return names

    def use_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Let the graph read tensors that lie outside of it, by their names in the module.

        Raises RuntimeError where one is missing: the runtime would crash.
        """
        constants = self.constants()
        if missing := sorted(constants.keys() - weights.keys()):
            raise RuntimeError(f"its weights lack {missing[0]}")
        self._weights = weights  # the graph has only their addresses
        handles = _handles([weights[name] for name in constants])
        entries = [_Entry(inner.encode(), handle) for inner, handle in zip(constants.values(), handles, strict=True)]
        array = (_Entry * len(entries))(*entries)
        count = c_size_t(len(entries))
        self._call("UpdateUserManagedConstantBufferPairs", self._container, array, count, False, True)

    def _number(self, what: str) -> int:
        count = c_size_t()
        self._call(what, self._container, byref(count))
        return count.value

    def _call(self, function: str, *arguments: Any) -> None:
        if getattr(self._library, f"AOTInductorModelContainer{function}")(*arguments) != 0:
            raise RuntimeError(f"AOTInductor's {function} failed; the reason is on standard error")


def _load_library(path: Path) -> ctypes.CDLL:
    try:
        with zipfile.ZipFile(path) as package, TemporaryDirectory() as folder:
            (name,) = (name for name in package.namelist() if name.endswith(".so"))
            return ctypes.CDLL(package.extract(name, folder))  # stays mapped when the file is gone
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise RuntimeError(str(error)) from error


def _handles(tensors: Sequence[Tensor]) -> "ctypes.Array[c_void_p]":
    """Handles of new references to the tensors, for a function that takes them over."""
    capsules = torch._C._aoti.unsafe_alloc_void_ptrs_from_tensors(list(tensors))
    return (c_void_p * len(tensors))(*(_pointer(capsule, None) for capsule in capsules))
