"Right functions pass however they are written, mistakes are named, and no function does harm to its caller"
import re
import sys
import warnings
from collections import Counter
from functools import cache

import pytest
import torch
from dialects import dialects, general, in_other_words
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

import ways
from fastsgd import descent, exercises, manual, modules
from fastsgd.check import check, mistakes
from fastsgd.checker import matching, programs
from fastsgd.guards import plain
from ways import mnist_loss

names = list(ways.right)
seeds = st.integers(1, 3)  # few: what a program does with a seed is known from one example to the next
often = settings(max_examples=40, deadline=None, derandomize=True, database=None)


@cache
def report_on(name, f): return check(**{name: f})  # to look for what has no name takes seconds: once is enough


def found(name, f, **kwargs): return [x.mistake for x in check(**{name: f}, **kwargs).findings]


def params_of(rows):
    "Parameters for pytest, named for what they are: the last that stands in a row is the function"
    def name_of(x): return x if isinstance(x, str) else '+'.join(sorted(x)) if isinstance(x, set) else ways.called(x)
    return [pytest.param(*row, id='-'.join(map(name_of, row))) for row in rows]


right = [(name, f) for name in names for f in ways.right[name]]
wrong = [(slug, name, f) for slug, made in ways.wrong.items() for name, f in made]
pairs = [(slugs, name, f) for name, f, slugs in ways.pairs]
trained = {'train_epoch', 'train_model', 'BasicOptim'}
slow = trained | {'validate_epoch'}  # a check that finds a mistake in them takes a tenth of a second, or more
turn_of = {f: turn for turn, (_, _, f) in enumerate(wrong)}
edits = [edit for m in mistakes.values() for edit in m.edits]


# Right and wrong, as it is written and in other words

def mistakes_in(name, text):
    try: return [x.mistake for x in check(**{name: ways.program(text)}).findings]
    except Exception as e: return repr(e)


def judged(programs):
    "The programs (words, name, text), each with the mistakes that are found in it"
    return [(*program, mistakes_in(*program[1:])) for program in programs]


def in_one(told, turn):
    "One of the dialects, another in each turn"
    about_loops = [dialect for dialect in told if dialect not in general]
    names = about_loops if about_loops and turn % 3 else list(told)
    return {name: told[name] for name in names[turn % len(names):][:1]} if names else {}


