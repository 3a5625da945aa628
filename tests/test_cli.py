"The command, as people and scripts meet it"
import json, os, subprocess, sys
from unittest.mock import patch

import pytest

from fastsgd import cli, manual, parity

CODE = 'from fastsgd.cli import main; main()'


def run(capfd, *options):
    "Run the command here: its exit status, what it prints, what it complains of"
    with pytest.raises(SystemExit) as left: cli.main(list(options))
    out, err = capfd.readouterr()
    return left.value.code, out, err


@pytest.mark.parametrize('options', [[], ['--arch', 'simple_net'], ['--classes', '0,1,2,3,4,5,6,7,8,9'], ['--epochs', '1', '--bs', '100', '--lr', '0.3', '--seed', '7']],
                         ids=lambda o: ' '.join(o) or 'defaults')
def test_the_main_job_ends_well(capfd, options):
    status, out, err = run(capfd, *options)
    assert status == 0 and not err and 'Same computation' in out
    rows = [line.split() for line in out.splitlines() if line.split()[0] in ('manual', 'modules', 'learner')]
    assert len(rows) == 3 and len({accuracy for _, accuracy, *_ in rows}) == 1


def test_a_fault_is_told_by_the_status(capfd):
    def fault(model, lr, params, dl, loss_func, real=manual.train_epoch): real(model, lr/2, params, dl, loss_func)
    with patch.object(manual, 'train_epoch', fault): status, out, err = run(capfd, '--epochs', '1')
    assert status == 1 and 'Not the same' in out and 'step 1' in out


BAD = {'--lr 0': 'positive', '--lr -1': 'positive', '--lr nan': 'positive', '--lr inf': 'positive', '--lr abc': 'abc', '--epochs 0': '1 or more', '--epochs x': '1 or more',
       '--bs 0': '1 or more', '--bs -3': '1 or more', '--classes 3': 'two', '--classes 3,3': 'twice', '--classes 3,12': '12', '--classes x': '3,7',
       '--source nowhere': 'embedded', '--arch deep': 'simple_net', '--plot tiers.doc': '.png', '--plot nowhere/tiers.png': 'folder', '--json nowhere/tiers.json': 'folder', '--nonsense': 'nonsense'}


@pytest.mark.parametrize('options, mend', BAD.items(), ids=list(BAD))
def test_a_bad_request_is_answered_in_one_line(capfd, options, mend):
    status, out, err = run(capfd, *options.split())
    assert status == 2 and err.startswith('fastsgd: ') and err.count('\n') == 1 and mend in err


def test_a_broken_image_is_answered_in_one_line(capfd, tmp_path):
    for split in ('train', 'valid'):
        for digit in '37':
            folder = tmp_path/split/digit
            folder.mkdir(parents=True)
            (folder/'0.png').write_text('no picture')
    status, out, err = run(capfd, '--source', str(tmp_path))
    assert status == 2 and err.count('\n') == 1 and '0.png' in err and 'delete' in err


def test_a_rate_that_explodes_is_answered_in_one_line(capfd):
    status, out, err = run(capfd, '--classes', '0,1,2', '--arch', 'simple_net', '--lr', '1e30')
    assert status == 2 and err.count('\n') == 1 and 'lower lr' in err


def test_results_are_written(capfd, tmp_path):
    status, *_ = run(capfd, '--epochs', '2', '--json', str(tmp_path/'a.json'), '--plot', str(tmp_path/'a.png'))
    def refuse(name): raise ValueError(f'{name} is no JSON')
    results = json.loads((tmp_path/'a.json').read_text(), parse_constant=refuse)
    assert status == 0 and results['same'] and results['settings'] == dict(source='embedded', classes=[3, 7], arch='linear', epochs=2, lr=1., bs=64, seed=42)
    assert [len(a) for a in results['accuracy'].values()] == [2, 2, 2] and results['max_diff'] == {'modules': 0., 'learner': 0.}
    assert (tmp_path/'a.png').read_bytes().startswith(b'\x89PNG')


def test_an_interruption_takes_one_line(capfd):
    with patch.object(parity, 'compare_tiers', side_effect=KeyboardInterrupt): status, out, err = run(capfd)
    assert status == 130 and err == 'fastsgd: interrupted\n'


def test_a_process_of_its_own_is_quiet_outside_a_terminal():
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == '' and '%|' not in done.stdout and '\r' not in done.stdout


@pytest.mark.skipif(sys.platform == 'win32', reason='needs a pseudo-terminal')
def test_each_tier_has_a_bar_in_a_terminal():
    import pty
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, '-c', CODE], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b''
    while True:
        try: piece = os.read(ours, 4096)
        except OSError: break  # how Linux says that the other end is closed
        if not piece: break
        shown += piece
    assert process.wait() == 0
    for tier in (b'manual', b'modules', b'learner'): assert tier + b': 100%' in shown


def test_help_is_quick_and_has_examples():
    code = "import sys\nfrom fastsgd.cli import main\ntry: main(['--help'])\nfinally: print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0 and 'examples:' in done.stdout and done.stdout.endswith('False\n')
    for option in '--source --classes --arch --epochs --lr --bs --seed --plot --json'.split(): assert option in done.stdout
