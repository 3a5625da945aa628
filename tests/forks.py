"""Processes that are ready at once: forked from one that has imported everything.

A command spends most of its time importing. `Fork` is a `Popen` for `python -c` whose process does not: a server
imports once (`libraries`, which may be set before the first fork), and forks for each. Such a process has its own
number, files, signals, folder, environment and exit status, and ends as any interpreter does. What an interpreter does
before the first line of code is not in it: tests of importing and of what is read while importing take a `Popen`.
"""
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from functools import cache
from subprocess import DEVNULL, Popen, TimeoutExpired
from types import ModuleType

possible = sys.platform == 'linux'  # elsewhere the libraries' threads may not survive a fork
# The first step of an optimizer imports torch._dynamo otherwise, which takes seconds. Only some have what serves need.
libraries = ['torch._dynamo', 'fastsgd.check', 'fastsgd.parity', 'fastsgd.scale', 'fastsgd.serve', 'fastsgd.speed',
             'starlette.applications', 'uvicorn']


@cache
def server():
    "A connection to the server, which ends when this process does"
    ours, theirs = socket.socketpair()
    command = [sys.executable, __file__, str(theirs.fileno()), *libraries]
    with theirs: Popen(command, stdin=DEVNULL, stdout=DEVNULL, pass_fds=[theirs.fileno()])
    return ours


def number(life):
    "A number that the other end of a connection sent"
    if got := life.recv(4): return int.from_bytes(got, 'big', signed=True)
    raise ChildProcessError('a process did not start, or nobody is left who knows how it ended')


def send(life, n): life.sendall(n.to_bytes(4, 'big', signed=True))


class Fork(Popen):
    "A process that runs `python -c CODE ARGUMENTS`, without the wait for its imports"
    def __init__(self, argv, *, start_new_session=False, env=None, cwd=None, **kwargs):
        assert argv[:2] == [sys.executable, '-c']
        self.request = dict(code=argv[2], argv=['-c', *argv[3:]], session=start_new_session,
                            env=dict(env or os.environ), cwd=str(cwd or os.getcwd()))
        super().__init__(argv, **kwargs)

    def _execute_child(self, *args):
        pipes = args[10:16]  # ours and theirs of stdin, stdout and stderr; -1 where it has ours
        files = [own if fd == -1 else fd for own, fd in enumerate((pipes[0], pipes[3], pipes[5]))]
        self.life, theirs = socket.socketpair()
        with theirs: socket.send_fds(server(), [b'!'], [theirs.fileno(), *files])
        self.life.sendall(json.dumps(self.request).encode() + b'\n')
        self.pid, self._child_created = number(self.life), True
        self._close_pipe_fds(*pipes)

    def _wait(self, timeout):
        if self.returncode is None:
            self.life.settimeout(timeout and max(timeout, 0))
            try: self.returncode = number(self.life)
            except (TimeoutError, BlockingIOError): raise TimeoutExpired(self.args, timeout) from None
            self.life.close()
        return self.returncode

    def _internal_poll(self, _deadstate=None):
        try: return self._wait(0)
        except TimeoutExpired: return None


# ---- the server

def serve(control):
    "Fork for each request, and tell how each fork ended; returns in a fork, with the code that it is to run"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the tests, which then end, and so does this
    with selectors.DefaultSelector() as waited_for:
        waited_for.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in waited_for.select():
                if key.data:
                    waited_for.unregister(key.fd)
                    tell(key.fd, *key.data)
                    continue
                fds = socket.recv_fds(control, 1, 4)[1]
                if not fds: sys.exit()
                if not (pid := os.fork()):
                    control.close()
                    for other in waited_for.get_map().values(): forget(other)  # its own life is enough for a fork
                    return become(*fds)
                for fd in fds[1:]: os.close(fd)
                waited_for.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, socket.socket(fileno=fds[0])))


def tell(pidfd, pid, life):
    "Send the status with which a process ended"
    os.close(pidfd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with life, contextlib.suppress(OSError): send(life, status)  # nobody may wait for it any more


def forget(key):
    "Close what the server waits for"
    if not key.data: return
    os.close(key.fd)
    key.data[1].close()


def become(life, *files):
    "Make this process what a new interpreter is"
    life = socket.socket(fileno=life)
    with life, life.makefile('rb') as lines:
        request = json.loads(lines.readline())
        for to, fd in enumerate(files):
            os.dup2(fd, to)
            os.close(fd)
        if request['session']: os.setsid()
        os.environ.clear()
        os.environ.update(request['env'])
        os.chdir(request['cwd'])
        sys.argv, sys.modules['__main__'] = request['argv'], ModuleType('__main__')
        numpy.random.seed()  # `random` does so itself
        signal.signal(signal.SIGINT, signal.default_int_handler)
        send(life, os.getpid())
    return request['code']


status = 0


def leave():
    "End at once: to give memory back piece by piece, as an interpreter does last, takes longer than most commands"
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == '__main__':
    import atexit
    import gc
    import weakref
    from importlib import import_module
    atexit.register(leave)  # first, so it comes last
    sys.path[0] = ''  # as with `python -c`

    import numpy

    gc.disable()  # there is no garbage yet, and to look for it takes a second
    for library in sys.argv[2:]:
        with contextlib.suppress(ImportError): import_module(library)
    gc.enable()
    assert len(os.listdir('/proc/self/task')) == 1, 'threads do not survive a fork'
    for finalizer in weakref.finalize._registry: finalizer.atexit = False  # what ends with a process needs no undoing
    gc.collect()
    gc.freeze()
    code = serve(socket.socket(fileno=int(sys.argv[1])))
    try: exec(compile(code, '<string>', 'exec'), vars(sys.modules['__main__']))
    except SystemExit as e:
        status = e.code if isinstance(e.code, int) else int(e.code is not None)
        raise
    except KeyboardInterrupt:
        atexit.unregister(leave)  # Python ends by the signal itself
        raise
    except BaseException:
        status = 1
        raise
