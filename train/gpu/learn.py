#!/usr/bin/python3
"""The recipe of ../README.md on a GPU: the tower, then a teacher with it, then students that the teacher tells.

learn.py NAME=VALUE…: trainer= and words= (its vocabulary.gguf) make the samples, in `feeders` processes, in
data=FOLDER. sight=, teach=, study= are seconds. out=FOLDER gets curves (CSV), checkpoints that the trainer in C goes on
with, and tower.npz, which tower= begins with; teacher= is a checkpoint of one that has learned. compare=1: beside the
student another learns from the answers themselves, and at last a twin of it sees matrices rounded to Q4_0.
"""
import collections
import glob
import os
import queue
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import torch
import torch.nn.functional as F

import net as nets
from batch import MARK_BYTES, Batch, parse, to_marks, to_patches
from move import Mover

OPTIONS = dict(trainer="build/trainer", words="build/model/vocabulary.gguf", data="/dev/shm/feed", out="build/gpu", tower="",
               teacher="", lesson="hard", shape="teacher", student="student", sight=100.0, teach=330.0, study=290.0,
               compare=0, feeders=15, samples=128, parts=2, rate=3e-3, views=16000, n_test=512, per_file=8,
               fall=0.4, round=0.2, seed=1, device="cuda")


def say(*words):
    print(f"{time.monotonic() - BEGAN:6.1f}", *words, flush=True)


BEGAN = time.monotonic()

# ---- Samples --------------------------------------------------------------------------------------


class Feeders:
    """Processes that write samples of a lesson, and a thread that reads their files."""

    def __init__(self, o, lesson, shape):
        self.o, self.shape, self.folder = o, shape, os.path.join(o.data, lesson)
        self.free, self.full, self.stopped = queue.Queue(), queue.Queue(), False
        self.processes = [subprocess.Popen(
            [o.trainer, "feed", f"words={o.words}", f"out={self.folder}", f"lesson={lesson}", f"shape={o.shape}",
             f"seed={o.seed}", f"first={i}", f"stride={o.feeders}", f"n={o.per_file}", "files=1000000", "ahead=4"])
            for i in range(o.feeders)]
        for _ in range(48):
            buffer = torch.empty(o.per_file * 5 * shape.n_patches * (shape.inputs + MARK_BYTES), dtype=torch.uint8)
            self.free.put(buffer.pin_memory() if o.device != "cpu" else buffer)
        for part in range(2):
            threading.Thread(target=self._read, args=(part,), daemon=True).start()

    def _read(self, part):
        done = [0] * self.o.feeders
        while not self.stopped:
            idle = True
            for i in range(part, self.o.feeders, 2):
                path = os.path.join(self.folder, f"{i}-{done[i]:06}")
                if not os.path.exists(path):
                    continue
                buffer, size = self.free.get(), os.path.getsize(path)
                assert size <= len(buffer)
                with open(path, "rb") as file:
                    file.readinto(memoryview(buffer.numpy())[:size])
                os.unlink(path)
                self.full.put((buffer, list(parse(buffer.numpy()[:size], self.shape))))
                done[i], idle = done[i] + 1, False
            if idle:
                time.sleep(0.002)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped = True
        for p in self.processes:
            p.kill()
            p.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Pool:
    """The newest samples, their views on the device; each is used until others take its place."""

    def __init__(self, o, shape):
        self.o, self.shape, self.head, self.n_views, self.n_came = o, shape, 0, 0, 0
        self.pixels = torch.empty((o.views, shape.n_patches, shape.inputs), dtype=torch.uint8, device=o.device)
        self.bits = torch.empty((o.views, shape.n_patches, MARK_BYTES), dtype=torch.uint8, device=o.device)
        self.samples, self.coming = collections.deque(), []
        self.stream = torch.cuda.Stream() if o.device != "cpu" else None
        self.event, self.random = None, np.random.default_rng(o.seed)

    def clear(self):
        self._settle(None)
        self.samples.clear()
        self.n_views = 0

    def _settle(self, feeders):
        """What was on its way is there."""
        if self.event:
            self.event.synchronize()
        for buffer, samples in self.coming:
            self.samples.extend(samples)
            if feeders:
                feeders.free.put(buffer)
        self.coming = []

    def take(self, feeders, most):
        """Up to `most` files that are there; they count from the next call on, and are copied while the device computes."""
        self._settle(feeders)
        if self.stream:
            torch.cuda.current_stream().wait_stream(self.stream)
            self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            while len(self.coming) < most and not feeders.full.empty():
                buffer, samples = feeders.full.get()
                for s in samples:
                    self.keep(s)
                self.coming.append((buffer, samples))
        if self.stream:
            self.event = self.stream.record_event()

    def keep(self, sample):
        while self.n_views + len(sample.views) > self.o.views or len(self.samples) > 2 * self.o.views:
            self.n_views -= len(self.samples.popleft().views)
        slots = []
        for pixels, marks in sample.views:
            slots.append(self.head)
            self.pixels[self.head].view(-1).copy_(torch.from_numpy(pixels), non_blocking=True)
            self.bits[self.head].view(-1).copy_(torch.from_numpy(marks), non_blocking=True)
            self.head = (self.head + 1) % self.o.views
        self.n_views += len(slots)
        self.n_came += 1
        sample.views = slots

    def draw(self, n):
        return [self.samples[i] for i in self.random.integers(len(self.samples), size=n)]

    def views_of(self, samples):
        slots = torch.tensor([v for s in samples for v in s.views], dtype=torch.int64, device=self.o.device)
        return to_patches(self.pixels[slots]), to_marks(self.bits[slots])


