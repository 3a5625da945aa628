"What is wrong with a loop that cannot be run is read in its source, and no right loop is accused"
import ast
import json
from pathlib import Path
from types import ModuleType

import pytest

from fastsgd.check import check_file, check_loop
from fastsgd.checker import loops
from fastsgd.checker.apart import remember
from fastsgd.checker.reading import read
from fastsgd.mistakes import loop_mistakes, mistakes

LOOPS = Path(__file__).parent/'loops'
ANSWERS = json.loads((LOOPS/'answers.json').read_text())


def of_batch(*lines, before=(), after=(), made='torch.optim.Adam(model.parameters())'):
    "A file with a loop over batches that has these lines"
    head = ['import torch', 'import torch.nn.functional as F', 'from torch import nn',
            'from elsewhere import model, train_loader, test_loader, loss_fn', f'optimizer = {made}', *before,
            'for epoch in range(3):', '    for i, (x, y) in enumerate(train_loader):']
    return '\n'.join([*head, *[f'        {line}' for line in lines], *after])


zero, step, backward = 'optimizer.zero_grad()', 'optimizer.step()', 'loss.backward()'
forward = 'loss = loss_fn(model(x), y)'
clip = 'nn.utils.clip_grad_norm_(model.parameters(), 1)'

measure = ['    with torch.no_grad():', '        for x, y in test_loader: right += (model(x).argmax(1) == y).sum()']

pair = """
import torch
from networks import netD, netG, noise, real_loss, fake_loss, loader
optD = torch.optim.Adam(netD.parameters())
optG = torch.optim.Adam(netG.parameters())
for real, _ in loader:
    {first}
    fake = netG(noise())
    lossD = real_loss(netD(real)) + fake_loss(netD(fake.detach()))
    lossD.backward()
    optD.step()
    {second}
    lossG = real_loss(netD(fake))
    lossG.backward()
    optG.step()
"""

by_phase = """
import torch
def train(model, loaders, loss_fn, optimizer, epochs):
    for epoch in range(epochs):
        for phase in ['train', 'val']:
            model.train(phase == 'train')
            for a, b, y in loaders[phase]:
                with torch.set_grad_enabled(phase == 'train'):
                    loss = loss_fn(model(a, b), y)
                    if phase == 'train':
                        {0}
                        {1}
                        {2}
"""

several = """
import torch
from elsewhere import encoder, decoder, pairs, loss_fn
one, two = encoder, decoder
enc_opt = torch.optim.SGD(encoder.parameters(), lr=.1)
dec_opt = torch.optim.SGD(decoder.parameters(), lr=.1)
def train(x, y, enc_opt, dec_opt):
    enc_opt.zero_grad()
    {}.zero_grad()
    loss = loss_fn(decoder(encoder(x)), y)
    loss.backward()
    enc_opt.step()
    dec_opt.step()
for i in range(1000):
    x, y = next(pairs)
    train(x, y, enc_opt, dec_opt)
"""

network = """
import torch, torch.nn.functional as F
from torch import nn
from elsewhere import rows, Body
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Body()
    def forward(self, x): return {end}
net, loss_fn = Net(), {loss}
opt = torch.optim.Adam(net.parameters())
for x, y in torch.utils.data.DataLoader(rows):
    opt.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    opt.step()
"""

modes = """
import torch
from elsewhere import train_loader, test_loader, loss_fn, Net
model = Net(dropout=.5)
optimizer = torch.optim.Adam(model.parameters())
def train():
    {}
    for x, y in train_loader:
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()
def test():
    {}
    right = 0
    with torch.no_grad():
        for x, y in test_loader: right += (model(x).argmax(1) == y).sum().item()
    return right/len(test_loader.dataset)
{}
for epoch in range(9):
    train()
    test()
"""

