"""Measure what serving costs, in one run: python tools/serving.py [nbs/serving.json]

Requests a second and the slowest one in a hundred, for a linear model of digits and a resnet18 of photos, with one and
eight clients, one and two workers; memory before and after 10,000 requests; 1,000 bad requests beside good ones.
Clients run on the same machine as the server. Needs Linux, torchvision and the extra `serve`.
"""
import io
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import torch
from PIL import Image

from fastsgd import modules
from fastsgd.model import Look, as_model, save_model
from fastsgd.vision import image_net

COMMAND = 'from fastsgd.cli import serve_main; serve_main()'


@contextmanager
def served(file, workers):
    "A server as people start it: its number and its address"
    argv = [sys.executable, '-c', COMMAND, str(file), '--port', '0', '--workers', str(workers)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if found := re.search(r'http://(\S+)/', line): break
        yield process.pid, found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def asked(host, bodies, n, status=200):
    "Seconds for each of `n` requests, one after the other on one connection"
    connection, times = HTTPConnection(host, timeout=60), []
    for i in range(n):
        kind, body = bodies[i % len(bodies)]
        began = time.perf_counter()
        connection.request('POST', '/predict', body, {'Content-Type': kind})
        reply = connection.getresponse()
        reply.read()
        times.append(time.perf_counter() - began)
        if reply.status//100 != status//100: sys.exit(f'the server answers {reply.status}')
    connection.close()
    return times


def load(host, bodies, clients, n):
    "How `n` requests of several clients are answered"
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _: asked(host, bodies, 5), range(clients)))  # all workers are up
        began = time.perf_counter()
        times = sum(pool.map(lambda _: asked(host, bodies, n//clients), range(clients)), [])
        seconds = time.perf_counter() - began
    cuts = statistics.quantiles(times, n=100)
    return dict(per_second=len(times)/seconds, median_ms=1e3*cuts[49], slowest_in_100_ms=1e3*cuts[98])


def megabytes(pid):
    "Memory in use by a process and those it started"
    kin = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    own = int(re.search(r'VmRSS:\s+(\d+)', Path(f'/proc/{pid}/status').read_text())[1])/1000
    return own + sum(map(megabytes, kin))


def png(size):
    file = io.BytesIO()
    Image.effect_noise((size, size), 90).convert('RGB').save(file, 'PNG')
    return 'image/png', file.getvalue()


BAD = [("image/png", b"no image"), ("text/plain", b"x"), ("application/json", b"{"),
       ("image/png", bytes(1_100_000))]


def refused(host, n):
    "Each refusal ends its connection"
    for i in range(n): asked(host, [BAD[i % len(BAD)]], 1, 400)


def beside_bad_ones(host, bodies):
    "How good requests are answered while 1,000 bad ones come from 8 clients"
    times, over = [], threading.Event()
    def ask():
        while not over.is_set(): times.extend(asked(host, bodies, 1))
    with ThreadPoolExecutor(9) as pool:
        good = pool.submit(ask)
        list(pool.map(lambda _: refused(host, 125), range(8)))
        over.set()
        good.result()
    return dict(bad=1000, good=len(times), slowest_ms=1e3*max(times))


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else 'nbs/serving.json')
    torch.manual_seed(0)
    photos = as_model(image_net(3), ('sun', 'tree', 'house'), Look('crop', (64, 64)))
    models = {'linear, digits': (as_model(modules.linear_model(n_out=10), range(10)), png(28), 1600),
              'resnet18, photos of 64 by 64': (photos, png(64), 320)}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (model, body, n) in models.items():
            file = save_model(Path(folder)/'m.safetensors', model)
            for workers in 1, 2:
                with served(file, workers) as (pid, host):
                    for clients in 1, 8:
                        found = load(host, [body], clients, n)
                        rows.append(dict(model=name, workers=workers, clients=clients, **found))
                        print(rows[-1], flush=True)
        file = save_model(Path(folder)/'m.safetensors', models['linear, digits'][0])
        with served(file, 1) as (pid, host):
            load(host, [png(28)], 8, 500)
            before = megabytes(pid)
            load(host, [png(28)], 8, 10_000)
            memory = dict(requests=10_000, before_mb=before, after_mb=megabytes(pid))
            print(memory, flush=True)
            bad = beside_bad_ones(host, [png(28)])
            print(bad)
    versions = f'torch {torch.__version__.split("+")[0]}, Python {sys.version.split()[0]}'
    result = dict(machine=f'{len(os.sched_getaffinity(0))} cores, {versions}', rows=rows, memory=memory, bad=bad)
    out.write_text(json.dumps(result, indent=1) + '\n')


if __name__ == '__main__': main()
