__version__ = "0.0.1"

import warnings

# fastai compiles a function with torch.jit.script when it is imported,
# and PyTorch complains of that to whoever imports it
warnings.filterwarnings('ignore', r'`torch\.jit\.script` is deprecated', FutureWarning)
