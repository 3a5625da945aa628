"""Loops as people write them: what is wrong with them is named, and the right ones are not accused.

They lie in loops/wrong and loops/right, with the answers beside them, in answers.json. Each wrong file has one
mistake. Some mistakes have two names that say the same: either will do. A right file may deserve notes.
"""
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import forks
import pytest

from fastsgd.check import check_file
from fastsgd.mistakes import loop_mistakes, mistakes

LOOPS = Path(__file__).parent/'loops'
ANSWERS = json.loads((LOOPS/'answers.json').read_text())
wrong = {name: said for name, said in ANSWERS.items() if name.startswith('wrong/')}
right = {name: said for name, said in ANSWERS.items() if name.startswith('right/')}


def verdict(name):
    "What the checker says of a file: slugs of mistakes and of notes, or why it says nothing"
    try: found = check_file(LOOPS/name).findings
    except (ValueError, TimeoutError) as e: return SimpleNamespace(mistakes=set(), notes=set(), refused=str(e))
    notes = {f.mistake for f in found if f.kind == 'note'}
    return SimpleNamespace(mistakes={f.mistake for f in found if f.kind != 'note'}, notes=notes, refused='')


@pytest.fixture(scope='module')
def verdicts():
    "Of all files, two at a time, in forks of a process that has imported everything"
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        if forks.possible:
            forks.server()
            patch.setattr(subprocess, 'Popen', forks.Fork)
        return dict(zip(ANSWERS, pool.map(verdict, ANSWERS)))


def told(names, verdicts):
    "What was said of some files, for people to read"
    return '\n' + '\n'.join(f'{name}: {ANSWERS[name]["slugs"]} {vars(verdicts[name])}' for name in names)


def test_the_answers_speak_of_the_files_that_are_there():
    assert set(ANSWERS) == {f'{f.parent.name}/{f.name}' for f in LOOPS.glob('*/*.py')}
    assert len(wrong) >= 80 and len(right) >= 40
    assert all(said['slugs'] and said['why'] for said in wrong.values())


def test_each_answer_has_an_entry_on_the_page_of_mistakes():
    slugs = {slug for said in ANSWERS.values() for slug in [*said['slugs'], *said.get('notes', [])]}
    assert slugs <= {*mistakes, *loop_mistakes}


@pytest.mark.slow
def test_nine_of_ten_mistakes_are_named(verdicts):
    missed = [n for n in wrong if not (verdicts[n].mistakes | verdicts[n].notes) & set(wrong[n]['slugs'])]
    assert len(missed) <= len(wrong)/10, told(missed, verdicts)


@pytest.mark.slow
def test_no_right_loop_is_accused(verdicts):
    accused = [n for n in right if verdicts[n].mistakes]
    assert not accused, told(accused, verdicts)


@pytest.mark.slow
def test_right_loops_get_only_the_notes_that_they_deserve(verdicts):
    noted = [n for n in right if verdicts[n].notes - set(right[n]['notes'])]
    assert not noted, told(noted, verdicts)


@pytest.mark.slow
def test_nine_of_ten_right_loops_get_a_verdict(verdicts):
    refused = [n for n in right if verdicts[n].refused]
    assert len(refused) <= len(right)/10, told(refused, verdicts)
