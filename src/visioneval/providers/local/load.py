"""A model card -> a loaded model, or one line that says what is wrong and what to do.

Nothing is downloaded for a folder; a hub name is fetched once, and every file from the same commit.
"""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from visioneval.errors import ModelError
from visioneval.providers.local.options import LocalOptions, location, parse_options, with_family
from visioneval.types import ModelCard

Fact = str | int | float | bool
T = TypeVar("T")
EXTRA = "pip install 'visioneval[local]'"
SHOWN_TENSORS = 3
PROCESSOR_FILES = {
    "tokenizer": ("tokenizer.json", "*.model", "vocab*"),
    "picture processor": ("processor_config.json", "preprocessor_config.json"),
}
"""Any of each kind will do; without one, Transformers makes up an empty vocabulary or another size of picture."""
RAISED = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception): .*)", re.MULTILINE)
"""What befell a weight that could not be converted or quantised, in the report that Transformers logs of it."""


class Loaded(Struct, frozen=True):
    """A model ready to answer."""

    card: ModelCard
    """With the options that its family needs and the commit that was loaded."""
    options: LocalOptions
    model: Any
    processor: Any
    facts: dict[str, Fact]
    """What can change a reply or a time, for the run's manifest."""


def load(card: ModelCard) -> Loaded:
    """Load a card's model onto its device. Raises ModelError, one line, for all that can be wrong."""
    torch, transformers = _libraries(card)
    options, folder = parse_options(card), location(card)
    device = pick_device(card.name, options.device, torch)
    if folder is not None:
        check_folder(card.name, folder)
        if options.revision:
            raise ModelError(f"model {card.name!r}: a folder has no revisions; leave out the option `revision`")
    source = str(folder) if folder is not None else card.model_id
    loader = _Loader(card.name, source, options.revision, local=folder is not None)
    commit = getattr(transformers.utils.resolve_revision(source, options.revision or None), "resolved", None)
    remote: dict[str, Any] = {
        "trust_remote_code": options.trust_remote_code,
        "revision": commit or options.revision or None,
    }
    config = loader.call(transformers.AutoConfig.from_pretrained, **remote)
    family = f"{config.model_type}/{getattr(getattr(config, 'text_config', config), 'model_type', '')}"
    card = with_family(card, family)
    options = parse_options(card)
    if options.family != family:
        raise ModelError(
            f"model {card.name!r}: {source} holds a model of family {family}, the card says {options.family}; "
            "correct the option `family`"
        )
    started = time.perf_counter()
    processor = loader.call(transformers.AutoProcessor.from_pretrained, **remote)
    if not hasattr(processor, "image_processor"):  # what it returns where it finds no more than a tokenizer
        raise ModelError(
            f"model {card.name!r}: {source} has no processor for pictures (processor_config.json or "
            "preprocessor_config.json); copy it again, whole"
        )
    _release_memory(torch)
    model, report = loader.call(
        transformers.AutoModelForImageTextToText.from_pretrained,
        **remote,
        **model_arguments(card.name, options, device, torch, transformers),
        output_loading_info=True,
    )
    _check_tensors(card.name, source, report)
    check_placement(card.name, getattr(model, "hf_device_map", {}))
    processor.tokenizer.padding_side = "left"
    model.eval()
    if commit:
        card = replace(card, options={**card.options, "revision": commit})
    facts: dict[str, Fact] = {
        "load_s": round(time.perf_counter() - started, 3),
        "architecture": type(model).__name__,
        "dtype": str(model.dtype).removeprefix("torch."),
        "quantization": options.quantization or "none",
        "attention": _attention(model),
        "image_processor": type(processor.image_processor).__name__,
        "revision": commit or "",
        **({"weights_sha256": weights_sha256(folder)} if folder is not None else {}),
        **device_facts(torch, model),
    }
    return Loaded(card, parse_options(card), model, processor, facts)


