"Watching a run: what is seen, that nothing is changed, whose weights are whose, where runs part and why"
import gc
import sys
import threading
from contextlib import suppress
from math import isnan, nan
from time import sleep

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import lr_scheduler

from fastsgd import hooks, learner, modules
from fastsgd.guards import Refusal
from fastsgd.parity import Run, assert_same_training, first_divergence, record, step_diffs
from fastsgd.prints import Prints, match
from fastsgd.watch import compare, load_run, save_run, trace, watch

g = torch.Generator().manual_seed(0)
BATCHES = [(torch.randn(16, 8, generator=g), torch.randn(16, 1, generator=g)) for _ in range(6)]


def net(seed=0, *between):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 5), *between, nn.ReLU(), nn.Linear(5, 1))


def sgd(model, lr=.1, **settings): return torch.optim.SGD(model.parameters(), lr, **settings)


def loop(model, opt, batches=BATCHES, each=lambda: None, loss_func=F.mse_loss):
    for xb, yb in batches:
        loss_func(model(xb), yb).backward()
        each()
        opt.step()
        opt.zero_grad()


def run_of(train=loop, weights=False, name='run', make_opt=sgd, model=None, **kwargs):
    model = model or net()
    with watch(model, weights=weights, name=name) as run: train(model, make_opt(model), **kwargs)
    return run


def by_hand(model, opt, update, batches=BATCHES):
    for xb, yb in batches:
        F.mse_loss(model(xb), yb).backward()
        for p in model.parameters(): update(p)
        model.zero_grad()


def in_place(p):
    with torch.no_grad(): p.sub_(p.grad, alpha=.1)


def through_data(p): p.data.sub_(p.grad, alpha=.1)
def new_data(p): p.data = p.data - .1*p.grad


# What is a step

@pytest.mark.parametrize('weights', [False, True])
@pytest.mark.parametrize('update', [in_place, through_data, new_data], ids=lambda f: f.__name__)
def test_updates_by_hand_are_steps(update, weights):
    one, other = run_of(weights=weights), run_of(by_hand, weights, update=update)
    assert other.n_steps == len(BATCHES)
    assert set(other.seen.calls) == {('forward', 'backward', 'zero_grad', 'update by hand')}
    assert step_diffs(one, other).max() < 1e-6
    if update is not new_data: assert_same_training(one, other)


def tiny(p): p.data.sub_(p.grad, alpha=1e-30)


def test_an_update_too_small_to_be_seen_is_a_step():
    assert_same_training(run_of(make_opt=lambda m: sgd(m, 1e-30)), run_of(by_hand, update=tiny))


def test_what_is_seen_of_each_step():
    run = run_of()
    assert run.n_steps == len(run.losses) == len(run.seen.calls) == 6
    assert run.seen.calls == [('forward', 'backward', 'step', 'zero_grad')]*6
    assert run.seen.rates == [(.1,)]*6 and run.seen.modes == [(True,)*4]*6
    assert [len(b) for b in run.seen.batches] == [16]*6
    model = net()
    loss = F.mse_loss(model(BATCHES[0][0]), BATCHES[0][1])
    loss.backward()
    assert run.losses[0] == pytest.approx(loss.item())
    assert run.seen.norms[0] == pytest.approx([p.grad.norm().item() for p in model.parameters()])
    assert run.seen.settings[0]['kind'] == 'SGD' and trace(run).shape == (5, 5)


def test_accumulated_gradients_are_one_step():
    def accumulate(model, opt):
        for i, (xb, yb) in enumerate(BATCHES):
            (F.mse_loss(model(xb), yb)/2).backward()
            if i % 2:
                opt.step()
                opt.zero_grad()
    whole = [tuple(map(torch.cat, zip(*BATCHES[i:i + 2]))) for i in (0, 2, 4)]
    c = compare(run_of(batches=whole), run_of(accumulate), atol=1e-6)
    assert c.same and c.b.n_steps == 3 and c.table().answer['batches'] == 'the same'
    assert c.a.losses == pytest.approx(c.b.losses)


