import torch
import torch.nn as nn

torch.manual_seed(5)
n_letters, n_hidden, n_categories = 6, 12, 2


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.rnn = nn.RNN(input_size, hidden_size, batch_first=True)
        self.h2o = nn.Linear(hidden_size, output_size)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, line):
        _, hidden = self.rnn(line)
        return self.softmax(self.h2o(hidden[0]))


# words: which of two letters comes more often?
words = torch.randint(0, n_letters, (160, 5))
category = (words < 3).sum(1).gt(2).long()
onehot = torch.nn.functional.one_hot(words, n_letters).float()

rnn = RNN(n_letters, n_hidden, n_categories)
criterion = nn.NLLLoss()
optimizer = torch.optim.SGD(rnn.parameters(), lr=0.1)

for epoch in range(1, 11):
    rnn.train()
    total = 0.0
    for start in range(0, len(onehot), 32):
        line, target = onehot[start:start + 32], category[start:start + 32]
        output = rnn(line)
        loss = criterion(output, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(rnn.parameters(), 3)
        optimizer.step()
        total += loss.item() * len(line)
    print(f'{epoch} ({epoch * 10}%): loss = {total / len(onehot):.4f}')
