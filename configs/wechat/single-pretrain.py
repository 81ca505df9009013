# tools/dist_train.sh configs/wechat/single-pretrain.py 2 --amp
# 30 epochs of 1.1 M videos, batches of 128 on two GPUs; single.py starts from the last. Weights: as single.py.
# Against what was published, gradients reach the frame projection through what enters, masks and targets move with the
# videos, words and frames are guessed beside the right partner alone, and the schedule counts both corpora.
_base_ = [
    '../_base_/models/wechat_single.py',
    '../_base_/pipelines/wechat_pretrain.py',
    '../_base_/runtime/default.py',
]
bert = 'checkpoints/chinese-roberta-wwm-ext'
model = dict(
    _delete_=True, type='MultimodalPretrainer', encoders=_base_.model.encoders, fusion=_base_.model.fusion,
    tasks=[
        dict(type='MaskedLanguageModeling', probability=0.15, name_or_path=bert, weight=1 / 1.25),
        dict(type='MaskedFrameModeling', probability=0.9 * 0.15, weight=1 / 3),
        dict(type='ImageTextMatching'),
    ])
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=5e-5, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, fused=True),
    constructor='LayeredRatesConstructor', paramwise_cfg=dict(no_decay=('norm', 'bias')))
# 6 % of warm-up, then linear to zero.
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, end=1.8, by_epoch=True, convert_to_iter_based=True),
    dict(type='PolyLR', power=1.0, eta_min=0.0, begin=1.8, end=30, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=30)
auto_scale_lr = dict(base_batch_size=128)
randomness = dict(seed=2022)
