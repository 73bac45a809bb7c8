"""Energy that a GPU has used, by NVML, where the driver and `nvidia-ml-py` give it."""

from __future__ import annotations

from typing import Any

JOULES_PER_MILLIJOULE = 1e-3


class EnergyMeter:
    """Reads the energy counter of one GPU; every reading is None where there is no such counter."""

    def __init__(self, uuid: str | None) -> None:
        self._nvml: Any
        self._handle: Any
        self._nvml, self._handle = _open(uuid) if uuid else (None, None)

    def joules(self) -> float | None:
        """Return the energy used since the driver was loaded (GPUs from Volta on count it)."""
        if self._handle is None:
            return None
        try:
            return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)) * JOULES_PER_MILLIJOULE
        except self._nvml.NVMLError:
            self._handle = None
            return None


def _open(uuid: str) -> tuple[Any, Any]:
    try:
        import pynvml
    except ImportError:
        return None, None
    try:
        pynvml.nvmlInit()
        return pynvml, pynvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith("GPU-") else f"GPU-{uuid}")
    except pynvml.NVMLError:
        return None, None
