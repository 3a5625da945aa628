"Images in folders, one cycle by hand and by Learner, few images, and errors that say what to install or to fetch"
from functools import partial
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers import end, few, fork
from fastai.data.core import DataLoaders
from fastai.optimizer import SGD
from PIL import Image

from fastsgd import manual, model, modules
from fastsgd.data import get_dls, load_digits
from fastsgd.learner import get_learner
from fastsgd.parity import assert_same_training, record


@pytest.fixture(scope='session')
def vision():
    try: import fastsgd.vision as vision
    except ImportError as e: pytest.skip(str(e))
    return vision


# Installation

def import_vision(tmp_path, init):
    "What importing fastsgd.vision says beside a torchvision whose first line is `init`"
    (tmp_path/'torchvision').mkdir()
    (tmp_path/'torchvision/__init__.py').write_text(init)
    code = '''
import sys
assert 'torchvision' not in sys.modules, 'what a fork has imported already does not need it'
sys.path.insert(0, sys.argv[1])
try: import fastsgd.vision
except ImportError as e: print(e)
import fastsgd.learner, fastsgd.parity, fastsgd.scale
from fastsgd import archs, model
path = model.save_model(sys.argv[1] + '/m', archs.small_cnn(3), ('cat', 'dog', 'cow'))
assert model.load_model(path).arch == 'small_cnn'
path.write_bytes(path.read_bytes().replace(rb'\\"small_cnn\\"', rb'\\"resnet18\\" '))
try: model.load_model(path)
except ModuleNotFoundError as e: print(e)
'''
    return end(fork(code, tmp_path))


@pytest.mark.parametrize('init', [
    'raise RuntimeError("operator torchvision::nms does not exist")',
    'raise ModuleNotFoundError("No module named torchvision")', ''])
def test_a_torchvision_that_does_not_import_is_named_with_its_mend(tmp_path, init):
    run = import_vision(tmp_path, init)
    assert run.status == 0, run.err
    here, in_a_file = run.out.splitlines()  # on importing, and on loading a resnet18: all else works
    assert here == in_a_file
    assert run.out.startswith(f'fastsgd.vision needs a torchvision that matches torch {torch.__version__} (')
    assert run.out.endswith('pip install --upgrade --force-reinstall torch torchvision\n')
    assert init.partition('"')[2].partition('"')[0] in run.out


# Images in folders

def in_order(x, y, classes):
    "Rows by digit, as they are read from folders"
    digits = (1 - y[:, 0] if len(classes) == 2 else y)
    return x[digits.argsort(stable=True)]


@pytest.mark.parametrize('layout, names', [('train', ['train', 'valid']), ('training', ['testing', 'training'])])
@pytest.mark.parametrize('classes', [range(10), (3, 7), (7, 3)])
def test_images_are_read_back_pixel_for_pixel(vision, tmp_path, layout, names, classes):
    data = few(load_digits(classes=classes), 300)
    path = vision.export_images(data, tmp_path/'digits', layout)
    assert sorted(p.name for p in path.iterdir()) == names
    again = load_digits(path, classes=classes)
    assert torch.equal(again.train_x, in_order(data.train_x, data.train_y, data.classes))
    assert torch.equal(again.valid_x, in_order(data.valid_x, data.valid_y, data.classes))
    assert torch.equal(again.train_y.flatten().bincount(), data.train_y.flatten().bincount())


def test_images_of_a_source_are_of_all_ten_digits(vision, tmp_path):
    (tmp_path/'a').mkdir()  # an empty folder may be there
    first = vision.export_images(few(load_digits(classes=range(10)), 200), tmp_path/'a')
    second = vision.export_images(first, tmp_path/'b', 'training')
    assert sorted(p.name for p in (second/'testing').iterdir()) == list('0123456789')
    assert len(list(second.rglob('*.png'))) == 300
    with Image.open(next(second.rglob('*.png'))) as image: assert (image.mode, image.size) == ('L', (28, 28))


