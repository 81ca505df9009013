# crop_448.py in less time. Same random numbers; each step of training is within one grey level of its own, but one
# that tells levels apart, as solarizing does, can make more of a level before it. Tests: the same pixels.
data_preprocessor = dict(
    num_classes=5000, mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
train_pipeline = [
    dict(type='FastLoadImageFromFile'),
    dict(type='FastRandomResizedCrop', scale=448, backend='pillow', interpolation='bicubic'),
    dict(type='FastRandomFlip', prob=0.5, direction='horizontal'),
    dict(
        type='FastRandAugment',
        policies='timm_increasing',
        num_policies=2,
        total_level=10,
        magnitude_level=9,
        magnitude_std=0.5,
        hparams=dict(pad_val=[104, 116, 124], interpolation='bicubic')),
    dict(
        type='FastRandomErasing',
        erase_prob=0.25,
        mode='rand',
        min_area_ratio=0.02,
        max_area_ratio=1 / 3,
        fill_color=[103.53, 116.28, 123.675],
        fill_std=[57.375, 57.12, 58.395]),
    dict(type='FastPackInputs'),
]
test_pipeline = [
    dict(type='FastLoadImageFromFile'),
    dict(type='ResizeEdge', scale=512, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type='CenterCrop', crop_size=448),
    dict(type='FastPackInputs'),
]
tta_model = dict(type='AverageLogitsTTA')
tta_pipeline = [
    *test_pipeline[:-1],
    dict(
        type='TestTimeAug',
        transforms=[[dict(type='RandomFlip', prob=prob, direction='horizontal') for prob in (0.0, 1.0)],
                    [dict(type='FastPackInputs')]]),
]
