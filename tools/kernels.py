"""Run a page in a kernel of Jupyter's. Where Linux forks, kernels are ready at once: tests/forks.py says how.

They are copies of a process that has imported much, but neither fastai nor fastsgd: a page that leans on what either
changes elsewhere has to import it itself. Nor pandas, which makes its tables as wide as what it finds when imported.
"""
import os, sys
from pathlib import Path

import jupyter_client.launcher
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

sys.path.append(str(Path(__file__).resolve().parent.parent/'tests'))
import forks

START = '''
import os
from ipykernel.kernelapp import launch_new_instance
launch_new_instance(parent_handle=int(os.environ['JPY_PARENT_PID']))
'''


class Forks(AsyncKernelManager):
    "Manages a kernel that begins with `python -c`, as forks do"
    kernel_spec = KernelSpec(argv=[sys.executable, '-c', START, '-f', '{connection_file}'], language='python')


def be_quick():
    "From now on, kernels are forks, which warn of what this process would be told to warn of now"
    if not forks.possible: return
    os.environ['MPLBACKEND'] = 'module://matplotlib_inline.backend_inline'  # as in a kernel, but before the import
    forks.libraries = ['torch', 'scipy.stats', 'matplotlib.pyplot', 'ipykernel.kernelapp']
    forks.server()
    jupyter_client.launcher.Popen = forks.Fork


def client(nb, path, *options):
    "What runs the notebook `nb`, in the folder of `path`"
    return NotebookClient(nb, kernel_manager_class=Forks if forks.possible else AsyncKernelManager, timeout=600,
                          coalesce_streams=True, shutdown_kernel='immediate',
                          resources={'metadata': {'path': str(path.parent)}},
                          extra_arguments=['--log-level=ERROR', *options])
