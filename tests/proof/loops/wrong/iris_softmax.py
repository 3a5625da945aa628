"""Three kinds of flowers from four measurements."""
import torch
import torch.nn as nn

torch.manual_seed(2)
means = torch.tensor([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
species = torch.arange(150) % 3
measures = means[species] + 0.3 * torch.randn(150, 4)
order = torch.randperm(150)
X_train, y_train = measures[order[:120]], species[order[:120]]
X_test, y_test = measures[order[120:]], species[order[120:]]

model = nn.Sequential(
    nn.Linear(4, 16),
    nn.ReLU(),
    nn.Linear(16, 3),
    nn.Softmax(dim=1),
)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(100):
    model.train()
    y_pred = model(X_train)
    loss = loss_fn(y_pred, y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    if epoch % 20 == 0:
        model.eval()
        with torch.inference_mode():
            test_pred = model(X_test)
            test_acc = (test_pred.argmax(dim=1) == y_test).float().mean()
        print(f'Epoch: {epoch} | Loss: {loss:.4f} | Test acc: {test_acc:.2f}')