def test_a_folder_in_use_is_left_alone(vision, tmp_path, small):
    (tmp_path/'notes.txt').write_text('mine')
    with pytest.raises(FileExistsError, match='is not empty: name a new folder'): vision.export_images(small, tmp_path)
    with pytest.raises(FileExistsError, match='is a file: name a new folder'):
        vision.export_images(small, tmp_path/'notes.txt')
    with pytest.raises(ValueError, match="layout is 'flat': choose 'train' or 'training'"):
        vision.export_images(small, tmp_path/'new', 'flat')
    assert [p.name for p in tmp_path.iterdir()] == ['notes.txt']


# One cycle

def test_the_schedule_is_fastais_to_the_last_bit(vision):
    from fastai.callback.schedule import combined_cos
    rates, moms = combined_cos(0.25, 0.3/25, 0.3, 0.3/1e5), combined_cos(0.25, 0.95, 0.85, 0.95)
    for pct in [i/1000 for i in range(1001)] + [1/3, 0.25 - 1e-12, 0.25 + 1e-12]:
        assert vision.one_cycle(pct, 0.3) == (rates(pct), moms(pct))


@pytest.mark.parametrize('pct', [-0.1, 1.1, float('nan')])
def test_a_share_is_between_0_and_1(vision, pct):
    with pytest.raises(ValueError, match='from 0 to 1'): vision.one_cycle(pct, 1.)


def cycles(vision, data, lr, epochs, bs=64):
    "The same run by hand, on tier 1's network, and by Learner, on tier 2's"
    torch.manual_seed(0)
    net = modules.simple_net(n_out=data.n_out).to(data.train_x.dtype)
    loss_func = manual.mnist_loss if data.n_out == 1 else F.cross_entropy
    def turned(): return {n: p.T if p.ndim == 2 else p for n, p in zip(('w1', 'b1', 'w2', 'b2'), net.parameters())}
    params = {n: p.detach().clone().requires_grad_() for n, p in turned().items()}
    model = partial(manual.simple_net, **params)
    def by_hand(dl, loss_func):
        vision.train_one_cycle(model, lr, list(params.values()), dl, epochs, loss_func)
        return [manual.validate_epoch(model, get_dls(data).valid)]
    def by_learner(dl, loss_func):
        learn = get_learner(DataLoaders(dl, get_dls(data).valid), net, lr, loss_func)
        learn.opt_func = partial(SGD, mom=.9)
        with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(epochs, lr)
        return [learn.recorder.values[-1][-1]]
    return [record('by hand', by_hand, lambda: params, get_dls(data, bs).train, loss_func),
            record('Learner', by_learner, turned, get_dls(data, bs).train, loss_func)]