def test_two_optimizers_after_one_backward_are_one_step():
    def two(model, opt):
        opts = [torch.optim.SGD(model[i].parameters(), .1) for i in (0, 2)]
        for xb, yb in BATCHES:
            F.mse_loss(model(xb), yb).backward()
            for opt in opts:
                opt.step()
                opt.zero_grad()
    assert_same_training(run_of(), run_of(two))


def test_a_closure_is_one_step():
    def closures(model, opt):
        for xb, yb in BATCHES:
            def closure():
                opt.zero_grad()
                loss = F.mse_loss(model(xb), yb)
                loss.backward()
                return loss
            opt.step(closure)
    assert_same_training(run_of(), run_of(closures))
    def lbfgs(model): return torch.optim.LBFGS(model.parameters(), max_iter=4)
    assert run_of(closures, make_opt=lbfgs).n_steps == 6


def test_a_rate_of_zero_is_a_step_for_an_optimizer():
    assert run_of(make_opt=lambda m: sgd(m, lr=0.)).n_steps == 6


def test_gradients_that_are_returned_are_seen():
    def functional(model, opt):
        params = list(model.parameters())
        for xb, yb in BATCHES:
            grads = torch.autograd.grad(F.mse_loss(model(xb), yb), params)
            with torch.no_grad():
                for p, grad in zip(params, grads): p.sub_(grad, alpha=.1)
    c = compare(run_of(), run_of(functional))
    assert c.same and c.norms(1)['0.weight'][0] == pytest.approx(c.norms(1)['0.weight'][1])


def test_validation_is_no_step_and_does_not_disturb():
    def validating(model, opt):
        for batch in BATCHES:
            loop(model, opt, [batch])
            model.eval()
            with torch.no_grad(): model(BATCHES[0][0])
            model.train()
    assert_same_training(run_of(), run_of(validating))


def test_schedulers_and_clipping_are_seen():
    model, seen = net(), []
    opt = sgd(model)
    plan = lr_scheduler.SequentialLR(opt, [lr_scheduler.LinearLR(opt), lr_scheduler.StepLR(opt, 1, .5)], [2])
    with watch(model) as run:
        for xb, yb in BATCHES:
            F.mse_loss(model(xb), yb).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.)
            opt.step()
            seen.append((opt.param_groups[0]['lr'],))
            plan.step()
            opt.zero_grad()
    assert run.seen.rates == seen and len({*seen}) > 3
    assert run.seen.calls == [('forward', 'backward', 'clip', 'step', 'scheduler', 'zero_grad')]*6


# Watching changes nothing

def trained(watching, train=loop):
    model = net(0, nn.Dropout(.2), nn.BatchNorm1d(5))
    opt = torch.optim.Adam(model.parameters())
    if watching:
        with watch(model), watch(model, weights=True), watch(): train(model, opt)
    else: train(model, opt)
    return [*model.state_dict().values(), torch.rand(3), *(p.grad is None for p in model.parameters())]


def test_watching_changes_no_bit():
    for p, q in zip(trained(True), trained(False), strict=True): assert p is q or torch.equal(p, q)


def changed_places():
    "All that is replaced or hooked while somebody watches"
    from fastai.optimizer import Optimizer as FastaiOptimizer
    optimizer = sys.modules['torch.optim.optimizer']
    classes = {lr_scheduler.LRScheduler, *hooks._below(lr_scheduler.LRScheduler)}
    return [torch.autograd.backward, torch.autograd.grad, torch.optim.Optimizer.zero_grad, nn.Module.zero_grad,
            FastaiOptimizer.step, FastaiOptimizer.zero_grad, *(vars(c).get('step') for c in sorted(classes, key=str)),
            len(optimizer._global_optimizer_pre_hooks), len(optimizer._global_optimizer_post_hooks)]


@pytest.mark.parametrize('error', [None, KeyError, KeyboardInterrupt])
def test_nothing_is_left_behind(error):
    model, before = net(), changed_places()
    with suppress(KeyError, KeyboardInterrupt), watch(model), watch():
        loop(model, sgd(model))
        assert changed_places() != before and model._forward_pre_hooks
        if error: raise error
    assert changed_places() == before and not model._forward_pre_hooks
    assert not any(p._backward_hooks for p in model.parameters())
    assert not [w for w in gc.get_objects() if type(w) is hooks.Watcher and w in hooks._watchers]


