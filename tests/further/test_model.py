"Models of any tier in one form, files without pickles, and pictures in the form that a model knows"
import json
import os
import pickle
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from helpers import picture
from PIL import Image, ImageOps
from torch import nn

import fastsgd
from fastsgd import archs, modules
from fastsgd import model as M
from fastsgd.guards import NoAccess
from fastsgd.learner import get_learner

pytest.importorskip('safetensors', reason='models are kept by safetensors: it comes with the serve extra')
import safetensors.torch


# One form

def contiguous(arch, n_out): return {n: p.contiguous() for n, p in archs.draw(arch, n_out).items()}


def tier1(n_out=1, arch='linear'): return archs.as_function(arch, contiguous(arch, n_out))


def turned(n_out, arch): return archs.as_function(arch, archs.draw(arch, n_out))  # as compare_tiers starts


def tier2(n_out, arch): return archs.as_module(arch, archs.draw(arch, n_out))


def as_list(n_out, arch): return list(archs.draw(arch, n_out).values())


makers = {
    **{f'{arch}, {make.__name__}': partial(make, arch=arch) for arch in archs.archs for make in (tier1, turned, tier2)},
    **{f'{arch}, a list': partial(as_list, arch=arch) for arch in ('linear', 'simple_net', 'deep_net')},
    'narrow': lambda n: modules.simple_net(n_hidden=3, n_out=n),
    'float64': lambda n: modules.simple_net(n_out=n).double(),
    'small_cnn': lambda n: archs.small_cnn(max(n, 2)).eval()}


def outputs(model, x):
    "What a model of any tier gives"
    if isinstance(model, list):
        arch = {2: 'linear', 4: 'simple_net', 6: 'deep_net'}[len(model)]
        model = archs.as_function(arch, dict(zip(archs.find(arch).names, model)))
    with torch.no_grad(): return model(x)


@pytest.mark.parametrize('classes', [(7, 3), tuple(range(10)), ('cat', 'a dog', 'Kuh')], ids=str)
@pytest.mark.parametrize('make', makers.values(), ids=makers)
def test_a_model_comes_back_and_computes_as_before_to_the_last_bit(make, classes, tmp_path):
    model = make(1 if len(classes) == 2 else len(classes))
    x = torch.rand(20, 784, generator=torch.Generator().manual_seed(0))
    if make is makers['float64']: x = x.double()
    kept = M.as_model(model, classes)
    back = M.load_model(M.save_model(tmp_path/'m.safetensors', model, classes))
    assert back.classes == classes and (back.arch, back.form) == (kept.arch, kept.form)
    out = outputs(model, x)
    assert torch.equal(back.outputs(x), out) and torch.equal(back.predict(x), kept.predict(x))
    first = out.sigmoid()
    probs = torch.cat([first, 1 - first], 1) if out.shape[1] == 1 else out.softmax(1)
    assert torch.equal(back.predict(x), probs)
    assert [f.name for f in tmp_path.iterdir()] == ['m.safetensors']


def test_a_network_that_is_being_trained_is_kept_as_it_answers():
    model = archs.small_cnn(3)
    model(torch.rand(9, 784))  # batch norm has seen a batch
    kept, x = M.as_model(model, list('abc')), torch.rand(2, 784)
    assert model.training and not torch.equal(kept.outputs(x), model(x).detach())
    assert torch.equal(M.as_model(model.eval(), (1, 2, 3)).outputs(x), model(x).detach())


def test_a_learner_is_a_model(dls, small):
    learn = get_learner(dls, modules.linear_model(), 1.)
    assert torch.equal(M.as_model(learn, (3, 7)).params['bias'], learn.model.bias.detach())


def test_training_goes_on_without_changing_the_copy(small):
    model = tier1()
    kept = M.as_model(model, (3, 7))
    with torch.no_grad(): model.keywords['bias'].add_(1)
    assert not torch.equal(kept.params['bias'], model.keywords['bias'])


@pytest.mark.parametrize('model, classes, word', [
    (nn.Sequential(nn.Linear(784, 9), nn.Tanh(), nn.Linear(9, 1)), (3, 7),
     'whose layers are Linear, Tanh, Linear: give'),
    (nn.Conv2d(1, 1, 3), (3, 7), 'Conv2d'), (archs.small_cnn(3), (3, 7), r'a small_cnn\(2\)'),
    (modules.linear_model(), (1, 2, 3), r'\(784, 3\)'),
    (nn.Linear(784, 1, bias=False), (3, 7), 'shapes'),
    (modules.linear_model(n_in=9), (3, 7), r'\(784, 1\)'), (modules.linear_model(), (3, 3), 'twice'),
    (modules.linear_model(), (3, 12), '12'), (modules.linear_model(), None, 'None'),
    ([torch.zeros(1)]*3, (3, 7), '3 parameters'), (modules.linear_model().half(), (3, 7), 'float16'),
    (partial(pow, weights=torch.zeros(784, 1), bias=torch.zeros(1)), (3, 7), 'arch is .pow.: choose from linear')])
