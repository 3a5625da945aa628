"""The server: its page in a browser, its endpoint, and what strangers send.

The tests of the page drive Chromium, and are skipped without it."""
import base64
import io
import json
import os
import pickle
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import drawing
import numpy as np
import pytest
import torch
from drawing import drag, fingers, ink, sheet
from helpers import end, fork, picture
from PIL import Image
from tabs import nothing, violations

from fastsgd import manual, serve
from fastsgd import model as model_files
from fastsgd.cli import serve_main
from fastsgd.data import get_dls

pytest.importorskip('safetensors', reason='models are kept by safetensors: it comes with the serve extra')
for needed in 'starlette', 'uvicorn':
    pytest.importorskip(needed, reason=f'{needed} serves the page: it comes with the serve extra')


def encoded(image, kind='PNG', **options):
    "The bytes of an image file"
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


# The endpoint

class Process:
    "The command, serving in a process of its own"
    def __init__(self, *args, before='', **env):
        code = f'{before}\nfrom fastsgd.cli import serve_main; serve_main()'
        self.process = fork(code, '--port', 0, *args, **env)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if 'Serving on' in line: break
        self.url = re.search(r'http://\S+/', ''.join(self.lines))[0]

    def ask(self, body=b'', kind='image/png', method='POST', path='/predict', **headers):
        "Status and body of the reply"
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request(method, path, body, {**({'Content-Type': kind} if kind else {}), **headers})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally: connection.close()

    def memory(self):
        "MB in use"
        return int(re.search(r'VmRSS:\s+(\d+)', Path(f'/proc/{self.process.pid}/status').read_text())[1])/1000

    @contextmanager
    def watched(self):
        "MB in use, at first and while the block runs"
        use, done = [self.memory()], threading.Event()
        def watch():
            while not done.wait(.02): use.append(self.memory())
        with ThreadPoolExecutor(1) as pool:
            pool.submit(watch)
            try: yield use
            finally: done.set()

    def stop(self, sign=signal.SIGTERM if os.name == 'nt' else signal.SIGINT):
        self.process.send_signal(sign)
        return end(self.process)


@pytest.fixture(scope='module')
def file(net, tmp_path_factory): return serve.save_model(tmp_path_factory.mktemp('secret-folder')/'m.safetensors', net)


@pytest.fixture(scope='module')
def served(file):
    server = Process(file)
    yield server
    run = server.stop()
    assert run.status == 0 and run.err == '', 'the server complained'


silences = {
    'nothing': b'', 'half a request': b'POST /predict HTTP/1.1\r\nHost: here\r\nContent-',
    'no body': b'POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\nx',
    'no next request': b'GET /web/style.css HTTP/1.1\r\nHost: here\r\n\r\n'}


AT_THE_DOOR = serve._most//3 - 2  # nearly as many as find room there at once; others would try again after a second


@pytest.mark.parametrize('said', silences.values(), ids=silences)
def test_whoever_asks_properly_is_answered_among_400_who_fall_silent(served, digits, said):
    host, port = urlsplit(served.url).netloc.split(':')
    body, times, silent = encoded(picture(digits.valid_x[0])), [], []
    try:
        for i in range(400):
            silent.append(socket.create_connection((host, int(port)), timeout=10))
            silent[-1].sendall(said)
            if i % AT_THE_DOOR < AT_THE_DOOR - 1 and i < 390: continue  # a proper request between them, and ten after
            began = time.monotonic()
            assert served.ask(body)[0] == 200
            times.append(time.monotonic() - began)
    finally:
        for s in silent: s.close()
    assert len(times) >= 13 and max(times) < 5


def knock(url, said=b'', **options):
    "A connection to a server that has said something"
    connection = socket.socket()
    for option, value in options.items(): connection.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
    connection.settimeout(10)
    host, port = urlsplit(url).netloc.split(':')
    connection.connect((host, int(port)))
    connection.sendall(said)
    return connection


def test_a_body_in_tiny_pieces_keeps_nobody_out(served, digits):
    start = b'POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n'
    body, over = encoded(picture(digits.valid_x[0])), threading.Event()
    def crumble():
        with knock(served.url, start) as connection, suppress(OSError):
            while not over.is_set(): connection.sendall(b'1\r\nx\r\n'*10_000)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4): pool.submit(crumble)
        try:
            time.sleep(.5)
            for _ in range(3):
                began = time.monotonic()
                assert served.ask(body)[0] == 200 and time.monotonic() - began < 5
        finally: over.set()


@contextmanager
def serving(model):
    "A server in this process: its address, and how to stop it"
    sock = serve._listen('127.0.0.1', 0)
    server = serve._server(serve.make_app(model))
    thread = threading.Thread(target=server.run, kwargs=dict(sockets=[sock]))
    thread.start()
    def stop():
        server.should_exit = True
        thread.join()
        sock.close()
    try: yield SimpleNamespace(url=f'http://127.0.0.1:{sock.getsockname()[1]}/', stop=stop)
    finally: stop()


@pytest.fixture
def hasty(net, monkeypatch):
    "A server that waits for a body for half a second, and for a client for one"
    monkeypatch.setattr(serve, '_seconds', .5)
    monkeypatch.setattr(serve, '_patience', 1)
    with serving(net) as server: yield server


def until_closed(connection):
    "What is heard until the other side closes, and the seconds until then"
    began, heard = time.monotonic(), b''
    with suppress(ConnectionResetError):
        while piece := connection.recv(100_000): heard += piece
    return heard, time.monotonic() - began


