# tools/dist_train.sh configs/swin/rounds/b-384-arc-rounda1.py 8 --amp
# Training rows and round 1 of the pseudo labels of test A.
# No published score.
_base_ = ['../b-384-arc.py']
train_dataloader = dict(dataset=dict(ann_file='meta/rounda1/train.txt'))
