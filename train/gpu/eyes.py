#!/usr/bin/python3
"""What a tower finds: of the letters that lie on each patch of chequers that it was not trained with, how many it says, and how
much of what it says is there.

eyes.py TRAINER VOCABULARY FOLDER CHECKPOINT...
"""
import os
import shutil
import subprocess
import sys

import numpy as np
import torch

import net as nets
from batch import parse, to_marks, to_patches

SAMPLES, SEED, CHARACTERS = 64, 991, 94  # the first marks are the visible ASCII (../sample.h)


def chequers(trainer, vocabulary, folder, split, shape):
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([trainer, "feed", f"words={vocabulary}", f"out={folder}", "lesson=sight", "shape=student",
                    f"split={split}", f"seed={SEED}", f"n={SAMPLES}"], check=True)
    samples = list(parse(np.fromfile(os.path.join(folder, "0-000000"), np.uint8), shape))
    return [view for i, s in enumerate(samples) if i % 4 for view in s.views]  # the others are of all kinds (../sample.c)


@torch.no_grad()
def look(net, w, views):
    """Shares: of what is there and found, of what is said and there."""
    found = there = said = 0
    for pixels, bits in views:
        patches = to_patches(torch.from_numpy(pixels)).view(1, net.shape.n_patches, -1)
        marks = to_marks(torch.from_numpy(bits).view(net.shape.n_patches, -1))[:, :CHARACTERS] > 0
        states, _ = nets.tower(net.shape, w, patches)
        logits = torch.nn.functional.linear(states[0], w["v.find_patch_w"], w["v.find_patch_b"])
        says = logits[:, :CHARACTERS] > 0
        found, there, said = found + (says & marks).sum(), there + marks.sum(), said + says.sum()
    return float(found / there), float(found / said)


def main(trainer, vocabulary, folder, *checkpoints):
    for path in checkpoints:
        net, _, (w,) = nets.load(path)
        for split in ("train", "test"):
            views = chequers(trainer, vocabulary, folder, split, net.shape)
            print(f"{path}: of the {split} split's letters %.1f %% found, %.1f %% of what it says is there"
                  % tuple(100 * share for share in look(net, net.views(w), views)))


if __name__ == "__main__":
    main(*sys.argv[1:])
