"Loops as people write them: mistakes get their names, and no right loop is accused of one"
import ast
import inspect
import sys
from functools import cache
from time import process_time
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import own_loops
from fastsgd.check import Finding, Report, check_loop
from fastsgd.checker import effects, loops, traces
from fastsgd.checker.apart import remember
from fastsgd.checker.judging import Verdict
from fastsgd.checker.loopnames import loop_names
from fastsgd.watch import watch

numbers = iter(range(10**6))


def judged(text):
    "The judgements on all loops of a file, as `check_file` makes them, in this process"
    name = f'/loops/{next(numbers)}.py'
    remember(name, text)
    space = ModuleType('solution')
    file = loops.FileLoops(name, text)
    for statement in ast.parse(text, name).body:
        code = compile(ast.Module([statement], []), name, 'exec')
        try: file.execute(statement, code, vars(space))
        except Exception: pass  # as in a file without its data
    file.find(vars(space), {})
    return [found for _, found in file.judged([]) if found is not None]


@pytest.fixture(scope='module')
def judged_once():
    "The same for right loops, which two tests look at"
    return cache(judged)


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['a.py'])


def slugs(found, kind=None): return {v.slug for j in found for v in j.verdicts if kind in (None, v.kind)}


wrong = [pytest.param(slug, text, id=f'{slug}-{i}') for slug, texts in own_loops.wrong.items() for i,
         text in enumerate(texts)]


@pytest.mark.parametrize(('slug', 'text'), wrong)
def test_a_mistake_gets_its_name(slug, text):
    found = judged(text)
    assert slug in slugs(found)
    assert slugs(found, 'mistake') <= {slug}
    for verdict in (v for j in found for v in j.mistakes): is_shown(verdict)


def is_shown(verdict):
    "A mistake says what it does: to weights or numbers, or that it ends in an error"
    effect = verdict.effect
    assert effect.size is None if effect.of == 'error' else effect.size > 1e-5, effect
    assert effect.of in ('weights', 'gradients', 'predictions', 'loss', 'accuracy', 'error') and effect.text
    assert effect.of != 'error' or verdict.slug in END_IN_ERRORS


# Without a model that could be trained anew, what they do is end the loop
END_IN_ERRORS = {'not-a-leaf', 'update-under-autograd', 'fixed-batch-size'}


def test_a_right_training_done_again_ends_at_the_same_weights(judged_once):
    known = 0
    for text in own_loops.right:
        for found in judged_once(text):
            if found.kind != 'train' or found.ran is None: continue
            with found.ran.recorder.aside(): plan = effects.plan_of(found.ran)
            if plan is None: continue
            with found.ran.recorder.aside(): off = effects.with_effects([a_mistake()], found.ran)[0].effect
            assert off.of == 'weights' and off.size < 1e-5, text
            known += 1
    assert known >= 35


def a_mistake(): return Verdict('wrong-sign', '')


def test_what_changes_nothing_is_a_note():
    found = judged(own_loops.right[0])[0]
    verdict, = effects.with_effects([a_mistake()], found.ran)
    assert verdict.kind == 'note' and verdict.effect.text == 'On the tiny problem, that changes nothing.'


def test_a_finding_carries_what_the_mistake_does():
    report = check_loop(train=training)
    finding, = report.findings
    assert finding.differs == 'weights' and finding.difference > 0.01
    assert finding.effect.startswith('After 2 epochs a weight is off by up to ')
    assert finding.effect in repr(report) and finding.effect in report._repr_html_()
    assert report.to_dict()['findings'][0]['difference'] == finding.difference


def test_a_number_that_is_reported_is_said_once():
    def accuracy(net, loader):
        net.eval()
        with torch.no_grad(): return sum((net(x).argmax(1) == y).sum().item() for x, y in loader)/len(loader)
    finding, = check_loop(valid=accuracy).findings
    assert (finding.mistake, finding.differs) == ('accuracy-averaged-wrongly', 'accuracy') and finding.difference > 0.1
    assert repr(check_loop(valid=accuracy)).count('would be right') == 1