def test_set(o, shape):
    """Batches of the test split: always the same ones. A pool of their own holds the views."""
    folder = os.path.join(o.data, "test")
    subprocess.run([o.trainer, "feed", f"words={o.words}", f"out={folder}", "split=test", f"shape={o.shape}", "seed=7",
                    f"n={o.n_test}"], check=True)
    samples = list(parse(np.fromfile(glob.glob(folder + "/*")[0], np.uint8), shape))
    held = Options(views=sum(len(s.views) for s in samples) + 8, device=o.device, seed=1)
    pool = Pool(held, shape)
    for s in samples:
        pool.keep(s)
    samples.sort(key=lambda s: len(s.ids))
    return [(samples[i:i + 32], pool) for i in range(0, len(samples), 32)]


# ---- Learning -------------------------------------------------------------------------------------


class Learner:
    """A net and its optimiser. Passes see `leaves`, a copy of the parameters in BF16, rounded further if `rounds`. `hard`:
    a student that learns from the answers, not from the teacher."""

    def __init__(self, o, shape, values, name, hard=False):
        self.o, self.shape, self.name, self.step, self.rounds, self.hard = o, shape, name, 0, "", hard
        self.net, self.w = nets.Net(shape), values.to(o.device)
        self.seen = self.w.to(o.dtype)
        self.mover = Mover(self.net, self.w, torch.zeros_like(self.seen))
        self.leaves = self.net.leaves(self.seen, self.mover.g)
        self.curve = None

    def note(self, text):
        """A line of its curve."""
        self.curve = self.curve or open(os.path.join(self.o.out, self.name + ".csv"), "w")
        self.curve.write(text + "\n")
        self.curve.flush()

    @torch.no_grad()
    def move(self, rate):
        self.step += 1
        norm = self.mover.step(rate, self.step)
        self.see()
        return norm

    @torch.no_grad()
    def see(self):
        self.seen.copy_(nets.round_all(self.net, self.w, self.rounds) if self.rounds else self.w)

    def twin(self, name):
        """Another that goes on from here."""
        twin = Learner(self.o, self.shape, self.w.clone(), name)
        twin.step = self.step
        twin.mover.first.copy_(self.mover.first)
        twin.mover.second.copy_(self.mover.second)
        return twin

    def parameter(self, name):
        return self.net.views(self.w)[name].cpu()

    def save_tower(self):
        np.savez(os.path.join(self.o.out, "tower.npz"), **{
            p.name: self.parameter(p.name).half().numpy() for p in self.net.params if p.of_tower})

    def save(self):
        path = os.path.join(self.o.out, self.name)
        nets.save(path, self.net, self.step, [self.w, self.mover.first, self.mover.second])


