"""What a model runs on: its GPUs' clocks, memory and energy, and what their errors mean. On a CPU, none of it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from visioneval.errors import FatalError, PromptError, ProviderError
from visioneval.providers.local.lanes import OutOfMemory
from visioneval.providers.local.nvml import EnergyMeter

OUT_OF_MEMORY = ("out of memory", "ALLOC_FAILED", "ALLOCATION_FAILED", "can't allocate memory")
"""What says so where torch's own allocator does not: CUDA, cuBLAS, cuDNN, the CPU's allocator."""
NO_CODE = "no kernel image"
LONGEST_TEXT = 300
SWITCH_S = 1e-4
"""How soon a thread that prepares lets go of Python's lock, which the device's thread wants for each kernel."""


class Device:
    """The GPUs that hold a model's weights, in the order of their numbers; none on a CPU."""

    def __init__(self, model: Any) -> None:
        import torch

        self._torch = torch
        self._gpus = sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})
        self._meter = EnergyMeter([str(torch.cuda.get_device_properties(gpu).uuid) for gpu in self._gpus])
        torch.backends.cudnn.allow_tf32 = False  # what the manifest calls float32 is not rounded to TF32
        if self._gpus:
            # cuDNN's attention plans anew for every length, and a cache grows with every token.
            torch.backends.cuda.enable_cudnn_sdp(False)
            torch.set_num_threads(1)  # what is left to the CPU is shared out by picture
            sys.setswitchinterval(SWITCH_S)

    @property
    def on_gpu(self) -> bool:
        return bool(self._gpus)

    def synchronise(self) -> None:
        """Wait until all that was asked of the GPUs is done."""
        for gpu in self._gpus:
            self._torch.cuda.synchronize(gpu)

    def begin(self) -> None:
        """Forget the peaks of earlier batches."""
        for gpu in self._gpus:
            self._torch.cuda.reset_peak_memory_stats(gpu)

    def peak_bytes(self) -> int:
        """Return the most memory that was allocated since `begin`, over all GPUs."""
        return sum(int(self._torch.cuda.max_memory_allocated(gpu)) for gpu in self._gpus)

    def batch_bytes(self) -> list[int]:
        """Return the most memory, on each GPU, that was taken since `begin` beside what is held now."""
        cuda = self._torch.cuda
        return [int(cuda.max_memory_allocated(gpu) - cuda.memory_allocated(gpu)) for gpu in self._gpus]

    def free_bytes(self) -> list[int]:
        """Return the memory of each GPU that is neither the model's nor another process's."""
        return [self._free_on(gpu) for gpu in self._gpus]

    def _free_on(self, gpu: int) -> int:
        cuda = self._torch.cuda
        free, _ = cuda.mem_get_info(gpu)
        return int(free + cuda.memory_reserved(gpu) - cuda.memory_allocated(gpu))

    def joules(self) -> float | None:
        """Return the energy that the GPUs have used since their driver was loaded, where it counts."""
        return self._meter.joules()

    def release(self) -> None:
        """Give the allocator's memory back."""
        gc.collect()
        if self._gpus:
            self._torch.cuda.empty_cache()

    @contextmanager
    def errors(self, name: str) -> Iterator[None]:
        """Turn what the libraries raise into OutOfMemory, FatalError for a lost GPU, or PromptError."""
        try:
            yield
        except ProviderError:
            raise
        except Exception as error:
            text = " ".join(str(error).split())
            if isinstance(error, self._torch.OutOfMemoryError) or any(sign in text for sign in OUT_OF_MEMORY):
                raise OutOfMemory from None
            if NO_CODE in text:
                why = "this torch has no code for the GPU; `visioneval doctor` says which one has"
                raise FatalError("other", f"{name}: {why}") from None
            lost = getattr(self._torch, "AcceleratorError", ())  # since 2.8
            if isinstance(error, lost) or not self._works():
                raise FatalError(
                    "other", f"{name}: the GPU failed ({text[:LONGEST_TEXT]}); resume in a new process"
                ) from None
            raise PromptError("other", f"{name}: {type(error).__name__}: {text[:LONGEST_TEXT]}") from None

    def _works(self) -> bool:
        """Tell whether the GPUs still compute: after most errors of CUDA, a library or a kernel, they do not."""
        try:
            for gpu in self._gpus:
                self._torch.ones(1, device=f"cuda:{gpu}").item()
        except Exception:  # whatever the libraries raise
            return False
        return True