wrong = [
    ('step-before-backward', of_batch(zero, forward, step, backward)),
    ('step-before-backward', of_batch(forward, step, backward, zero)),
    ('step-before-backward', by_phase.format(zero, step, backward)),
    ('backward-missing', of_batch(zero, forward, step)),
    ('backward-missing', of_batch(zero, forward, 'loss.backward', step)),
    ('step-missing', of_batch(zero, forward, backward, 'optimizer.step')),
    ('gradients-not-zeroed', of_batch(forward, backward, step)),
    ('gradients-not-zeroed', of_batch('optimizer.zero_grad', forward, backward, step)),
    ('gradients-not-zeroed', of_batch(forward, backward, 'scaler.step(optimizer)', before=['scaler = GradScaler()'])),
    ('gradients-not-zeroed', pair.format(first='', second='optG.zero_grad()')),
    ('gradients-not-zeroed', pair.format(first='optG.zero_grad()', second='optG.zero_grad()')),
    ('gradients-not-zeroed', pair.format(first='netG.zero_grad()', second='netG.zero_grad()')),
    ('gradients-not-zeroed', several.format('enc_opt')),
    ('zeroed-once-an-epoch', of_batch(forward, backward, step).replace('    for i', f'    {zero}\n    for i')),
    ('zeroed-too-early', of_batch(forward, backward, zero, step)),
    ('zeroed-too-early', of_batch(zero, 'a, b = model(x)', 'F.l1_loss(a, y).backward(retain_graph=True)', zero,
                                  'loss = F.mse_loss(b, y)', backward, step)),
    ('only-last-batch', of_batch(zero, forward, backward, after=[f'    {step}'])),
    ('only-first-batch', of_batch(zero, forward, backward, step, 'break')),
    ('epochs-ignored', of_batch(zero, forward, backward, step, after=['    break'])),
    ('first-batch-measured', of_batch(zero, forward, backward, step, after=[
        'def test(model, loader):', '    right = 0', '    for x, y in loader:',
        '        right += (model(x).argmax(1) == y).sum().item()', '        return right/len(loader.dataset)'])),
    ('clipped-after-step', of_batch(zero, forward, backward, step, clip)),
    ('clipped-each-micro-batch', of_batch(forward, backward, clip, 'if (i + 1) % 4 == 0:', f'    {step}',
                                          f'    {zero}')),
    ('clipped-each-micro-batch', of_batch('for part in range(4):', '    loss = loss_fn(model(part), y)/4',
                                          f'    {backward}', f'    {clip}', step, zero)),
    ('accumulation-zeroed', of_batch(zero, forward, backward, 'if (i + 1) % 4 == 0:', f'    {step}')),
    ('optimizer-remade', of_batch(zero, forward, backward, step).replace(
        '    for i', '    optimizer = torch.optim.Adam(model.parameters())\n    for i')),
    ('optimizer-misses-parameters', of_batch(zero, forward, backward, step, before=['model.fc = nn.Linear(512, 2)'])),
    ('backward-twice', of_batch(zero, 'a = loss_fn(model(x), y)', 'a.backward(retain_graph=True)',
                                'loss = a + model.penalty()', backward, step)),
    ('scheduler-each-batch', of_batch(zero, forward, backward, step, 'schedule.step()', before=[
        'schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs)'])),
    ('measured-on-training-set', of_batch(zero, forward, backward, step, after=[
        'test_acc = accuracy(model, train_loader)'])),
    ('trained-in-eval-mode', modes.format('', 'model.eval()', 'model.train()')),
    ('trained-in-eval-mode', modes.format('model.train', 'model.eval()', '')),
    ('measured-in-train-mode', modes.format('model.train()', 'model.eval', '')),
    ('measured-in-train-mode', modes.format('model.train()', '', '')),
    ('loss-detached', of_batch(zero, 'loss = torch.tensor(loss_fn(model(x), y).item(), requires_grad=True)', backward,
                               step)),
    ('loss-detached', of_batch(zero, 'loss = loss_fn(model(x), y).detach()', 'loss.requires_grad_()', backward, step)),
    ('graph-kept', of_batch(zero, forward, backward, step, 'total += loss', before=['total = 0'])),
    ('softmax-twice', network.format(end='F.softmax(self.body(x), dim=1)', loss='nn.CrossEntropyLoss()')),
    ('softmax-twice', of_batch(zero, 'loss = F.cross_entropy(model(x).softmax(1), y)', backward, step)),
    ('sigmoid-twice', network.format(end='torch.sigmoid(self.body(x))', loss='nn.BCEWithLogitsLoss()')),
    ('nll-of-probabilities', network.format(end='F.softmax(self.body(x), dim=1)', loss='nn.NLLLoss()')),
    ('softmax-over-batch', network.format(end='F.log_softmax(self.body(x), dim=0)', loss='nn.NLLLoss()')),
    ('argmax-over-everything', of_batch(zero, 'out = model(x)', 'loss = loss_fn(out, y)', backward, step,
                                        'right += (out.argmax() == y).sum()')),
    ('argmax-over-everything', of_batch(zero, 'out = model(x)', 'loss = loss_fn(out, y)', backward, step,
                                        'right += (torch.argmax(out, dim=0) == y).sum()')),
]

