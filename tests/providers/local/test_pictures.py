"""Pictures are prepared in threads, each for itself, and come out as if prepared together."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

pytest.importorskip("torch", reason="local models need the extra `local`")
pytest.importorskip("transformers", reason="local models need the extra `local`")

import torch

from tests.providers.local.requests import COLOURS, picture
from visioneval.errors import PromptError
from visioneval.providers.local.pictures import PIXELS, Pictures
from visioneval.types import EncodedImage

SIZES = ((200, 100), (90, 300), (640, 480), (96, 96), (33, 47))
PROCESSORS = {
    "siglip": "SiglipImageProcessorPil",
    "gemma3": "Gemma3ImageProcessorPil",
    "gemma4": "Gemma4ImageProcessorPil",
    "qwen2_vl": "Qwen2VLImageProcessorPil",  # as many patches as the picture's size gives
    "llava_next": "LlavaNextImageProcessorPil",  # pads each picture to the most tiles of a batch
    "idefics": "IdeficsImageProcessorPil",  # returns a bare tensor
}


def an_image_processor(family: str) -> Any:
    module = importlib.import_module(f"transformers.models.{family}.image_processing_pil_{family}")
    return getattr(module, PROCESSORS[family])()


def some_pictures() -> list[EncodedImage]:
    return [picture(COLOURS[number], size) for number, size in enumerate(SIZES)]


@pytest.mark.parametrize("family", PROCESSORS)
def test_features_are_those_of_the_whole_batch_in_its_order(family: str) -> None:
    processor = an_image_processor(family)
    pictures = Pictures(processor)
    decoded = pictures.decode(some_pictures())
    for _ in range(2):  # the second time it knows whether pictures can be done one by one
        whole, mine = processor(decoded, return_tensors="pt"), pictures(decoded, return_tensors="pt")
        if family == "idefics":
            whole, mine = {PIXELS: whole}, {PIXELS: mine}
        assert list(mine) == list(whole)
        mine[PIXELS] = pictures.numbers(mine[PIXELS], torch.float32)
        for name in whole:
            assert torch.equal(torch.as_tensor(mine[name]), torch.as_tensor(whole[name])), name
    pictures.close()


def test_only_bytes_are_kept_of_a_picture_where_the_rest_can_be_looked_up() -> None:
    for family, kept in {"siglip": torch.uint8, "gemma3": torch.uint8, "gemma4": torch.float32}.items():
        pictures = Pictures(an_image_processor(family))
        assert pictures(pictures.decode(some_pictures()), return_tensors="pt")[PIXELS].dtype == kept
        pictures.close()


def test_pan_and_scan_keeps_each_pictures_crops_beside_it() -> None:
    processor = an_image_processor("gemma3")
    pictures = Pictures(processor)
    decoded = pictures.decode([picture("red", (900, 200)), picture("blue"), picture("green", (200, 900))])
    scan = {"min_crop_size": 64, "max_num_crops": 4, "min_ratio_to_activate": 1.2}
    crops = {"do_pan_and_scan": True, "return_tensors": "pt", **{f"pan_and_scan_{k}": v for k, v in scan.items()}}
    whole, mine = processor(decoded, **crops), pictures(decoded, **crops)
    assert len(whole[PIXELS]) > 3, "no picture was wide enough, so nothing is tested"
    assert torch.equal(pictures.numbers(mine[PIXELS], torch.float32), whole[PIXELS])
    assert list(mine["num_crops"]) == list(whole["num_crops"])
    pictures.close()


def test_a_picture_that_cannot_be_decoded_is_named_as_such() -> None:
    pictures = Pictures(an_image_processor("siglip"))
    good = picture("red")
    torn = EncodedImage(good.content[:60], good.sent)
    with pytest.raises(PromptError, match="the picture cannot be decoded"):
        pictures.decode([good, torn, good])
    pictures.close()


def test_no_more_threads_than_the_cores_of_this_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job on a cluster has few of its machine's cores."""
    monkeypatch.setattr("os.cpu_count", lambda: 192)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    pictures = Pictures(object())
    assert pictures._threads._max_workers == 6
    pictures.close()
