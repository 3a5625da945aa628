"The maintainers' tools: what they let pass and what they do not"
import sys
from pathlib import Path

import pytest

tools = Path(__file__).parent.parent/'tools'
if not tools.is_dir(): pytest.skip('the maintainers\' tools come with the repository only', allow_module_level=True)
nbformat = pytest.importorskip('nbformat', reason='the maintainers\' tools need .[dev]')
pytest.importorskip('nbdev', reason='the maintainers\' tools need .[dev]')
sys.path.insert(0, str(tools))
outputs = pytest.importorskip('outputs')
readme = pytest.importorskip('readme')


@pytest.mark.parametrize('a, b', [('x 0.9650', 'x 0.9650'), ('0.123456', '0.123457'), ('1.2e-07', '1.8e-07'), ('tensor([-4.7363])', 'tensor([-4.7364])'), ('', '')])
def test_the_same_up_to_rounding(a, b): assert outputs.same(a, b)


@pytest.mark.parametrize('a, b', [('good', 'bad'), ('step 13', 'step 12'), ('0.9650', '0.9700'), ('one\ntwo', 'one'), ('0.5', '-0.5'), ('12', '12.5'), ('1.', 'x'), ('65 steps', '65 step')])
def test_a_change_is_seen(a, b): assert not outputs.same(a, b)


def cell(source, *outs): return nbformat.v4.new_code_cell(source, outputs=list(outs))
def printed(text): return nbformat.v4.new_output('stream', text=text)
def text_of(*cells): return outputs.texts(nbformat.v4.new_notebook(cells=list(cells)))


def test_seconds_are_masked_where_a_cell_says_so():
    table = printed('manual 0.9650 0.02\n')
    assert text_of(cell('#| timing\nshow()', table)) != text_of(cell('show()', table)) == ['manual 0.9650 0.02\n']
    assert text_of(cell('#| timing\nshow()', table)) == text_of(cell('#| timing\nshow()', printed('manual 0.9650 1.98\n')))
    assert not outputs.same(*text_of(cell('#| timing\na', table), cell('#| timing\na', printed('manual 0.9700 0.02\n'))))


def test_text_printed_in_pieces_is_the_same_text(): assert text_of(cell('f()', printed('a\n'), printed('b\n'))) == text_of(cell('f()', printed('a\nb\n')))


def test_slow_cells_and_cells_switched_off_are_left_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(outputs, 'fastai_path', lambda folder: tmp_path)
    assert [outputs.is_lesson(cell(s)) for s in ('1', '#| slow\n1', '#| eval: false\n1')] == [True, False, False]


def test_readme_is_the_home_page():
    text, files = readme.readme(readme.read_nb(readme.ROOT/'nbs/index.ipynb'))
    assert (readme.ROOT/'README.md').read_text() == text
    assert all(f.read_bytes() == picture for f, picture in files.items())
