"""Other words for the same program: functions from source to source, which know nothing of the checker

Each takes the source of one function or class and says the same in another way, as somebody else would have written
it. Where it has nothing to say, the source comes back as it was. `differs` has the mistakes that would not be the
same mistake in those words: a gradient of None is not a gradient of zeros."""
import ast
from functools import cache

dialects = {}  # by name
differs = {}  # name of a dialect -> mistakes
general = {'renamed', 'done_by_a_helper', 'functions_of_torch', 'step_by_step'}  # the others are about loops and steps


def dialect(*others):
    "Enters a function from tree to tree, with the mistakes that it would turn into something else"
    def enter(rewrite):
        def rewritten(source): return ast.unparse(ast.fix_missing_locations(rewrite(ast.parse(source))))
        dialects[rewrite.__name__], differs[rewrite.__name__] = rewritten, set(others)
        return rewrite
    return enter


@cache
def in_other_words(source, mistake=None):
    "The source in each dialect that makes a difference to it, by name"
    told = {name: rewritten(source) for name, rewritten in dialects.items() if mistake not in differs[name]}
    as_it_was = ast.unparse(ast.parse(source))
    return {name: text for name, text in told.items() if text != as_it_was}


def statements(text): return ast.parse(text).body
def expression(text): return ast.parse(text, mode='eval').body
def functions(tree): return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
def stored(tree): return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


class Each(ast.NodeTransformer):
    "Puts in place of each node of a kind what `change` gives for it"
    def __init__(self, kind, change): self.kind, self.change = kind, change

    def visit(self, node):
        node = self.generic_visit(node)
        return self.change(node) if isinstance(node, self.kind) else node


def each(tree, kind, change): return Each(kind, change).visit(tree)


# Names and calls

@dialect()
def renamed(tree):
    "Parameters and variables have other names"
    for f in functions(tree):
        inside = [g for g in f.body if isinstance(g, ast.FunctionDef)]
        names = {a.arg for g in functions(f) for a in g.args.args} | stored(f) | {g.name for g in inside}
        for n in ast.walk(f):
            if isinstance(n, ast.Name) and n.id in names - {'self'}: n.id = f'my_{n.id}'
            elif isinstance(n, ast.arg) and n.arg in names - {'self'}: n.arg = f'my_{n.arg}'
            elif n in inside: n.name = f'my_{n.name}'
    return tree


@dialect()
def done_by_a_helper(tree):
    "The function calls one inside it, which does the work"
    f = tree.body[-1]
    if not isinstance(f, ast.FunctionDef): return tree
    helper = statements('def work(): pass')[0]
    rebound = sorted({a.arg for a in f.args.args} & stored(f))
    helper.body = [ast.Nonlocal(rebound), *f.body] if rebound else f.body
    f.body = [helper, *statements('return work()')]
    return tree


of_torch = {'sigmoid', 'mean', 'sum', 'abs', 'sqrt', 'squeeze', 'relu', 'tanh', 'log', 'round', 'flatten'}


@dialect()
def functions_of_torch(tree):
    "`torch.sigmoid(x)` for `x.sigmoid()`, `torch.matmul` for @"
    def call(n):
        if not isinstance(n.func, ast.Attribute) or n.func.attr not in of_torch: return n
        if isinstance(n.func.value, ast.Name) and n.func.value.id in ('torch', 'F', 'np', 'nn', 'math'): return n
        return ast.Call(expression(f'torch.{n.func.attr}'), [n.func.value, *n.args], n.keywords)
    def product(n):
        if not isinstance(n.op, ast.MatMult): return n
        return ast.Call(expression('torch.matmul'), [n.left, n.right], [])
    return each(each(tree, ast.Call, call), ast.BinOp, product)


class Steps(ast.NodeTransformer):
    "Takes the parts of an expression out of it, in the order in which they are computed"
    def __init__(self, prefix): self.prefix, self.taken = prefix, []

    def take(self, node):
        node = self.generic_visit(node)
        name = f'{self.prefix}{len(self.taken)}'
        self.taken.append(ast.Assign([ast.Name(name, ast.Store())], node))
        return ast.Name(name, ast.Load())

    def stay(self, node): return node
    visit_Call = visit_BinOp = visit_Compare = visit_UnaryOp = take
    visit_Lambda = visit_ListComp = visit_GeneratorExp = stay
    visit_IfExp = visit_BoolOp = visit_JoinedStr = visit_Starred = stay


@dialect()
def step_by_step(tree):
    "Each operation stands on a line of its own"
    n = 0
    def split(node):
        nonlocal n
        n += 1
        if not isinstance(node.value, (ast.Call, ast.BinOp)): return node
        steps = Steps(f'step{n}_')
        node.value = steps.generic_visit(node.value)
        return [*steps.taken, node]
    return each(tree, (ast.Return, ast.Assign, ast.AugAssign, ast.Expr), split)


# Loops

def over_a_loader(node): return isinstance(node.iter, ast.Name) and node.iter.id.endswith('dl')


def loops(tree, change): return each(tree, ast.For, lambda node: change(node) if over_a_loader(node) else node)


@dialect()
def numbered(tree):
    "`for i, batch in enumerate(dl)`"
    def change(node):
        node.target = ast.Tuple([ast.Name('number', ast.Store()), node.target], ast.Store())
        node.iter = expression(f'enumerate({node.iter.id})')
        return node
    return loops(tree, change)