# What is watched

def test_everything_is_found_where_nothing_is_named():
    model = net(0, nn.BatchNorm1d(5))
    with watch() as run: loop(model, sgd(model))
    assert list(run.seen.start) == [n for n, _ in model.named_parameters()] + [n for n, _ in model.named_buffers()]
    assert run.seen.spare == {n for n, _ in model.named_buffers()}


def test_tensors_without_a_module_and_their_batches_are_found():
    w, b = torch.zeros(8, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    with watch() as run:
        for xb, yb in BATCHES:
            F.mse_loss(xb@w + b, yb).backward()
            with torch.no_grad():
                for p in (w, b):
                    p -= .1*p.grad
                    p.grad = None
    assert run.n_steps == 6 and {tuple(t.shape) for t in run.seen.start.values()} == {(8, 1), (1,)}
    assert compare(run, run).table().answer['batches'] == 'the same'
    assert torch.allclose(run.seen.batches[0], hooks.row_numbers(BATCHES[0][0]))


def test_several_models_lists_dicts_and_learners(dls):
    a, b = net(), net(1)
    chain, opt = nn.Sequential(a, nn.Linear(1, 8), b), torch.optim.SGD([*a.parameters(), *b.parameters()], .1)
    with watch(dict(a=a, b=b)) as run: loop(chain, opt)
    assert [*run.seen.start][:2] == ['a.0.weight', 'a.0.bias'] and run.n_steps == 6
    learn = learner.get_learner(dls, modules.linear_model(), .1)
    with watch(learn) as by_learner, learn.no_bar(), learn.no_logging(): learn.fit(1)
    assert by_learner.n_steps == len(dls.train) and by_learner.seen.rates[0] == (.1,)
    assert by_learner.seen.calls[1] == ('forward', 'backward', 'step', 'zero_grad')


def test_two_networks_against_each_other():
    def duel():
        one, two = net(), net(1)
        opts = sgd(one), sgd(two)
        with watch(one, name='one') as first, watch(two, name='two') as second, watch(one, two) as both:
            for xb, yb in BATCHES:
                for model, opt in zip((one, two), opts): loop(model, opt, [(xb, yb)])
        return first, second, both
    first, second, both = duel()
    assert first.n_steps == second.n_steps == 6 and both.n_steps == 12
    assert_same_training(first, run_of())
    assert_same_training(second, run_of(model=net(1)))
    for mine, again in zip((first, second, both), duel()): assert_same_training(mine, again)


def test_nested_watches_see_the_same():
    model = net()
    with watch(model) as outer:
        loop(model, sgd(model), BATCHES[:2])
        with watch(model) as inner: loop(model, sgd(model), BATCHES[2:])
    assert (outer.n_steps, inner.n_steps) == (6, 4)
    assert all(torch.equal(outer.params[-1][n], p) for n, p in inner.params[-1].items())


def test_threads_see_their_own_training_only():
    runs = {}
    def work(seed):
        runs[seed] = run_of(model=models[seed], batches=BATCHES*20)
    models = {seed: net(seed) for seed in range(3)}
    threads = [threading.Thread(target=work, args=(seed,)) for seed in models]
    for t in threads: t.start()
    for t in threads: t.join()
    for seed, run in runs.items(): assert_same_training(run, run_of(model=net(seed), batches=BATCHES*20))


def test_another_thread_does_not_cut_a_step_in_two():
    def slowly(p):
        p.data.sub_(p.grad, alpha=.1)
        sleep(.002)  # meanwhile the other one goes backward
    other, done = net(1), threading.Event()
    def work():
        while not done.is_set(): loop(other, sgd(other))
    thread = threading.Thread(target=work)
    thread.start()
    try: run = run_of(by_hand, update=slowly)
    finally:
        done.set()
        thread.join()
    assert_same_training(run_of(), run)


# Bad input

def refused(what, train=lambda: None, kind=ValueError):
    with pytest.raises(kind) as e, watch(*what): train()
    assert isinstance(e.value, Refusal) and '\n' not in str(e.value)
    return str(e.value)


def test_no_step():
    model, twin = net(), net()
    assert 'nothing that is watched was trained' in refused([model])
    assert 'holds other parameters' in refused([model], lambda: loop(twin, sgd(twin)))
    def elsewhere():
        t = threading.Thread(target=lambda: loop(model, sgd(model)))
        t.start()
        t.join()
    assert 'another thread' in refused([model], elsewhere)
    assert 'the weights stayed' in refused([model], lambda: F.mse_loss(model(BATCHES[0][0]), BATCHES[0][1]).backward())
    assert 'No step' in refused([])


@pytest.mark.parametrize('what', ['model', 3, max, [1, 2], [], {}, None], ids=str)
def test_what_holds_no_weights(what): assert 'no weights to watch' in refused([what], kind=TypeError)


def test_a_model_that_changes_its_parameters():
    model = net()
    def grow():
        loop(model, sgd(model))
        model.append(nn.Linear(1, 1))
    assert '3.weight is not what it was' in refused([model], grow)
    lazy = nn.Sequential(nn.LazyLinear(3))
    assert 'no shape yet' in refused([lazy])


def test_an_error_keeps_what_was_seen_and_says_so():
    model = net()
    def each():
        if len(seen) == 4: raise KeyError('oops')
        seen.append(1)
    seen = []
    with pytest.raises(KeyError) as e, watch(model, name='broken') as run: loop(model, sgd(model), each=each)
    assert run.n_steps == 4
    note = "fastsgd.watch: Run 'broken' of 4 steps had been seen before."
    if hasattr(e.value, 'add_note'): assert e.value.__notes__ == [note]
    c = compare(run_of(), run)
    assert not c.same and c.cause.name == 'length' and 'took 4 steps' in c.verdict


def test_a_run_is_stopped_after_some_steps():
    model = net()
    with watch(model, steps=3) as run: loop(model, sgd(model))
    assert run.n_steps == 3
    assert step_diffs(run, run_of()).shape[0] == 4 and not step_diffs(run, run_of()).any()


def test_nan_differs_from_itself():
    bad = [(torch.full((16, 8), nan), BATCHES[0][1])]
    c = compare(run_of(batches=bad), run_of(batches=bad))
    assert not c.same and c.cause.name == 'NaN' and c.jump == 1
    assert isnan(c.a.losses[0]) and c.to_dict()['largest_difference'][1] is None
    with pytest.raises(AssertionError): assert_same_training(c.a, c.b)


def test_parameters_that_cannot_be_matched():
    with pytest.raises(ValueError, match='cannot be matched: one run has 4'):
        compare(run_of(), run_of(model=nn.Linear(8, 1)))
    with pytest.raises(ValueError, match='0.weight has shape'):
        compare(run_of(), run_of(model=nn.Sequential(nn.Linear(8, 6), nn.Linear(6, 1))))


# Comparing

def test_runs_that_were_recorded_otherwise_can_be_compared():
    model = net()
    def train(dl, loss_func): loop(model, sgd(model), dl, loss_func=loss_func)
    recorded = record('recorded', train, lambda: dict(model.named_parameters()), BATCHES, F.mse_loss)
    for weights in True, False:
        c = compare(recorded, run_of(weights=weights))
        assert c.same and c.b.losses == recorded.losses and c.table().answer['batches'] == 'the same'


def turned(square=False):
    "The same training with weights kept as (in, out)"
    model = net()
    params = [(p.T.clone() if p.ndim == 2 else p.clone()).detach().requires_grad_() for p in model.parameters()]
    with watch(params, weights=True) as run:
        for xb, yb in BATCHES:
            F.mse_loss((xb@params[0] + params[1]).relu()@params[2] + params[3], yb).backward()
            with torch.no_grad():
                for p in params:
                    p.sub_(p.grad, alpha=.1)
                    p.grad = None
    return run


@pytest.mark.parametrize('weights', [False, True])
def test_turned_weights_are_matched(weights):
    c = compare(run_of(weights=weights), turned(), atol=1e-5)
    assert c.same and c.match.how == 'value' and c.match.pairs['0.weight'] == ('0', True)
    assert c.table().answer['batches'] == 'the same'


def test_a_turned_square_needs_the_weights():
    w = torch.randn(5, 5)
    def one(w, f, weights):
        w = w.clone().requires_grad_()
        with watch([w], weights=weights) as run:
            for _ in range(2):
                f(w).square().sum().backward()
                with torch.no_grad(): w -= .1*w.grad
                w.grad = None
        return run
    x = torch.randn(3, 5)
    kept = [one(w, lambda w: x@w, True), one(w.T, lambda w: x@w.T, True)]
    assert step_diffs(*kept).max() < 1e-5
    with pytest.raises(ValueError, match='weights=True'):
        step_diffs(one(w, lambda w: x@w, False), one(w.T, lambda w: x@w.T, False))


@pytest.mark.parametrize('scale', [1e-1, 1e-4])
def test_fingerprints_tell_about_how_far(scale):
    "As the weights do, up to the norm"
    def nudged(weights):
        model = net()
        def each():
            if len(seen) == 2: model[0].weight.grad += scale
            seen.append(1)
        seen = []
        return run_of(weights=weights, model=model, each=each)
    far = [first_divergence(run_of(weights=w), nudged(w)) for w in (True, False)]
    assert [d.step for d in far] == [3, 3] and far[1].param == '0.weight'
    assert .2 < far[1].diff/(.1*scale*40**.5) < 5 and far[0].diff == pytest.approx(.1*scale, rel=.1)


def test_one_bit_in_one_step_is_found():
    model = net()
    def each():
        if len(seen) == 3: model[0].weight.detach().view(torch.int32)[1, 1] ^= 1
        seen.append(1)
    seen = []
    d = first_divergence(run_of(), run_of(model=model, each=each))
    assert d.step == 4 and 0 < d.diff < 1e-6


def test_a_run_can_be_kept_and_compared_with_later(tmp_path):
    first = run_of(weights=True, name='first')
    save_run(first, tmp_path/'a.run')
    loaded = load_run(tmp_path/'a.run')
    assert_same_training(first, loaded)
    assert loaded.losses == first.losses and loaded.seen.calls == first.seen.calls
    model = net()
    with watch(model, against=tmp_path/'a.run') as second: loop(model, sgd(model))
    assert second.seen.diffs == [[0.]*4]*7 and not second.seen.whole
    assert compare(loaded, second).same
    model = net()
    with watch(model, against=loaded) as other: loop(model, sgd(model, lr=.2))
    faster = run_of(weights=True, make_opt=lambda m: sgd(m, .2))
    assert torch.equal(step_diffs(loaded, other), step_diffs(first, faster))


def test_what_was_found_is_kept(tmp_path):
    def never_zeroed(model):
        opt = sgd(model)
        for _ in range(4):
            model(torch.ones(2, 4)).sum().backward()
            opt.step()
    model = nn.Sequential(nn.Linear(4, 1))
    with watch(model) as run: never_zeroed(model)
    save_run(run, tmp_path/'a.run')
    loaded = load_run(tmp_path/'a.run')
    finding, = loaded.findings
    assert finding == run.findings[0] and finding.slug == 'gradients-not-zeroed'
    assert compare(loaded, run).to_dict()['findings'] == [[str(finding)]]*2


def test_fingerprints_can_be_kept(tmp_path):
    save_run(run_of(), tmp_path/'a.run')
    assert compare(load_run(tmp_path/'a.run'), run_of()).same
    assert not compare(load_run(tmp_path/'a.run'), run_of(make_opt=lambda m: sgd(m, .2))).same


def test_files_that_hold_no_run(tmp_path):
    (tmp_path/'b.run').write_text('something else')
    with pytest.raises(ValueError, match='holds no run'): load_run(tmp_path/'b.run')
    with pytest.raises(FileNotFoundError, match='There is no file'): load_run(tmp_path/'c.run')
    save_run(run_of(), tmp_path/'d.run')
    whole = (tmp_path/'d.run').read_bytes()
    for n in 20, 500, len(whole) - 3:
        (tmp_path/'d.run').write_bytes(whole[:n])
        with pytest.raises(ValueError, match='d.run is damaged'): load_run(tmp_path/'d.run')
    with pytest.raises(ValueError, match='was not watched'): save_run(Run('a', [], [], [], 0., 1), tmp_path/'e.run')
    with pytest.raises(OSError, match='cannot be written'): save_run(run_of(), tmp_path/'no'/'c.run')


def test_memory_is_bounded_with_fingerprints():
    model = nn.Linear(2000, 100)
    x = torch.ones(1, 2000)
    with watch(model) as run:
        opt = sgd(model, 1e-9)
        for _ in range(70):
            model(x).mean().backward()
            opt.step()
    assert run.n_steps == 70 and run.params.step_bytes < 4*200_100/30


def test_a_comparison_shows_itself():
    c = compare(run_of(name='<a>'), run_of(name='b', make_opt=lambda m: sgd(m, .2)), atol=1e-3)
    assert 'learning rates' in repr(c) and c.verdict in repr(c) and '&lt;a&gt;' in c._repr_html_()
    axes = c.plot().axes
    assert [line.get_label() for line in axes[0].lines] == ['<a>', 'b'] and len(axes[1].lines) == 3
    assert c.to_dict()['cause'] == 'rate'


# Faults that are planted and found

def dropping(model, opt): loop(model, opt, BATCHES[:3] + BATCHES[4:])
def adding(model, opt): loop(model, opt, BATCHES[:3] + [BATCHES[0]] + BATCHES[3:])
def mixing(model, opt): loop(model, opt, BATCHES[::-1])
def half(model, opt): loop(model, opt, [(x[:8], y[:8]) for x, y in BATCHES])
def others(model, opt): loop(model, opt, [(x + 1, y) for x, y in BATCHES])
def doubled(model, opt): loop(model, opt, loss_func=lambda p, t: 2*F.mse_loss(p, t))
def clipped(model, opt): loop(model, opt, each=lambda: nn.utils.clip_grad_norm_(model.parameters(), 1e-3))
def clipped_to(bound, scale):
    def train(model, opt):
        def each():
            norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
            for p in model.parameters(): scale(p, bound/norm)
        loop(model, opt, each=each)
    return train


def scale_in_place(p, by): p.grad *= by
def scale_data(p, by): p.grad.data.mul_(by)
def scale_anew(p, by): p.grad = p.grad*by
def forgets(model, opt): loop(model, torch.optim.SGD([*model.parameters()][1:], .1))


def accumulates(model, opt):
    for xb, yb in BATCHES:
        F.mse_loss(model(xb), yb).backward()
        opt.step()


def made_again(model, opt):
    loop(model, opt, BATCHES[:3])
    loop(model, torch.optim.SGD(model.parameters(), .1, momentum=.9), BATCHES[3:])


def climbs(model, opt): by_hand(model, opt, lambda p: p.data.add_(p.grad, alpha=.1))
def decays(model, opt): by_hand(model, opt, lambda p: p.data.sub_(p.grad + .1*p.data, alpha=.1))


@pytest.mark.parametrize('train, cause, step', [
    (dropping, 'batch dropped', 4), (adding, 'batch added', 4), (mixing, 'order', 1), (half, 'batch size', 1),
    (others, 'batch', 1), (doubled, 'loss', 1), (clipped, 'clipping', 1),
    (forgets, 'left out', 1), (accumulates, 'gradients', 2),
    (climbs, 'rate', 1), (decays, 'weight decay', 1)], ids=lambda x: getattr(x, '__name__', None))
@pytest.mark.parametrize('weights', [False, True])
def test_faults_are_named(train, cause, step, weights):
    c = compare(run_of(weights=weights), run_of(train, weights))
    assert (c.cause.name, c.jump, c.same) == (cause, step, False)
    assert c.cause.text.endswith(('.', '?')) and '\n' not in c.verdict


@pytest.mark.parametrize('scale', [scale_in_place, scale_data, scale_anew], ids=lambda f: f.__name__)
def test_clipping_by_hand_is_named(scale):
    c = compare(run_of(), run_of(clipped_to(1e-2, scale)))
    assert (c.cause.name, c.jump) == ('clipping', 1)


def test_two_bounds_of_clipping_are_told_apart():
    a, b = (run_of(clipped_to(bound, scale_in_place)) for bound in (1e-2, 2e-2))
    assert compare(a, b).cause.text.endswith('to a norm of 0.01 in run and 0.02 in run.')


@pytest.mark.parametrize('weights', [False, True])
def test_updates_by_hand_are_scaled_by_a_rate_or_by_clipping(weights):
    def update_by(rate): return lambda model, opt: by_hand(model, opt, lambda p: p.data.sub_(p.grad, alpha=rate(model)))
    def clips(model): return .01/torch.stack([p.grad.norm() for p in model.parameters()]).norm().item()
    plain, other, clipped = (run_of(update_by(rate), weights) for rate in (lambda m: .1, lambda m: .2, clips))
    assert compare(plain, other).cause.name == 'rate'
    assert compare(plain, clipped).cause.name == ('clipping' if weights else 'rate')
    assert weights or 'weights=True' in compare(plain, clipped).cause.text


@pytest.mark.parametrize('weights', [False, True])
@pytest.mark.parametrize('settings, cause', [
    (dict(lr=.2), 'rate'), (dict(momentum=.9), 'optimizer'), (dict(nesterov=True, momentum=.9), 'optimizer')])
def test_other_settings_are_named(settings, cause, weights):
    c = compare(run_of(weights=weights), run_of(weights=weights, make_opt=lambda m: sgd(m, **settings)))
    assert c.cause.name == cause


def test_momentum_that_is_lost_is_named():
    def with_momentum(model): return sgd(model, momentum=.9)
    c = compare(run_of(make_opt=with_momentum), run_of(made_again, make_opt=with_momentum))
    assert (c.cause.name, c.jump) == ('memory', 4)


def test_momentum_by_hand_is_named():
    def rolling(model, opt):
        kept = {}
        def update(p):
            kept[p] = kept.get(p, 0)*.9 + p.grad
            p.data.sub_(kept[p], alpha=.1)
        by_hand(model, opt, update)
    c = compare(run_of(), run_of(rolling))
    assert (c.cause.name, c.jump) == ('momentum', 2) and '0.9 times' in c.cause.text


def test_dropout_and_modes_are_named():
    def dropping_net(seed):
        model = net(0, nn.Dropout(.5))
        torch.manual_seed(seed)
        return model
    c = compare(run_of(model=dropping_net(1)), run_of(model=dropping_net(2)))
    assert (c.cause.name, c.jump) == ('dropout', 1)
    assert compare(c.a, run_of(model=dropping_net(1))).same
    c = compare(c.a, run_of(model=dropping_net(1).eval()))
    assert (c.cause.name, c.jump) == ('mode', 1)


def test_precision_creeps():
    double = [(x.double(), y.double()) for x, y in BATCHES]
    c = compare(run_of(batches=BATCHES*5), run_of(model=net().double(), batches=double*5))
    assert c.jump is None and c.cause.name == 'precision' and compare(c.a, c.b, atol=1e-4).same
    assert c.table().answer['batches'] == c.table().answer['start'] == 'the same'
    c = compare(run_of(), run_of(model=net(1)))
    assert (c.cause.name, c.jump, c.parting) == ('start', 0, 0)


# The parts

def test_fingerprints_read_all_kinds_of_tensors():
    for dtype in torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool:
        t = torch.ones(300, 3).to(dtype)
        prints = Prints(dict(t=t))
        before = prints()['t'].clone()
        t[299, 2] = 0
        assert not torch.equal(prints()['t'], before), dtype
    assert Prints(dict(empty=torch.ones(0), one=torch.tensor(2.)))()['one'].shape == (1, 2)


def test_starts_that_are_equal_are_matched_in_order():
    zeros = {n: torch.zeros(3) for n in 'abc'}
    others = {n.upper(): t for n, t in zeros.items()}
    assert match(zeros, others).pairs == dict(a=('A', False), b=('B', False), c=('C', False))


def test_runs_as_before(problem):
    "A `Run` that nobody watched is what it was"
    run = Run('a', [dict(w=torch.ones(2))]*2, [1.], [], 0., 1)
    assert run.seen is None and first_divergence(run, run) is None
    with pytest.raises(ValueError, match='give both the same names'):
        first_divergence(run, Run('b', [dict(v=torch.ones(2))]*2, [1.], [], 0., 1))
