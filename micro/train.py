"""Train the micro PaliGemma and draw its suite: `python -m micro.train`, seeded, about a minute on two cores.

A real PaliGemmaForConditionalGeneration of under a megabyte that has learnt to see a few
simple things. It exists so that tests and the nightly job can run the whole local path anywhere, with
answers that depend on the picture and are not all right.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from transformers import PaliGemmaForConditionalGeneration

from micro.families import SPECIAL, paligemma
from micro.pictures import COLOURS, COUNTS, QUESTIONS, SHAPES, draw, random_scene
from micro.prompts import write_suite

HERE = Path(__file__).parent
SIDE_PX, PATCH_PX, WIDTH, LAYERS, HEADS = 48, 12, 48, 2, 2
SEED, STEPS, BATCH_SIZE, LEARNING_RATE = 0, 1000, 48, 2e-3
HELD_OUT_SEED, HELD_OUT = 99, 600
PROMPT = "answer en {question}"


def make() -> tuple[Any, Any]:
    """Return the untrained model and its processor."""
    answers = [*COLOURS, *SHAPES, *map(str, COUNTS)]
    corpus = [PROMPT.format(question=question) for question in QUESTIONS] * 4 + answers * 4
    shape = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
    }
    text = {**shape, "num_key_value_heads": 1, "head_dim": WIDTH // HEADS, "max_position_embeddings": 512}
    config, processor = paligemma(corpus, SIDE_PX, text, {**shape, "patch_size": PATCH_PX}, vocabulary_size=440)
    model = PaliGemmaForConditionalGeneration(config)
    model.generation_config.update(**SPECIAL, max_new_tokens=8)
    return model, processor


def examples(rng: random.Random, count: int) -> tuple[list[Any], list[str], list[str]]:
    """Return pictures, prompts and right answers, drawn at random."""
    pictures, prompts, answers = [], [], []
    for _ in range(count):
        scene, question = random_scene(rng), rng.choice(list(QUESTIONS))
        pictures.append(draw(scene, rng, size_px=2 * SIDE_PX))
        prompts.append(PROMPT.format(question=question))
        answers.append(QUESTIONS[question](scene))
    return pictures, prompts, answers


def train(model: Any, processor: Any, steps: int) -> None:
    """Fit the answers, given picture and prompt."""
    rng = random.Random(SEED)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    started = time.perf_counter()
    model.train()
    for step in range(steps):
        pictures, prompts, answers = examples(rng, BATCH_SIZE)
        inputs = processor(
            images=pictures,
            text=["<image>" + prompt for prompt in prompts],
            suffix=answers,
            padding="longest",
            padding_side="right",
            return_tensors="pt",
        )
        inputs["labels"][inputs["attention_mask"] == 0] = -100
        loss = model(**inputs).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step}: loss {loss.item():.3f}, {time.perf_counter() - started:.0f} s", flush=True)
    model.eval()


def examine(model: Any, processor: Any) -> dict[str, str]:
    """Return passes of n for each question, on pictures that were not trained on."""
    pictures, prompts, answers = examples(random.Random(HELD_OUT_SEED), HELD_OUT)
    inputs = processor(
        images=pictures, text=["<image>" + prompt for prompt in prompts], padding="longest", return_tensors="pt"
    )
    inputs.pop("labels", None)
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=8, do_sample=False)[:, inputs["input_ids"].shape[1] :]
    replies = processor.batch_decode(tokens, skip_special_tokens=True)
    asked = Counter(prompts)
    passed = Counter(
        prompt for prompt, reply, answer in zip(prompts, replies, answers, strict=True) if reply.strip() == answer
    )
    return {prompt: f"{passed[prompt]}/{asked[prompt]}" for prompt in sorted(asked)}


def main() -> None:
    """Train, examine, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder for checkpoint/ and suite/")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # so small a model only waits for a second thread
    torch.manual_seed(SEED)
    model, processor = make()
    train(model, processor, arguments.steps)
    model = model.to(torch.float16)
    for prompt, score in examine(model.to(torch.float32), processor).items():
        print(f"{prompt}: {score}")
    model.to(torch.float16).save_pretrained(arguments.out / "checkpoint")
    processor.save_pretrained(arguments.out / "checkpoint")
    write_suite(arguments.out / "suite")


if __name__ == "__main__":
    main()
