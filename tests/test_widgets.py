"The widgets' JavaScript: its arithmetic against PyTorch, and how it answers to mouse, keyboard and touch, in Chromium"
import json
from functools import partial

import pytest
import torch

from fastsgd import manual, widgets
from fastsgd.descent import fit_quadratic, mse, quadratic

AXE = 'TODO'


@pytest.fixture
def run(browser):
    "`run(name, code)`: what the code gives, which sees all functions of a file of JavaScript"
    page = browser.new_page()
    yield lambda name, code, **data: page.evaluate(f'data => {{ {widgets._module(name, set())}; return ({code})(data) }}', data)
    page.close()