by_hand = """
import torch
w = torch.zeros(3, requires_grad=True)
for x, y in rows:
    loss = ((x@w - y)**2).mean()
    loss.backward()
    with torch.no_grad():
        w -= .1*w.grad
        {}
"""

right = [
    of_batch(zero, forward, backward, step),
    of_batch(forward, zero, backward, step),
    of_batch(forward, backward, step, zero),
    of_batch(forward, backward, step, 'model.zero_grad()'),
    of_batch(forward, backward, step, 'for p in model.parameters(): p.grad = None'),
    of_batch(forward, backward, step, 'for p in model.parameters(): p.grad.zero_()'),
    of_batch(forward, backward, step, 'clear_gradients(model)'),
    of_batch(forward, 'accelerator.backward(loss)', step, zero),
    of_batch(zero, 'with autocast(): loss = loss_fn(model(x), y)', 'scaler.scale(loss).backward()',
             'scaler.unscale_(optimizer)', clip, 'scaler.step(optimizer)', 'scaler.update()'),
    # the step of the turn before
    of_batch(step, zero, forward, backward),
    of_batch(zero, 'learn(model, x, y)', step),
    of_batch(zero, 'learn(x, y)', step, before=['def learn(x, y): loss_fn(model(x), y).backward()']),
    of_batch(zero, 'for p, g in zip(model.parameters(), torch.autograd.grad(f(x), model.parameters())): p.grad = g',
             step),
    of_batch(zero, 'loss = learn_from(model(x), y)', step),
    of_batch(zero, 'loss = compute(model(x), y)', step),
    of_batch(zero, 'optimizer.pc_backward([loss_fn(model(x), y)])', step),
    of_batch(zero, forward, backward, 'kept = [p.grad.clone() for p in model.parameters()]', zero,
             'for p, g in zip(model.parameters(), kept): p.grad = g', step),
    of_batch(forward, backward, step, before=['optimizer.register_step_post_hook(clear)']),
    # accumulation
    of_batch('loss = loss_fn(model(x), y)/4', backward, 'if (i + 1) % 4 == 0:', f'    {clip}', f'    {step}',
             f'    {zero}'),
    of_batch('if i % 4 == 0: optimizer.zero_grad()', forward, backward, 'if i % 4 == 3: optimizer.step()'),
    of_batch(zero, 'for part in x.split(4): (loss_fn(model(part), y)/4).backward()', clip, step),
    of_batch(zero, forward, backward, 'if loss < 9: optimizer.step()'),
    # closures, wrappers, hooks, and steps that zero by themselves
    of_batch('def closure():', '    optimizer.zero_grad()', '    loss = loss_fn(model(x), y)', '    loss.backward()',
             '    return loss', 'optimizer.step(closure)', made='torch.optim.LBFGS(model.parameters())'),
    of_batch(forward, backward, 'optimizer.step_and_update_lr()', made='ScheduledOptim(model)'),
    of_batch(forward, backward, step, made='Mine(model)', before=[
        'class Mine:', '    def __init__(self, model): self.model = model',
        '    def step(self): self.update(); self.model.zero_grad()']),
    of_batch(forward, backward, 'model.step()', made='None'),
    of_batch(forward, backward, step, 'self.callbacks.after_step(self)'),
    # more than one
    pair.format(first='optD.zero_grad()', second='optG.zero_grad()'),
    pair.format(first='netD.zero_grad()', second='netG.zero_grad()'),
    pair.format(first='optD.zero_grad(); optG.zero_grad()', second='optG.zero_grad()'),
    pair.format(first='for opt in (optD, optG): opt.zero_grad()', second='optG.zero_grad()'),
    several.format('dec_opt'),
    of_batch('for opt in optimizers: opt.zero_grad()', forward, backward, 'for opt in optimizers: opt.step()'),
    by_phase.format(zero, backward, step),
    # gradients that are used before they are taken away: an adversarial example, a penalty
    of_batch('x.requires_grad_()', forward, backward, 'x = x + .1*x.grad.sign()', zero, 'other = loss_fn(model(x), y)',
             'other.backward()', step),
    of_batch(zero, forward, 'slope, = torch.autograd.grad(loss, x, create_graph=True)',
             '(loss + slope.norm()).backward()', step),
    # a model of its own for each fold, or for each row
    of_batch(forward, backward, step).replace('        loss =', '        model = base(); optimizer = torch.optim.SGD('
                                              'model.parameters(), lr=1)\n        loss ='),
    of_batch(zero, forward, backward, step).replace(
        '    for i', '    model = Net(); optimizer = torch.optim.Adam(model.parameters())\n    for i'),
    of_batch(zero, forward, backward, step).replace('for epoch in', 'for fold in').replace(
        '    for i', '    model.load_state_dict(start); optimizer = torch.optim.Adam(model.parameters())\n    for i'),
    # schedules, averages of weights, heads that come first
    of_batch(zero, forward, backward, step, 'schedule.step()', before=[
        'schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, .1, epochs=3, steps_per_epoch=9)']),
    of_batch(zero, forward, backward, step, 'schedule.step()', before=[
        'schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3*len(train_loader))']),
    of_batch(zero, forward, backward, step, 'for p, q in zip(average.parameters(), model.parameters()):',
             '    p.data.mul_(.9).add_(q.data, alpha=.1)', 'average.eval()'),
    of_batch(zero, forward, backward, step, before=['model.fc = nn.Linear(9, 2)',
                                                    'optimizer = torch.optim.SGD(model.parameters(), lr=.1)']),
    # modes
    modes.format('model.train()', 'model.eval()', ''),
    modes.format('', 'model.eval()', '').replace('    test()', '    test()\n    model.train()'),
    modes.format('', 'model.train(False)', '').replace('    train()\n', '    model.train(True)\n    train()\n'),
    modes.format('', '', '').replace('    test()', '    pass') + 'model.eval()\ntest()',
    # ends of loops
    of_batch(zero, forward, backward, step, 'if i > 99: break'),
    of_batch('if bad(x): continue', 'show(x)', 'break'),
    of_batch(zero, forward, backward, step, after=['    if done(): break']),
    # losses
    of_batch(zero, forward, backward, step, 'total += loss.item()', before=['total = 0']),
    of_batch(zero, forward, backward, step, 'total += loss.detach()', before=['total = 0']),
    of_batch(zero, 'loss = 0', 'for z in model(x): loss += loss_fn(z, y)', backward, step),
    of_batch(zero, 'loss = torch.tensor(0.)', 'for z in model(x): loss = loss + loss_fn(z, y)', backward, step),
    of_batch(zero, 'loss = F.cross_entropy(model(x), teacher(x).softmax(1))', backward, step),
    of_batch(zero, 'loss = F.nll_loss(model(x).softmax(1).log(), y)', backward, step),
    network.format(end='self.body(x)', loss='nn.CrossEntropyLoss()'),
    network.format(end='F.log_softmax(self.body(x), dim=1)', loss='nn.NLLLoss()'),
    network.format(end='torch.sigmoid(self.body(x))', loss='nn.BCELoss()'),
    network.format(end='self.body(x) if self.training else F.softmax(self.body(x), 1)', loss='nn.CrossEntropyLoss()'),
    network.format(end='self.attend(F.softmax(self.body(x), dim=0))', loss='nn.NLLLoss()'),
    of_batch(zero, 'out = model(x)', 'loss = loss_fn(out, y)', backward, step, 'right += (out.argmax(1) == y).sum()'),
    by_hand.format('w.grad.zero_()'), by_hand.format('w.grad = None'),
]