def test_measuring_several_classes_is_not_the_exercise():
    text = own_loops._file("""
def batch_accuracy(preds, yb): return (preds.argmax(1) == yb).float().mean()

def validate_epoch(model, valid_dl): return torch.stack([batch_accuracy(model(x), y) for x, y in valid_dl]).mean()
""")
    space = {}
    remember('/loops/several.py', text)
    exec(compile(text, '/loops/several.py', 'exec'), space)
    named = {n: space[n] for n in ('batch_accuracy', 'validate_epoch')}
    def exercises(more): return {*loops.FileLoops('several.py', text + more).without(named)}
    assert exercises('loss_func = F.binary_cross_entropy') == {*named}
    assert exercises('loss_func = F.cross_entropy') == set()


frozen_body = """import torch
from torch import nn
model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
model[0].requires_grad_(False)
optimizer = torch.optim.SGD(model[2].parameters(), lr=.1)
x, y = torch.randn(40, 6), torch.randint(3, (40,))
for epoch in range(3):
    for i in range(0, 40, 8):
        nn.functional.cross_entropy(model(x[i:i+8]), y[i:i+8]).backward()
        optimizer.step()
"""


def test_what_is_frozen_does_not_count_in_what_a_mistake_does():
    verdict, = (v for j in judged(frozen_body) for v in j.mistakes)
    assert verdict.slug == 'gradients-not-zeroed' and verdict.effect.of == 'weights'


def test_a_fault_in_what_a_mistake_does_costs_no_verdict(monkeypatch):
    def faulty(*args): raise KeyError
    monkeypatch.setattr(effects, 'effect_of', faulty)
    verdict, = (v for j in judged(frozen_body) for v in j.mistakes)
    assert verdict.slug == 'gradients-not-zeroed' and verdict.effect is None


right = [*own_loops.right, *own_loops.look_alike.values()]


def test_a_number_beside_a_right_one_is_shown():
    loop = """def validate(model, loader, criterion):
        model.eval()
        loss = correct = 0
        with torch.no_grad():
            for x, y in loader:
                out = model(x)
                loss += criterion(out, y).item()*len(y)/len(loader.dataset)
                correct += (out.argmax(0) == y).sum().item()
        return loss, correct/len(loader.dataset)"""
    verdict, = (v for j in judged('import torch\n' + loop) for v in j.mistakes)
    assert verdict.slug == 'argmax-over-everything' and verdict.effect.of == 'accuracy'


@pytest.mark.parametrize('text', right, ids=[*range(len(own_loops.right)), *own_loops.look_alike])
def test_a_right_loop_is_accused_of_nothing(text, judged_once):
    found = judged_once(text)
    assert found and slugs(found, 'mistake') == set()
    assert [j.unclear for j in found if j.unclear] == []


@pytest.mark.parametrize('rule', own_loops.by_rule)
def test_a_rule_is_broken_by_one_loop_and_kept_by_another(rule):
    slug, broken, kept = own_loops.by_rule[rule]
    wrong_one, right_one = judged(broken), judged(kept)
    assert slug in slugs(wrong_one) and slugs(wrong_one, 'mistake') <= {slug}
    assert slug not in slugs(right_one) and slugs(right_one, 'mistake') == set()
    assert [j.unclear for j in right_one if j.unclear] == []


def test_there_are_enough():
    assert len(wrong) >= 80 and len(own_loops.right) >= 40


def test_each_name_is_tried():
    assert {*loop_names} == {*own_loops.wrong}


# Messages speak the author's names and lines

def test_a_message_quotes_the_lines():
    text = own_loops.wrong['zeroed-too-early'][0]
    verdict, = [v for j in judged(text) for v in j.mistakes]
    line = text.splitlines().index('        optimizer.zero_grad()') + 1
    assert '`optimizer.zero_grad()` stands between `loss.backward()` and `optimizer.step()`' in verdict.message
    assert f'line {line}' in verdict.message and verdict.line == line


