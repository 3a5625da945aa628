"""Policy gradients on a bandit with four arms: a loss that is no mean over labels."""
import torch
import torch.nn as nn

torch.manual_seed(113)
pay = torch.tensor([0.1, 0.5, 0.9, 0.3])
policy = nn.Linear(1, 4)
optimizer = torch.optim.Adam(policy.parameters(), lr=0.05)
state = torch.ones(16, 1)
baseline = 0.0

for step in range(60):
    actions = torch.distributions.Categorical(logits=policy(state))
    arms = actions.sample()
    reward = torch.bernoulli(pay[arms])
    loss = -(actions.log_prob(arms) * (reward - baseline)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    if step % 20 == 19:
        print(step + 1, 'reward', round(reward.mean().item(), 3))