def slugs(found): return {v.slug for v in found}


@pytest.mark.parametrize(('slug', 'text'), [pytest.param(s, t, id=f'{s}-{i}') for i, (s, t) in enumerate(wrong)])
def test_a_mistake_is_read(slug, text):
    found = read([text])
    assert slugs(found) == {slug}
    assert all(v.message.endswith('(Read, not run.)') and f'line {v.line}' in v.message
               for v in found if slug not in ('trained-in-eval-mode', 'softmax-over-batch'))


@pytest.mark.parametrize('text', right)
def test_a_right_loop_is_not_accused(text):
    ast.parse(text)
    assert not read([text])


@pytest.mark.parametrize('name', [n for n in ANSWERS if n.startswith('right/')])
def test_no_right_file_is_accused_though_nothing_of_it_is_run(name): assert not read([(LOOPS/name).read_text()])


def test_what_is_read_of_the_wrong_files_is_what_is_wrong_with_them():
    named = 0
    for name in [n for n in ANSWERS if n.startswith('wrong/')]:
        found = slugs(read([(LOOPS/name).read_text()]))
        assert found <= {*ANSWERS[name]['slugs'], *ANSWERS[name].get('notes', [])}, name
        named += bool(found)
    assert named >= 35


def test_each_has_an_entry_on_the_page_of_mistakes(): assert {s for s, _ in wrong} <= {*mistakes, *loop_mistakes}