def test_what_cannot_be_kept_is_refused(model, classes, word, tmp_path):
    with pytest.raises(ValueError, match=word): M.save_model(tmp_path/'m', model, classes)
    assert list(tmp_path.iterdir()) == []


def test_path_and_model_in_the_other_order_are_told(tmp_path):
    with pytest.raises(ValueError, match='The path comes first: save_model'):
        M.save_model(modules.linear_model(), str(tmp_path/'m.safetensors'))


def test_huge_weights_give_numbers():
    model = M.Model('linear', dict(weights=torch.full((784, 3), 3e38), bias=torch.zeros(3)), (1, 2, 3))
    assert model.predict(torch.ones(2, 784)).isfinite().all()


# Files

KEPT = Path(__file__).parents[1]/'assets/models/linear-3-7.safetensors'  # as the first version wrote it


def words(path):
    "What a file says besides its numbers"
    content = path.read_bytes()
    return json.loads(content[8:8 + int.from_bytes(content[:8], 'little')])['__metadata__']


def test_a_file_of_the_first_version_is_read_and_written_as_before(data, tmp_path):
    model = M.load_model(KEPT)
    assert (model.arch, model.classes) == ('linear', (3, 7))
    threes = model.predict(data.valid_x)[:, 0] > 0.5
    assert (threes == data.valid_y[:, 0].bool()).sum() == 194  # of 200, as on the day when it was written
    old, new = (json.loads(words(path)['fastsgd']) for path in (KEPT, M.save_model(tmp_path/'m', model)))
    assert new == {**old, 'form': 'function', 'version': fastsgd.__version__}


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path):
    path = M.save_model(tmp_path/'m', tier1(), (3, 7))
    old = path.read_bytes()
    def half(self, content):
        with open(self, 'wb') as f: f.write(content[:100])
        raise OSError(28, 'No space left on device')
    with patch.object(Path, 'write_bytes', half), pytest.raises(OSError, match='space'):
        M.save_model(path, tier1(), (3, 7))
    assert path.read_bytes() == old and list(tmp_path.iterdir()) == [path]


about = dict(format=1, arch='linear', classes=[3, 7], preprocessing=M._preprocessing)
def looking(**look): return dict(about, format=2, look=look)


fit = dict(weights=torch.zeros(784, 1), bias=torch.zeros(1))
unequal = dict(w1=torch.zeros(784, 3), b1=torch.zeros(4), w2=torch.zeros(4, 1), b2=torch.zeros(1))


@pytest.mark.parametrize('words, params, word', [
    (dict(about, format=3), fit, 'format is 3, and'),
    (dict(about, format=3, version='9.1'), fit, 'format is 3, written by fastsgd 9.1, and .*pip install -U'),
    (dict(about, format=None), fit, 'format'), (dict(about, form=1), fit, 'form is 1'),
    (dict(about, arch='resnet'), fit, 'resnet'), (dict(about, arch='deep_net'), fit, 'shapes'),
    (dict(about, arch=['linear']), fit, 'arch'), (dict(about, arch=None), fit, 'arch'),
    (dict(about, classes=[3]), fit, 'two digits'), (dict(about, classes='ab'), fit, 'digit'),
    (dict(about, classes=['cat', 'cat']), fit, 'twice'), (dict(about, classes=['cat', '\n']), fit, 'no name'),
    (dict(about, classes=[[3], 7]), fit, 'digit'), (dict(about, classes=[3, 7, 8]), fit, 'shapes'),
    (dict(about, preprocessing={}), fit, 'prepared'), ([], fit, 'JSON'), ('x', fit, 'JSON'),
    (None, fit, 'does not say'),
    (dict(about, format=2), fit, 'how its pictures look'), (looking(fit='pad'), fit, 'fit is .pad'),
    (looking(size=[9**9, 9]), fit, 'from 1 to 1024'), (looking(size=[3]), fit, 'size'),
    (looking(mean=[1.], std=[1.]), fit, 'three numbers'), (looking(mean=[0.]*3, std=[0.]*3), fit, 'above 0'),
    (looking(mean=[0.]*3, std=[1e999]*3), fit, 'three numbers'), (looking(more=1), fit, 'how its pictures look'),
    (looking(fit='crop'), fit, 'as MNIST has digits'), (looking(size=7), fit, 'how its pictures look'),
    (about, {}, 'shapes'), (about, dict(fit, more=torch.zeros(1)), 'shapes'),
    (about, dict(fit, weights=torch.zeros(1, 784)), 'shapes'),
    (about, dict(fit, bias=torch.zeros(1).half()), 'float16'),
    (about, dict(fit, weights=torch.full((784, 1), torch.nan)), 'NaN'),
    (about, dict(fit, bias=torch.tensor([torch.inf])), 'infinity'),
    (dict(about, arch='simple_net'), unequal, 'shapes')])