def _release_memory(torch: Any) -> None:
    """Give back what a model before this one, or one that did not load, may still hold on a GPU."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def _libraries(card: ModelCard) -> tuple[Any, Any]:
    try:
        import accelerate  # noqa: F401 (placing a model on a device needs it)
        import torch
        import transformers
    except ImportError as error:
        raise ModelError(f"model {card.name!r} needs the extra `local` ({error}); {EXTRA}") from None
    transformers.utils.logging.set_verbosity_error()
    if not sys.stderr.isatty():  # a person waits more easily for gigabytes that can be seen to come
        transformers.utils.logging.disable_progress_bar()
    return torch, transformers


def pick_device(name: str, wanted: str, torch: Any) -> str:
    """Return the device to load onto. Raises ModelError when CUDA is wanted and there is none."""
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return "cpu"
    if not torch.cuda.is_available():
        why = (
            f"this torch ({torch.__version__}) was built without CUDA; install a CUDA build"
            if torch.version.cuda is None
            else f"torch {torch.__version__} sees no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES"
        )
        raise ModelError(
            f"model {name!r} needs a CUDA GPU and there is none: {why}, see `visioneval doctor`, or add "
            "--device cpu to wait for the CPU"
        )
    index = int(wanted.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise ModelError(
            f"model {name!r}: there is no {wanted}, only {torch.cuda.device_count()} GPUs from cuda:0 on"
        )
    return "auto" if wanted == "split" else f"cuda:{index}"


def check_folder(name: str, folder: Path) -> None:
    """Raise ModelError unless a folder holds a whole checkpoint whose files can be opened."""
    if not folder.is_dir():
        raise ModelError(
            f"model {name!r}: there is no folder {folder}; give hf:FOLDER, or hf:organisation/name from the hub"
        )
    if not (folder / "config.json").is_file():
        raise ModelError(f"model {name!r}: folder {folder} has no config.json; it is not a checkpoint")
    for kind, names in PROCESSOR_FILES.items():
        if not any(any(folder.glob(name)) for name in names):
            raise ModelError(
                f"model {name!r}: folder {folder} has no {names[0]}, its {kind}; copy it again, whole"
            )
    weights = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    missing = [file for file in _indexed(name, folder) if not (folder / file).is_file()]
    if missing or not weights:
        what = missing[0] if missing else "*.safetensors file"
        raise ModelError(
            f"model {name!r}: folder {folder} has no {what}; its weights are missing, copy them again"
        )
    for file in weights:
        if file.suffix == ".safetensors":
            _check_safetensors(name, file)


def _indexed(name: str, folder: Path) -> list[str]:
    """Return the weight files that an index names."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return []
    try:
        return sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ModelError(f"model {name!r}: {index} is corrupt; copy it again") from None


def _check_safetensors(name: str, file: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise ModelError(f"model {name!r}: {file} is corrupt ({error}); copy or download it again") from None


def model_arguments(
    name: str, options: LocalOptions, device: str, torch: Any, transformers: Any
) -> dict[str, Any]:
    """Return what `from_pretrained` is told beside the name: precision, device, attention."""
    arguments: dict[str, Any] = {"dtype": getattr(torch, options.dtype), "device_map": device}
    if options.text_attention or options.vision_attention:
        arguments["attn_implementation"] = {
            "text_config": options.text_attention or "eager",
            "vision_config": options.vision_attention or "sdpa",
        }
    elif options.attention:
        arguments["attn_implementation"] = options.attention
    if options.quantization:
        arguments["quantization_config"] = _quantization(name, options, device, torch, transformers)
    return arguments


def _quantization(name: str, options: LocalOptions, device: str, torch: Any, transformers: Any) -> Any:
    if device == "cpu":
        raise ModelError(f"model {name!r}: quantization={options.quantization} needs a CUDA GPU; leave it out")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # in 8 bits each layer warns at each token
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise ModelError(
            f"model {name!r}: quantization={options.quantization} needs bitsandbytes; pip install bitsandbytes"
        ) from None
    if options.quantization == "8bit":
        return transformers.BitsAndBytesConfig(load_in_8bit=True)
    return transformers.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=getattr(torch, options.dtype)
    )