def test_text_that_is_no_python_says_nothing(): assert read(['for x in']) == []


# In reports

of_zebras = '''def train(model, zebra, optimizer):
    for stripe in zebra.stripes:
        optimizer.zero_grad()
        optimizer.step()
        zebra.tail(model(stripe) - zebra.head[stripe]).backward()
'''


@pytest.mark.usefixtures('forked')
def test_a_file_that_cannot_be_run_is_read(tmp_path):
    file = tmp_path/'a.py'
    file.write_text(of_zebras)
    report = check_file(file)
    assert [(f.function, f.mistake, f.kind) for f in report.findings] == [('train', 'step-before-backward', 'mistake')]
    assert not report.ok and not report.passed
    assert any('could not be judged' in note for note in report.notes)
    assert 'backward() come first' in report.hint()


@pytest.mark.usefixtures('forked')
def test_a_function_without_a_loop_is_read(tmp_path):
    file = tmp_path/'a.py'
    file.write_text('import torch\n\nclass Agent:\n    def __init__(self, model):\n        self.model = model\n'
                    '        self.opt = torch.optim.Adam(self.model.parameters())\n    def learn(self, x, y):\n'
                    '        loss = (self.model(x) - y).square().mean()\n        loss.backward()\n'
                    '        self.opt.zero_grad()\n        self.opt.step()\n')
    finding, = check_file(file).findings
    assert (finding.function, finding.mistake) == ('Agent.learn', 'zeroed-too-early')
    assert 'line 10' in finding.message


@pytest.mark.usefixtures('forked')
def test_lines_of_a_notebook_are_those_of_its_cells(tmp_path):
    cells = ['import torch\nfrom elsewhere import model, rows', 'opt = torch.optim.Adam(model.parameters())',
             'def learn(rows, strange):\n    for a, b, c in rows.of(strange):\n        loss = model(a, b).sum()\n'
             '        loss.backward()\n        opt.step()']
    file = tmp_path/'a.ipynb'
    file.write_text(json.dumps(dict(cells=[dict(cell_type='code', source=c) for c in cells])))
    finding, = check_file(file).findings
    assert finding.mistake == 'gradients-not-zeroed' and 'line 5' in finding.message


def test_a_loop_that_ran_is_not_read():
    text = of_batch(forward, backward, step).replace('from elsewhere', 'from torch')
    lines = 'for x, y in train_loader:', *['    ' + line for line in (zero, forward, backward, step)]
    ran = '\n    '.join(['def train(model, train_loader, loss_fn, optimizer):', *lines])
    name = '/loops/read.py'
    remember(name, ran)
    space = ModuleType('solution')
    file = loops.FileLoops(name, ran)
    exec(compile(ran, name, 'exec'), vars(space))
    file.find(vars(space), {})
    file.readings = [v for v in read([text])]
    for v in file.readings: v.home = 'train'
    assert [v for _, found in file.judged([]) if found for v in found.verdicts] == []


def unclear(model, zebra, optimizer):
    for stripe in zebra.stripes:
        loss = zebra.tail(model(stripe) - zebra.head[stripe])
        loss.backward()
        optimizer.step()


def test_a_function_that_cannot_be_run_is_read():
    report = check_loop(train=unclear)
    assert [f.mistake for f in report.findings] == ['gradients-not-zeroed'] and report.notes