def test_a_fault_of_the_checker_is_no_mistake_of_a_loop(monkeypatch):
    def failing(ran): raise KeyError(3)
    monkeypatch.setattr(loops, 'judged', failing)
    for found in judged(own_loops.right[0]):
        assert found.verdicts == [] and 'The checker itself failed' in found.unclear


def test_a_loop_with_the_name_of_an_exercise_gets_a_hint():
    names = ('train_epoch', 'trained-in-eval-mode'), ('train_epoch', 'batch-used-twice'), ('fit', None), ('mse', None)
    report = Report(findings=[Finding(function, slug, 'so it is') for function, slug in names])
    assert loop_names['trained-in-eval-mode'].mend in report.hint() and 'fit: so it is' in report.hint()


# From Python

def own_start(): return [torch.zeros(3, requires_grad=True)]


def test_what_stands_beside_a_loop_of_ones_own_is_no_exercise():
    without = loops.FileLoops('a.py', '').without
    assert without(dict(init_params=own_start, train_epoch=training)) == {}
    assert [*without(dict(init_params=own_start))] == ['init_params']
    known = dict(init_params=own_start, train_epoch=training, mnist_loss=lambda predictions, targets: 0)
    assert [*without(known)] == ['init_params', 'mnist_loss']


def training(net, loader, optimizer):
    for x, y in loader:
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()


def measuring(net, loader, partition):
    net.eval()
    with torch.no_grad():
        return sum((net(x).argmax(1) == y).sum().item() for x, y in loader)/len(loader.dataset)


def test_two_functions_at_once():
    report = check_loop(train=training, valid=measuring)
    assert not report.ok and report.passed == ['measuring']
    finding, = report.findings
    assert (finding.function, finding.mistake, finding.kind) == ('training', 'gradients-not-zeroed', 'mistake')
    assert report.to_dict()['findings'][0]['kind'] == 'mistake' and 'zero_grad' in report.hint()


def with_a_zebra(net, loader, zebra):
    for x, y in loader: zebra(net(x), y).backward()


def with_several_models(net, loader, quux, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        (quux*nn.functional.cross_entropy(net(x), y)).backward()
        optimizer.step()


def test_what_a_name_does_not_tell_is_asked_for():
    report = check_loop(train=with_several_models)
    assert report.findings == [] and report.passed == [] and 'roles=dict(quux=' in report.notes[0]
    assert check_loop(train=with_several_models, roles=dict(quux=1.)).passed == ['with_several_models']


def test_a_thing_is_known_by_its_use():
    assert [f.mistake for f in check_loop(train=with_a_zebra).findings] == ['step-missing']


def from_a_dict(net, loader, opt):
    for batch in loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(batch['pixels']), batch['answer']).backward()
        opt.step()


def test_batches_may_be_dicts():
    assert check_loop(train=from_a_dict, batch=('pixels', 'answer')).passed == ['from_a_dict']


# Models that take a batch by names and give their loss, and several models

def by_names(model, train_dataloader, optimizer, device):
    model.train()
    for batch in train_dataloader:
        batch = {name: t.to(device) for name, t in batch.items()}
        outputs = model(**batch)
        outputs.loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def by_names_not_zeroed(model, train_dataloader, optimizer):
    model.train()
    for batch in train_dataloader:
        loss, logits = model(**batch)[:2]
        loss.backward()
        optimizer.step()


def measured_by_names(model, eval_dataloader):
    model.eval()
    correct = n = 0
    for batch in eval_dataloader:
        with torch.no_grad(): outputs = model(input_ids=batch['input_ids'], labels=batch['labels'])
        correct += (outputs['logits'].argmax(-1) == batch['labels']).sum().item()
        n += len(batch['labels'])
    return correct/n


def test_models_that_give_their_loss():
    report = check_loop(train=by_names, valid=measured_by_names)
    assert {*report.passed} == {'measured_by_names', 'by_names'} and report.findings == []
    finding, = check_loop(train=by_names_not_zeroed).findings
    assert finding.mistake == 'gradients-not-zeroed' and finding.difference > 0.01


