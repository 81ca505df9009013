# tools/dist_train.sh configs/swin/rounds/b-384-arc-rounda3.py 8 --amp
# Training rows and round 3 of the pseudo labels of test A.
# No published score.
_base_ = ['../b-384-arc.py']
train_dataloader = dict(dataset=dict(ann_file='meta/rounda3/train.txt'))
