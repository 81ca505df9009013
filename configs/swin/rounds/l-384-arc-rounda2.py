# tools/dist_train.sh configs/swin/rounds/l-384-arc-rounda2.py 16 --amp
# Training rows and round 2 of the pseudo labels of test A.
# No published score.
_base_ = ['../l-384-arc.py']
train_dataloader = dict(dataset=dict(ann_file='meta/rounda2/train.txt'))
