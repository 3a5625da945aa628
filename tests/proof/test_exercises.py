"The page of exercises: each task comes before its solution, and both are those of the package"
import json

import pytest
from helpers import REPO

from fastsgd.exercises import exercises, solution, stub

PAGE = REPO/'nbs/23_exercises.ipynb'
if not PAGE.is_file(): pytest.skip('the notebooks are not beside the tests', allow_module_level=True)

nb = json.loads(PAGE.read_text(encoding='utf-8'))
cells = [''.join(c['source']) for c in nb['cells'] if c['cell_type'] == 'code']


@pytest.mark.parametrize('name', exercises)
def test_stub_check_and_a_folded_solution_follow_one_another(name):
    ask = f'check({name}={name})'
    i = cells.index(stub(name).rstrip())
    assert cells[i + 1:i + 3] == [ask, f'#| folded: A solution\n{solution(name).rstrip()}\n\n{ask}']


def test_no_solution_stands_above_its_task():
    found = {name: [i for i, c in enumerate(cells) if solution(name).rstrip() in c] for name in exercises}
    assert [name for name, at in found.items() if at[0] < cells.index(stub(name).rstrip())] == []
