"""The net of ../net.h in PyTorch: the same parameters in the same array, the same function of them.

All parameters are one vector, as in checkpoints (../checkpoint.c); `Net.views` names its parts. Forward passes
take such views, so that a rounded or another net's vector can stand in for them.
"""
import math
import struct

import numpy as np
import torch
import torch.nn.functional as F

MARKS, EPS = 159, 1e-6  # FINDER_MARKS of ../finder.h; what all norms add
SHAPE_FIELDS = ("n_layers n_embd n_ff n_heads n_kv_heads head_dim window n_ctx n_vocab "
                "v_layers v_width v_ff v_heads image_size patch_size pool").split()
HEADER = "<8s16II4xQQ"  # struct header of ../checkpoint.c


class Shape:
    def __init__(self, numbers):
        for name, number in zip(SHAPE_FIELDS, numbers):
            setattr(self, name, number)
        self.numbers = tuple(numbers)
        self.side = self.image_size // self.patch_size
        self.n_patches = self.side ** 2
        self.n_soft = (self.side // self.pool) ** 2
        self.inputs = 3 * self.patch_size ** 2


def layout(s):
    """(name, kind, rows, cols) of each parameter, in the order of net.c."""
    q, kv, d, w = s.n_heads * s.head_dim, s.n_kv_heads * s.head_dim, s.n_embd, s.v_width
    yield "embed", "embed", s.n_vocab, d
    yield "norm", "scale", 1, d
    for i in range(s.n_layers):
        for name, kind, rows, cols in (
                ("attn_norm", "scale", 1, d), ("q", "matrix", q, d), ("k", "matrix", kv, d),
                ("v", "matrix", kv, d), ("q_norm", "scale", 1, s.head_dim),
                ("k_norm", "scale", 1, s.head_dim), ("o", "matrix", d, q),
                ("post_attn_norm", "scale", 1, d), ("ffn_norm", "scale", 1, d),
                ("gate", "matrix", s.n_ff, d), ("up", "matrix", s.n_ff, d),
                ("down", "matrix", d, s.n_ff), ("post_ffn_norm", "scale", 1, d)):
            yield f"{i}.{name}", kind, rows, cols
    yield "v.patch_w", "patch", w, s.inputs
    yield "v.patch_b", "bias", 1, w
    yield "v.position", "position", s.n_patches, w
    for i in range(s.v_layers):
        for name, rows, cols in (("ln1_w", 1, w), ("ln1_b", 1, w), ("q_w", w, w), ("q_b", 1, w),
                                 ("k_w", w, w), ("k_b", 1, w), ("v_w", w, w), ("v_b", 1, w),
                                 ("o_w", w, w), ("o_b", 1, w), ("ln2_w", 1, w), ("ln2_b", 1, w),
                                 ("fc1_w", s.v_ff, w), ("fc1_b", 1, s.v_ff),
                                 ("fc2_w", w, s.v_ff), ("fc2_b", 1, w)):
            kind = "matrix" if rows > 1 else "scale" if name.startswith("ln") and name[-1] == "w" else "bias"
            yield f"v.{i}.{name}", kind, rows, cols
    yield "v.post_ln_w", "scale", 1, w
    yield "v.post_ln_b", "bias", 1, w
    yield "v.soft_norm", "scale", 1, w
    yield "v.projection", "matrix", w, d
    yield "v.find_patch_w", "finder", MARKS, w
    yield "v.find_patch_b", "bias", 1, MARKS
    yield "v.find_soft_w", "finder", s.pool ** 2 * MARKS, w
    yield "v.find_soft_b", "bias", 1, s.pool ** 2 * MARKS


class Param:
    def __init__(self, name, kind, rows, cols, offset):
        self.name, self.kind, self.rows, self.cols, self.offset = name, kind, rows, cols, offset
        self.n, self.of_tower = rows * cols, name.startswith("v.")


class Net:
    def __init__(self, shape):
        self.shape, self.params, offset = shape, [], 0
        for name, kind, rows, cols in layout(shape):
            self.params.append(Param(name, kind, rows, cols, offset))
            offset += (rows * cols + 15) // 16 * 16  # a cache line
        self.n_values = offset

    def views(self, vector):
        return {p.name: vector[p.offset:p.offset + p.n].view(*(p.rows, p.cols)[p.rows == 1:])
                for p in self.params}

    def leaves(self, vector, gradient):
        """Views for passes, whose derivatives are added to `gradient`. Neighbours that have the same input are one:
        qkv, gate_up."""
        both = []
        for v in (vector, gradient):
            views = self.views(v)
            for i in range(self.shape.n_layers):
                for names in (("q", "k", "v"), ("gate", "up")):
                    parts = [views.pop(f"{i}.{name}") for name in names]
                    rows = sum(len(part) for part in parts)
                    at = parts[0].storage_offset() - v.storage_offset()
                    views[f"{i}." + {3: "qkv", 2: "gate_up"}[len(names)]] = v[at:at + rows * parts[0].shape[1]].view(rows, -1)
            both.append(views)
        for name, leaf in both[0].items():
            leaf.requires_grad_()
            leaf.grad = both[1][name]
        return both[0]


def load(path, n_parts=1):
    """(net, step, [n_parts vectors]) of a checkpoint."""
    with open(path, "rb") as file:
        head = struct.unpack(HEADER, file.read(struct.calcsize(HEADER)))
        net = Net(Shape(head[1:17]))
        assert head[0] == b"facet-n1" and head[19] == net.n_values, path
        parts = [torch.from_numpy(np.fromfile(file, np.float32, net.n_values))
                 for _ in range(n_parts)]
    return net, head[17], parts


def save(path, net, step, parts):
    with open(path, "wb") as file:
        file.write(struct.pack(HEADER, b"facet-n1", *net.shape.numbers, step, len(parts), net.n_values))
        for part in parts:
            file.write(part.detach().float().cpu().numpy().tobytes())


# ---- The function ---------------------------------------------------------------------------------


def attend(q, k, v, mask=None):
    """Rows [batch][heads][n][dim]; mask [batch][1][n][n], 0 or −∞, is added."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores + mask).softmax(-1) @ v


def rms_norm(x, weight):
    if hasattr(F, "rms_norm"):
        return F.rms_norm(x, x.shape[-1:], weight, EPS)
    y = x.float()
    return (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + EPS)).to(x.dtype) * weight


def layer_of(w, prefix):
    """What of w is named so, without that."""
    return {name[len(prefix):]: x for name, x in w.items() if name.startswith(prefix)}


def tower_layer(x, w, heads):
    def split(x):
        return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)

    a = F.layer_norm(x, x.shape[-1:], w["ln1_w"], w["ln1_b"], EPS)
    q, k, v = (split(F.linear(a, w[j + "_w"], w[j + "_b"])) for j in "qkv")
    o = attend(q, k, v).transpose(1, 2).reshape(x.shape)
    x = x + F.linear(o, w["o_w"], w["o_b"])
    b = F.layer_norm(x, x.shape[-1:], w["ln2_w"], w["ln2_b"], EPS)
    b = F.gelu(F.linear(b, w["fc1_w"], w["fc1_b"]), approximate="tanh")
    return x + F.linear(b, w["fc2_w"], w["fc2_b"])


def tower(shape, w, patches):
    """patches [views][n_patches][inputs], −1 to 1 → the last norm's states, and their means of pool × pool."""
    x = F.linear(patches.to(w["v.patch_w"].dtype), w["v.patch_w"], w["v.patch_b"]) + w["v.position"]
    for i in range(shape.v_layers):
        x = tower_layer(x, layer_of(w, f"v.{i}."), shape.v_heads)
    n, side, pool = len(x), shape.side // shape.pool, shape.pool
    states = F.layer_norm(x, x.shape[-1:], w["v.post_ln_w"], w["v.post_ln_b"], EPS)
    pooled = states.view(n, side, pool, side, pool, -1).mean((2, 4)).view(n, side * side, -1)
    return states, pooled


def connect(w, pooled):
    return rms_norm(pooled, w["v.soft_norm"]) @ w["v.projection"]


def marks_loss(shape, w, states, pooled, seen):
    """The finder's loss (../finder.h), summed; seen [views][n_patches][MARKS] of 0 and 1."""
    n, side, pool = seen.shape[0], shape.side // shape.pool, shape.pool
    turned = seen.view(n, side, pool, side, pool, MARKS).transpose(2, 3).reshape(n, side * side, -1)
    loss = 0
    for name, x, y in (("patch", states, seen), ("soft", pooled, turned)):
        logits = F.linear(x, w[f"v.find_{name}_w"], w[f"v.find_{name}_b"])
        loss = loss + F.binary_cross_entropy_with_logits(logits.float(), y.float(), reduction="sum")
    return loss / 2


def turn(x, turns):
    """Rotates the first half of each row against the second."""
    cosine, sine = turns
    return torch.addcmul(x * cosine, torch.roll(x, x.shape[-1] // 2, -1), sine)


def decoder_layer(x, w, heads, kv, mask, turns):
    b, n, _ = x.shape
    qkv = F.linear(rms_norm(x, w["attn_norm"]), w["qkv"]).view(b, n, heads + 2 * kv, -1).transpose(1, 2)
    q, k, v = qkv.split((heads, kv, kv), 1)
    q = turn(rms_norm(q, w["q_norm"]), turns)
    k = turn(rms_norm(k, w["k_norm"]), turns)
    k, v = (y[:, :, None].expand(-1, -1, heads // kv, -1, -1).reshape(q.shape) for y in (k, v))
    o = attend(q, k, v, mask).transpose(1, 2).reshape(b, n, -1)
    x = x + rms_norm(F.linear(o, w["o"]), w["post_attn_norm"])
    gate, up = F.linear(rms_norm(x, w["ffn_norm"]), w["gate_up"]).chunk(2, -1)
    return x + rms_norm(F.linear(F.gelu(gate, approximate="tanh") * up, w["down"]), w["post_ffn_norm"])


def decoder(shape, w, batch, soft):
    """What the head sees at each position [sequences][longest][n_embd]. soft [views][n_soft][n_embd]."""
    ids, n, dtype = batch.ids, batch.ids.shape[1], w["embed"].dtype
    x = F.embedding(ids, w["embed"]) * math.sqrt(shape.n_embd)
    if soft is not None:
        x = x.index_put((batch.soft_row, batch.soft_column), soft.reshape(-1, shape.n_embd)[batch.soft_number])
    at = torch.arange(n, device=ids.device)
    everything = at[None, None, :] < batch.ends[:, :, None]
    near = everything & (at[None, None, :] > at[None, :, None] - shape.window)
    masks = [torch.zeros(m.shape, dtype=dtype, device=ids.device).masked_fill_(~m, -math.inf)[:, None]
             for m in (near, everything)]
    share = -torch.arange(shape.head_dim // 2, device=ids.device).double() / (shape.head_dim // 2)
    angles = [at[:, None].double() * base ** share for base in (1e4, 1e6)]
    turns = [(torch.cat((a.cos(), a.cos()), 1).to(dtype), torch.cat((-a.sin(), a.sin()), 1).to(dtype)) for a in angles]
    for i in range(shape.n_layers):
        is_global = (i + 1) % 6 == 0
        x = decoder_layer(x, layer_of(w, f"{i}."), shape.n_heads, shape.n_kv_heads, masks[is_global], turns[is_global])
    return rms_norm(x, w["norm"])


def logits(w, hidden, batch):
    """Of the ids that follow the batch's targets [n_targets][n_vocab]."""
    return F.linear(hidden[batch.target_row, batch.target_column].float(), w["embed"].float())


def drawn(p, n=256):
    """Gemma 3's report, section 2.2: n ids are sampled; they keep their probability, renormalised."""
    found = torch.zeros_like(p).scatter_(1, torch.multinomial(p, n, replacement=True), 1) * p
    return found / found.sum(1, keepdim=True)


# ---- Rounding -------------------------------------------------------------------------------------


def round_rows(x, kind):
    """As a file of that type has it, in blocks of 32 (../../engine/quantize.c)."""
    x32 = x.reshape(-1, 32)
    lowest, highest = {"q8_0": (-127, 127), "q4_0": (-8, 7)}[kind]
    if kind == "q8_0":
        scale = x32.abs().amax(1, keepdim=True) / 127
    else:
        scale = fitted(x32, lowest, highest)
    scale = scale.half().float()
    levels = torch.where(scale != 0, x32 / scale, torch.zeros_like(x32)).round().clamp(lowest, highest)
    return (levels * scale).view_as(x)


def fitted(x, lowest, highest):
    """Of each row, the scale with which whole numbers come nearest to it, near the obvious one."""
    extreme = x.gather(1, x.abs().argmax(1, keepdim=True))
    best_gain, best = torch.zeros_like(extreme), torch.zeros_like(extreme)
    for trial in range(-9, 10):
        inverse = torch.where(extreme != 0, lowest * (1 + 0.025 * trial) / extreme, torch.zeros_like(extreme))
        levels = (x * inverse).round().clamp(lowest, highest)
        along, length = (x * levels).sum(1, keepdim=True), levels.pow(2).sum(1, keepdim=True).clamp(min=1e-9)
        gain = along.pow(2) / length
        better = gain > best_gain
        best_gain, best = torch.where(better, gain, best_gain), torch.where(better, along / length, best)
    return best


@torch.no_grad()
def round_all(net, w, kind):
    """A vector: w with the layers' matrices rounded so, and the embedding to Q8_0."""
    kinds, out = {"matrix": kind, "embed": "q8_0"}, w.clone()
    for p in net.params:
        if p.kind in kinds:
            at = slice(p.offset, p.offset + p.n)
            out[at] = round_rows(w[at], kinds[p.kind])
    return out