def from_a_teacher(teacher_model, student, loader, optimizer, t=2.):
    student.train()
    teacher_model.eval()
    for x, y in loader:
        with torch.no_grad(): soft = (teacher_model(x)/t).softmax(1)
        out = student(x)
        loss = nn.functional.cross_entropy(out, y) + nn.functional.cross_entropy(out/t, soft)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_a_teacher_is_another_model():
    report = check_loop(train=from_a_teacher)
    assert report.passed == ['from_a_teacher'] and report.findings == []


def of_two_models(generator, discriminator, loader, opt_g, opt_d, criterion):
    for x, y in loader:
        opt_g.zero_grad()
        criterion(discriminator(generator(x)), y).backward()
        opt_g.step()


def autoencoder(model, loader, optimizer):
    for x, _ in loader:
        again, mu, log_var = model(x)
        optimizer.zero_grad()
        (nn.functional.mse_loss(again, x) + mu.pow(2).sum() + log_var.exp().sum()).backward()
        optimizer.step()


def test_what_is_not_understood_is_told_and_not_accused():
    report = check_loop(train=of_two_models)
    assert report.findings == [] and report.passed == []
    assert 'It trains several models, `generator`, `discriminator`.' in report.notes[0]


def without_zeroing(loop):
    "The text of a function that trains, with no `zero_grad`"
    return '\n'.join(line for line in loop.splitlines() if 'zero_grad' not in line)


step = """        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
of_many_forms = {
    'three-outputs': inspect.getsource(autoencoder),
    'a-state': """
def train(net, loader, optimizer, criterion):
    for x, y in loader:
        state = net.init_hidden(len(x))
        out, state = net(x, state)
        loss = criterion(out, y)
""" + step,
    'two-inputs': """
def train(model, dl, criterion, optimizer):
    for cats, conts, y in dl:
        loss = criterion(model(cats, conts), y)
""" + step,
    'labels-first': """
def train(model, dl, optimizer):
    for batch in dl:
        label, text, offsets = (t.to('cpu') for t in batch)
        loss = F.cross_entropy(model(text, offsets), label)
""" + step,
    'triplets': """
def train(net, loader, optimizer):
    net.train()
    for i, (a, p, n) in enumerate(loader):
        loss = F.triplet_margin_loss(net(a), net(p), net(n))
""" + step,
    'by-several-names': """
def train(model, loader, optimizer):
    for batch in loader:
        ids, mask, labels = batch['input_ids'], batch['attention_mask'], batch['labels']
        loss = F.cross_entropy(model(ids, mask), labels)
""" + step,
    'by-attributes': """
def train(model, loader, optimizer):
    for batch in loader:
        loss = F.cross_entropy(model(batch.text), batch.label)
""" + step,
    'inputs-alone': """
def train(autoencoder, loader, optimizer, criterion=nn.MSELoss()):
    for x in loader:
        loss = criterion(autoencoder(x), x)
""" + step,
    'masks': """
def dice(pred, mask): return (2*(pred*mask).sum(dim=(1, 2, 3))/(pred + mask).sum(dim=(1, 2, 3))).mean()

def train(net, loader, optimizer):
    for batch in loader:
        pred = net(batch['image'])
        loss = F.binary_cross_entropy_with_logits(pred, batch['mask']) + 1 - dice(pred.sigmoid(), batch['mask'])
""" + step,
    'points': """
def train(net, loader, optimizer):
    for points, target in loader:
        loss = F.cross_entropy(net(points.transpose(2, 1)), target[:, 0])
""" + step,
    'halves': """
def fit(model, data, optimizer, epochs):
    for epoch in range(epochs):
        for x, y in data['trn']:
            loss = F.cross_entropy(model(x), y)
""" + step.replace('\n    ', '\n        ').replace('    ', '        ', 1),
    'a-helper-that-gives-batches': """
def get_batch(split):
    return torch.load(split + '.pt')

def train(model, optimizer, n_steps):
    for i in range(n_steps):
        x, y = get_batch('train')
        loss = F.cross_entropy(model(x), y)
""" + step,
    'as-it-is-called': """
def train(parts, rows, optimizer):
    body, head = parts
    for x, y in rows:
        loss = F.mse_loss(head(body(x)), y)