@pytest.mark.parametrize('said', [silences['nothing'], silences['half a request']], ids=['nothing', 'half a request'])
def test_silent_clients_are_sent_away_in_the_end(hasty, said):
    with knock(hasty.url, said) as silent: heard, seconds = until_closed(silent)
    assert heard == b'' and .5 < seconds < 5


def test_a_byte_now_and_then_does_not_start_the_clock_again(hasty):
    began = time.monotonic()
    with knock(hasty.url) as slow, suppress(ConnectionError):
        for byte in b'GET / HTTP/1.1\r\nHost: here, and a long name it is':
            slow.sendall(bytes([byte]))
            time.sleep(.1)
    assert .5 < time.monotonic() - began < 3


def test_a_slow_body_is_answered_with_a_sentence(hasty):
    with knock(hasty.url, silences['no body']) as slow: reply, _ = until_closed(slow)
    assert reply.startswith(b'HTTP/1.1 408') and b'The body took longer than 0.5 seconds.' in reply


def test_clients_that_do_not_read_are_sent_away(hasty):
    with knock(hasty.url, SO_RCVBUF=4096) as deaf:
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - began < 10: deaf.sendall(b'GET /js/page.js HTTP/1.1\r\nHost: here\r\n\r\n'*100)
    assert time.monotonic() - began < 9


def test_nobody_is_sent_away_while_the_server_thinks(hasty):
    usual = serve._answer
    def think(*args): time.sleep(1.5); return usual(*args)
    question = b'POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\nx'
    with patch.object(serve, '_answer', think), knock(hasty.url, question) as patient: reply, _ = until_closed(patient)
    assert reply.startswith(b'HTTP/1.1 400')


def test_half_a_request_does_not_hold_up_the_end(net, capfd):
    with serving(net) as server, ExitStack() as silent:
        for said in silences.values(): silent.enter_context(knock(server.url, said))
        time.sleep(.2)  # until they are heard
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 3
    assert capfd.readouterr().err == ''


def test_clients_that_say_a_byte_now_and_then_keep_nobody_out(served, digits):
    host, port = urlsplit(served.url).netloc.split(':')
    body = encoded(picture(digits.valid_x[0]))
    slow = []
    try:
        for i in range(300):
            slow.append(socket.create_connection((host, int(port)), timeout=10))
            if i % AT_THE_DOOR == 0: health(served.url)  # until they are in
        for byte in b'POST /predict':
            for s in slow:
                with suppress(OSError): s.send(bytes([byte]))  # some have been let go
            began = time.monotonic()
            assert served.ask(body)[0] == 200 and time.monotonic() - began < 5
    finally:
        for s in slow: s.close()


def test_the_endpoint_agrees_with_the_model(served, net, digits):
    for x, y in zip(digits.valid_x[:20], digits.valid_y):
        status, body = served.ask(json.dumps(dict(pixels=x.tolist())).encode(), 'application/json; charset=utf-8')
        answer, probs = json.loads(body), net.predict(x[None])[0]
        assert status == 200 and answer['digit'] == probs.argmax()
        assert torch.allclose(torch.tensor(list(answer['probabilities'].values())), probs, atol=1e-6)
        assert list(answer['probabilities']) == [str(c) for c in range(10)]


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'GIF', 'BMP', 'WEBP'])
def test_formats(served, digits, kind):
    def answer(x):
        _, body = served.ask(encoded(picture(x, 8), kind), f'image/{kind.lower()}')
        return json.loads(body)['digit']
    assert sum(answer(x) == y for x, y in zip(digits.valid_x[:20], digits.valid_y)) >= 18


def test_the_largest_picture_is_read(served, digits):
    status, body = served.ask(encoded(picture(digits.valid_x[0]).resize((4096, 4096))), 'image/png')
    assert status == 200 and json.loads(body)['digit'] == digits.valid_y[0]


def test_a_picture_that_is_a_pixel_too_wide_is_refused(served):
    status, body = served.ask(encoded(Image.new('L', (4097, 8))), 'image/png')
    assert status == 413 and b'4096 by 4096' in body


def test_the_description_describes(served):
    status, body = served.ask(method='GET', path='/api', kind=None)
    post = json.loads(body)['paths']['/predict']['post']
    assert status == 200 and set(post['requestBody']['content']) == {'application/json', 'image/*'}
    assert set(json.loads(body)['paths']) == {'/predict', '/why', '/health'}
    answer = post['responses']['200']['content']['application/json']['schema']
    assert answer['properties']['digit']['enum'] == list(range(10))
    assert_described(answer, served.ask(encoded(Image.effect_noise((9, 9), 90))))


def assert_described(schema, reply):
    "An answer has what the description says"
    assert reply[0] == 200 and list(json.loads(reply[1])) == schema['required']


def bomb():
    "A small file that says it holds 30,000 by 30,000 pixels"
    png = bytearray(encoded(Image.new('1', (30, 30))))
    import struct, zlib
    png[16:24] = struct.pack('>II', 30_000, 30_000)
    png[29:33] = struct.pack('>I', zlib.crc32(png[12:29]))
    return bytes(png)


