import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(28)


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(9, 18), nn.ReLU())
        self.head = nn.Linear(18, 3)

    def forward(self, x):
        activation = self.features(x)
        return activation, self.head(activation)


teacher, student = Student().eval(), Student()
x = torch.randn(270, 9)
with torch.no_grad():
    y = teacher(x)[1].argmax(1)
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)
beta = 5.0

for epoch in range(6):
    for img, target in loader:
        with torch.no_grad():
            activation_t, _ = teacher(img)
        activation_s, output_s = student(img)
        cls_loss = F.cross_entropy(output_s, target)
        at_loss = F.mse_loss(F.normalize(activation_s), F.normalize(activation_t))
        loss = cls_loss + beta * at_loss.detach()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f'epoch {epoch}: cls {cls_loss.item():.4f} at {at_loss.item():.4f}')