def parts_of(samples, n):
    """In n parts of about one length each, which wastes less on filling up."""
    samples = sorted(samples, key=lambda s: len(s.ids))
    size = -(-len(samples) // n)
    return [samples[i:i + size] for i in range(0, len(samples), size)]


def schedule(o, passed, budget, fall):
    """A trapezoid over `budget` seconds."""
    return o.rate * min(1, passed / (0.04 * budget) + 0.01, max(0, budget - passed) / (fall * budget))


def foretell(learner, batch, pooled):
    """Logits of what follows; pooled: what the tower makes of the pictures, None without any."""
    soft = None if pooled is None else nets.connect(learner.leaves, pooled)
    return nets.logits(learner.leaves, nets.decoder(learner.shape, learner.leaves, batch, soft), batch)


@torch.no_grad()
def examine(o, learner, tests, tower):
    """Nats a token, shares of tokens and of whole answers that are right; with this tower's leaves."""
    nats = right = whole = n = answers = 0
    for samples, pool in tests:
        batch, pooled = Batch(samples, learner.shape, o.device), None
        if any(s.views for s in samples):
            pooled = nets.tower(learner.shape, tower, pool.views_of(samples)[0])[1]
        z = foretell(learner, batch, pooled)
        nats += F.cross_entropy(z, batch.answers, reduction="sum").item()
        good, closed = (z.argmax(1) == batch.answers).cpu().numpy(), (batch.answers == o.end_of_turn).cpu().numpy()
        for part in np.split(good, np.nonzero(closed)[0] + 1)[:-1]:
            whole, answers = whole + part.all(), answers + 1
        right, n = right + good.sum(), n + len(good)
    return nats / n, right / n, whole / answers


def lesson(o, name, budget, pool, feeders, step, fall):
    """Steps until `budget` seconds are over; step(rate) returns what the curve gets."""
    began, said, n, came = time.monotonic(), 0, 0, pool.n_came
    while len(pool.samples) < 4 * o.samples:
        pool.take(feeders, 64)
        time.sleep(0.01)
    while (passed := time.monotonic() - began) < budget:
        pool.take(feeders, 24)
        told = step(schedule(o, passed, budget, fall))
        n += 1
        if passed - said > 10 or n == 3:
            said = passed
            say(name, f"step {n}, {1000 * passed / n:.0f} ms each, {(pool.n_came - came) / passed:.0f} new samples/s,",
                f"{len(pool.samples)} kept:", " ".join(f"{k} {float(v):.4f}" for k, v in told.items()))


def sight(o, learner, pool, feeders):
    """The tower alone, by its marks."""
    learner.mover.limit(lambda p: p.of_tower)

    def step(rate):
        loss_sum = 0
        samples = [s for s in pool.draw(2 * o.samples) if s.views][:o.samples]
        for part in parts_of(samples, o.parts):
            patches, seen = pool.views_of(part)
            states, pooled = nets.tower(learner.shape, learner.leaves, patches)
            loss = nets.marks_loss(learner.shape, learner.leaves, states, pooled, seen)
            loss = loss / (seen.shape[0] * learner.shape.n_patches * o.parts)
            (0.3 * loss).backward()
            loss_sum = loss_sum + loss.detach()
        norm = learner.move(rate)
        told = dict(marks=loss_sum, norm=norm)
        if learner.step % 20 == 0:
            learner.note(f"{learner.step},{float(loss_sum):.4f},{rate:.2e}")
        return told

    lesson(o, "sight", o.sight, pool, feeders, step, 0.1)
    learner.save_tower()


def teach(o, learner, pool, feeders, tests):
    """Tower and decoder by what is to be said, and still the marks."""
    learner.mover.limit(lambda p: True)

    def step(rate):
        samples = pool.draw(o.samples)
        n_targets, n_views = sum(len(s.answers) for s in samples), sum(len(s.views) for s in samples)
        words = marks = 0
        for part in parts_of(samples, o.parts):
            pooled, loss = None, 0
            if any(s.views for s in part):
                patches, seen = pool.views_of(part)
                states, pooled = nets.tower(learner.shape, learner.leaves, patches)
                seen_loss = nets.marks_loss(learner.shape, learner.leaves, states, pooled, seen)
                seen_loss = seen_loss / (n_views * learner.shape.n_patches)
                loss, marks = seen_loss, marks + seen_loss.detach()
            batch = Batch(part, learner.shape, o.device)
            told = F.cross_entropy(foretell(learner, batch, pooled), batch.answers, reduction="sum") / n_targets
            (loss + told).backward()
            words = words + told.detach()
        norm = learner.move(rate)
        if learner.step % 250 == 0:
            told = examine(o, learner, tests, learner.leaves)
            learner.note("%d,%.4f,%.4f,%.4f,%.4f" % (learner.step, float(words), *told))
            say("teacher, test split: nats %.4f, tokens %.4f, answers %.4f" % told)
        return dict(words=words, marks=marks, norm=norm)

    lesson(o, "teach", o.teach, pool, feeders, step, o.fall)
    say("teacher, test split: nats %.4f, tokens %.4f, answers %.4f" % examine(o, learner, tests, learner.leaves))
    learner.save_tower()
    learner.save()


def study(o, teacher, students, pool, feeders, tests):
    """Students, all on the same samples; the first is one by what the teacher says of them. The tower is the teacher's,
    and rests. At last that student sees matrices rounded to Q8_0."""
    began = time.monotonic()

    def step(rate):
        samples = pool.draw(o.samples)
        n_targets = sum(len(s.answers) for s in samples)
        if not students[0].rounds and time.monotonic() - began > (1 - o.round) * o.study:
            students[0].rounds = "q8_0"
            if o.compare:
                students.append(students[0].twin("distilled_q4_0"))
                rest(students[-1])
                students[-1].rounds = "q4_0"
        words = [0] * len(students)
        for part in parts_of(samples, o.parts):
            batch, pooled = Batch(part, teacher.shape, o.device), None
            with torch.no_grad():
                if any(s.views for s in part):
                    pooled = nets.tower(teacher.shape, teacher.leaves, pool.views_of(part)[0])[1]
                p = nets.drawn(foretell(teacher, batch, pooled).softmax(1))
            for i, s in enumerate(students):
                loss = F.cross_entropy(foretell(s, batch, pooled), batch.answers if s.hard else p, reduction="sum") / n_targets
                loss.backward()
                words[i] = words[i] + loss.detach()
        for s in students:
            s.move(rate)
        if students[0].step % 200 == 0:
            for s in students:
                tell(s)
        return {s.name: words[i] for i, s in enumerate(students)}

    def tell(s):
        told = examine(o, s, tests, teacher.leaves)
        s.note("%d,%.4f,%.4f,%.4f" % (s.step, *told))
        say(s.name, "test split: nats %.4f, tokens %.4f, answers %.4f" % told)

    for s in students:
        rest(s)
    lesson(o, "study", o.study, pool, feeders, step, o.fall)
    for s in students:
        tell(s)
        s.save()
        for s.rounds in ("", "q8_0", "q4_0"):
            s.see()
            told = examine(o, s, tests, teacher.leaves)
            say(s.name, f"seen through {s.rounds or 'bf16'}: nats %.4f, tokens %.4f, answers %.4f" % told)


def rest(student):
    """Its tower does; but what leads from there to its decoder is the decoder's."""
    student.mover.limit(lambda p: not p.of_tower or p.name in ("v.soft_norm", "v.projection"))


# ---- The whole ------------------------------------------------------------------------------------


class Options:
    def __init__(self, **values):
        self.__dict__.update(values)


def options(arguments):
    given = dict(a.split("=", 1) for a in arguments)
    unknown = set(given) - set(OPTIONS)
    if unknown:
        sys.exit(f"learn.py: no option {', '.join(sorted(unknown))}")
    return Options(**{k: type(v)(given.get(k, v)) for k, v in OPTIONS.items()})


def beginning(o, role, shape):
    """A net as the trainer in C begins it."""
    folder = os.path.join(o.data, "begin-" + role)
    subprocess.run([o.trainer, "learn", f"words={o.words}", f"shape={shape}", f"out={folder}", "steps=0", f"seed={o.seed}"],
                   check=True, stderr=subprocess.DEVNULL)
    net, _, (w,) = nets.load(os.path.join(folder, "checkpoint"))
    return net.shape, w


def put_tower(net, w, tower):
    """tower: arrays or tensors by name. What leads to a decoder is only taken where that is as wide."""
    mine = net.views(w)
    for p in net.params:
        if p.of_tower and mine[p.name].shape == tower[p.name].shape:
            mine[p.name].copy_(torch.as_tensor(tower[p.name]))


def main(arguments):
    o = options(arguments)
    os.makedirs(o.out, exist_ok=True)
    for left in ("sight", o.lesson, "test", "begin-teacher", "begin-student"):
        shutil.rmtree(os.path.join(o.data, left), ignore_errors=True)
    o.dtype = torch.float32 if o.device == "cpu" else torch.bfloat16
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(o.seed)
    if o.teacher:
        net, _, (w,) = nets.load(o.teacher)
        shape = net.shape
    else:
        shape, w = beginning(o, "teacher", o.shape)
        net = nets.Net(shape)
    if o.tower:
        put_tower(net, w, np.load(o.tower))
    say(f"torch {torch.__version__}, {net.n_values} numbers")
    teacher, pool = Learner(o, shape, w, "teacher"), Pool(o, shape)
    if o.sight:
        with Feeders(o, "sight", shape) as feeders:
            sight(o, teacher, pool, feeders)
        pool.clear()
    if not o.teach and not o.study:
        return
    tests = test_set(o, shape)
    o.end_of_turn = tests[0][0][0].answers[-1]
    with Feeders(o, o.lesson, shape) as feeders:
        if o.teach:
            teacher.step = 0
            teach(o, teacher, pool, feeders, tests)
        if o.study:
            student_shape, values = beginning(o, "student", o.student)
            put_tower(nets.Net(student_shape), values, {p.name: teacher.parameter(p.name) for p in teacher.net.params})
            students = [Learner(o, student_shape, values, "distilled_q8_0")]
            if o.compare:
                students.append(Learner(o, student_shape, values.clone(), "hard", hard=True))
            study(o, teacher, students, pool, feeders, tests)


if __name__ == "__main__":
    main(sys.argv[1:])
