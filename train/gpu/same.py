#!/usr/bin/python3
"""Whether this trainer gives the numbers of the one in C: both go some steps from the same beginning, on the same
samples, in F32, and their parameters are compared.

same.py TRAINER VOCABULARY FOLDER
"""
import os
import shutil
import subprocess
import sys

import numpy as np
import torch

import net as nets
from batch import Batch, parse, to_marks, to_patches
from move import Mover

STEPS, SIGHT, SAMPLES, AT_ONCE, RATE = 4, 1, 16, 8, 1e-3  # AT_ONCE as in ../learn.c


def trainer(program, step, **options):
    subprocess.run([program, step] + [f"{name}={value}" for name, value in options.items()], check=True,
                   stderr=subprocess.DEVNULL)


def loss(net, w, samples, words):
    """Of a few samples, as ../pass.h has it."""
    batch = Batch(samples, net.shape, "cpu")
    views = [view for s in samples for view in s.views]
    pixels, marks = (torch.from_numpy(np.stack(x)).view(len(views), net.shape.n_patches, -1) for x in zip(*views))
    states, pooled = nets.tower(net.shape, w, to_patches(pixels))
    total = 0.3 * nets.marks_loss(net.shape, w, states, pooled, to_marks(marks)) / states[..., 0].numel()
    if words:
        hidden = nets.decoder(net.shape, w, batch, nets.connect(w, pooled))
        total = total + torch.nn.functional.cross_entropy(nets.logits(w, hidden, batch), batch.answers)
    return total


def compare(program, vocabulary, folder, rounds):
    """Whether all kinds of parameters were moved alike, through matrices rounded so."""
    print(f"rounding: {rounds}")
    shutil.rmtree(folder, ignore_errors=True)  # or the trainer would go on from there
    common = dict(words=vocabulary, shape="tiny", seed=1)
    recipe = dict(common, bf16=0, out=folder, round=rounds, samples=SAMPLES, warm=0, fall=0, rate=RATE, sight=SIGHT, n_test=8)
    trainer(program, "learn", steps=0, **recipe)
    net, _, (w,) = nets.load(os.path.join(folder, "checkpoint"))
    start = w.clone()
    mover = Mover(net, w, torch.zeros_like(w))
    for step in range(STEPS):
        lesson = "sight" if step < SIGHT else "all"
        trainer(program, "feed", out=folder, lesson=lesson, first=step, n=SAMPLES, **common)
        samples = list(parse(np.fromfile(os.path.join(folder, f"{step}-000000"), np.uint8), net.shape))
        seen = w.clone() if rounds == "none" else nets.round_all(net, w, rounds)
        views = net.leaves(seen, mover.g)
        for first in range(0, SAMPLES, AT_ONCE):
            (loss(net, views, samples[first:first + AT_ONCE], step >= SIGHT) * AT_ONCE / SAMPLES).backward()
        mover.limit(lambda p: p.of_tower or step >= SIGHT)
        mover.step(RATE, step + 1)
    trainer(program, "learn", steps=STEPS, **recipe)
    _, step, (c,) = nets.load(os.path.join(folder, "checkpoint"))
    assert step == STEPS
    # Where a gradient is next to nothing, Adam's first steps divide noise by noise: so by kinds, not by the worst
    # number. Rounding makes much of little: what is half-way between two levels falls to either.
    failed, most = 0, 2e-4 if rounds == "none" else 5e-2
    for kind in sorted({(p.kind, p.of_tower) for p in net.params}):
        at = torch.cat([torch.arange(p.offset, p.offset + p.n) for p in net.params if (p.kind, p.of_tower) == kind])
        moved, apart = (c - start)[at].norm(), (c - w)[at].norm()
        failed += not (moved > 0 and apart < most * moved)
        print(f"{'tower' if kind[1] else 'decoder'} {kind[0]}: moved {moved:.4f}, apart {apart:.2e}")
    return failed == 0


def main(program, vocabulary, folder):
    alike = [compare(program, vocabulary, os.path.join(folder, rounds), rounds) for rounds in ("none", "q8_0", "q4_0")]
    print(f"{sum(alike)} passed, {len(alike) - sum(alike)} failed")
    return not all(alike)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
