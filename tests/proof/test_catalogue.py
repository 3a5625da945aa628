"What the page on mistakes says of each: its picture in words, and how one meets it"
import json
import re

import pytest
from helpers import REPO

from fastsgd.checker.loopnames import loop_names
from fastsgd.mistakes import Trial, loop_mistakes, mistakes, trial

PAGE = REPO/'nbs/22_mistakes.ipynb'
if not PAGE.is_file(): pytest.skip('the notebooks are not beside the tests', allow_module_level=True)


def entries():
    "The cells of each mistake, by its slug"
    found, slug = {}, None
    for cell in json.loads(PAGE.read_text(encoding='utf-8'))['cells']:
        source = ''.join(cell['source'])
        headings = re.findall('^##+ (.*)', source, re.M) if cell['cell_type'] == 'markdown' else []
        slug = [slug, *headings][-1]
        found.setdefault(slug, []).append((source, cell))
    return found


ENTRIES = {slug: cells for slug, cells in entries().items() if slug and f"trial('{slug}')" in str(cells)}


def outcome(cells):
    "What a trial says in its last paragraph"
    text, = [o['data']['text/markdown'] for s, c in cells if re.search(r"trial\('.*'\)$", s) for o in c['outputs']]
    return ''.join(text).strip().split('\n\n')[-1]


def test_every_mistake_has_an_entry():
    assert [*ENTRIES] == [*mistakes, *loop_mistakes]


def test_whatever_is_said_of_a_loop_can_be_read_on_the_page():
    assert set(loop_names) <= set(ENTRIES)


@pytest.mark.parametrize('slug', ENTRIES)
def test_a_picture_is_told_with_its_own_numbers(slug):
    says = outcome(ENTRIES[slug])
    told = re.findall(r'#\| fig-alt: "(.*)"', '\n'.join(s for s, _ in ENTRIES[slug]))
    unseen = says.startswith('It stops') or slug in loop_mistakes
    wanted = [] if unseen else [slug, *re.findall(r'\d+\.\d+', says)]
    assert re.findall(rf'^{slug}|\d+\.\d+', ' '.join(told)) == wanted


@pytest.mark.parametrize('slug', ENTRIES)
def test_an_entry_ends_with_how_one_meets_the_mistake(slug):
    assert ENTRIES[slug][-1][0].startswith('*How one meets it*: ')


def test_a_mistake_in_a_loop_is_named_with_what_to_do_about_it():
    said = trial('graph-kept')
    assert loop_names['graph-kept'].mend in said._repr_markdown_()
    assert said.outcome.count('right is') == 2 and said.outcome.endswith('The weights are the right ones.')
    assert '+             total += loss * len(xb)' in str(said.mistake.change)


def test_weights_that_are_no_numbers_are_not_called_right():
    nan = float('nan')
    lost = Trial(mistakes['root-taken'], dict(right=[.9, .95], mistaken=[.5, .5]), [0., .3, nan])
    assert 'no numbers any more (NaN)' in repr(lost) and 'the right ones' not in repr(lost)
    assert lost.plot().axes[1].get_ylim()[1] < 1
    assert 'the right ones' in repr(Trial(mistakes['root-taken'], lost.accuracies, [0., 0.]))