def bad_requests():
    "Ten kinds: (status, arguments of `ask`)"
    good = encoded(Image.effect_noise((200, 200), 90))
    def js(thing): return as_json(thing if isinstance(thing, bytes) else json.dumps(thing).encode())
    return {
        'no image': (400, dict(body=b'no image at all')),
        'a broken image': (400, dict(body=good[:len(good)//2])),
        'a huge image': (413, dict(body=bomb())),
        'a long body': (413, dict(body=bytes(1_500_000))),
        'another type': (415, dict(body=b'a=b', kind='application/x-www-form-urlencoded')),
        'no JSON': (400, js(b'{"pixels": [')),
        'deep JSON': (400, js(b'['*200_000)),
        'few numbers': (422, js(dict(pixels=[0, 1]))),
        'wrong numbers': (422, js(dict(pixels=[300]*784))),
        'a blank picture': (422, dict(body=encoded(Image.new('L', (99, 99)))))}


def as_json(body): return dict(body=body, kind='application/json')
def pixels_of(word): return as_json(b'{"pixels": [' + (word + b',')*783 + b'0]}')


more = {
    'nothing': (400, dict()),
    'no type': (415, dict(body=b'x', kind=None)),
    'NaN': (422, pixels_of(b'NaN')),
    'infinity': (422, pixels_of(b'1e999')),
    'true': (422, pixels_of(b'true')),
    'a number': (422, as_json(b'7')),
    'bytes': (400, as_json(b'\xff\xfe\xfd')),
    'a long number': (400, as_json(b'9'*9999)),
    'GET': (405, dict(method='GET')),
    'PUT of the page': (405, dict(method='PUT', path='/')),
    'elsewhere': (404, dict(path='/../../etc/passwd')),
    'a slash more': (404, dict(path='/predict/')),
    'PostScript': (400, dict(body=b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n')),
    'SVG': (400, dict(body=b'<svg xmlns="http://www.w3.org/2000/svg"/>', kind='image/svg+xml'))}


def assert_refused(status, reply):
    got, body = reply
    assert got == status
    error = json.loads(body)['error']
    assert re.fullmatch(r'[A-Z].*\.', error)
    assert not re.search(r'secret-folder|site-packages|\.py|Traceback|/tmp|/home', error)


@pytest.mark.parametrize('status, request_', [*bad_requests().values(), *more.values()], ids=[*bad_requests(), *more])
def test_bad_requests_are_answered_with_a_sentence(served, status, request_):
    assert_refused(status, served.ask(**request_))


def test_a_long_body_of_unknown_length_is_refused(served):
    assert_refused(413, served.ask(bytes(50_000) for _ in range(30)))


def by_urllib(server, body, kind):
    "It tells the server to close the connection after the answer"
    try: urlopen(Request(f'{server.url}predict', body, {'Content-Type': kind}), timeout=60)
    except HTTPError as e: return e.code, e.read()


def by_curl(server, body, kind, *more):
    "It asks first whether it may send so much"
    if not shutil.which('curl'): pytest.skip('curl is missing')
    argv = ['curl', '-sS', '--data-binary', '@-', '-H', f'Content-Type: {kind}', '-w', '%{http_code}',
            *more, f'{server.url}predict']
    run = subprocess.run(argv, input=body, capture_output=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return int(run.stdout[-3:]), run.stdout[:-3]


def by_curl_at_once(server, body, kind): return by_curl(server, body, kind, '-H', 'Expect:')


@pytest.mark.skipif(sys.platform != 'linux', reason='memory is read as Linux tells it')
@pytest.mark.parametrize('send', [Process.ask, by_urllib, by_curl, by_curl_at_once],
                         ids=['http.client', 'urllib', 'curl', 'curl at once'])
@pytest.mark.parametrize('kind', ['image/png', 'text/plain'])
def test_20_mb_are_refused_with_a_sentence_and_not_kept(served, send, kind):
    with served.watched() as use: assert_refused(413, send(served, bytes(20_000_000), kind))
    assert max(use) - use[0] < 5


@pytest.mark.skipif(sys.platform != 'linux', reason='memory is read as Linux tells it')
def test_a_thousand_bad_requests_50_at_once_leave_the_server_as_it_was(served, digits):
    kinds = list(bad_requests().values())
    def ask(i):
        status, request = kinds[i % len(kinds)]
        assert_refused(status, served.ask(**request))
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(ask, range(500)))
        before = served.memory()
        began = time.perf_counter()
        list(pool.map(ask, range(1000)))
        seconds, after = time.perf_counter() - began, served.memory()
    print(f'1,000 bad requests in {seconds:.1f} s; memory {before:.0f} MB before, {after:.0f} MB after')
    assert after - before < 15
    status, body = served.ask(encoded(picture(digits.valid_x[0])))
    assert status == 200 and json.loads(body)['digit'] == digits.valid_y[0]


@pytest.mark.skipif(sys.platform != 'linux', reason='memory is read as Linux tells it')
def test_large_pictures_at_once_are_unpacked_by_twos(served):
    body = encoded(Image.new('RGBA', (4096, 4096), 'white'))
    with served.watched() as use, ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: served.ask(body), range(6)))
    print(f'6 large pictures at once: {use[0]:.0f} MB before, {max(use):.0f} MB at most')
    assert {status for status, _ in replies} == {422} and max(use) - use[0] < 700


def test_strangers_who_say_nothing_or_half_do_not_stop_others(served, digits):
    host, port = urlsplit(served.url).netloc.split(':')
    idle = [socket.create_connection((host, int(port))) for _ in range(20)]
    head = b'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 100\r\n\r\n'
    for s in idle[:10]: s.sendall(head + b'half')
    for s in idle[10:15]: s.sendall(b'\x16\x03\x01 no HTTP\r\n\r\n')
    assert served.ask(encoded(picture(digits.valid_x[0])))[0] == 200
    for s in idle: s.close()
    assert served.ask(encoded(picture(digits.valid_x[0])))[0] == 200


def test_a_mistake_of_ours_tells_nothing(net):
    question = b'POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\nContent-Length: 1\r\n' \
               b'Connection: close\r\n\r\nx'
    with patch.object(serve, '_answer', side_effect=RuntimeError('/home/me/secret')), serving(net) as server:
        with knock(server.url, question) as asked: reply, _ = until_closed(asked)
    assert reply.startswith(b'HTTP/1.1 500') and reply.endswith(b'\r\n\r\n{"error": "The server made a mistake."}')


def test_a_picture_is_blank_by_its_kind_of_error_not_by_its_words():
    broken = patch.object(serve.Look, 'prepare', side_effect=ValueError('blank'))
    with broken, pytest.raises(serve._Refusal, match='broken') as refused:
        serve._from_image(serve.Look(), encoded(Image.new('L', (9, 9))))
    assert refused.value.status == 400


def test_load(served, net, digits):
    body = [encoded(picture(x, 10)) for x in digits.valid_x[:50]]
    x, own = digits.valid_x[:1], []
    for _ in range(200):
        began = time.perf_counter()
        net.predict(x)
        own.append(time.perf_counter() - began)
    def worker(n):
        connection, times = HTTPConnection(urlsplit(served.url).netloc, timeout=60), []
        for i in range(n):
            began = time.perf_counter()
            connection.request('POST', '/predict', body[i % 50], {'Content-Type': 'image/png'})
            assert connection.getresponse().read().startswith(b'{"digit"')
            times.append(time.perf_counter() - began)
        connection.close()
        return times
    worker(20)
    for clients in 1, 8:
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool: times = sum(pool.map(worker, [100//clients]*clients), [])
        seconds, cuts = time.perf_counter() - began, statistics.quantiles(times, n=100)
        print(f'{clients} at once: {len(times)/seconds:.0f} requests a second; latency {1e3*cuts[49]:.1f} ms, '
              f'99% within {1e3*cuts[98]:.1f} ms; the model alone: {1e3*statistics.median(own):.2f} ms')
        assert len(times)/seconds > 10


# Work that does not block

@contextmanager
def working(net, monkeypatch, at_once, line):
    "A server whose answers wait until they are let go: (server, the numbers of those begun, the gate)"
    gate, begun = threading.Event(), []
    def slow(model, kind, body):
        begun.append(int(body))
        gate.wait(20)
        return dict(n=int(body))
    monkeypatch.setattr(serve, '_answer', slow)
    monkeypatch.setattr(serve, '_at_once', at_once)
    monkeypatch.setattr(serve, '_longest_line', line)
    with serving(net) as server:
        try: yield SimpleNamespace(url=server.url, begun=begun, gate=gate, stop=server.stop)
        finally: gate.set()


def question(i):
    body = str(i).encode()
    return (b'POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\n'
            b'Connection: close\r\nContent-Length: %d\r\n\r\n' % len(body)) + body


def health(url):
    with urlopen(f'{url}health', timeout=10) as reply: return json.loads(reply.read())


def wait_for(what):
    "Until something is so"
    for _ in range(500):
        if what(): return
        time.sleep(.01)
    pytest.fail('it did not happen')


def test_answers_come_in_order_and_a_full_line_refuses_politely(net, monkeypatch):
    with working(net, monkeypatch, at_once=1, line=4) as server, ExitStack() as clients:
        asked = []
        for i in range(4):  # one is being answered, three wait; each is in line before the next one comes
            asked.append(clients.enter_context(knock(server.url, question(i))))
            wait_for(lambda: health(server.url)['waiting'] == i + 1)
        with knock(server.url, question(9)) as fifth: reply, seconds = until_closed(fifth)
        assert reply.startswith(b'HTTP/1.1 503') and b'\r\nretry-after: 1\r\n' in reply.lower() and seconds < 5
        assert b'Too many questions are waiting: ask again in a second.' in reply
        assert health(server.url) == dict(status='ok', waiting=4) and server.begun == [0]
        server.gate.set()
        numbers = [json.loads(until_closed(a)[0].split(b'\r\n\r\n')[1])['n'] for a in asked]
        assert numbers == server.begun == [0, 1, 2, 3]
        with knock(server.url, question(5)) as again: assert until_closed(again)[0].startswith(b'HTTP/1.1 200')


def test_what_was_asked_is_answered_before_the_end(net, monkeypatch):
    with working(net, monkeypatch, at_once=2, line=9) as server, ExitStack() as clients:
        asked = [clients.enter_context(knock(server.url, question(i))) for i in range(3)]
        wait_for(lambda: health(server.url)['waiting'] == 3)
        threading.Timer(.3, server.gate.set).start()
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 5
        assert all(until_closed(a)[0].startswith(b'HTTP/1.1 200') for a in asked)


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no SIGTERM')
def test_sigterm_ends_it_in_order_with_what_is_under_way_answered(file):
    slow = '''
import time
from fastsgd import serve
usual = serve._answer
serve._answer = lambda *args: time.sleep(.3) or usual(*args)
'''
    server = Process(file, before=slow)
    body = encoded(Image.effect_noise((9, 9), 90))
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(server.ask, body) for _ in range(4)]
        wait_for(lambda: health(server.url)['waiting'] == 4)
        began = time.monotonic()
        run = server.stop(signal.SIGTERM)
        assert [a.result()[0] for a in asked] == [200]*4
    assert time.monotonic() - began < 5 and run.status == 0 and run.err == ''


@pytest.mark.skipif(sys.platform != 'linux', reason='processes are counted as Linux tells it')
def test_two_workers_share_the_port_and_end_together(file, digits):
    server = Process('--workers', 2, file)
    def workers():
        pid = server.process.pid
        kin = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
        return [int(k) for k in kin if b'spawn_main' in Path(f'/proc/{k}/cmdline').read_bytes()]
    try:
        bodies = [encoded(picture(x)) for x in digits.valid_x[:8]]
        with ThreadPoolExecutor(8) as pool: replies = list(pool.map(server.ask, bodies))
        answers = [json.loads(body)['digit'] for _, body in replies]
        right = sum(a == y for a, y in zip(answers, digits.valid_y))
        assert right >= 6 and len(pids := workers()) == 2
    finally:
        began = time.monotonic()
        run = server.stop(signal.SIGTERM)
    assert time.monotonic() - began < 5 and run.status == 0 and run.err == ''
    for pid in pids:
        with pytest.raises(ProcessLookupError): os.kill(pid, 0)


# Photos

@pytest.fixture(scope='module')
def colours():
    "A network that tells red photos from green and blue ones, as wide as they are high or not"
    torch.manual_seed(0)
    return stub(('red', 'green', 'a <b> & "blue"'))


class Colours(torch.nn.Module):
    "Stands in for a resnet18, which needs torchvision: the mean of each channel, in the upper left quarter"
    def forward(self, x): return 20*x[:, :, :x.shape[2]//2, :x.shape[3]//2].mean((2, 3))


def stub(classes):
    "A model of photos with that network"
    model = object.__new__(serve.Model)
    vars(model).update(arch='resnet18', params=dict(none=torch.zeros(1)), classes=classes, net=Colours(),
                       look=serve.Look('crop', (32, 32)), form='module')
    return model


@pytest.fixture(scope='module')
def photographer(colours):
    with serving(colours) as server:
        server.ask = partial(Process.ask, server)
        yield server


def photo(size=(80, 60), colour='red', rest='black'):
    "A photo whose upper left quarter has a colour"
    image = Image.new('RGB', size, rest)
    image.paste(colour, (0, 0, size[0]//2, size[1]//2))
    return image


def top(reply):
    status, body = reply
    assert status == 200, body
    return json.loads(body)['answer']


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'GIF', 'BMP', 'WEBP'])
def test_photos_of_any_format_and_size_are_answered(photographer, kind):
    for size in (80, 60), (333, 800), (3, 2000):
        answer = top(photographer.ask(encoded(photo(size, 'lime'), kind), f'image/{kind.lower()}'))
        assert answer == 'green'
    status, body = photographer.ask(encoded(photo()))
    assert sum(json.loads(body)['probabilities'].values()) == pytest.approx(1)


def test_a_photo_is_turned_as_the_camera_was_held(photographer):
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    image = photo().rotate(180)
    assert top(photographer.ask(encoded(image, 'JPEG', exif=exif), 'image/jpeg')) == 'red'
    flipped = photo(colour='black', rest='blue')
    flipped.paste('red', (40, 30, 80, 60))
    assert top(photographer.ask(encoded(flipped, 'JPEG', exif=exif), 'image/jpeg')) == 'red'
    assert top(photographer.ask(encoded(flipped, 'JPEG'), 'image/jpeg')) != 'red'


def test_the_part_that_spoke_for_it_is_found(photographer):
    image = Image.new('RGB', (64, 64), 'black')
    image.paste('red', (9, 18, 18, 27))  # row 3, column 2 of 7
    status, body = photographer.ask(encoded(image), path='/why')
    reasons = json.loads(body)
    parts = np.array(reasons['parts'])
    assert status == 200 and reasons['method'] == 'occlusion' and reasons['answer'] == 'red'
    assert parts.shape == (7, 7) and np.unravel_index(parts.argmax(), parts.shape) == (2, 1)
    assert np.abs(parts[4:]).max() < .1*parts.max() and np.abs(parts[:, 4:]).max() < .1*parts.max()
    saw = Image.open(io.BytesIO(base64.b64decode(reasons['picture'].partition(',')[2])))
    assert saw.size == (32, 32) and saw.mode == 'RGB'


def test_numbers_are_no_photo(photographer): assert_refused(415, photographer.ask(**as_json(b'{"pixels": []}')))


def test_photos_are_described(photographer):
    _, body = photographer.ask(method='GET', path='/api', kind=None)
    post = json.loads(body)['paths']['/predict']['post']
    assert set(post['requestBody']['content']) == {'image/*'}
    answer = post['responses']['200']['content']['application/json']['schema']
    assert answer['properties']['answer']['enum'] == ['red', 'green', 'a <b> & "blue"']
    assert_described(answer, photographer.ask(encoded(photo())))
    why = json.loads(body)['paths']['/why']['post']['responses']['200']['content']['application/json']['schema']
    assert_described(why, photographer.ask(encoded(photo()), path='/why'))


def test_why_of_a_digit(served, net, digits):
    x = digits.valid_x[0]
    status, body = served.ask(json.dumps(dict(pixels=x.tolist())).encode(), 'application/json', path='/why')
    reasons, answer = json.loads(body), net.predict(x[None])[0].argmax().item()
    assert status == 200 and reasons['answer'] == answer
    assert torch.allclose(torch.tensor(reasons['parts']), net.why(x, answer).float(), atol=1e-4)


@pytest.fixture
def show(tab, photographer):
    "`show()` opens the page for photos"
    def open_page(width=1280, **options):
        page = tab(f'{photographer.url}|data:', (width, 900), **options)
        page.goto(photographer.url)
        return page
    return open_page


def paste(page, content):
    page.evaluate('''text => {
        const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], 'a.png', {type: 'image/png'}))
        document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true})) }''',
        base64.b64encode(content).decode())


@pytest.mark.parametrize('width, options', [(1280, {}), (320, dict(has_touch=True, is_mobile=True))],
                         ids=['wide', 'phone'])
def test_a_photo_is_dropped_pasted_or_chosen_and_the_answer_read(show, width, options):
    page = show(width, **options)
    assert page.locator('output').inner_text() == 'Show a photo.' and page.locator('progress').count() == 0
    drop(page, 'a.png', encoded(photo()))
    assert answer(page) == 'Looks like: red.'
    assert re.match(r'red\s+\d+ %', shown(page)[0]) and len(shown(page)) == 3
    page.get_by_role('button', name='Clear').click()
    paste(page, encoded(photo(colour='lime')))
    assert answer(page) == 'Looks like: green.'
    noise = Image.effect_noise((1100, 1100), 90)
    large = encoded(Image.merge('RGB', [Image.new('L', noise.size)]*2 + [noise]))
    assert len(large) > serve._max_body  # so the page sends a smaller copy
    page.get_by_label('Or take a picture').set_input_files(dict(name='a', mimeType='image/png', buffer=large))
    page.get_by_text('Looks like: a <b> & "blue".').wait_for()
    assert page.get_by_label('Or take a picture').get_attribute('capture') == 'environment'
    assert page.evaluate('document.documentElement.scrollWidth') <= width, 'the page scrolls sideways'


def test_which_parts_spoke_is_shown_to_the_keyboard_too(show):
    page = show()
    assert page.get_by_role('button', name='Which parts spoke').is_disabled()
    image = Image.new('RGB', (64, 64), 'black')
    image.paste('red', (9, 18, 18, 27))
    drop(page, 'a.png', encoded(image))
    assert answer(page) == 'Looks like: red.'
    for _ in range(5): page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    words = 'The part that spoke most for red: row 3, column 2 of 7.'
    page.get_by_role('img', name=words).wait_for()
    colours = page.locator('figure canvas').evaluate(
        'c => [...c.getContext("2d").getImageData(0, 0, 280, 280).data]')
    (red, green, blue, _), away = (np.reshape(colours, (280, 280, 4))[at] for at in [(100, 60), (220, 220)])
    assert red > 200 and green > 60 and blue < 60 and max(away[:3]) < 60, 'orange, and black'
    assert page.get_by_text('Found by occlusion').is_visible()
    found = violations(page)
    assert not [(v['id'], v['help'], [n['html'][:150] for n in v['nodes'][:5]]) for v in found]


def test_the_end_of_an_answer_is_not_held_back():
    with serve._listen('127.0.0.1', 0) as sock, socket.create_connection(sock.getsockname()):
        accepted, _ = sock.accept()
        with accepted: assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# The command

@pytest.fixture
def command(capsys):
    "Run the command in this process"
    def run(*argv):
        with pytest.raises(SystemExit) as leaving: serve_main([str(a) for a in argv])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=leaving.value.code, out=out, err=err)
    return run


def assert_one_line(run, *words):
    assert run.status == 2 and re.fullmatch(r'fastsgd_serve: [^\n]+\n', run.err) and 'Traceback' not in run.err
    for word in words: assert word in run.err


def test_wrong_requests_are_refused_in_one_line(command, tmp_path, file):
    (tmp_path/'m').write_bytes(pickle.dumps({}))
    assert_one_line(command(tmp_path/'nowhere'), 'nowhere', 'exists')
    assert_one_line(command(tmp_path/'m'), 'safetensors')
    for port in '-1', 'x', '65536': assert_one_line(command('--port', port), 'port')
    assert_one_line(command(file, '--host', 'no.such.host.invalid'), 'no.such.host.invalid', '--host')
    assert_one_line(command('--save', tmp_path/'no'/'m.safetensors'), 'exists')
    assert_one_line(command('--save', tmp_path/'m.pt'), 'm.pt', '.safetensors')


@pytest.mark.parametrize('missing', ['safetensors', 'starlette', 'uvicorn'])
def test_a_missing_package_is_told_before_anything_is_trained(command, monkeypatch, missing):
    monkeypatch.setattr(serve, 'find_spec', lambda name: None if name == missing else object())
    monkeypatch.setattr(serve, 'train_digits', lambda **kwargs: pytest.fail('trained in vain'))
    assert_one_line(command(), 'pip install')


def test_the_address_for_questions_says_how_to_ask(served):
    status, body = served.ask(method='GET', kind=None)
    assert status == 405 and json.loads(body)['error'] == 'This address takes POST: see /api.'


def test_a_port_that_is_taken_is_told_in_one_line(command, file):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        assert_one_line(command(file, '--port', port), str(port), 'in use', '--port')


def test_help_has_examples(command):
    run = command('--help')
    assert run.status == 0 and 'examples:' in run.out and 'fastsgd_serve --port 0' in run.out


def test_without_a_model_one_is_trained_and_kept(tmp_path, digits):
    server = Process('--save', tmp_path/'m.safetensors')
    try:
        assert re.match(r'Trained on ten digits: accuracy 0\.9\d', server.lines[0])
        assert serve.load_model(tmp_path/'m.safetensors').classes == tuple(range(10))
        assert server.url.startswith('http://127.0.0.1:')
        if sys.platform == 'linux':
            port = f'{urlsplit(server.url).port:04X}'
            sockets = Path('/proc/net/tcp').read_text() + Path('/proc/net/tcp6').read_text()
            listening = re.findall(rf'([0-9A-F]+):{port} 0+:0000 0A', sockets)
            assert set(listening) == {'0100007F'}, 'not on loopback alone'
    finally: run = server.stop()
    assert run.status == 0 and run.err == ''


def test_an_interruption_right_after_the_address_ends_in_order(file):
    slow = '''
import time, uvicorn
usual = uvicorn.Config.get_loop_factory
uvicorn.Config.get_loop_factory = lambda self: time.sleep(1) or usual(self)
'''
    server = Process(file, before=slow)
    time.sleep(0.3)  # while it is still getting ready, had it spoken too soon
    run = server.stop()
    assert run.status == 0 and run.err == ''


def test_two_digits_of_tier_1_are_served(tmp_path, small):
    params = [manual.init_params((784, 1)), manual.init_params(1)]
    tier1 = partial(manual.linear1, weights=params[0], bias=params[1])
    manual.train_model(tier1, 1., params, get_dls(small).train, get_dls(small).valid, 10)
    server = Process(serve.save_model(tmp_path/'m', tier1, (3, 7)))
    def answer(x):
        _, body = server.ask(json.dumps(dict(pixels=x.tolist())).encode(), 'application/json')
        return json.loads(body)['digit']
    try: answers = [answer(x) for x in small.valid_x]
    finally: server.stop()
    assert answers == [3 if first > 0 else 7 for first in tier1(small.valid_x)[:, 0]]
    assert set(answers) == {3, 7}


@pytest.mark.parametrize('missing', ['starlette', 'uvicorn', 'safetensors'])
def test_without_the_extra_the_command_says_what_to_install(missing, command, file, monkeypatch):
    for module in serve, model_files: monkeypatch.setattr(module, 'find_spec', lambda name: name != missing)
    packages = 'safetensors' if missing == 'safetensors' else 'starlette uvicorn safetensors'
    assert_one_line(command(file, '--port', 0), f'pip install {packages}\n')


# The page

@pytest.fixture
def visit(tab, served):
    "`visit()` opens the page; at the end, nothing may have gone wrong"
    def open_page(width=1280, theme='light', allowed=nothing, **options):
        page = tab(f'{served.url}|data:', (width, 900), theme, allowed=allowed, **options)
        page.goto(served.url)
        return page
    return open_page


def draw(page, x):
    "Draw a digit with the mouse; returns the answer"
    drawing.draw(page, x)
    return answer(page)


def answer(page):
    page.locator('output[data-state=done]').wait_for()
    return page.locator('output').inner_text()


def test_drawn_digits_are_read(visit, digits):
    page = visit()
    answers = [draw(page, x) for x in digits.valid_x[:10]]
    right = sum(a == f'This is a {y}.' for a, y in zip(answers, digits.valid_y))
    print(f'{right} of 10 drawn digits are read right')
    assert right >= 9


def test_the_answer_is_about_the_drawing(visit, net, digits):
    page = visit()
    said = draw(page, digits.valid_x[0])
    probs = net.predict(serve.prepare(drawing.drawing(page))[None])[0]
    assert said == f'This is a {probs.argmax()}.'
    shown = page.eval_on_selector_all('progress', 'bars => bars.map(b => b.value)')
    assert torch.allclose(torch.tensor(shown), probs, atol=1e-6)


def test_a_tap_leaves_a_round_dot_as_wide_as_the_pen(visit):
    page = visit()
    drag(page, (140, 90))
    dot = ink(page)
    for axis, centre in (0, 140), (1, 90):
        places = np.flatnonzero(dot.max(axis) > .5)
        assert 18 <= len(places) <= 22 and abs(places.mean() - centre) <= 1
    assert abs(dot.sum() - np.pi*10**2) < 15, 'not round'
    assert answer(page).startswith('This is a')


def test_ink_does_not_depend_on_how_often_the_mouse_is_heard(visit):
    page, seen = visit(), []
    for steps in 1, 60:
        page.get_by_role('button', name='Clear').click()
        drag(page, (60, 61), (210, 190), (60, 240), steps=steps)
        seen.append(ink(page))
    few, many = seen
    assert abs(few.sum() - (np.hypot(150, 129) + np.hypot(150, 50))*20) < 1000
    difference = np.abs(few - many).sum()/few.sum()
    assert difference < .025  # it was .046 when the whole line was drawn again for each movement


def test_the_right_button_draws_and_asks_nothing(visit):
    page, asked = visit(), []
    page.on('request', lambda r: asked.append(r.url))
    sheet(page).click(button='right')
    page.wait_for_timeout(300)  # a stroke is asked about after 200
    assert not ink(page).any() and not asked and page.locator('output').inner_text() == 'Draw a digit.'


def shown(page): return page.locator('tr', has=page.get_by_role('progressbar')).all_inner_texts()


def test_probabilities_are_shown_and_cleared(visit, digits):
    page = visit()
    digit = draw(page, digits.valid_x[0])[-2]
    values = page.eval_on_selector_all('progress', 'bars => bars.map(b => b.value)')
    assert abs(sum(values) - 1) < 1e-3 and values.index(max(values)) == int(digit)
    assert page.get_by_role('progressbar', name=f'probability of {digit}').count() == 1
    assert re.search(rf'^{digit}\s+{100*max(values):.0f} %$', shown(page)[int(digit)])
    page.get_by_role('button', name='Clear').focus()
    page.keyboard.press('Enter')
    assert page.locator('output').inner_text() == 'Draw a digit.'
    assert not any(page.eval_on_selector_all('progress', 'bars => bars.map(b => b.value)'))


def test_an_answer_that_comes_too_late_is_not_shown(visit):
    page, late = visit(), []
    page.route('**/predict', lambda route: late.append(route))
    with page.expect_request('**/predict'): drag(page, (140, 40), (140, 240))
    page.get_by_role('button', name='Clear').click()
    with page.expect_response('**/predict'): late[0].continue_()
    page.wait_for_timeout(100)
    assert page.locator('output').inner_text() == 'Draw a digit.'
    page.unroute('**/predict')


def test_keys_draw_a_one(visit):
    page = visit()
    pen, nib = page.locator('.pen'), page.locator('.nib')
    def press(key, n=1):
        for _ in range(n): page.keyboard.press(key)
    press('Tab', 2)
    assert pen.inner_text() == 'Pen up, column 14, row 14 of 28.' and nib.is_visible()
    press('ArrowUp', 9)
    press('Space')
    assert pen.inner_text() == 'Pen down, column 14, row 5 of 28.'
    press('ArrowDown', 18)
    press('Enter')
    assert pen.inner_text() == 'Pen up, column 14, row 23 of 28.'
    assert answer(page) == 'This is a 1.' and page.evaluate('scrollY') == 0
    press('Tab')
    assert pen.inner_text() == '' and not nib.is_visible()
    press('Enter')
    assert page.locator('output').inner_text() == 'Draw a digit.' and not ink(page).any()


def test_a_finger_draws_on_a_phone(visit):
    page = visit(width=320, has_touch=True, is_mobile=True)
    assert page.evaluate('document.documentElement.scrollWidth') <= 320, 'the page scrolls sideways'
    send = fingers(page)
    send('touchStart', (.5, .2))
    for i in range(21): send('touchMove', (.5, .2 + .03*i))
    send('touchEnd')
    assert answer(page) == 'This is a 1.' and page.evaluate('scrollY') == 0


def test_a_second_finger_draws_nothing(visit):
    page = visit(has_touch=True)
    send = fingers(page)
    send('touchStart', (.2, .2))
    send('touchStart', (.2, .2), (.8, .2))
    for i in range(15): send('touchMove', (.2, .2 + .03*i), (.8, .2 + .03*i))
    send('touchEnd')
    columns = np.flatnonzero(ink(page).max(0) > .5)
    assert 44 <= columns.min() and columns.max() <= 68


def drop(page, name, content):
    "Drop a file somewhere on the page"
    page.evaluate('''({name, text}) => {
        const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name, {type: 'image/png'}))
        document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})) }''',
        dict(name=name, text=base64.b64encode(content).decode()))


def choose(page, content):
    "Choose a file"
    page.get_by_label('Open an image').set_input_files(dict(name='a.png', mimeType='image/png', buffer=content))


def test_a_file_is_opened_and_another_dropped(visit, digits):
    page, right = visit(), 0
    for x, y in zip(digits.valid_x[:10], digits.valid_y):
        choose(page, encoded(picture(x, 50).resize((1400, 2000))))
        right += answer(page) == f'This is a {y}.'
        page.get_by_role('button', name='Clear').click()
        drop(page, 'a.png', encoded(picture(x, 4)))
        right += answer(page) == f'This is a {y}.'
        page.get_by_role('button', name='Clear').click()
    assert right >= 18


def test_wrong_files_and_blank_pictures_are_told(visit):
    page = visit(allowed='422')
    choose(page, b'no image')
    assert answer(page) == 'This file is no image.'
    choose(page, encoded(Image.new('L', (9, 9), 'white')))
    page.get_by_text('The picture is blank: draw a digit.').wait_for()


def test_a_server_that_is_gone_is_told(visit):
    page = visit(allowed='cannot load|ERR_FAILED')
    page.route('**/predict', lambda route: route.abort())
    drag(page, (140, 40), (140, 240))
    assert answer(page) == 'The server does not answer.'
    page.unroute('**/predict')


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_everybody_can_use_it(visit, theme):
    page = visit(theme=theme)
    found = violations(page)
    assert not [(v['id'], v['help'], [n['html'][:150] for n in v['nodes'][:5]]) for v in found]
    order = []
    for _ in range(4):
        page.keyboard.press('Tab')
        order.append(page.evaluate('document.activeElement.tagName'))
    assert order == ['A', 'CANVAS', 'BUTTON', 'INPUT']


def test_the_page_may_load_nothing_from_elsewhere(served):
    status, page = served.ask(method='GET', path='/', kind=None)
    named = re.findall(r'(?:src|href)="((?:js|web)/[^"]+)"', page.decode())
    assert status == 200 and len(named) == 3 and not re.search(rb'<script[^>]*>[^<]|<style|style=|onclick', page)
    connection = HTTPConnection(urlsplit(served.url).netloc)
    for path in '/', '/api', *(f'/{name}' for name in [*named, *serve._assets]):
        connection.request('GET', path)
        reply = connection.getresponse()
        policy = reply.headers['Content-Security-Policy']
        assert reply.status == 200 and "default-src 'none'" in policy and "'unsafe" not in policy
        assert 'Server' not in reply.headers
        assert not re.search(r'(src|href|url)\W+(https?:)?//', reply.read().decode())
