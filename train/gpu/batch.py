"""Samples that `trainer feed` wrote (../feed.c), and batches of them."""
import numpy as np
import torch

from net import MARKS

MARK_BYTES = (MARKS + 7) // 8


class Sample:
    """ids, targets' positions, what follows there; views: where its pictures are, whatever that means."""

    def __init__(self, ids, positions, answers, views):
        self.ids, self.positions, self.answers, self.views = ids, positions, answers, views
        picture = ids < 0
        last = np.append(~picture[1:] | ~picture[:-1], True)  # no picture goes on behind it
        self.ends = np.arange(len(ids)) + 1  # of the positions that each sees
        run = np.where(last, np.arange(len(ids)) + 1, len(ids) + 1)
        run = np.minimum.accumulate(run[::-1])[::-1]
        self.ends = np.where(picture, run, self.ends)


def parse(data, shape):
    """Samples of a file's bytes (uint8); their views are (pixels, marks), parts of it."""
    pixels, marks, at = shape.n_patches * shape.inputs, shape.n_patches * MARK_BYTES, 0

    def take(n, dtype):
        nonlocal at
        at += n
        part = data[at - n:at]
        return part if dtype is None else np.frombuffer(part.tobytes(), dtype)

    while at < len(data):
        n_ids, n_targets, n_views = take(12, np.uint32)
        ids, positions, answers = (take(4 * int(n), np.int32).astype(np.int64)
                                   for n in (n_ids, n_targets, n_targets))
        yield Sample(ids, positions, answers, [(take(pixels, None), take(marks, None)) for _ in range(n_views)])


class Batch:
    """Samples side by side, each filled up to the longest, to a multiple of 16; tensors on `device`."""

    def __init__(self, samples, shape, device):
        longest = -(-max(len(s.ids) for s in samples) // 16) * 16
        ids, ends = (np.zeros((len(samples), longest), np.int64) for _ in range(2))
        soft, targets, answers, first = [], [], [], 0
        for row, s in enumerate(samples):
            n = len(s.ids)
            ids[row, :n], ends[row, :n] = np.maximum(s.ids, 0), s.ends
            ends[row, n:] = np.arange(n, longest) + 1
            at = np.nonzero(s.ids < 0)[0]
            soft.append(np.stack((np.full(len(at), row), at, first * shape.n_soft - 1 - s.ids[at])))
            targets.append(np.stack((np.full(len(s.positions), row), s.positions)))
            answers.append(s.answers)
            first += len(s.views)

        def tensor(x):
            x = torch.from_numpy(np.ascontiguousarray(x))
            return x.pin_memory().to(device, non_blocking=True) if str(device) != "cpu" else x

        self.ids, self.ends = tensor(ids), tensor(ends)
        self.soft_row, self.soft_column, self.soft_number = tensor(np.concatenate(soft, 1))
        self.target_row, self.target_column = tensor(np.concatenate(targets, 1))
        self.answers = tensor(np.concatenate(answers))
        self.n_targets, self.n_views = len(self.answers), first


def to_patches(pixels):
    return pixels.to(torch.float32).div_(127.5).sub_(1)


def to_marks(bits):
    """[…][MARK_BYTES] → […][MARKS] of 0 and 1."""
    each = bits[..., None] >> torch.arange(8, device=bits.device, dtype=torch.uint8) & 1
    return each.flatten(-2)[..., :MARKS]
