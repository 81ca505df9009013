# tools/dist_train.sh configs/vit/l-448-arc.py 16 --amp
# Score: 0.747 on test A with its pseudo labels (round a3), 0.762 on test B (round b3, authors' estimate).
# Hardware: 16 A100 80 GB, about 20 h.
# Weights: checkpoints/mae-l-224/epoch_1600.pth, the end of configs/mae/l-224-1600e.py.
_base_ = [
    '../_base_/models/vit_l_448.py',
    '../_base_/pipelines/accv.py',
    '../_base_/pipelines/crop_448.py',
    '../_base_/schedules/vit_30e.py',
    '../_base_/runtime/default.py',
]
model = dict(head=dict(type='ArcFaceHead', num_subcenters=3, loss=dict(type='CrossEntropyLoss')))
train_dataloader = dict(num_workers=16, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(batch_size=128, num_workers=5, dataset=dict(pipeline=_base_.test_pipeline))
test_dataloader = dict(batch_size=128, num_workers=5, dataset=dict(pipeline=_base_.test_pipeline))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
env_cfg = dict(cudnn_benchmark=True)