@dialect()
def taken_apart_inside(tree):
    "`for batch in dl`, and `xb, yb = batch`"
    def change(node):
        node.body.insert(0, ast.Assign([node.target], ast.Name('batch', ast.Load())))
        node.target = ast.Name('batch', ast.Store())
        return node
    return loops(tree, change)


@dialect()
def walked(tree):
    "An iterator, `next` and StopIteration"
    def change(node):
        start, loop = statements(f'batches = iter({node.iter.id})\nwhile True:\n'
                                 '    try: batch = next(batches)\n    except StopIteration: break')
        loop.body[0].body[0].targets = [node.target]
        loop.body += node.body
        return [start, loop]
    return loops(tree, change)


@dialect('stale-gradient')  # without a prediction, steps are only seen where the loader is read
def counted(tree):
    "A list of all batches, and their numbers"
    def change(node):
        start, loop = statements(f'batches = list({node.iter.id})\n'
                                 'for number in range(len(batches)): batch = batches[number]')
        loop.body[0].targets = [node.target]
        loop.body += node.body
        return [start, loop]
    return loops(tree, change)


@dialect()
def printing(tree):
    "Says which batch it is at"
    def change(node):
        node.body = statements("print('a batch')") + node.body
        return node
    return loops(tree, change)


# Steps and gradients

def is_a_step(node):
    "Whether all of it is a loop over parameters under `torch.no_grad()`"
    if not isinstance(node, ast.With) or ast.unparse(node.items[0]) != 'torch.no_grad()': return False
    return all(isinstance(n, ast.For) and ast.unparse(n.target) == 'p' for n in node.body)


class OnData(ast.NodeTransformer):
    "`p.data` for p, but for its gradient and where it is bound"
    def visit_Attribute(self, node): return node if node.attr in ('grad', 'data') else self.generic_visit(node)
    def visit_For(self, node):
        node.body = [self.visit(n) for n in node.body]
        return node
    def visit_Assign(self, node):
        node.value = self.visit(node.value)
        node.targets = [n if isinstance(n, ast.Name) else self.visit(n) for n in node.targets]
        return node
    def visit_Name(self, node):
        return ast.Attribute(ast.Name('p', ast.Load()), 'data', node.ctx) if node.id == 'p' else node


def keeps_something(node):
    "Whether an attribute of a parameter is set that PyTorch knows nothing of"
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store): return False
    return ast.unparse(node.value) == 'p' and node.attr not in ('data', 'grad')


@dialect('parameters-rebound')
def through_data(tree):
    "Steps on `p.data` for steps under `torch.no_grad()`"
    if any(keeps_something(n) for n in ast.walk(tree)): return tree  # on p; `p.data` is a new tensor each time
    return each(tree, ast.With, lambda node: [OnData().visit(n) for n in node.body] if is_a_step(node) else node)


@dialect()
def copied(tree):
    "`p.copy_(p - step)` for `p -= step`"
    def change(node):
        if not isinstance(node.target, ast.Name) or node.target.id != 'p': return node
        p = ast.Name('p', ast.Load())
        call = statements('p.copy_()')[0]
        call.value.args = [ast.BinOp(p, node.op, node.value)]
        return call
    return each(tree, ast.AugAssign, change)


@dialect()
def as_methods(tree):
    "`p.sub_(step)` for `p -= step`"
    methods = {ast.Sub: 'sub_', ast.Add: 'add_'}
    def change(node):
        if not isinstance(node.target, ast.Name) or node.target.id != 'p' or type(node.op) not in methods: return node
        call = statements(f'p.{methods[type(node.op)]}()')[0]
        call.value.args = [node.value]
        return call
    return each(tree, ast.AugAssign, change)


def zeroes(node): return isinstance(node, ast.stmt) and ast.unparse(node) == 'p.grad.zero_()'


@dialect('zeroed-before-backward', 'zeroed-too-early')
def gradients_of_none(tree):
    "`p.grad = None` for `p.grad.zero_()`"
    return each(tree, ast.Expr, lambda node: statements('p.grad = None')[0] if zeroes(node) else node)


@dialect()
def new_zeros(tree):
    "`p.grad = torch.zeros_like(p)` for `p.grad = None`"
    def change(node):
        return statements('p.grad = torch.zeros_like(p)')[0] if ast.unparse(node) == 'p.grad = None' else node
    return each(tree, ast.Assign, change)


@dialect()
def steps_in_a_function(tree):
    "The step is a function of its own"
    def change(node):
        if not is_a_step(node): return node
        step, call = statements('def take_a_step(): pass\ntake_a_step()')
        step.body = [node]
        return [step, call]
    return each(tree, ast.With, change)


@dialect('gradients-not-zeroed', 'zeroed-too-early', 'zeroed-once-an-epoch', 'zeroed-before-backward', 'stale-gradient')
def zeroed_first(tree):
    "Gradients are zeroed before the backward pass, if there are any"
    def change(node):
        if not any(zeroes(n) for n in ast.walk(node)): return node
        node = each(node, ast.Expr, lambda n: ast.Pass() if zeroes(n) else n)
        return ast.For(node.target, node.iter, statements(
            'for p in params:\n    if p.grad is not None: p.grad.zero_()') + node.body, [])
    return loops(tree, change)