""" + step + """
torch.manual_seed(0)
x = torch.randn(32, 5)
rows = list(zip(x.split(4), x.sum(1, keepdim=True).split(4)))
parts = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 1))
train(parts, rows, torch.optim.SGD(parts.parameters(), 0.1))
""",
    'what-was-not-imported': """
from utils import AverageMeter, get_loaders, build_model, make_logger

def main(args):
    logger, losses = make_logger(args), AverageMeter('loss', ':.3f')
    train_loader, val_loader = get_loaders(args.data, args.batch_size)
    model = build_model(args.arch).to('cpu')
    optimizer = torch.optim.SGD(model.parameters(), args.lr)
    for x, y in train_loader:
        loss = F.cross_entropy(model(x), y)
        losses.update(loss.item(), len(x))
        logger.info(f'{losses}')
""" + step}


@pytest.mark.parametrize('name', of_many_forms)
def test_a_loop_of_any_form_is_run(name):
    text = 'import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n' + of_many_forms[name]
    found = judged(text)
    assert any(not j.unclear and j.ran.of('backward') for j in found) and slugs(found, 'mistake') == set()
    assert 'gradients-not-zeroed' in slugs(judged(without_zeroing(text)))


def test_what_takes_the_place_of_something_is_told():
    found = judged('import torch\n' + of_many_forms['what-was-not-imported'])
    assert found[0].stood_in == ['make_logger', 'AverageMeter', 'get_loaders', 'build_model']


def test_notes_do_not_count():
    def measure(net, loader):
        net.eval()
        return sum((net(x).argmax(1) == y).sum().item() for x, y in loader)/len(loader.dataset)
    report = check_loop(valid=measure)
    assert report.ok and [(f.mistake, f.kind) for f in report.findings] == [('no-grad-missing', 'note')]
    assert report.passed == ['measure']


@pytest.mark.parametrize(('wrong_call', 'said'), [(lambda: check_loop(), 'nothing to check'),
                                                  (lambda: check_loop(train=3), 'hand over the function')])
def test_what_is_no_function_is_refused(wrong_call, said):
    with pytest.raises((ValueError, TypeError), match=said): wrong_call()


def test_the_caller_is_left_as_it_was():
    torch.manual_seed(3)
    state, kind = torch.get_rng_state(), torch.get_default_dtype()
    check_loop(train=training)
    assert torch.equal(state, torch.get_rng_state()) and torch.get_default_dtype() == kind


rounds = []


def endless(net, loader, opt):
    while True:
        rounds.append(len(rounds))
        for x, y in loader: nn.functional.cross_entropy(net(x), y)


def test_a_loop_without_an_end_is_stopped(monkeypatch):
    monkeypatch.setattr(traces, 'process_time', lambda: 20*process_time())  # the seconds that it gets are over soon
    assert check_loop(train=endless).to_dict() is not None
    assert 0 < len(rounds) < 200


# Any order, any name, any optimizer, any size

LINES = dict(zero='{opt}.zero_grad()', out='out = {model}({x})', loss='loss = {loss}(out, {y})', back='loss.backward()',
             step='{opt}.step()')
ORDERS = ['zero out loss back step', 'out zero loss back step', 'out loss zero back step', 'out loss back step zero',
          'zero out loss back step zero']
NAMES = dict(model=['model', 'net', 'network', 'clf', 'classifier', 'nn_model'],
             loader=['dl', 'train_loader', 'trainloader', 'dataloader', 'data_iter', 'train_dl', 'loader'],
             loss=['loss_fn', 'criterion', 'loss_func', 'cost', 'F.cross_entropy', 'nn.CrossEntropyLoss()'],
             opt=['opt', 'optimizer', 'optim_', 'trainer'], x=['x', 'xb', 'inputs', 'images', 'data'],
             y=['y', 'yb', 'labels', 'target'])
OPTIMIZERS = ['', 'SGD({}, lr=0.1)', 'SGD({}, lr=0.1, momentum=0.9)', 'Adam({}, lr=1e-3)', 'AdamW({})',
              'RMSprop({}, lr=1e-3)',
              'SGD({}, lr=0.05, weight_decay=0.1, nesterov=True, momentum=0.5)']


@st.composite
def right_loops(draw):
    "The text of a right loop, in one of very many forms"
    names = {role: draw(st.sampled_from(found)) for role, found in NAMES.items()}
    made, mode = draw(st.sampled_from(OPTIMIZERS)), draw(st.sampled_from(['', '    {model}.train()\n']))
    order = draw(st.sampled_from(ORDERS)).split()
    body = [LINES[part].format(**names) for part in order]
    if draw(st.booleans()): body.insert(body.index('loss.backward()') + 1,
                                        'nn.utils.clip_grad_norm_({model}.parameters(), 0.1)'.format(**names))
    if draw(st.booleans()): body.append('total += loss.item()*len({x})'.format(**names))
    given_names = [names['model'], names['loader'], *([names['loss']] if names['loss'].isidentifier() else []),
                   *([] if made else [names['opt']])]
    given_names = draw(st.permutations(given_names))
    epochs = draw(st.sampled_from(['', 'epochs', 'num_epochs']))
    lines = [f'for {names["x"]}, {names["y"]} in {names["loader"]}:'] + ['    ' + line for line in body]
    if epochs: lines = [f'for epoch in range({epochs}):'] + ['    ' + line for line in lines]
    if made: lines.insert(0, f'{names["opt"]} = torch.optim.' + made.format(f'{names["model"]}.parameters()'))
    takes = ', '.join([*given_names, *([epochs] if epochs else [])])
    head = f'def fit({takes}):\n' + mode.format(**names) + '    total = 0.\n'
    imports = 'import torch\nfrom torch import nn\nimport torch.nn.functional as F\n'
    return imports + head + '\n'.join('    ' + s for s in lines) + '\n'


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(right_loops())
def test_no_right_loop_is_accused_in_any_form(text):
    found, = judged(text)
    assert found.unclear == '' and found.mistakes == []


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(right_loops(), st.integers(0, 10**6))
def test_without_zeroing_it_is_named_in_any_form(text, seed):
    text = '\n'.join(line for line in text.splitlines() if 'zero_grad' not in line) + '\n'
    found, = judged(text)
    assert [v.slug for v in found.mistakes] in (['gradients-not-zeroed'], ['gradients-not-zeroed', 'optimizer-remade'])


# What cannot be had, and real runs

def test_a_loop_that_wants_a_gpu_is_judged_without_one():
    found, = judged('import torch\nimport torch.nn.functional as F\ndef train(net, loader, opt):\n    net.cuda()\n'
                    '    for x, y in loader:\n        x = x + torch.zeros(1, device="cuda")\n'
                    '        F.cross_entropy(net(x.to("cuda")), y.cuda()).backward()\n        opt.step()\n')
    assert [v.slug for v in found.mistakes] == ['gradients-not-zeroed']


def test_a_loop_that_cannot_be_tried_ends_in_a_sentence():
    found, = judged('def train(net, loader, opt):\n    for x, y in open("/no/such/file"):\n        net(x).backward()\n')
    assert found.verdicts == [] and 'line 2' in found.unclear and 'FileNotFoundError' in found.unclear


@pytest.mark.parametrize(('when', 'slug'), [('never', ['gradients-not-zeroed']), ('between', ['zeroed-too-early']),
                                            ('after', []), ('by hand', [])])
def test_a_real_run_that_is_watched_is_judged(when, slug):
    model, x, y = nn.Linear(3, 1), torch.randn(16, 3), torch.randn(16, 1)
    opt = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    with watch(model) as run:
        for _ in range(6):
            nn.functional.mse_loss(model(x), y).backward()
            if when == 'between': opt.zero_grad()
            opt.step()
            if when == 'after': opt.zero_grad()
            if when == 'by hand':
                for p in model.parameters(): p.grad.zero_()
    assert [f.slug for f in run.findings] == slug
    for finding in run.findings: assert 'opt.' in finding.message
