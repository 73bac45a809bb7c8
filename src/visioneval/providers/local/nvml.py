"""Energy that GPUs have used, by NVML, where the driver counts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

JOULES_PER_MILLIJOULE = 1e-3


class EnergyMeter:
    """Reads the energy counters of some GPUs; every reading is None where one of them has none.

    GPUs go by UUID: torch numbers those that CUDA_VISIBLE_DEVICES leaves, NVML all of them.
    """

    def __init__(self, uuids: Sequence[str]) -> None:
        self._nvml: Any = None
        self._gpus: list[Any] = []
        if uuids:
            self._nvml, self._gpus = _open(uuids)

    def joules(self) -> float | None:
        """Return the energy used since the driver was loaded (GPUs from Volta on count it)."""
        if not self._gpus:
            return None
        try:
            counted = sum(map(self._nvml.nvmlDeviceGetTotalEnergyConsumption, self._gpus))
        except self._nvml.NVMLError:
            self._gpus = []
            return None
        return float(counted) * JOULES_PER_MILLIJOULE


def _open(uuids: Sequence[str]) -> tuple[Any, list[Any]]:
    try:
        import pynvml
    except ImportError:
        return None, []
    try:
        pynvml.nvmlInit()
        named = (uuid if uuid.startswith("GPU-") else f"GPU-{uuid}" for uuid in uuids)
        return pynvml, [pynvml.nvmlDeviceGetHandleByUUID(uuid) for uuid in named]
    except pynvml.NVMLError:
        return None, []
