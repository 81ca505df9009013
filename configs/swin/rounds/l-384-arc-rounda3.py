# tools/dist_train.sh configs/swin/rounds/l-384-arc-rounda3.py 16 --amp
# Training rows and round 3 of the pseudo labels of test A.
# Published: 0.740 on test A.
_base_ = ['../l-384-arc.py']
train_dataloader = dict(dataset=dict(ann_file='meta/rounda3/train.txt'))