@pytest.mark.parametrize('epochs', [1, 3])
@pytest.mark.parametrize('which, lr', [('small', .1), ('ten', .05)])
@pytest.mark.parametrize('dtype, bound', [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_one_cycle_by_hand_makes_the_weights_of_learner(vision, request, which, lr, dtype, bound, epochs):
    data = request.getfixturevalue(which).to(dtype)
    by_hand, by_learner = cycles(vision, data, lr, epochs)
    assert by_hand.n_steps == epochs*len(get_dls(data).train)
    assert_same_training(by_hand, by_learner, bound)
    assert abs(by_hand.accuracy[-1] - by_learner.accuracy[-1]) < 1e-6


def test_another_momentum_would_be_noticed(vision, monkeypatch, small):
    one_cycle = vision.one_cycle
    monkeypatch.setattr(vision, 'one_cycle', lambda pct, lr: (one_cycle(pct, lr)[0], 0.9))
    by_hand, by_learner = cycles(vision, small, .1, 1)
    with pytest.raises(AssertionError, match=r'parts from by hand at step 2 '):
        assert_same_training(by_hand, by_learner, 1e-6)


def test_what_cannot_be_trained_is_refused(vision, dls):
    params = [manual.init_params((784, 1)), manual.init_params(1)]
    model = partial(manual.linear1, weights=params[0], bias=params[1])
    for epochs in (0, -1, 1.5):
        with pytest.raises(ValueError, match='train for 1 or more'):
            vision.train_one_cycle(model, 1., params, dls.train, epochs)
    with pytest.raises(ValueError, match='lr is -1'): vision.train_one_cycle(model, -1., params, dls.train, 1)
    with pytest.raises(ValueError, match='gave no batch'): vision.train_one_cycle(model, 1., params, [], 1)


# Few images, and other people's weights

def test_few_images_are_drawn_by_the_seed(vision, ten):
    data = vision.few_images(ten, 5, seed=1)
    assert data.train_y.bincount().tolist() == [5]*10 and data.valid_x is ten.valid_x
    assert torch.equal(data.train_x, vision.few_images(ten, 5, seed=1).train_x)
    assert not torch.equal(data.train_x, vision.few_images(ten, 5, seed=2).train_x)


def test_few_images_that_are_not_there(vision, ten, small):
    for n in (0, 1000):
        with pytest.raises(ValueError, match=f'n is {n}: each class has from 1 to'): vision.few_images(ten, n)
    with pytest.raises(ValueError, match='load three or more'): vision.few_images(small, 5)


def test_transfer_gives_the_same_twice(vision):
    old, new = (few(load_digits(classes=c), 300) for c in (range(5), range(5, 10)))
    runs = [vision.transfer(old, new, n=4, epochs=1, body_epochs=1) for _ in range(2)]
    assert runs[0] == runs[1] and list(runs[0]) == ['from scratch', 'fine_tune']


@pytest.fixture(scope='session')
def folder(vision, tmp_path_factory):
    path = tmp_path_factory.mktemp('images')/'digits'
    return vision.export_images(few(load_digits(classes=range(10)), 200), path)


@pytest.fixture
def images(vision, folder): return vision.ImageDataLoaders.from_folder(folder, num_workers=0, bs=32)


@pytest.fixture(scope='session')
def learner(vision, folder):
    "A resnet18 of digits, after a step"
    torch.manual_seed(0)
    learn = vision.image_learner(vision.ImageDataLoaders.from_folder(folder, num_workers=0, bs=100))
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(1, 0.01)
    return learn


def test_a_resnet_takes_a_step(learner): assert 0 <= learner.recorder.values[-1][-1] <= 1


# Folders of photos

def test_a_folder_of_photos_makes_a_network_in_one_line(vision, photos):
    learn = vision.image_learner(photos)
    assert list(learn.dls.vocab) == ['cat', 'dog'] and len(learn.dls.valid_ds) == 2 and len(learn.dls.train) == 1
    assert learn.dls.one_batch()[0].shape == (8, 3, 128, 128)
    again, other = (vision.image_loaders(photos, 32, .4, seed).valid.items for seed in (42, 1))
    assert again == vision.image_loaders(photos, 32, .4).valid.items != other


def test_a_split_that_is_there_is_kept(vision, folder):
    dls = vision.image_loaders(folder, 28)
    assert (len(dls.train_ds), len(dls.valid_ds), len(dls.vocab)) == (200, 100, 10)


def test_a_folder_without_photos_is_refused(vision, photos, tmp_path):
    for path in tmp_path, tmp_path/'nowhere', photos/'cat':
        with pytest.raises(FileNotFoundError, match='no images in folders of two classes.*make a folder for each'):
            vision.image_learner(path)
    for pct in (0, 1, .01):
        with pytest.raises(ValueError, match=f'valid_pct is {pct}: give the share of the 10 photos'):
            vision.image_loaders(photos, valid_pct=pct)


# A resnet18 in a file

def test_a_resnet_of_digits_is_kept_with_what_it_needs(learner, tmp_path):
    pytest.importorskip('safetensors')
    kept = model.load_model(model.save_model(tmp_path/'m', learner))
    assert (kept.arch, kept.classes, kept.look) == ('resnet18', tuple(range(10)), model.Look())
    x, y = learner.dls.valid.one_batch()
    learner.model.eval()
    with torch.no_grad(): expected = learner.model(x)
    assert torch.equal(kept.outputs(x[:, 0].reshape(-1, 784)), torch.Tensor(expected))
    files = [model.prepare(Image.open(file)) for file in learner.dls.valid.items[:32]]
    assert (kept.predict(torch.stack(files)) - expected[:32].softmax(1)).abs().mean() < 0.1


@pytest.fixture(scope='session')
def photos(tmp_path_factory):
    "A folder for each of two classes, without a split"
    path, noise = tmp_path_factory.mktemp('photos'), np.random.default_rng(0)
    for name in 'cat', 'dog':
        (path/name).mkdir()
        for i in range(5):
            Image.fromarray(noise.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path/f'{name}/{i}.png')
    return path


@pytest.mark.parametrize('fit', ['crop', 'squish'])
@pytest.mark.parametrize('stats', [((), ()), ((.5, .4, .3), (.2, .3, .4))], ids=['as they are', 'normalized'])
def test_a_resnet_of_photos_gets_its_pictures_as_from_its_loaders(vision, photos, tmp_path, fit, stats):
    pytest.importorskip('safetensors')
    from fastai.vision.augment import Resize, aug_transforms
    from fastai.data.transforms import Normalize
    norm = [Normalize.from_stats(*stats, cuda=False)] if stats[0] else []
    dls = vision.ImageDataLoaders.from_folder(photos, valid_pct=.4, num_workers=0, bs=4,
                                              item_tfms=Resize((24, 32), fit), batch_tfms=[*aug_transforms(), *norm])
    learn = vision.image_learner(dls)
    kept = model.load_model(model.save_model(tmp_path/'m', learn))
    assert (kept.classes, kept.look.fit, kept.look.size) == (('cat', 'dog'), fit, (24, 32))
    x = torch.stack([kept.look.prepare(Image.open(file)) for file in dls.valid.items])
    seen = torch.Tensor(dls.valid.one_batch()[0])
    assert torch.allclose(kept.look.normed(x), seen, atol=1e-4)
    with torch.no_grad(): assert torch.equal(kept.outputs(x), learn.model.eval()(kept.look.normed(x)))


def test_pictures_in_a_form_of_their_own_are_refused(vision, photos):
    from fastai.vision.augment import Resize
    dls = vision.ImageDataLoaders.from_folder(photos, valid_pct=.4, num_workers=0, bs=4, item_tfms=Resize(24, 'pad'))
    with pytest.raises(ValueError, match=r'not known here: make them with item_tfms=Resize\(n\)'):
        model.as_model(vision.image_learner(dls))


def test_another_head_is_refused(vision, images):
    with pytest.raises(ValueError, match='or the resnet18 of image_learner, for 10 classes'):
        model.as_model(vision.image_learner(images, lin_ftrs=[64]))


def test_weights_that_cannot_be_fetched(vision, images, tmp_path, monkeypatch):
    def refuse(*args, **kwargs): raise URLError('no route')
    monkeypatch.setattr('torch.hub.urlopen', refuse)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path/'torch'))  # where no weights are yet
    says = r'Cannot fetch the weights of resnet18 \(.*no route.*\): check the network'
    with pytest.raises(ConnectionError, match=says) as e: vision.image_learner(images, pretrained=True)
    assert isinstance(e.value.__cause__, URLError) and str(tmp_path/'torch') in str(e.value)


def test_other_errors_are_not_blamed_on_the_network(vision, images, tmp_path):
    def broken(*args, **kwargs): raise FileNotFoundError('mine')
    with pytest.raises(FileNotFoundError, match='mine'): vision.image_learner(images, broken, cut=-2)