class _Loader:
    """Calls Transformers' loading functions and says in one line what went wrong."""

    def __init__(self, name: str, source: str, revision: str = "", *, local: bool) -> None:
        self._name, self._source, self._local = name, source, local
        self._download = f"hf download {source}" + (f" --revision {revision}" if revision else "")
        self._shown = f"{source} at revision {revision!r}" if revision else source

    def call(self, from_pretrained: Callable[..., T], **arguments: Any) -> T:
        with _overheard() as logged:
            try:
                return from_pretrained(self._source, local_files_only=self._local, **arguments)
            except Exception as error:  # the libraries raise whatever their parts raise
                raise ModelError(f"model {self._name!r}: {self._explain(error, logged)}") from None

    def _explain(self, error: Exception, logged: Sequence[logging.LogRecord]) -> str:
        kinds = {type(cause).__name__ for cause in _causes(error)}
        source, text = self._shown, " ".join(str(error).split())
        if kinds & {"GatedRepoError"}:
            return f"{source} is gated; accept its licence on its hub page, then `hf auth login`"
        if kinds & {"RevisionNotFoundError"}:
            return f"{source}: the hub has no such revision; correct the option `revision` (main is the newest)"
        if kinds & {"RepositoryNotFoundError"}:
            return f"{source} is not on the hub, or is private: check the name, and `hf auth login`"
        if kinds & {"OfflineModeIsEnabled", "LocalEntryNotFoundError", "ConnectError", "ConnectionError"}:
            return (
                f"{source} is not in the cache and the hub cannot be reached (offline); download it once while "
                f"online with `{self._download}`, or give hf:FOLDER"
            )
        if "trust_remote_code" in text:
            return f"{source} brings its own code; read it, then add --set trust_remote_code=true"
        if kinds & {"JSONDecodeError"} or "not a valid JSON file" in text:
            return f"{source} has a corrupt JSON file ({text[:200]}); copy or download it again"
        if kinds & {"SafetensorError"}:
            return f"{source} has a corrupt safetensors file ({text}); download it again"
        if "does not recognize this architecture" in text or "Unrecognized model" in text:
            return f"{source} is of an architecture unknown to this Transformers; upgrade it, or check config.json"
        if "Unrecognized configuration class" in text:
            return f"{source} does not take pictures and answer in text; choose an image-text-to-text model"
        if library := re.search(r"requires the (\w+) library but it was not found", text):
            name = library[1].lower()
            return f"{source} needs {name}, which is not installed; pip install {name}, as built for this torch"
        if "attn_implementation" in text or "FlashAttention" in text:
            return (
                f"{source} cannot be run with this attention ({text[:200].rstrip('.')}); leave out the options "
                "`attention`, `text_attention` and `vision_attention`"
            )
        said = (RAISED.search(record.getMessage()) for record in logged)
        reason = next((match[1] for match in said if match), f"{type(error).__name__}: {text}")
        if "out of memory" in reason.lower():
            ways = "--set quantization=4bit, --device split over several GPUs, or a smaller model"
            return f"{source} does not fit into the GPU's memory; what helps is {ways}"
        return f"{source} cannot be loaded: {reason[:300]}"


@contextmanager
def _overheard() -> Iterator[Sequence[logging.LogRecord]]:
    """Collect what Transformers logs of the weights: the error that it raises only points there."""
    logger, listener = logging.getLogger("transformers.modeling_utils"), BufferingHandler(sys.maxsize)
    before = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield listener.buffer
    finally:
        logger.removeHandler(listener)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _check_tensors(name: str, source: str, report: dict[str, Any]) -> None:
    """A tensor that the files lack would be random numbers, and its answers too."""
    for what in ("missing_keys", "mismatched_keys"):
        tensors = sorted(map(str, report.get(what) or ()))
        if tensors:
            shown = ", ".join(tensors[:SHOWN_TENSORS]) + (", ..." if len(tensors) > SHOWN_TENSORS else "")
            raise ModelError(
                f"model {name!r}: {source} lacks {len(tensors)} of the model's weights ({shown}); "
                "download it again"
            )


def check_placement(name: str, layers: Mapping[str, Any]) -> None:
    """Raise ModelError when a model that was to be split over the GPUs spilt over to the CPU: it would crawl."""
    spilt = next((place for place in layers.values() if place in ("cpu", "disk")), None)
    if spilt:
        raise ModelError(
            f"model {name!r} does not fit into the memory of all GPUs together (a part went to the {spilt}); "
            "add --set quantization=4bit or use a smaller one"
        )


def _attention(model: Any) -> str:
    text = getattr(model.config, "text_config", model.config)
    vision = getattr(model.config, "vision_config", None)
    halves = [getattr(half, "_attn_implementation", None) for half in (text, vision)]
    return "/".join(dict.fromkeys(str(half) for half in halves if half))


def device_facts(torch: Any, model: Any) -> dict[str, Fact]:
    """Return which processor the model runs on, and its software."""
    if model.device.type != "cuda":
        return {
            "device": "cpu",
            "device_name": _cpu_name(),
            "threads": torch.get_num_threads(),
        }
    properties = torch.cuda.get_device_properties(model.device)
    return {
        "device": str(model.device),
        "device_name": properties.name,
        "device_memory_bytes": properties.total_memory,
        "cuda": str(torch.version.cuda),
    }


def _cpu_name() -> str:
    """Return the CPU's model name; Python knows it on no Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def weights_sha256(folder: Path) -> str:
    """Hash the weights of a folder, for which no commit stands: file names and bytes, in order."""
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        digest.update(file.name.encode())
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()
