"""Does ``opir serve`` stay quick and small under load?

Starts a server as a user does, then asks it from this process, over loopback, with pictures of mixed sizes: mostly 16
to 256 pixels a side, log-uniform, one in fifty larger.

* capacity: a few clients that always ask again: pictures per second, and the time of an answer where the queue is full
  to its brim but nothing is refused;
* overload: requests at random times (Poisson) at twice that rate, and nobody waits for anybody: accepted requests must
  not take longer than a full queue does, the others must be refused at once with 429 and ``Retry-After``.
  After it the capacity is measured again: if it is another one, the machine had other things to do meanwhile, and the
  ratios mean nothing;
* memory: 2,000 requests, resident memory of the server with its decoding processes read every twenty: the slope of
  the second half, when every size has been seen (Theil and Sen's, the median over all pairs of readings: a decoding
  process that is being replaced is missing in some).

    python benchmarks/server_load.py --json benchmarks/results/DATE-cpu-server-load.json

Another process that is always busy makes all times longer; then the ratios are what to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import io
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

import opir

N_WAITING = 8
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MEMORY_STEP = 20


@dataclass(frozen=True)
class Answered:
    """One request."""

    status: int
    seconds: float
    is_right: bool
    """Whether the answer is a picture, or a refusal of the known shape that says when to come back."""


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base")
    parser.add_argument("--requests", type=int, default=2000, help="for the slope of the memory")
    parser.add_argument("--capacity-requests", type=int, default=150)
    parser.add_argument("--overload-requests", type=int, default=400)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--only-memory", action="store_true", help="where other work on the machine spoils all times")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    found = asyncio.run(measure(options))
    text = json.dumps(found, indent=1, allow_nan=False)
    if options.json is not None:
        options.json.write_text(text + "\n")
    print(text)


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Start a server and ask it."""
    threads = [] if options.threads is None else ["--threads", str(options.threads)]
    command = [sys.executable, "-c", "from opir.cli.main import run; run()", "serve", "--model", str(options.model)]
    command += ["--port", "0", "--queue", str(N_WAITING), "--deadline", "3600", *threads]
    environment = {name: value for name, value in os.environ.items() if name != "OPIR_TOKEN"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        assert server.stdout is not None
        ready = re.search(r"http://\S+", server.stdout.readline())
        if ready is None:
            raise SystemExit("the server did not start")
        async with clients_of(ready[0]) as client:
            await client.post("/v1/restore", content=picture(0))  # the first one is never like the others
            if options.only_memory:
                memory = await memory_run(client, server.pid, options.requests)
                left = await left_behind(client, server.pid)
                return {**conditions(options), "memory": memory, "left_behind": left}
            capacity = await closed_loop(client, range(options.capacity_requests), n_clients=N_WAITING + 1)
            rate = len(capacity[0]) / capacity[1]
            overload, seconds = await open_loop(client, options.overload_requests, rate=2.0 * rate)
            again = await closed_loop(client, range(options.capacity_requests), n_clients=N_WAITING + 1)
            memory = await memory_run(client, server.pid, options.requests)
            left = await left_behind(client, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=120)
    accepted, refused = ([entry for entry in overload if (entry.status == 200) is kind] for kind in (True, False))
    full = quantiles(capacity[0])
    return {
        **conditions(options),
        "capacity": {
            "pictures_per_s": round(rate, 3),
            "after_over_before": round(capacity[1] / again[1], 3),
            "statuses": statuses(capacity[0]),
            "seconds_with_a_full_queue": full,
        },
        "overload": {
            "rate_over_capacity": 2.0,
            "statuses": statuses(overload),
            "wrong_answers": sum(not entry.is_right for entry in overload),
            "accepted_per_s_over_capacity": round(len(accepted) / seconds / rate, 3),
            "accepted_seconds": quantiles(accepted),
            "refused_seconds": quantiles(refused),
            "accepted_median_over_full_queue_median": round(quantiles(accepted)["median"] / full["median"], 3),
            "refused_median_over_accepted_median": round(
                quantiles(refused)["median"] / quantiles(accepted)["median"], 4
            ),
        },
        "memory": memory,
        "left_behind": left,
    }


def conditions(options: argparse.Namespace) -> dict[str, object]:
    """Say what was asked, and of what."""
    return {
        "question": "does the server refuse at once, keep its latency, and stay small",
        "versions": {"opir": opir.__version__, "onnxruntime": version("onnxruntime"), "fastapi": version("fastapi")},
        "machine": {"processor": platform.machine(), "processors": os.cpu_count(), "load": os.getloadavg()[0]},
        "model": str(options.model),
        "queue": N_WAITING,
    }


@asynccontextmanager
async def clients_of(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open connections without limits of their own."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
    async with httpx.AsyncClient(base_url=url, timeout=3600, limits=limits, trust_env=False) as client:
        yield client


def picture(number: int) -> bytes:
    """Make a picture whose size, format and content follow from its number."""
    generator = np.random.default_rng(number)
    if number % 50 == 49:
        height, width = generator.integers(300, 640, 2)
    else:
        height, width = np.exp(generator.uniform(np.log(16), np.log(256), 2)).astype(int)
    rough = generator.integers(0, 256, (max(2, height // 8), max(2, width // 8), 3), np.uint8)
    image = Image.fromarray(rough).resize((int(width), int(height)), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    image.save(stream, FORMATS[number % len(FORMATS)])
    return stream.getvalue()


async def ask(client: httpx.AsyncClient, number: int, data: bytes) -> Answered:
    """Send one picture and look at the answer."""
    returned = ("image", "image", "json", "zip")[number % 4]
    start = time.perf_counter()
    response = await client.post("/v1/restore", content=data, params={"return": returned})
    seconds = time.perf_counter() - start
    if response.status_code == 200:
        is_right = len(response.content) > 20
    else:
        is_right = "retry-after" in response.headers and response.json()["error"]["kind"] == "queue_full"
    return Answered(status=response.status_code, seconds=seconds, is_right=is_right)


async def closed_loop(
    client: httpx.AsyncClient, numbers: Iterable[int], *, n_clients: int
) -> tuple[list[Answered], float]:
    """Let some clients ask again and again; return the answers and the time for all."""
    left = iter([(number, picture(number)) for number in numbers])
    answers: list[Answered] = []

    async def one() -> None:
        for number, data in left:
            answers.append(await ask(client, number, data))

    start = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(n_clients)))
    return answers, time.perf_counter() - start


async def open_loop(client: httpx.AsyncClient, n_requests: int, *, rate: float) -> tuple[list[Answered], float]:
    """Ask at random times, whether there were answers or not; return the answers and the time for all."""
    pictures = [(number, picture(number)) for number in range(10_000, 10_000 + n_requests)]
    pauses = np.random.default_rng(1).exponential(1 / rate, n_requests)
    start = time.perf_counter()
    tasks = []
    for (number, data), at in zip(pictures, np.cumsum(pauses), strict=True):
        await asyncio.sleep(max(0.0, start + at - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(client, number, data)))
    answers = await asyncio.gather(*tasks)
    return list(answers), time.perf_counter() - start


async def memory_run(client: httpx.AsyncClient, pid: int, n_requests: int) -> dict[str, object]:
    """Ask many times and watch the memory."""
    seen: list[tuple[int, float]] = []
    answered: list[Answered] = []
    for first in range(0, n_requests, MEMORY_STEP):
        numbers = range(20_000 + first, 20_000 + min(n_requests, first + MEMORY_STEP))
        answers, _ = await closed_loop(client, numbers, n_clients=2)
        answered += answers
        seen.append((first + len(answers), resident_mebibytes(pid)))
    half = np.array(seen[len(seen) // 2 :])
    first, second = np.triu_indices(len(half), 1)
    slopes = (half[second, 1] - half[first, 1]) / (half[second, 0] - half[first, 0])
    return {
        "requests": n_requests,
        "statuses": statuses(answered),
        "mebibytes_first": round(seen[0][1], 1),
        "mebibytes_at_half": round(float(half[0, 1]), 1),
        "mebibytes_last": round(seen[-1][1], 1),
        "mebibytes_most": round(max(value for _, value in seen), 1),
        "slope_second_half_mebibytes_per_1000_requests": round(1000 * float(np.median(slopes)), 2),
        "course": [[count, round(value, 1)] for count, value in seen[:: max(1, len(seen) // 25)]],
    }


async def left_behind(client: httpx.AsyncClient, pid: int) -> dict[str, object]:
    """What remains once nobody asks any more."""
    await asyncio.sleep(1.0)
    text = (await client.get("/metrics")).text
    gauges = dict(re.findall(r"^(opir_waiting|opir_running|opir_jobs|opir_result_bytes) (\S+)$", text, re.MULTILINE))
    return {**gauges, "children": len(children_of(pid)), "open_files": len(list(Path(f"/proc/{pid}/fd").iterdir()))}


def children_of(pid: int) -> list[int]:
    """Return the processes that the threads of a process have started."""
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(word) for word in (thread / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):  # the thread has just ended
            continue
    return found


def resident_mebibytes(pid: int) -> float:
    """Return the resident memory of a process and its children; pages that they share count twice."""
    total = 0
    for number in (pid, *children_of(pid)):
        try:
            total += int(Path(f"/proc/{number}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):  # a decoding process has just been replaced
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 1024**2


def statuses(answers: Iterable[Answered]) -> dict[str, int]:
    """Count the statuses."""
    return {str(status): count for status, count in sorted(collections.Counter(a.status for a in answers).items())}


def quantiles(answers: list[Answered]) -> dict[str, float]:
    """Return median, 95 % and the longest [s]."""
    if not answers:
        raise SystemExit("there are no such answers: ask more often")
    times = np.array([entry.seconds for entry in answers])
    names = {"median": 50, "p95": 95, "most": 100}
    return {name: round(float(np.percentile(times, share)), 4) for name, share in names.items()}


if __name__ == "__main__":
    main()
