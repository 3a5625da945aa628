"""A single linear layer, trained on two rows."""
import torch
from torch.nn import Linear
from torch.nn.functional import mse_loss
from torch.optim import SGD

torch.manual_seed(26)

# Prepare the datasets (input and expected output).
x = torch.tensor([[0.1, 0.2, 0.4, 0.3], [0.2, 0.1, 0.1, 0.3]])
y = torch.tensor([[1.0, 0.5], [0.7, 0.3]])

model = Linear(4, 2)
opt = SGD(model.parameters(), lr=0.1)

for epoch in range(30):
    # Add the training Tensor to the model (input).
    pred = model(x)
    loss = mse_loss(pred, y)
    # Run training (backward propagation).
    loss.backward()
    opt.step()
    print('Loss error: {:.6f}'.format(loss.item()))
