# tools/dist_train.sh configs/vit/rounds/l-448-ce-rounda1.py 16 --amp
# Training rows and round 1 of the pseudo labels of test A.
# No published score.
_base_ = ['../l-448-ce.py']
train_dataloader = dict(dataset=dict(ann_file='meta/rounda1/train.txt'))
