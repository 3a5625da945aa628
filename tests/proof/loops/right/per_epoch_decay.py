import torch
from torch import nn


def fit(model, train_dl, test_dl, num_epochs=3, device=torch.device('cpu')):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 2], gamma=0.1)
    cost = nn.CrossEntropyLoss().to(device)
    model.to(device)
    for _ in range(num_epochs):
        model.train()
        for x, t in train_dl:
            optimizer.zero_grad()
            cost(model(x.to(device)), t.to(device)).backward()
            optimizer.step()
        scheduler.step()
    model.eval()
    ok, n = 0, 0
    with torch.no_grad():
        for x, t in test_dl:
            ok += model(x.to(device)).argmax(1).cpu().eq(t).sum().item()
            n += t.size(0)
    return 100.0 * ok / n
