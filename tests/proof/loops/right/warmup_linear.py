import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(101)
x = torch.randn(400, 8)
y = x[:, :4].argmax(dim=1)
train_dataloader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=32, shuffle=True)
eval_dataloader = DataLoader(TensorDataset(x[320:], y[320:]), batch_size=32)

num_epochs = 5
num_training_steps = num_epochs * len(train_dataloader)
num_warmup_steps = num_training_steps // 10


def lr_lambda(step):
    "Up over the warmup, then down to zero"
    if step < num_warmup_steps:
        return step / max(1, num_warmup_steps)
    return max(0.0, (num_training_steps - step) / (num_training_steps - num_warmup_steps))


model = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Dropout(0.1), nn.Linear(32, 4))
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
lr_scheduler = LambdaLR(optimizer, lr_lambda)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(num_epochs):
    model.train()
    for inputs, labels in train_dataloader:
        loss = loss_fn(model(inputs), labels)
        loss.backward()
        optimizer.step()
        lr_scheduler.step()
        optimizer.zero_grad()

    model.eval()
    correct = 0
    for inputs, labels in eval_dataloader:
        with torch.no_grad():
            logits = model(inputs)
        correct += (torch.argmax(logits, dim=-1) == labels).sum().item()
    print(f'epoch {epoch}: accuracy {correct / len(eval_dataloader.dataset):.4f}')
