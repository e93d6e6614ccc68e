"""The optimiser of ../learn.c: Muon (../muon.c) for matrices of layers, AdamW (../adamw.c) for all else."""
import math

import torch


class Mover:
    """Moves net's vector w by gradients g, both [n_values]; g may be of another type, which Muon then computes in."""

    def __init__(self, net, w, g, tower_rate=0.4, decay=0.05, clip=1.0):
        self.net, self.w, self.g, self.decay, self.clip = net, w, g, decay, clip
        self.first, self.second = torch.zeros_like(w), torch.zeros_like(w)
        self.rates, self.keeps = torch.zeros_like(w), torch.zeros_like(w)
        self.tower_rate = tower_rate
        self.limit(lambda p: True)

    def limit(self, moves):
        """moves(param): whether it does."""
        self.rates.zero_()
        self.groups = {}  # of matrices of one shape and rate
        for p in filter(moves, self.net.params):
            at, share = slice(p.offset, p.offset + p.n), self.tower_rate if p.of_tower else 1
            if p.kind == "matrix":
                self.groups.setdefault((p.rows, p.cols, share), []).append(p)
                continue
            long = p.rows > 1 and p.kind != "position" and p.cols > 256
            self.rates[at] = share * 256 / p.cols if long else share
            self.keeps[at] = p.kind in ("patch", "finder")

    @torch.no_grad()
    def step(self, rate, number):
        """number: 1 for the first step."""
        d = self.g.float()
        norm = d.norm()
        d = d * (self.clip / norm).clamp(max=1)
        self._adamw(d, rate, number)
        for (rows, cols, share), params in self.groups.items():
            self._muon(d, rate * share, rows, cols, params)
        self.g.zero_()
        return norm

    def _adamw(self, d, rate, number):
        b1, b2 = 0.9, 0.98
        rates, mine = self.rates * rate, self.rates > 0
        self.first.copy_(torch.where(mine, self.first.lerp(d, 1 - b1), self.first))
        self.second.mul_(b2).addcmul_(d, d, value=1 - b2)
        mean, spread = self.first / (1 - b1 ** number), (self.second / (1 - b2 ** number)).sqrt() + 1e-8
        self.w.sub_(self.w * self.keeps * rates * self.decay + rates * mean / spread)

    def _muon(self, d, rate, rows, cols, params):
        beta = 0.95

        def pick(vector):
            return [vector[p.offset:p.offset + p.n].view(rows, cols) for p in params]

        grads, means, weights = torch.stack(pick(d)), pick(self.first), pick(self.w)
        mean = torch.stack(means).lerp(grads, 1 - beta)
        step = orthogonal(mean.lerp(grads, 1 - beta), self.g.dtype)
        torch._foreach_zero_(means)
        torch._foreach_add_(means, list(mean))
        torch._foreach_mul_(weights, 1 - rate * self.decay)
        torch._foreach_add_(weights, list(step), alpha=-0.2 * rate * math.sqrt(max(rows, cols)))


def orthogonal(x, dtype):
    """x [n][rows][cols]: singular values become about 1."""
    x = (x / (x.pow(2).sum((1, 2), keepdim=True) + 1e-30).sqrt()).to(dtype)
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.transpose(1, 2)
    for _ in range(5):
        square = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x.transpose(1, 2) if tall else x).float()
