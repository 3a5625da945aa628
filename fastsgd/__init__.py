__version__ = "0.0.1"

import os
import sys
import warnings

# nbdev_test runs pages side by side: threads of PyTorch's, which wait for each other there, take fifty times as long
if 'IN_TEST' in os.environ and 'OMP_NUM_THREADS' not in os.environ:
    os.environ['OMP_NUM_THREADS'] = '1'
    if 'torch' in sys.modules: sys.modules['torch'].set_num_threads(1)

# fastai compiles a function with torch.jit.script when it is imported,
# and PyTorch complains of that to whoever imports it
warnings.filterwarnings('ignore', r'`torch\.jit\.script` is deprecated', FutureWarning)
