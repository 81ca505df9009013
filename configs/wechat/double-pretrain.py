# tools/dist_train.sh configs/wechat/double-pretrain.py 2 --amp
# 15 epochs of 1.1 M videos, batches of 64 on two GPUs; double.py starts from the sixth. Weights: as double.py.
# Against what was published, the teacher's share grows over the first epoch, [SEP] is never hidden, wrong videos bring
# their own masks, padding has no part in a mean, and the decoder has the learning rate that was meant for it.
_base_ = [
    '../_base_/models/wechat_double.py',
    '../_base_/pipelines/wechat_pretrain.py',
    '../_base_/runtime/default.py',
]
bert = 'checkpoints/chinese-roberta-wwm-ext'
model = dict(
    _delete_=True, type='MultimodalPretrainer', encoders=_base_.model.encoders, fusion=_base_.model.fusion,
    teacher=dict(momentum=0.995, alpha=0.3),
    tasks=[
        dict(type='MaskedLanguageModeling', probability=0.15, alone=True, distill=True, name_or_path=bert),
        dict(type='ContrastiveAlignment', queue_size=8192, temperature=0.07),
        dict(type='ImageTextMatching', negatives='hard', part='frames', pooling='mean', logits=2),
    ])
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=6e-5, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, fused=True),
    constructor='LayeredRatesConstructor',
    paramwise_cfg=dict(rates={r'^fusion\.': 7e-5}, no_decay=('norm', 'bias', 'vector')))
# 8 % of warm-up, then linear to zero.
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, end=1.2, by_epoch=True, convert_to_iter_based=True),
    dict(type='PolyLR', power=1.0, eta_min=0.0, begin=1.2, end=15, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=15)
auto_scale_lr = dict(base_batch_size=64)
randomness = dict(seed=2022)