def test_a_file_that_is_none_of_ours_is_refused(words, params, word, tmp_path):
    path = tmp_path/'m.safetensors'
    path.write_bytes(safetensors.torch.save(params, None if words is None else dict(fastsgd=json.dumps(words))))
    with pytest.raises(ValueError, match=word): M.load_model(path)


def test_a_missing_file(tmp_path):
    for path in tmp_path/'nowhere', tmp_path:
        with pytest.raises(FileNotFoundError, match='no file'): M.load_model(path)


def test_a_file_that_cannot_be_read_or_written_is_told_in_a_sentence(tmp_path):
    path = M.save_model(tmp_path/'m', tier1(), (3, 7))
    with patch('safetensors.safe_open', side_effect=PermissionError(13, 'Permission denied')):
        with pytest.raises(NoAccess, match=r'Cannot read .*m \(Permission denied\)'): M.load_model(path)
    with pytest.raises(NoAccess, match=r'Cannot write .*nowhere'):
        M.save_model(tmp_path/'nowhere'/'m', tier1(), (3, 7))


def test_damaged_files_are_refused_or_harmless(tmp_path):
    path = M.save_model(tmp_path/'m', tier1(), (3, 7))
    whole, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for i in range(400):
        content = bytearray(whole[:rng.integers(len(whole))] if i % 2 else whole)
        for at in rng.integers(min(400, len(content)) or 1, size=3): content[at:at + 1] = rng.bytes(1)
        path.write_bytes(content)
        try: assert M.load_model(path).predict(torch.zeros(1, 784)).shape[1] == 2
        except ValueError as e: refused += '\n' not in str(e)
    assert refused > 300


def test_nothing_in_a_file_is_run(tmp_path):
    class Bite:
        def __reduce__(self): return os.mkdir, (str(tmp_path/'bitten'),)
    for name, content in ('p.safetensors', pickle.dumps(Bite())), ('p.pt', None):
        if content: (tmp_path/name).write_bytes(content)
        else: torch.save(dict(weights=Bite()), tmp_path/name)
        with pytest.raises(ValueError, match='safetensors'): M.load_model(tmp_path/name)
    assert not (tmp_path/'bitten').exists()
    pickle.loads(pickle.dumps(Bite()))
    assert (tmp_path/'bitten').exists()  # the pickle does bite


def test_without_safetensors_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(M, 'find_spec', lambda name: None)
    for act in lambda: M.load_model(KEPT), lambda: M.save_model(tmp_path/'m', tier1(), (3, 7)):
        with pytest.raises(ModuleNotFoundError, match='pip install safetensors'): act()
    assert list(tmp_path.iterdir()) == []


def test_serve_offers_the_same():
    from fastsgd import serve
    for name in M.__all__: assert getattr(serve, name) is getattr(M, name) and name in serve.__all__


# Pictures

def test_digits_of_mnist_stay_what_they_are(digits):
    prepared = torch.stack([M.prepare(picture(x)) for x in digits.valid_x[:200]])
    assert (prepared - digits.valid_x[:200]).abs().mean() < .01


@pytest.mark.parametrize('mode', ['1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'CMYK', 'I', 'I;16', 'F'])
@pytest.mark.parametrize('light', [True, False], ids=['on white', 'on black'])
def test_paper_ink_size_place_and_mode_do_not_matter(digits, mode, light):
    x = digits.valid_x[0]
    sheet = Image.new('L', (700, 400))
    sheet.paste(picture(x, 10), (400, 50))
    if light: sheet = ImageOps.invert(sheet)
    if mode in ('I', 'I;16'): sheet = Image.fromarray(np.asarray(sheet).astype(np.uint16)*257).convert(mode)
    prepared = M.prepare(sheet.convert(mode))
    assert prepared.shape == (784,) and prepared.dtype == torch.float32
    assert 0 <= prepared.min() and prepared.max() <= 1
    assert (prepared - x).abs().mean() < .05


def test_transparent_paper(digits):
    sheet = Image.new('RGBA', (280, 280), (0, 0, 0, 0))
    sheet.putalpha(picture(digits.valid_x[0], 10))
    assert (M.prepare(sheet) - digits.valid_x[0]).abs().mean() < .05


@pytest.mark.parametrize('size', [(1, 1), (1, 300), (50, 50)])
def test_a_blank_picture_is_refused(size):
    for colour in 'white', 'black', 'red':
        with pytest.raises(M.Blank, match='blank'): M.prepare(Image.new('RGB', size, colour))


def test_a_line_is_a_picture():
    line = Image.new('L', (400, 400), 'white')
    line.paste(0, (10, 200, 390, 201))
    assert M.prepare(line).sum() > 1