def programs_of(name, f, slug=None):
    "A way as it is written, and in other words; by turns where a mistake is in a slow one"
    text = ways.source(f)
    as_written, told = [(ways.called(f), name, text)], in_other_words(text, slug)
    if slug and name in slow: told = in_one(told, turn_of[f]//2) if turn_of[f] % 2 else {}
    in_dialects = [(f'{ways.called(f)}, {d}', name, other) for d, other in told.items()]
    return in_dialects if slug and name in slow and in_dialects else as_written + in_dialects


def programs_of_the_catalogue(slug):
    "Each way in which the catalogue makes a mistake in one function, in the words of others"
    for edit in mistakes[slug].edits:
        changes = edit.fill(edit.values[0]).changes
        name, *others = {function for function, *_ in changes}
        if others: continue
        text = re.sub(r'^ +("""[^"]*"""|"[^"\n]*")\n', '', exercises.solution(name), flags=re.M)  # without docstrings
        for _, right, wrong in changes: text = programs.replaced(text, right, wrong)
        told = in_other_words('from itertools import chain, islice\n' + text, slug)
        if name in slow: told = in_one(told, edits.index(edit))
        yield from ((f'{changes}, {d}', name, other) for d, other in told.items())


def misjudged(judgements, expected):
    return [f'{name} {words}: {found}\n{text}' for words, name, text, found in judgements if found != expected]


@pytest.mark.parametrize('name', names)
def test_right_ways_pass(name):
    assert misjudged(judged([row for f in ways.right[name] for row in programs_of(name, f)]), []) == []


@pytest.mark.parametrize('slug', ways.wrong)
def test_mistakes_are_named(slug):
    assert misjudged(judged([row for way in ways.wrong[slug] for row in programs_of(*way, slug)]), [slug]) == []


def test_each_dialect_is_spoken_often():
    ours = [row for slug, name, f in wrong for row in programs_of(name, f, slug)]
    theirs = [row for slug in mistakes for row in programs_of_the_catalogue(slug)]
    spoken = Counter(words.rpartition(', ')[2] for words, *_ in ours + theirs)
    assert {dialect: spoken[dialect] for dialect in dialects if spoken[dialect] < 2} == {}


@pytest.mark.parametrize('slug', mistakes)
def test_mistakes_of_the_catalogue_are_named_in_other_words(slug):
    assert misjudged(judged([*programs_of_the_catalogue(slug)]), [slug]) == []


@pytest.mark.parametrize('dialect', ['numbered', 'walked', 'through_data', 'renamed'])
def test_other_words_that_mean_something_else_are_noticed(dialect):
    "As if the dialect lost a line: the verdict on what was right changes, and that on what was wrong"
    rows = [(dialect, 'train_epoch', re.sub(r'\w+\.grad\.zero_\(\)', 'pass', dialects[dialect](ways.source(f))))
            for f in (ways.under_no_grad, ways.adds_the_gradient)]
    assert len(misjudged(judged(rows[:1]), [])) == len(misjudged(judged(rows[1:]), ['wrong-sign'])) == 1


@pytest.mark.parametrize('slugs, name, f', params_of(pairs))
def test_two_mistakes_are_both_named(slugs, name, f):
    made = found(name, f)
    assert set(made) == slugs and len(made) == len(slugs)


@pytest.mark.parametrize('name, f', params_of(ways.unknown))
def test_what_matches_nothing_gets_no_name(name, f):
    report = report_on(name, f)
    assert not report.ok and [(x.function, x.mistake) for x in report.findings] == [(name, None)]
    message = report.findings[0].message
    assert len(message) > 20
    if name in trained: assert re.search(r'\b(step|batch|epoch|update)', message) and re.search(r'\d', message)


def test_each_mistake_is_made_in_at_least_two_ways():
    assert set(ways.wrong) == set(mistakes) and min(map(len, ways.wrong.values())) >= 2


def test_catalogue_says_where_each_mistake_can_be_made():
    assert [(s, name) for s, name, _ in wrong if name not in mistakes[s].functions] == []
    assert {f for m in mistakes.values() for f in m.functions} == set(names)


def test_every_edit_of_the_catalogue_gives_a_program():
    edits = [edit.fill(value) for m in mistakes.values() for edit in m.edits for value in edit.values]
    assert len(edits) > 150 and [edit for edit in edits if not programs.program(edit)] == []


@pytest.mark.parametrize('right', ['no such line', 'p'], ids=['nowhere', 'in several places'])
def test_an_edit_without_one_place_is_not_taken_into_the_catalogue(right):
    with pytest.raises(ValueError, match='new-one: the solutions have no place'):
        edit = programs.edit('train_epoch', right, '')
        programs.add('new-one', edit, message='It does.', question='Does it?', more='It does.')
    assert 'new-one' not in mistakes


def test_no_way_is_written_twice():
    made = [ways.source(f) for *_, f in [*right, *wrong, *pairs, *ways.unknown]]
    assert [text for text in made if made.count(text) > 1] == []


@pytest.mark.parametrize('right, wrong, lines', [
    ('b = 1', 'b = 3', ['        b = 3', '        c = 2']),
    ('b = 1\nc = 2', 'c = 2\nb = 1', ['        c = 2', '        b = 1']),
    ('    b = 1', '    b = 1\nd = 4', ['        b = 1', '    d = 4', '        c = 2']),
    ('b = 1', '', ['        c = 2']),
    ('c = 2', 'if c:\n    c = 3', ['        b = 1', '        if c:', '            c = 3']),
    ('1', '5', ['        b = 5', '        c = 2'])])
def test_wrong_lines_are_indented_like_the_right_ones(right, wrong, lines):
    first = 'def f(a):\n    if a:\n'
    source = first + '        b = 1\n        c = 2\n'
    assert programs.replaced(source, right, wrong).splitlines() == [*first.splitlines(), *lines]


def test_an_edit_does_not_lead_out_of_its_function():
    assert programs.replaced('def f(a):\n    b = 2\n', '    b = 2', 'b = 3') is None


@pytest.mark.parametrize('name', names)
def test_solutions_are_the_functions_of_the_tiers(name):
    tier = dict(mse=descent, BasicOptim=modules).get(name, manual)
    assert exercises.solution(name) == plain(getattr(tier, name)) and 'guards' not in exercises.solution(name)


@pytest.mark.parametrize('name', names)
def test_functions_of_the_tiers_pass(name): assert check(**{name: getattr(exercises, name)}).ok


def test_solutions_pass():
    space = dict(vars(exercises))
    for name in names: exec(exercises.solution(name), space)
    assert check(**{name: space[name] for name in names}).passed == names


@pytest.mark.parametrize('name', names)
def test_stubs_ask_for_what_is_checked(name):
    "A solution's guards are left out, and so is what they raise"
    assert 'raises' not in exercises.stub(name).lower().replace('raise notimplementederror', '')
    assert exercises.stub(name).count('raise NotImplementedError') == (3 if name == 'BasicOptim' else 1)


def test_all_functions_are_checked_together():
    report = check(**{name: getattr(exercises, name) for name in names})
    assert report.ok and report.findings == []


def test_each_function_answers_for_itself():
    report = check(mnist_loss=ways.distance, train_epoch=ways.adds_the_gradient, linear1=ways.product_only)
    found = {(x.function, x.mistake) for x in report.findings}
    assert found == {('train_epoch', 'wrong-sign'), ('linear1', 'bias-not-added')}


# Other numbers, sizes and rates

@often
@given(st.sampled_from([f for name, f in right if name == 'train_epoch']), seeds)
def test_right_loops_are_never_accused(f, seed): assert found('train_epoch', f, seed=seed) == []


@often
@given(st.sampled_from([row for row in right if row[0] != 'train_epoch']), seeds)
def test_right_functions_are_never_accused(row, seed): assert found(*row, seed=seed) == []


@settings(often, max_examples=100)
@given(st.sampled_from(wrong), seeds)
def test_mistakes_are_always_named(row, seed):
    slug, name, f = row
    assert found(name, f, seed=seed) == [slug]


@settings(often, max_examples=20)
@given(st.sampled_from(pairs), seeds)
def test_two_mistakes_are_always_named(row, seed):
    slugs, name, f = row
    assert set(found(name, f, seed=seed)) == slugs


@settings(often, max_examples=15)  # each tries all pairs of mistakes
@given(st.sampled_from(ways.unknown), seeds)
def test_what_matches_nothing_is_never_named(row, seed): assert found(*row, seed=seed) == [None]


def test_same_seed_gives_the_same_report(monkeypatch):
    monkeypatch.setattr(matching, 'patience', 0)  # what is found before the search for two mistakes has all the numbers
    a, b = (check(seed=3, train_epoch=ways.noise_added) for _ in range(2))
    assert a.findings == b.findings and repr(a) == repr(b)


# What a report says

def code_of(solution):
    lines = str(solution).splitlines()
    return [line.strip() for line in lines if len(line.strip()) > 20 and line.startswith(' ')]


@pytest.mark.parametrize('slug', mistakes)
def test_findings_say_what_to_do(slug):
    name, f = ways.wrong[slug][0]
    report = report_on(name, f)
    finding, = report.findings
    assert finding.message and finding.see.startswith('https://') and finding.see.endswith(f'#{slug}')
    assert name in repr(report) and slug in repr(report) and finding.message in repr(report)
    hint, solution = str(report.hint()), str(report.solution())
    assert hint.strip() and re.search(rf'(def|class) {name}\b', solution)
    assert not any(line in hint or line in finding.message for line in code_of(solution))


@pytest.mark.parametrize('slug', mistakes)
def test_messages_and_hints_are_sentences(slug):
    m = mistakes[slug]
    for text in m.message, m.more: assert len(text) > 10 and text.rstrip()[-1] in '.?!)…'
    assert m.slug == slug and m.question.strip().endswith('?')


def test_solutions_can_be_run():
    report = check(train_model=ways.accuracies_printed, mse=ways.rmse)
    space = {**vars(exercises)}
    exec(str(report.solution()), space)
    assert check(train_model=space['train_model'], mse=space['mse']).ok


def test_nothing_to_mend_needs_no_hint():
    report = check(mse=exercises.mse)
    assert 'mse' in repr(report) and str(report.hint()) and 'def ' not in str(report.solution())


# Misuse

def test_something_must_be_checked():
    with pytest.raises((TypeError, ValueError), match='train_epoch'): check()


@pytest.mark.parametrize('name, meant', [
    ('train_epok', 'train_epoch'), ('basic_optim', 'BasicOptim'), ('mnistloss', 'mnist_loss')])
def test_near_names_are_suggested(name, meant):
    with pytest.raises((TypeError, ValueError), match=f'{name}.*{meant}'): check(**{name: mnist_loss})


def test_unknown_names_are_refused():
    with pytest.raises((TypeError, ValueError), match='xyz'): check(xyz=mnist_loss)


@pytest.mark.parametrize('it', [3, None, 'mse', torch.zeros(2)], ids=str)
def test_what_is_no_function_is_refused(it):
    with pytest.raises(TypeError, match='mse.*function'): check(mse=it)


def test_what_is_no_class_is_refused_or_found():
    try: report = check(BasicOptim=mnist_loss)
    except TypeError as e: assert 'class' in str(e)
    else: assert [x.mistake for x in report.findings] == [None] and 'class' in report.findings[0].message


class WithoutZeroGrad:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        for p in self.params: p.data -= self.lr*p.grad


@pytest.mark.parametrize('name, f, expected', params_of([
    ('mse', lambda preds: preds.mean(), 'preds, targets'),
    ('train_epoch', lambda model, lr, params: None, 'model, lr, params, dl'),
    ('train_epoch', lambda model, lr, params, dl, loss_func, more: None, 'model, lr, params, dl'),
    ('simple_net', lambda xb, params: xb, 'xb, w1, b1, w2, b2'),
    ('batch_accuracy', lambda: 1., 'xb, yb'),
    ('BasicOptim', type('NoRate', (WithoutZeroGrad,), dict(__init__=lambda self, params: None)), 'params, lr')]))
def test_wrong_number_of_parameters_is_said(name, f, expected):
    finding, = check(**{name: f}).findings
    assert finding.mistake is None and expected in finding.message


def test_missing_method_is_said():
    finding, = check(BasicOptim=WithoutZeroGrad).findings
    assert finding.mistake is None and 'zero_grad' in finding.message


def to_do(*args, **kwargs): raise NotImplementedError


def to_do_loop(model, lr, params, dl, loss_func=mnist_loss): raise NotImplementedError('write me')
def to_do_loss(predictions, targets): raise NotImplementedError()


@pytest.mark.parametrize('name, f', params_of([
    ('train_epoch', to_do_loop), ('mnist_loss', to_do_loss), ('train_epoch', to_do), ('mse', to_do)]))
def test_stub_is_not_written_yet(name, f):
    finding, = check(**{name: f}).findings
    assert finding.mistake is None and 'not written yet' in finding.message.lower()


# Functions that misbehave

def test_what_functions_print_stays_inside(capfd):
    def loud(model, lr, params, dl, loss_func=mnist_loss):
        print('to stdout')
        print('to stderr', file=sys.stderr)
        ways.under_no_grad(model, lr, params, dl, loss_func)
    assert check(train_epoch=loud, mse=ways.mse_printed).passed
    check(train_epoch=ways.counts_and_prints)
    assert capfd.readouterr().out == ''


def test_own_error_is_told():
    def complains(predictions, targets): raise KeyError('my own words')
    finding, = check(mnist_loss=complains).findings
    assert finding.mistake is None and 'KeyError' in finding.message and 'my own words' in finding.message


def test_error_in_mid_epoch_is_told():
    def stops(model, lr, params, dl, loss_func=mnist_loss):
        for i, (xb, yb) in enumerate(dl):
            if i == 2: raise IndexError('third batch')
            loss_func(model(xb), yb).backward()
            for p in params:
                p.data -= lr*p.grad
                p.grad = None
    finding, = check(train_epoch=stops).findings
    assert finding.mistake is None and 'IndexError' in finding.message and 'third batch' in finding.message


def test_error_in_backward_is_told():
    def overwrites(predictions, targets):
        p = predictions.sigmoid()
        p[targets == 1] = 1 - p[targets == 1]
        return p.mul_(p).mean()
    finding, = check(mnist_loss=overwrites).findings
    assert finding.mistake is None and 'RuntimeError' in finding.message and 'inplace' in finding.message


def test_typo_is_told():
    def typo(model, lr, params, dl, loss_func=mnist_loss):
        for xb, yb in dl: loss = loss_fun(model(xb), yb)  # noqa: F821
    finding, = check(train_epoch=typo).findings
    assert finding.mistake is None and 'NameError' in finding.message and 'loss_fun' in finding.message


def for_ever(model, lr, params, dl, loss_func=mnist_loss):
    while True:
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            for p in params:
                p.data -= lr*p.grad
                p.grad = None


def for_ever_in_iter(model, lr, params, dl, loss_func=mnist_loss):
    while True:
        xb, yb = next(iter(dl))
        loss_func(model(xb), yb).backward()


def validates_for_ever(model, valid_dl):
    n = 0
    while n >= 0:
        for xb, yb in valid_dl: n += ways.batch_accuracy(model(xb), yb).item()
    return n


def catches_everything(model, lr, params, dl, loss_func=mnist_loss):
    for _ in range(3000):  # for ever, were it not for the tests
        try:
            for xb, yb in dl: loss_func(model(xb), yb).backward()
        except Exception: pass
    raise AssertionError('nobody came')


@pytest.mark.parametrize('name, f', params_of([('train_epoch', for_ever), ('train_epoch', for_ever_in_iter),
    ('train_epoch', catches_everything), ('validate_epoch', validates_for_ever)]))
def test_endless_loops_end(name, f):
    finding, = check(**{name: f}).findings
    assert finding.mistake is None and 'nobody' not in finding.message
    assert re.search('end|ever|again|too (often|many)', finding.message)


@pytest.mark.parametrize('leave', [exit, sys.exit, lambda: sys.exit(3)], ids=['exit', 'sys.exit', 'status'])
def test_exit_does_not_end_the_session(leave):
    def leaves(xb, yb): leave()
    finding, = check(batch_accuracy=leaves).findings
    assert finding.mistake is None and re.search('exit', finding.message, re.I)


def test_autograd_is_back_on_afterwards():
    def switches_off(model, valid_dl):
        torch.set_grad_enabled(False)
        return ways.validate_epoch(model, valid_dl)
    check(validate_epoch=switches_off, train_epoch=ways.under_no_grad)
    assert torch.is_grad_enabled()
    assert check(train_epoch=ways.under_no_grad, validate_epoch=switches_off, mnist_loss=ways.distance).passed


def test_what_is_on_around_check_stays():
    with torch.no_grad():
        assert check(train_epoch=ways.under_no_grad).ok and not torch.is_grad_enabled()


def reseeds(size, std=1.0):
    torch.manual_seed(42)
    return (torch.randn(size)*std).requires_grad_()


@pytest.mark.parametrize('functions', [
    dict(init_params=reseeds), dict(train_epoch=ways.noise_added), dict(init_params=ways.randn_times_std),
    dict(mse=to_do)],
    ids=['reseeds', 'draws', 'right', 'raises'])
def test_random_state_is_left_alone(functions):
    before = torch.get_rng_state()
    check(**functions)
    assert torch.equal(before, torch.get_rng_state())


def test_default_dtype_is_left_alone():
    def changes(preds, targets):
        torch.set_default_dtype(torch.float64)
        return ((preds - targets)**2).mean()
    try:
        check(mse=changes)
        assert torch.get_default_dtype() == torch.float32
    finally: torch.set_default_dtype(torch.float32)


def test_warnings_of_functions_stay_inside():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        check(train_epoch=ways.new_p_has_no_grad, mnist_loss=ways.targets_squeezed)
    assert seen == []


def spoils_batches(model, lr, params, dl, loss_func=mnist_loss):
    ways.under_no_grad(model, lr, params, dl, loss_func)
    for xb, yb in dl:
        xb.zero_()
        yb.fill_(1)


def spoils_targets(predictions, targets):
    loss = (predictions.sigmoid() - targets).abs().mean()
    targets.fill_(0)
    return loss


def spoils_valid_dl(model, valid_dl):
    accuracy = ways.validate_epoch(model, valid_dl)
    for xb, yb in valid_dl: yb.zero_()
    return accuracy


def spoils_params(model, lr, params, dl, loss_func=mnist_loss):
    ways.under_no_grad(model, lr, params, dl, loss_func)
    params.clear()


def spoils_xb(xb, weights, bias):
    res = xb @ weights + bias
    with torch.no_grad():
        for t in xb, weights, bias: t.zero_()
    return res


@pytest.mark.parametrize('name, f', params_of([
    ('train_epoch', ways.never_zeroed), ('train_epoch', spoils_batches), ('train_epoch', spoils_params),
    ('mnist_loss', spoils_targets), ('validate_epoch', spoils_valid_dl), ('linear1', spoils_xb)]))
def test_one_check_leaves_nothing_behind_for_the_next(name, f):
    first = found(name, f)
    assert found(name, f) == first
    assert check(**{n: fs[0] for n, fs in ways.right.items()}).ok
    assert check(**{name: f}, train_model=ways.all_in_one, simple_net=ways.clamped).passed


# What a learner reads

used = dict(w=torch.randn(784, 2, dtype=torch.float64))  # where a notebook has its own weights


def power_with_a_hat(preds, targets): return ((preds - targets)^2).mean()
def mean_of_bools(xb, yb): return ((xb.sigmoid() > .5) == yb).mean()


def backward_in_numpy(preds, targets): return float(((preds.numpy() - targets.numpy())**2).mean())
def method_returned(size, std=1.0): return (torch.randn(size)*std).requires_grad_
def mean_returned(preds, targets): return ((preds - targets)**2).mean
def star_size(size, std=1.0): return (torch.randn(*size)*std).requires_grad_()
def own_weights(xb, weights, bias): return xb @ used['w'].to(xb.dtype)[:, :bias.numel()]
def weights_alone_are_own(xb, w, b): return xb @ used['w'].to(xb.dtype)[:, :b.numel()] + b
def in_float32(xb, weights, bias): return xb.float() @ weights.float() + bias.float()
def transposed(xb, w, b): return xb @ w.T + b
def elementwise(xb, weights, bias): return xb*weights + bias
def accuracy_in_a_dict(xb, yb): return dict(acc=ways.batch_accuracy(xb, yb).item())
def float16_parameters(size, std=1.0): return (torch.randn(size, dtype=torch.float16)*std).requires_grad_()
def ones_like_params(size, std=1.0): return torch.ones(size, requires_grad=True)
def halved_spread(size, std=1.0): return (torch.randn(size)*std/2).requires_grad_()
def only_flat(size, std=1.0): return (torch.randn(size).flatten()*std).requires_grad_()


def two_parameters(model, lr, params, dl, loss_func=mnist_loss):
    w, b = params
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in w, b:
            p.data -= lr*p.grad
            p.grad = None


def parameters_of_the_model(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        opt.step()
        opt.zero_grad()


def in_train_mode(model, lr, params, dl, loss_func=mnist_loss):
    model.train()
    ways.under_no_grad(model, lr, params, dl, loss_func)


def in_eval_mode(model, valid_dl):
    model.eval()
    return ways.validate_epoch(model, valid_dl)


def zeroed_by_the_model(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        model.zero_grad()
        loss_func(model(xb), yb).backward()
        for p in params: p.data -= lr*p.grad
    model.zero_grad()


def inputs_by_name(model, valid_dl): return model(x=next(iter(valid_dl))[0])
def called_loader(model, valid_dl): return valid_dl(0)


def capped(xb, w1, b1, w2, b2): return (xb @ w1 + b1).clamp(0, 10) @ w2 + b2
def argmax_of_one_column(xb, yb): return (xb.argmax(1, keepdim=True) == yb).double().mean()
def cross_entropy_of_one_column(preds, targets): return F.cross_entropy(preds, targets.to(preds.dtype))
def classes_out_of_bounds(predictions, targets): return F.cross_entropy(predictions, targets.flatten().long())
def loader_first(dataloader, model, loss_fn, optimizer): return [loss_fn(model(xb), yb) for xb, yb in dataloader]
def criterion_second(model, criterion, optimizer, scheduler, num_epochs=25): return [0]*num_epochs
def without_a_loader(model, lr, params, loss_func): return [loss_func(model(xb), yb) for xb, yb in [(1, 2)]]
def parameters_for_a_loss(xb, yb, model, params): (model(xb) - yb).abs().mean().backward()
def cubed_and_cut(xb, yb, model, loss_func=mnist_loss): loss_func(model(xb[:1])**3, yb[:1]).backward()


def argmax_while_measuring(model, valid_dl):
    return torch.cat([model(xb).argmax(1) == yb.squeeze(1) for xb, yb in valid_dl]).double().mean()


def steps_before_backward(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        with torch.no_grad():
            for p in params: p -= 0 if p.grad is None else lr*p.grad
        loss.backward()


class GoneGradients:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p.data -= self.lr*p.grad
            p.grad = None

    def zero_grad(self):
        for p in self.params: p.grad.zero_()


def batch_squeezed(xb, yb, model, loss_func=mnist_loss): loss_func(model(xb.squeeze(0).T), yb).backward()


def one_step_less(model, lr, params, dl, loss_func=mnist_loss):
    for i, (xb, yb) in enumerate(dl):
        if i > 1: continue
        loss_func(model(xb), yb).backward()
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


def right_then_wrong(model, lr, params, dl, loss_func=mnist_loss):
    for i, (xb, yb) in enumerate(dl):
        loss_func(model(xb), yb).backward()
        for p in params:
            p.data -= lr*(p.grad if i != 1 else p.grad.sign())
            p.grad = None


def slightly_turned(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params:
            p.data -= lr*p.grad*(1 + 1e-2*torch.arange(p.numel()).reshape(p.shape))
            p.grad = None


def waits_for_the_batches(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl: yield loss_func(model(xb), yb)


def gradients_of_nothing(xb, yb, model, loss_func=mnist_loss): (loss_func(model(xb), yb)*0).backward()
def gradient_of_the_cube(xb, yb, model, loss_func=mnist_loss): (loss_func(model(xb), yb)**3).backward()


def never_asks_the_model(model, valid_dl):
    right = torch.cat([(xb[:, :1] > 0) == yb for xb, yb in valid_dl])
    return right.double().mean().item()


def lists_nothing(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    def measure():
        for xb, yb in valid_dl: ways.batch_accuracy(model(xb), yb)
    accs = []
    for _ in range(epochs):
        ways.train_epoch(model, lr, params, dl, loss_func)
        accs.append(measure())
    return accs


read = [  # name, function, what the message says, what it does not say
    (power_with_a_hat, 'mse', ['NotImplementedError', '**'], ['Not written yet']),
    (mean_of_bools, 'batch_accuracy', ['stops', '.float()'], ['Not written yet']),
    (backward_in_numpy, 'mse', ['NumPy', "torch's operations"], ['Use tensor.detach']),
    (method_returned, 'init_params', ['method requires_grad_', '()'], ['is missing', 'leaf', 'within']),
    (mean_returned, 'mse', ['method mean', '()'], ['is missing']),
    (star_size, 'init_params', ['size', 'such as 30'], []),
    (own_weights, 'linear1', ['weights and bias have no influence', 'global'], ['reached']),
    (weights_alone_are_own, 'linear1', ['w has no influence', 'global'], ['reached']),
    (in_float32, 'linear1', ['float32', 'float64'], []),
    (transposed, 'linear1', ['xb of shape (7, 784), w of shape (784, 1) and b of shape (1,)'], []),
    (elementwise, 'linear1', ['xb of shape (7, 784), weights of shape (784, 1)'], []),
    (accuracy_in_a_dict, 'batch_accuracy', ['a dict', 'the number itself'], ['accuracy is {', ',,']),
    (capped, 'simple_net', ['of the predictions, number', 'and should be'], ['[']),
    (argmax_of_one_column, 'batch_accuracy', ['counts as a 0', 'argmax', 'single column'], ['wrong place']),
    (argmax_while_measuring, 'validate_epoch', ['counts as a 0', 'argmax'], ['wrong place']),
    (cross_entropy_of_one_column, 'mnist_loss', ['0 whatever the predictions are', 'one'], ['compares, counts']),
    (classes_out_of_bounds, 'mnist_loss', ['cross_entropy takes a column for each class'], []),
    (loader_first, 'train_epoch', ['calls dataloader', 'where model is', 'def train_epoch(model, lr,'], ['iterable']),
    (criterion_second, 'train_model', ['calls criterion', 'where lr is', 'def train_model(model, lr,'], ['integer']),
    (without_a_loader, 'train_epoch', ['calls loss_func', 'where dl is'], ['NameError']),
    (parameters_for_a_loss, 'calc_grad', ['calls params', 'where loss_func is'], ['takes a loss_func']),
    (steps_before_backward, 'train_epoch', ['call backward() first'], ['anomaly', '0 where']),
    (GoneGradients, 'BasicOptim', ['ask first, if p.grad is not None'], []),
    (cubed_and_cut, 'calc_grad', ['The gradient of weights is', 'and should be'], ['are']),
    (float16_parameters, 'init_params', ['float16', 'float32'], ['within']),
    (ones_like_params, 'init_params', ['standard deviation'], ['within']),
    (halved_spread, 'init_params', ['standard deviation'], ['within']),
    (only_flat, 'init_params', ['shape is (20000,)', '(200, 100)'], ['missing']),
    (two_parameters, 'train_epoch', ['unpack', 'two parameters', 'four'], []),
    (inputs_by_name, 'validate_epoch', ["forward() got an unexpected keyword argument 'x'"], ['_Watched', 'locals']),
    (called_loader, 'validate_epoch', ["'DataLoader' object is not callable"], ['_Batches']),
    (batch_squeezed, 'calc_grad', ['xb of shape', 'yb of shape'], []),
    (right_then_wrong, 'train_epoch', ['Its first step is right. Step 2'], ['first 1 steps']),
    (slightly_turned, 'train_epoch', ['less than a degree'], [' 0 degrees']),
    (waits_for_the_batches, 'train_epoch', ['yield', 'runs nothing'], []),
    (gradients_of_nothing, 'calc_grad', ['zero'], ['None']),
    (gradient_of_the_cube, 'calc_grad', ['gradient of'], ['grads is']),
    (never_asks_the_model, 'validate_epoch', ['never calls model'], []),
    (lists_nothing, 'train_model', ['[None, None, None]'], ['It returns nothing: the result']),
    (ways.bias_subtracted, 'linear1', ['With one output', 'predictions'], ['preds is', '1 outputs']),
    (ways.share_of_ones, 'batch_accuracy', ['It gives', 'and should give'], ['accuracy is']),
    (ways.hinge, 'mnist_loss', ['The loss is', 'and should be'], ['value is', 'grad is']),
    (ways.worst_batch, 'validate_epoch', ['It gives', 'and should give'], ['accuracy is'])]


@pytest.mark.parametrize('f, name, said, unsaid', [pytest.param(*row, id=ways.called(row[0])) for row in read])
def test_messages_are_in_words_of_the_learner(f, name, said, unsaid):
    finding = report_on(name, f).findings[0]
    assert [words for words in said if words not in finding.message] == [], finding.message
    assert [words for words in unsaid if words in finding.message] == [], finding.message
    assert not re.search(r'\.\.(?!\.)|\?\.|_Watched|_Batches|<locals>', finding.message)


@pytest.mark.parametrize('f, name', [pytest.param(*row[:2], id=ways.called(row[0])) for row in read] + [
    pytest.param(f, name, id=ways.called(f)) for name, f in ways.unknown])
def test_hints_say_more_than_messages(f, name):
    report = report_on(name, f)
    finding, hint = report.findings[0], str(report.hint())
    assert finding.message not in hint and len(hint) > 40
    if not finding.mistake: assert 'https://' in hint and 'solution' in hint


def test_messages_of_exceptions_end_like_sentences():
    def complains(predictions, targets): raise KeyError('my own words')
    finding, = check(mnist_loss=complains, BasicOptim=WithoutZeroGrad).findings[:1]
    assert finding.message.endswith("'my own words'.")
    both, = check(BasicOptim=WithoutZeroGrad).findings
    assert "attribute 'zero_grad'. It is used as" in both.message
    detached, = check(calc_grad=dict(ways.wrong['loss-detached'])['calc_grad']).findings
    assert re.search(r'^(It stops.*[.)] )?The loss has lost', detached.message)


def test_the_line_that_stopped_is_quoted():
    message = check(linear1=transposed).findings[0].message
    assert 'def transposed(xb, w, b): return xb @ w.T + b' in message


def test_a_function_by_position_is_refused_with_the_way_to_write_it():
    def mse(preds, targets): return ((preds - targets)**2).mean()
    with pytest.raises(TypeError, match=r'check\(mse=mse\)'): check(mse)
    with pytest.raises(TypeError, match=r'check\(mse=my_mse\)'): check(lambda preds, targets: None)


def test_a_question_ends_the_suggestion():
    with pytest.raises(ValueError) as refused: check(train_epok=mnist_loss)
    assert 'did you mean train_epoch? The names are' in str(refused.value)


def test_solutions_of_what_is_not_written_are_left_out():
    solution = str(check(mse=to_do, linear1=ways.product_only).solution())
    assert 'def linear1' in solution and 'def mse' not in solution
    assert "print(solution('mse'))" in solution
    assert 'def ' not in str(check(mse=to_do).solution())


def test_the_hint_for_a_name_of_another_argument_is_there():
    for name, f in dict(calc_grad=parameters_for_a_loss, train_epoch=loader_first).items():
        assert 'Compare' in check(**{name: f}).hint()


# What is seen besides results

@pytest.mark.parametrize('f, name, method', [
    (parameters_of_the_model, 'train_epoch', 'parameters'), (in_train_mode, 'train_epoch', 'train'),
    (in_eval_mode, 'validate_epoch', 'eval'), (zeroed_by_the_model, 'train_epoch', 'zero_grad')])
def test_who_takes_the_model_for_a_module_is_right_with_a_note(f, name, method):
    report = check(**{name: f})
    assert report.ok, report
    assert f'model.{method}()' in report.notes[0] and 'plain function' in report.notes[0]


def test_a_mistake_with_a_module_has_its_name():
    def never_zeroed(model, lr, params, dl, loss_func=mnist_loss):
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            for p in model.parameters(): p.data -= lr*p.grad
    assert [f.mistake for f in check(train_epoch=never_zeroed).findings] == ['gradients-not-zeroed']


@pytest.mark.parametrize('activation', ['relu6', 'hardtanh', 'hardswish', 'gelu'])
def test_what_differs_only_far_from_zero_or_only_near_it_is_no_relu(activation):
    def net(xb, w1, b1, w2, b2): return getattr(F, activation)(xb @ w1 + b1) @ w2 + b2
    assert not check(simple_net=net).ok


def test_a_step_with_a_stale_gradient_is_one_mistake():
    def read_whole(model, lr, params, dl, loss_func=mnist_loss):
        batches = list(dl)
        loss_func(model(batches[0][0]), batches[0][1]).backward()
        for _ in batches:
            for p in params: p.data -= lr*p.grad
        for p in params: p.grad = None
    assert [f.mistake for f in check(train_epoch=read_whole).findings] == ['stale-gradient']


def called_twice(model, valid_dl):
    right = sum(((model(xb) > 0) == yb).sum().item() for xb, yb in valid_dl if len(model(xb)))
    return right/sum(len(yb) for _, yb in valid_dl)


def test_a_model_called_twice_is_right_with_a_note():
    report = check(validate_epoch=called_twice)
    assert report.ok and report.passed == ['validate_epoch']
    assert 'twice' in report.notes[0] and 'twice' in repr(report)
    assert check(validate_epoch=ways.validate_epoch).notes == []


def test_the_loader_has_what_a_loader_has():
    def by_dataset(model, valid_dl):
        assert valid_dl.batch_size >= max(len(yb) for _, yb in valid_dl)
        return sum(ways.batch_accuracy(model(xb), yb).item()*len(xb) for xb, yb in valid_dl)/len(valid_dl.dataset)
    assert check(validate_epoch=by_dataset).ok


def test_a_search_without_an_end_is_called_off(monkeypatch):
    monkeypatch.setattr(matching, 'patience', 0)
    finding, = check(train_epoch=ways.pairs[0][1]).findings
    assert finding.mistake is None and 'two mistakes' in finding.message and 'endless' not in finding.message


def test_pairs_are_not_named_for_what_does_nothing():
    assert found('calc_grad', gradients_of_nothing) == [None]
