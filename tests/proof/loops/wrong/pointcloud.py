import torch
import torch.nn.functional as F


def train_and_test(classifier, optimizer, dataloader, testdataloader, nepoch=2):
    for epoch in range(nepoch):
        classifier.train()
        for i, (points, target) in enumerate(dataloader):
            optimizer.zero_grad()
            pred = F.log_softmax(classifier(points), dim=1)
            loss = F.nll_loss(pred, target)
            loss.backward()
            optimizer.step()
            if i % 10 == 0:
                print('[%d: %d/%d] train loss: %f' % (epoch, i, len(dataloader), loss.item()))

        # test
        with torch.no_grad():
            total_correct, total_testset = 0, 0
            for points, target in testdataloader:
                pred_choice = classifier(points).max(1)[1]
                total_correct += pred_choice.eq(target).sum().item()
                total_testset += points.size(0)
        print('final accuracy {}'.format(total_correct / float(total_testset)))
